"""Two thousand hostile files do no harm: each gives sound or a clear refusal, soon, and leaves nothing behind.

Those that need no decoder, and two hundred of those that do, go the whole way that a sample of a voice goes. The rest
goes through the same code in decoders that take many files in a row: two thousand processes would take minutes.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from tests.audio.intake import bulk_decoder
from tests.audio.intake.containers import KINDS, contained, hours_of_silence
from tests.audio.intake.left_behind import children, descriptors

from syrinx.audio import PcmChunk, wav_bytes
from syrinx.audio.intake import Intake, IntakeLimits, open_intake
from syrinx.audio.intake.signatures import HEAD_BYTES, container_of, tag_bytes
from syrinx.audio.intake.wav_file import WavFile
from syrinx.audio.wav_format import CompressedWav
from syrinx.errors import BadAudio, TooLarge
from syrinx.testing.hostile_files import playlists
from syrinx.testing.hostile_media import HostileFile, hostile_media
from syrinx.testing.human_clips import human_clips
from syrinx.voices.sample import LONGEST_S, read_sample

COUNT = 2_000
WHOLE_WAY = 200
"""Of those that need a decoder."""
AT_ONCE = 4
FILE_S = 20.0
"""One takes some hundredths of a second; the machine may be busy with others."""
DECODER_MB = 400.0
WORDS = {"decoded", "empty", "too_long", "no_sound", "unsupported", "damaged"}
CLIP = PcmChunk(pcm=human_clips()[1].audio.pcm[: 2 * 16_000 * 5 // 2], sample_rate_hz=16_000)
"""Two and a half seconds: what is left of them after little harm is a sample."""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """On 127.0.0.1; nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@cache
def whole() -> dict[str, bytes]:
    return {**{kind: contained(CLIP, kind) for kind in KINDS}, "plain wav": wav_bytes(CLIP)}


def decoder_of(content: bytes) -> str | None:
    """The demuxer of what needs a process."""
    after = content[tag_bytes(content[:HEAD_BYTES]) :][:HEAD_BYTES]
    found = container_of(content[:HEAD_BYTES], after_tag=after)
    if found is not None and found.name == "wav":
        try:
            WavFile(io.BytesIO(content))
        except CompressedWav:
            return found.demuxer
        except BadAudio:
            return None
        return None
    return found and found.demuxer


