"""Human speech at the rate that the embedded ear hears."""

from __future__ import annotations

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.testing.human_clips import RECORDINGS


def clip(name: str) -> PcmChunk:
    return resample(read_wav(RECORDINGS / f"{name}.wav"), 16_000)


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=16_000)


def joined(*chunks: PcmChunk) -> PcmChunk:
    return PcmChunk(pcm=b"".join(chunk.pcm for chunk in chunks), sample_rate_hz=16_000)


@pytest.fixture(scope="session")
def modern() -> PcmChunk:
    """ "in being comparatively modern", 1.9 s."""
    return joined(quiet(300), clip("LJ001-0002"), quiet(100))


@pytest.fixture(scope="session")
def books() -> PcmChunk:
    """ "produced the block books, which were the immediate predecessors of the true printed book", 5.1 s."""
    return joined(quiet(300), clip("LJ001-0004"), quiet(100))


@pytest.fixture(scope="session")
def surpassed() -> PcmChunk:
    """ "has never been surpassed", 1.8 s."""
    return joined(quiet(300), clip("LJ001-0008"), quiet(100))
