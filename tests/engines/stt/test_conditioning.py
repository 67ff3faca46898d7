"""Noise goes, voices are told from noises, and levels are what they are."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio.pcm import PcmChunk, Samples
from syrinx.engines.stt.conditioning import (
    NoiseSuppressor,
    frame_levels_db,
    speech_level_db,
    suppression_available,
    variety_db,
    voiced_ms,
)
from syrinx.testing.audio import noise, sine


def hiss(duration_ms: float) -> Samples:
    return noise(duration_ms=duration_ms, sample_rate_hz=16_000, amplitude=0.05).samples()


def test_people_have_a_voice_and_articulate(modern: PcmChunk, surpassed: PcmChunk) -> None:
    for speech in (modern, surpassed):
        assert voiced_ms(speech.samples()) > 400
        assert variety_db(speech.samples()) > 5


def test_hiss_has_no_voice_and_a_hum_does_not_articulate() -> None:
    assert voiced_ms(hiss(2_000)) == 0
    tone = sine(150, duration_ms=1_000, sample_rate_hz=16_000).samples()
    assert voiced_ms(tone) > 800
    assert variety_db(tone) < 2


def test_the_level_of_speech_does_not_depend_on_the_silence_around_it(modern: PcmChunk) -> None:
    speech = modern.samples()
    with_pause = np.concatenate([speech, np.zeros(8_000, dtype=np.int16)])
    level_db = speech_level_db(frame_levels_db(speech))
    assert -30 < level_db < -15
    assert speech_level_db(frame_levels_db(with_pause)) == pytest.approx(level_db, abs=0.5)
    assert speech_level_db(frame_levels_db((speech // 10).astype(np.int16))) == pytest.approx(level_db - 20, abs=0.5)


def test_nothing_has_no_level_voice_or_variety() -> None:
    nothing = np.zeros(0, dtype=np.int16)
    assert speech_level_db(frame_levels_db(nothing)) == -100
    assert voiced_ms(nothing) == 0
    assert variety_db(nothing) == 0


def test_the_suppressor_keeps_the_length_whatever_the_pieces() -> None:
    heard = hiss(1_003).tobytes()
    whole = NoiseSuppressor()
    at_once = np.concatenate([whole.push(heard), whole.flush()])
    pieces = NoiseSuppressor()
    in_pieces = np.concatenate(
        [pieces.push(heard[at : at + 202]) for at in range(0, len(heard), 202)] + [pieces.flush()]
    )
    assert np.array_equal(at_once, in_pieces)
    assert at_once.size == 16_160  # whole frames of 10 ms


@pytest.mark.skipif(not suppression_available(), reason="no noise suppressor on this platform")
def test_a_constant_hiss_is_lowered_and_speech_stays(modern: PcmChunk) -> None:
    cleaned = NoiseSuppressor().push(hiss(3_000).tobytes())
    assert speech_level_db(frame_levels_db(cleaned[16_000:])) < speech_level_db(frame_levels_db(hiss(3_000))) - 4
    speech = NoiseSuppressor().push(modern.pcm)
    assert speech_level_db(frame_levels_db(speech)) == pytest.approx(
        speech_level_db(frame_levels_db(modern.samples())), abs=3
    )
