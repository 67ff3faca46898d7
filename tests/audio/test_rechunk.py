"""Rechunking: frames of one length, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio import PcmChunk, Rechunker, chunk_of
from syrinx.errors import BadAudio
from syrinx.testing.audio import noise


@given(lengths=st.lists(st.integers(0, 700), max_size=12), frame_samples=st.integers(1, 512))
def test_frames_have_one_length_and_no_sample_is_lost(lengths: list[int], frame_samples: int) -> None:
    rechunker = Rechunker(frame_samples, 16_000)
    whole = np.arange(sum(lengths), dtype=np.int16)
    frames: list[PcmChunk] = []
    position = 0
    for length in lengths:
        frames += rechunker.feed(chunk_of(whole[position : position + length], sample_rate_hz=16_000))
        position += length
    assert all(frame.sample_count == frame_samples for frame in frames)
    rest = rechunker.flush()
    assert rest is None or 0 < rest.sample_count < frame_samples
    pcm = b"".join(frame.pcm for frame in [*frames, *([rest] if rest else [])])
    assert pcm == whole.tobytes()


def test_after_a_flush_a_new_frame_begins() -> None:
    rechunker = Rechunker(320, 16_000)
    rechunker.feed(noise(duration_ms=5, sample_rate_hz=16_000))
    rechunker.flush()
    assert rechunker.flush() is None
    fresh = noise(duration_ms=20, sample_rate_hz=16_000, seed=1)
    assert rechunker.feed(fresh) == [fresh]


def test_a_chunk_of_another_rate_is_refused_and_nothing_is_lost() -> None:
    rechunker = Rechunker(320, 16_000)
    first = noise(duration_ms=10, sample_rate_hz=16_000)
    rechunker.feed(first)
    with pytest.raises(BadAudio, match="8000 Hz in a stream of 16000 Hz"):
        rechunker.feed(noise(duration_ms=20, sample_rate_hz=8_000))
    assert rechunker.flush() == first


def test_frames_of_no_samples_are_refused() -> None:
    with pytest.raises(BadAudio, match="must be positive"):
        Rechunker(0, 16_000)
