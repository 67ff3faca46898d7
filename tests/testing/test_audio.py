"""The measures that other tests rely on measure what they say."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, silence
from syrinx.testing.audio import click_ratio, dominant_frequency_hz, longest_silence_ms, noise, rms, sine


def test_a_sine_has_its_frequency_and_level() -> None:
    tone = sine(440, duration_ms=500, amplitude=0.5)
    assert dominant_frequency_hz(tone) == pytest.approx(440, abs=2)
    assert rms(tone) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_silence_measures_nothing() -> None:
    assert dominant_frequency_hz(silence(duration_ms=100, sample_rate_hz=8_000)) == 0.0
    assert rms(silence(duration_ms=0, sample_rate_hz=8_000)) == 0.0


def test_noise_repeats_with_its_seed() -> None:
    assert noise(duration_ms=10, seed=3) == noise(duration_ms=10, seed=3)
    assert noise(duration_ms=10, seed=3) != noise(duration_ms=10, seed=4)


def test_a_cut_clicks_and_a_continued_tone_does_not() -> None:
    samples = sine(200, duration_ms=100).samples()
    assert click_ratio(samples, 1200) < 1.1
    assert click_ratio(np.concatenate([samples[:1230], samples[1290:]]), 1230) > 10


def test_the_longest_gap_is_found_at_the_ends_too() -> None:
    loud = noise(duration_ms=50, amplitude=0.5).pcm
    for gaps_ms in ((40, 10), (10, 40)):
        before, after = (silence(duration_ms=gap, sample_rate_hz=24_000).pcm for gap in gaps_ms)
        clip = PcmChunk(pcm=before + loud + after, sample_rate_hz=24_000)
        assert longest_silence_ms(clip) == pytest.approx(40, abs=0.5)
