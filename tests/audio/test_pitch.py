from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, chunk_of, silence
from syrinx.audio.pitch import median_pitch_hz
from syrinx.testing.audio import noise, sine
from syrinx.testing.human_clips import longest_clip


def glottal(pitch_hz: float, *, duration_ms: float, sample_rate_hz: int = 24_000) -> PcmChunk:
    """A buzz of a voice's kind: harmonics that fall by 6 dB an octave."""
    times = np.arange(round(duration_ms * sample_rate_hz / 1000)) / sample_rate_hz
    wave = np.add.reduce([np.sin(2 * np.pi * n * pitch_hz * times) / n for n in range(1, 20)])
    return chunk_of(np.rint(wave * 6000).astype(np.int16), sample_rate_hz=sample_rate_hz)


@pytest.mark.parametrize("pitch_hz", [80.0, 118.0, 165.0, 210.0, 300.0, 390.0])
@pytest.mark.parametrize("sample_rate_hz", [16_000, 24_000, 44_100])
def test_the_pitch_of_a_buzz_is_found_within_two_per_cent(pitch_hz: float, sample_rate_hz: int) -> None:
    found = median_pitch_hz(glottal(pitch_hz, duration_ms=700.0, sample_rate_hz=sample_rate_hz))
    assert found == pytest.approx(pitch_hz, rel=0.02)


def test_pauses_and_the_noise_in_them_do_not_count() -> None:
    voice = glottal(120.0, duration_ms=600.0)
    hiss = noise(duration_ms=2000.0, amplitude=0.001)
    found = median_pitch_hz(PcmChunk(pcm=hiss.pcm + voice.pcm + hiss.pcm, sample_rate_hz=24_000))
    assert found == pytest.approx(120.0, rel=0.02)


@pytest.mark.parametrize(
    "sound",
    [
        silence(duration_ms=3000.0, sample_rate_hz=24_000),
        PcmChunk(pcm=b"", sample_rate_hz=24_000),
        noise(duration_ms=3000.0),
        sine(200.0, duration_ms=30.0),
    ],
    ids=["silence", "nothing", "noise", "too short"],
)
def test_what_is_not_voiced_has_no_pitch(sound: PcmChunk) -> None:
    assert median_pitch_hz(sound) is None


def test_a_woman_who_reads_is_heard_as_one() -> None:
    found = median_pitch_hz(longest_clip().audio)
    assert found is not None
    assert 170.0 < found < 260.0


def test_a_long_recording_is_measured_from_end_to_end() -> None:
    low, high = glottal(100.0, duration_ms=40_000.0), glottal(220.0, duration_ms=20_000.0)
    found = median_pitch_hz(PcmChunk(pcm=high.pcm + low.pcm, sample_rate_hz=24_000))
    assert found == pytest.approx(100.0, rel=0.02)
