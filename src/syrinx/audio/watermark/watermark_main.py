"""What runs in the watermarking process: resemble-perth, which needs torch, which never enters the server.

It is started by its path and knows nothing of Syrinx. First it writes what it can do, a line of JSON: {"ready": true}
or {"ready": false, "reason": ...}. Then, for each request on its input (a header and s16le mono samples), it writes a
header and the answer: for "M" as many samples with the mark in them, for "F" a 64-bit float, how surely there is one
(0 to 1), for either "E" and words where it failed.
"""

from __future__ import annotations

import importlib
import json
import struct
import sys
from typing import Any, BinaryIO, Final

HEADER: Final = struct.Struct("<cII")
"""What is wanted, the rate, and how many bytes follow."""
TRIED_HZ: Final = 24_000
FOUND: Final = 0.5
"""How surely, so that there is one."""
SHORTEST_MS: Final = 200
"""The library refuses what is shorter than one of its frames: there is silence behind it then."""


def opened() -> Any:
    """The library's own marker, tried. Raises RuntimeError where it would mark nothing, which it does in silence."""
    import numpy as np  # noqa: PLC0415 - where there is none, the server is told
    import perth  # noqa: PLC0415  # pyright: ignore[reportMissingImports]

    kind = getattr(perth, "PerthImplicitWatermarker", None)
    if kind is None:
        raise RuntimeError(f"resemble-perth is there without its watermarker: {what_it_lacks()}")
    marker = kind()
    # What it loads at its first use takes longer than a sentence may; and a mark that is not found again is none.
    noise = np.random.default_rng(0).normal(0.0, 3000.0, TRIED_HZ)
    marked = answer(marker, b"M", TRIED_HZ, np.clip(noise, -32768, 32767).astype("<i2").tobytes())
    if not struct.unpack("<d", answer(marker, b"F", TRIED_HZ, marked))[0] >= FOUND:
        raise RuntimeError("resemble-perth does not find its own mark again")
    return marker


def what_it_lacks() -> str:
    """It takes what it cannot import for what is not wanted."""
    try:
        importlib.import_module("perth.perth_net.perth_net_implicit.perth_watermarker")
    except ImportError as error:
        return f"{error}; install torch, torchaudio, librosa, pyyaml and 'setuptools<81' beside it"
    return "install 'setuptools<81' beside it"


def answer(marker: Any, wanted: bytes, rate_hz: int, pcm: bytes) -> bytes:
    import numpy as np  # noqa: PLC0415

    given = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
    sound = np.pad(given, (0, max(0, rate_hz * SHORTEST_MS // 1000 - given.size)))
    if wanted == b"F":
        found = np.asarray(marker.get_watermark(sound, sample_rate=rate_hz), np.float64)
        return struct.pack("<d", float(np.mean(found)))
    marked = np.asarray(marker.apply_watermark(sound, watermark=None, sample_rate=rate_hz), np.float32).reshape(-1)
    if not np.isfinite(marked).all():
        raise RuntimeError("the marked sound is no sound")
    # The library works in frames: what it lost at the end is as it was.
    whole = np.concatenate([marked[: sound.size], sound[marked.size :]])[: given.size]
    return np.clip(np.rint(whole * 32768.0), -32768, 32767).astype("<i2").tobytes()


def main(source: BinaryIO, sink: BinaryIO) -> None:
    try:
        marker = opened()
    except Exception as error:  # noqa: BLE001 - whatever it is, the server is told and does not start
        sink.write(json.dumps({"ready": False, "reason": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        sink.flush()
        return
    sink.write(json.dumps({"ready": True}).encode() + b"\n")
    sink.flush()
    while header := source.read(HEADER.size):
        wanted, rate_hz, size = HEADER.unpack(header)
        pcm = source.read(size)
        try:
            body = answer(marker, wanted, rate_hz, pcm)
        except Exception as error:  # noqa: BLE001 - told to the server, which refuses what is not marked
            wanted, body = b"E", f"{type(error).__name__}: {error}"[:500].encode()
        sink.write(HEADER.pack(wanted, rate_hz, len(body)) + body)
        sink.flush()


if __name__ == "__main__":
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # libraries that print must not spoil the answers
    main(sys.stdin.buffer, output)
