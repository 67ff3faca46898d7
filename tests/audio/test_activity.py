"""Where somebody speaks in a recording is found, whatever the room and the level."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio.activity import ActivityMeter, Stretch
from syrinx.audio.pcm import PcmChunk, chunk_of, silence
from syrinx.errors import BadAudio
from syrinx.testing.human_clips import human_clips

RATE_HZ = 16_000
SPEECH = human_clips()[0].audio


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=RATE_HZ)


def measured(*chunks: PcmChunk, size: int = 5000) -> list[Stretch]:
    meter = ActivityMeter(RATE_HZ)
    pcm = b"".join(chunk.pcm for chunk in chunks)
    for at in range(0, len(pcm), 2 * size):
        meter.feed(PcmChunk(pcm=pcm[at : at + 2 * size], sample_rate_hz=RATE_HZ))
    return meter.stretches()


def test_speech_between_pauses_is_found() -> None:
    found = measured(quiet(1000), SPEECH, quiet(2000), SPEECH, quiet(500))
    first = [each for each in found if each.end_ms < 1000 + SPEECH.duration_ms + 1000]
    rest = [each for each in found if each not in first]
    assert first[0].start_ms == pytest.approx(1000, abs=150)
    assert first[-1].end_ms == pytest.approx(1000 + SPEECH.duration_ms, abs=250)
    assert rest[0].start_ms == pytest.approx(3000 + SPEECH.duration_ms, abs=150)
    spoken_ms = sum(each.end_ms - each.start_ms for each in found)
    assert spoken_ms == pytest.approx(2 * SPEECH.duration_ms, rel=0.2)


@pytest.mark.parametrize("gain", [0.05, 0.3])
def test_neither_the_level_nor_a_constant_noise_hides_it(gain: float) -> None:
    samples = np.concatenate([np.zeros(RATE_HZ), SPEECH.samples() * gain, np.zeros(RATE_HZ)])
    hiss = np.random.default_rng(1).standard_normal(samples.size) * 100 * gain
    found = measured(chunk_of((samples + hiss).astype(np.int16), sample_rate_hz=RATE_HZ))
    assert found[0].start_ms == pytest.approx(1000, abs=150)
    assert found[-1].end_ms == pytest.approx(1000 + SPEECH.duration_ms, abs=300)


def test_a_few_words_in_a_long_silence_are_found() -> None:
    found = measured(quiet(60_000), SPEECH, quiet(60_000))
    assert found[0].start_ms == pytest.approx(60_000, abs=150)
    assert found[-1].end_ms < 62_500


def test_silence_has_no_stretches() -> None:
    assert measured() == []
    assert measured(quiet(1000)) == []


def test_how_it_is_cut_changes_nothing() -> None:
    assert measured(quiet(100), SPEECH, size=77) == measured(quiet(100), SPEECH, size=100_000)


def test_another_rate_is_refused() -> None:
    with pytest.raises(BadAudio, match="16000"):
        ActivityMeter(RATE_HZ).feed(silence(duration_ms=10, sample_rate_hz=8000))
