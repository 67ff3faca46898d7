"""The end of a phrase is measured against the phrase: a voice that falls and dies away sounds final."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import Samples, read_wav, resample
from syrinx.speech.prosody import finality, measure
from syrinx.testing.audio import noise
from syrinx.testing.human_clips import RECORDINGS


def voice(from_hz: float, to_hz: float, *, end_level: float = 1.0, ms: int = 900) -> Samples:
    """A buzz whose pitch glides over its last third and whose last 150 ms have another level; then 96 ms of quiet."""
    count = 16 * ms
    pitch = np.full(count, from_hz)
    pitch[-count // 3 :] = np.linspace(from_hz, to_hz, len(pitch[-count // 3 :]))
    phase = 2 * np.pi * np.cumsum(pitch) / 16_000
    wave = sum(np.sin(k * phase) / k for k in range(1, 8))
    level = np.ones(count)
    level[-2400:] = end_level
    sound = np.concatenate([wave * level * 4000, np.zeros(1536)])
    return np.rint(sound).astype(np.int16)


def test_a_glide_is_measured_in_semitones_below_the_phrase() -> None:
    end = measure(voice(200, 150))
    assert end is not None
    assert end.pitch_fall_semitones == pytest.approx(12 * np.log2(200 / 153), abs=1.0)


def test_a_rise_is_a_negative_fall() -> None:
    end = measure(voice(150, 200))
    assert end is not None
    assert end.pitch_fall_semitones < -3


def test_a_softer_end_is_measured_in_decibels() -> None:
    end = measure(voice(150, 150, end_level=0.5))
    assert end is not None
    assert end.level_fall_db == pytest.approx(6, abs=1.5)


def test_a_falling_and_fading_voice_sounds_more_final_than_a_rising_one() -> None:
    assert finality(voice(180, 130, end_level=0.4)) > 0.6
    assert finality(voice(150, 190)) < 0.35


@pytest.mark.parametrize("samples", [np.zeros(19_200, np.int16), np.zeros(100, np.int16), np.zeros(0, np.int16)])
def test_silence_says_nothing(samples: Samples) -> None:
    assert finality(samples) == 0.5


def test_noise_says_nothing() -> None:
    assert finality(noise(duration_ms=600, sample_rate_hz=16_000, amplitude=0.3).samples()) == 0.5


def test_the_ends_of_people_sound_more_final_than_their_middles() -> None:
    ends: list[float] = []
    middles: list[float] = []
    for path in sorted(RECORDINGS.glob("LJ001-000[248].wav")):
        samples = resample(read_wav(path), 16_000).samples()
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 600)
        end = int(loud[-1])
        ends.append(_before_a_pause(samples, end))
        middles += [_before_a_pause(samples, end * part // 8) for part in range(3, 8)]
    assert np.mean(ends) > np.mean(middles) + 0.1


def _before_a_pause(samples: Samples, at: int) -> float:
    return finality(np.concatenate([samples[max(0, at - 17_600) : at], np.zeros(1536, np.int16)]))
