"""PCM chunks: whole samples, possible rates, right durations."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, chunk_of, silence
from syrinx.errors import BadAudio


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(BadAudio, match="half a sample"):
        PcmChunk(pcm=b"abc", sample_rate_hz=16_000)


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(BadAudio, match="must be positive"):
        PcmChunk(pcm=b"", sample_rate_hz=0)


def test_duration_follows_from_samples_and_rate() -> None:
    assert silence(duration_ms=32, sample_rate_hz=16_000).sample_count == 512
    assert silence(duration_ms=32, sample_rate_hz=16_000).duration_ms == 32.0


def test_samples_survive_wrapping() -> None:
    samples = np.array([0, 1, -32768, 32767], np.int16)
    assert chunk_of(samples, sample_rate_hz=8_000).samples().tolist() == samples.tolist()
