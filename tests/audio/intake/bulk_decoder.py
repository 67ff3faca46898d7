"""A decoder that takes many files in a row, confined as the real one, so that thousands can be tried in a minute.

It reads jobs from its input (lengths of the demuxer's name and of the file, and these two) and writes a line for each:
what came of it, how many seconds it took, and how many MB the process has had at most.
"""

from __future__ import annotations

import io
import os
import resource
import struct
import sys
import time
from typing import Final

import av.logging

from syrinx.audio.intake import decoder_main

JOB: Final = struct.Struct(">BI")
RATE_HZ: Final = 24_000
MOST_BYTES: Final = 2 * RATE_HZ * 300
"""As much as `read_sample` takes: five minutes."""


class Enough(Exception):
    pass


def outcome(content: bytes, demuxer: str) -> str:
    given = 0

    def send(letter: bytes, body: bytes) -> None:
        nonlocal given
        given += len(body) if letter == decoder_main.AUDIO else 0
        if given > MOST_BYTES:
            raise Enough

    try:
        decoder_main.decode(io.BytesIO(content), demuxer=demuxer, rate_hz=RATE_HZ, send=send)
    except decoder_main.Unreadable as error:
        return str(error)
    except Enough:
        return "too_long"
    except MemoryError:
        return "damaged"
    return "decoded" if given else "empty"


def main() -> None:
    av.logging.set_level(None)
    decoder_main.confine(os.getppid(), memory_bytes=1 << 30, cpu_s=300)
    decoder_main.open_no_more()
    jobs = sys.stdin.buffer
    while header := jobs.read(JOB.size):
        name_bytes, file_bytes = JOB.unpack(header)
        demuxer = jobs.read(name_bytes).decode()
        content = jobs.read(file_bytes)
        began = time.perf_counter()
        word = outcome(content, demuxer)
        took_s = time.perf_counter() - began
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(word, f"{took_s:.3f}", f"{peak_mb:.0f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
