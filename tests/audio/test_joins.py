"""Joins: no click, no lost sample, little held back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio import ClipJoiner, PcmChunk, chunk_of, crossfade, hamming_join, rms_dbfs, silence
from syrinx.audio.joins import NEAR_ZERO
from syrinx.errors import BadAudio
from syrinx.testing.audio import click_ratio, noise, sine

JoinTwo = Callable[[PcmChunk, PcmChunk, float], PcmChunk]

RATE_HZ = 24_000
CUT_OFF_AT_ITS_PEAK = 0.5 * np.pi


def join(clips: list[PcmChunk], chunk_samples: int = 480) -> PcmChunk:
    joiner = ClipJoiner(RATE_HZ)
    pcm = b""
    for clip in clips:
        samples = clip.samples()
        for start in range(0, samples.size, chunk_samples):
            given = chunk_of(samples[start : start + chunk_samples], sample_rate_hz=RATE_HZ)
            pcm += b"".join(chunk.pcm for chunk in joiner.feed(given))
        pcm += b"".join(chunk.pcm for chunk in joiner.end_clip())
    return PcmChunk(pcm=pcm, sample_rate_hz=RATE_HZ)


def test_a_crossfade_of_strangers_keeps_the_power() -> None:
    joined = crossfade(noise(duration_ms=500, seed=1), noise(duration_ms=500, seed=2), 400)
    assert joined.duration_ms == 600
    middle = joined.samples()[int(0.25 * RATE_HZ) : int(0.35 * RATE_HZ)]
    assert rms_dbfs(middle) == pytest.approx(rms_dbfs(noise(duration_ms=500).samples()), abs=0.5)


def test_a_hamming_join_of_one_sound_told_twice_gives_it_back() -> None:
    whole = sine(220, duration_ms=400)
    samples = whole.samples()
    first = chunk_of(samples[:6000], sample_rate_hz=RATE_HZ)
    second = chunk_of(samples[6000 - 960 :], sample_rate_hz=RATE_HZ)
    joined = hamming_join(first, second, 40).samples()
    assert np.abs(joined.astype(int) - samples).max() <= 1


@pytest.mark.parametrize("join_two", [crossfade, hamming_join])
def test_overlaps_have_no_click(join_two: JoinTwo) -> None:
    joined = join_two(sine(200, duration_ms=200), sine(200, duration_ms=200, phase=2.0), 40).samples()
    for at in (int(0.16 * RATE_HZ), int(0.2 * RATE_HZ)):
        assert click_ratio(joined, at) < 2.5


@pytest.mark.parametrize("join_two", [crossfade, hamming_join])
def test_an_overlap_is_never_longer_than_the_shorter_clip(join_two: JoinTwo) -> None:
    joined = join_two(noise(duration_ms=10), noise(duration_ms=100), 50)
    assert joined.duration_ms == 100


def test_clips_of_two_rates_are_refused() -> None:
    with pytest.raises(BadAudio, match="resample one"):
        crossfade(noise(duration_ms=10), noise(duration_ms=10, sample_rate_hz=16_000), 5)


@pytest.mark.parametrize("chunk_samples", [1, 50, 480, 100_000])
def test_a_seam_between_clips_that_were_cut_hard_does_not_click(chunk_samples: int) -> None:
    clip = sine(200, duration_ms=100, phase=CUT_OFF_AT_ITS_PEAK)
    gap = silence(duration_ms=100, sample_rate_hz=RATE_HZ)
    for clips in ([clip, gap], [gap, clip]):
        raw = np.concatenate([part.samples() for part in clips])
        joined = join(clips, chunk_samples).samples()
        assert joined.size == raw.size
        assert click_ratio(raw, 2400) > 10
        assert click_ratio(joined, 2400) < 2


def test_clips_that_begin_and_end_near_zero_stay_as_they_are() -> None:
    clip = PcmChunk(pcm=sine(200, duration_ms=100).pcm + bytes(2), sample_rate_hz=RATE_HZ)
    assert join([clip, clip]).pcm == clip.pcm * 2


@given(lengths=st.lists(st.integers(1, 400), min_size=1, max_size=6), chunk_samples=st.integers(1, 300))
def test_no_sample_is_lost_or_added_and_how_it_was_cut_does_not_matter(lengths: list[int], chunk_samples: int) -> None:
    clips = [chunk_of(np.full(length, 9_000, np.int16), sample_rate_hz=RATE_HZ) for length in lengths]
    joined = join(clips, chunk_samples)
    assert joined.sample_count == sum(lengths)
    assert joined == join(clips, 100_000)
    edges = np.cumsum(lengths)
    assert np.abs(joined.samples()[edges - 1]).max() <= NEAR_ZERO


def test_at_most_ten_milliseconds_are_held_back() -> None:
    joiner = ClipJoiner(RATE_HZ)
    given_ms = heard_ms = 0.0
    for _ in range(10):
        frame = noise(duration_ms=20)
        given_ms += frame.duration_ms
        heard_ms += sum(chunk.duration_ms for chunk in joiner.feed(frame))
        assert 0 < given_ms - heard_ms <= 10


def test_a_wrong_rate_or_edge_is_refused() -> None:
    with pytest.raises(BadAudio, match="16000 Hz in a stream of 24000 Hz"):
        ClipJoiner(RATE_HZ).feed(noise(duration_ms=20, sample_rate_hz=16_000))
    with pytest.raises(BadAudio, match="at most 10 ms"):
        ClipJoiner(RATE_HZ, edge_ms=50)