def in_two(files: Sequence[HostileFile]) -> tuple[list[HostileFile], list[tuple[HostileFile, str]]]:
    """For the whole way, and for decoders in a row, with their demuxer."""
    needing = [(file, demuxer) for file in files if (demuxer := decoder_of(file.content))]
    spread = {file.name for file, _ in needing[:: max(1, len(needing) // WHOLE_WAY)]}
    in_a_row = [(file, demuxer) for file, demuxer in needing if file.name not in spread]
    skipped = {file.name for file, _ in in_a_row}
    return [file for file in files if file.name not in skipped], in_a_row


async def outcomes(intake: Intake, files: Sequence[HostileFile]) -> Counter[str]:
    told: Counter[str] = Counter()
    waiting = iter(files)

    async def one_after_the_other() -> None:
        for file in waiting:
            try:
                async with asyncio.timeout(FILE_S):
                    sample = await read_sample(io.BytesIO(file.content), intake.open)
            except (BadAudio, TooLarge) as error:
                told[type(error).__name__] += 1
            except Exception as error:
                raise AssertionError(f"{file.name}: {error!r}") from error
            else:
                told["sample"] += 1
                assert sample.duration_ms <= LONGEST_S * 1000.0

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_the_other())
    return told


def in_a_row(jobs: Sequence[tuple[HostileFile, str]]) -> Counter[str]:
    told: Counter[str] = Counter()
    command = [sys.executable, "-m", "tests.audio.intake.bulk_decoder"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as decoder:
        assert decoder.stdin is not None
        assert decoder.stdout is not None
        for file, demuxer in jobs:
            name = demuxer.encode()
            decoder.stdin.write(bulk_decoder.JOB.pack(len(name), len(file.content)) + name + file.content)
            decoder.stdin.flush()
            answer = decoder.stdout.readline().decode().split()
            assert answer, f"{file.name}: the decoder ended with {decoder.wait(FILE_S)}"
            word, took_s, peak_mb = answer[0], float(answer[1]), float(answer[2])
            assert word in WORDS, file.name
            assert took_s < FILE_S, file.name
            assert peak_mb < DECODER_MB, file.name
            told[word] += 1
        decoder.stdin.close()
        assert decoder.wait(FILE_S) == 0
    return told


@pytest.mark.timeout(240)
async def test_two_thousand_hostile_files_end_in_sound_or_a_refusal(listener: socket.socket, temporary: Path) -> None:
    port = listener.getsockname()[1]
    files = list(hostile_media(whole(), count=COUNT, seed=5, port=port))
    assert len(files) == COUNT
    completely, rest = in_two(files)
    await asyncio.to_thread(len, files)  # the loop's threads are there, so that their own pipes do not count
    before, open_before = children(), descriptors()
    halves = asyncio.gather(asyncio.to_thread(in_a_row, rest[::2]), asyncio.to_thread(in_a_row, rest[1::2]))
    async with open_intake(IntakeLimits(file_bytes=50 * 1024 * 1024)) as intake:
        whole_way = await outcomes(intake, completely)
    first, second = await halves
    assert children() == before
    assert descriptors() <= open_before + 1  # asyncio's own watcher may keep one
    assert os.listdir(temporary) == []  # noqa: PTH208
    assert whole_way.total() + (first + second).total() == COUNT
    # Hardly any of them would be a test if all were refused at the door.
    assert whole_way["sample"] > 100
    assert whole_way["BadAudio"] > 300
    assert first["decoded"] + second["decoded"] > 300
    assert first["damaged"] + second["damaged"] > 150


async def test_what_names_an_address_asks_for_none_without_bubblewrap_either(
    listener: socket.socket, temporary: Path
) -> None:
    port = listener.getsockname()[1]
    files = [HostileFile(name=name, content=content) for name, content in playlists(port)]
    async with open_intake(IntakeLimits(bubblewrap=False)) as intake:
        told = await outcomes(intake, files)
    assert told == {"BadAudio": len(files)}
    assert os.listdir(temporary) == []  # noqa: PTH208


def claiming_hours(flac: bytes, hours: float) -> bytes:
    """With another number of samples in its STREAMINFO (RFC 9639, 8.2): the last 36 bits before the checksum."""
    claimed = round(hours * 3600 * 8_000)
    return flac[:21] + bytes([flac[21] & 0xF0 | claimed >> 32]) + (claimed & 0xFFFFFFFF).to_bytes(4, "big") + flac[26:]


@pytest.mark.parametrize(
    "made",
    [
        lambda: hours_of_silence(0.5),
        lambda: claiming_hours(hours_of_silence(0.01), 5.0),
        lambda: b"#!AMR\n" + (b"\x04" + bytes(12)) * 30_000,
    ],
    ids=["half an hour of FLAC", "half a minute that claims five hours", "ten minutes of AMR"],
)
async def test_hours_of_silence_in_little_space_end_early(made: Callable[[], bytes]) -> None:
    content = made()
    assert len(content) < 1_000_000
    async with open_intake() as intake, asyncio.timeout(FILE_S):
        with pytest.raises(BadAudio, match="too long"):
            await read_sample(io.BytesIO(content), intake.open)


def test_the_same_seed_gives_the_same_files() -> None:
    one, other = (list(hostile_media(whole(), count=400, seed=3, port=9)) for _ in range(2))
    assert one == other
    assert list(hostile_media(whole(), count=1_900, seed=4, port=9))[1_500:] != one[1_500:]


def test_most_of_them_differ_from_what_they_were_made_of_and_from_each_other() -> None:
    files = list(hostile_media(whole(), count=COUNT, seed=5, port=9))
    contents = {file.content for file in files}
    assert len(contents) > 0.98 * COUNT
    assert len(contents & set(whole().values())) < 20
