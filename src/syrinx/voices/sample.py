"""A sample of somebody's voice: long enough to know it by, short enough to keep, and with something to be heard."""

from __future__ import annotations

from contextlib import aclosing
from typing import BinaryIO, Final

from syrinx.audio import PcmChunk, rms_dbfs
from syrinx.audio.intake import OpenMedia
from syrinx.errors import BadAudio

SAMPLE_RATE_HZ: Final = 24_000
"""Of every sample that is kept: what cloning engines are made for."""
SHORTEST_S: Final = 2.0
LONGEST_S: Final = 300.0

_SILENT_DBFS: Final = -60.0


async def read_sample(file: BinaryIO, open_media: OpenMedia) -> PcmChunk:
    """All of it, mono at `SAMPLE_RATE_HZ`; no more is decoded than may be kept. Raises BadAudio, TooLarge."""
    pieces: list[bytes] = []
    length = 0
    async with open_media(file, sample_rate_hz=SAMPLE_RATE_HZ) as media, aclosing(media.chunks()) as chunks:
        async for chunk in chunks:
            pieces.append(chunk.pcm)
            length += chunk.sample_count
            if length > LONGEST_S * SAMPLE_RATE_HZ:
                raise BadAudio(f"Audio too long: a sample of a voice has {SHORTEST_S:g} to {LONGEST_S:g} seconds")
    sample = PcmChunk(pcm=b"".join(pieces), sample_rate_hz=SAMPLE_RATE_HZ)
    check_sample(sample)
    return sample


def check_sample(sample: PcmChunk) -> None:
    """Raises BadAudio where a voice cannot be known by it."""
    if sample.sample_rate_hz != SAMPLE_RATE_HZ:
        raise BadAudio(f"a sample of a voice comes at {SAMPLE_RATE_HZ} Hz, not at {sample.sample_rate_hz}")
    seconds = sample.duration_ms / 1000.0
    if seconds < SHORTEST_S:
        raise BadAudio(f"Audio too short: {seconds:.1f} s, a sample of a voice needs {SHORTEST_S:g} seconds at least")
    if seconds > LONGEST_S:
        raise BadAudio(f"Audio too long: {seconds:.0f} s, a sample of a voice may have {LONGEST_S:g} seconds at most")
    if rms_dbfs(sample.samples()) < _SILENT_DBFS:
        raise BadAudio("Audio too quiet: nothing can be heard in it, a sample of a voice needs somebody speaking")
