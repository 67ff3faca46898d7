from __future__ import annotations

import pytest

from syrinx.engines.tts.contract import Gender, Voice
from syrinx.errors import UnknownLanguage
from syrinx.voices.likeness import gender_of, nearest_voice, pace_factor, shift_semitones


def voice(id_: str, language: str, gender: Gender, grade: str = "") -> Voice:
    return Voice(id=id_, name=id_.title(), language=language, gender=gender, grade=grade)


VOICES = [
    voice("slt", "en-US", "female"),
    voice("rms", "en-US", "male"),
    voice("awb", "en-GB", "male"),
    voice("belinda", "en-GB", "female"),
    voice("siwis", "fr-FR", "female"),
    voice("hans", "de", "male"),
]


@pytest.mark.parametrize(
    ("pitch_hz", "gender"), [(85.0, "male"), (159.0, "male"), (161.0, "female"), (300.0, "female"), (None, "neutral")]
)
def test_a_high_voice_is_taken_for_a_womans_and_a_low_one_for_a_mans(pitch_hz: float | None, gender: Gender) -> None:
    assert gender_of(pitch_hz) == gender


@pytest.mark.parametrize(
    ("language", "pitch_hz", "nearest"),
    [
        ("en", 210.0, "slt"),
        ("en", 110.0, "rms"),
        ("en-GB", 110.0, "awb"),
        ("en-gb", 210.0, "belinda"),
        ("en-US", 110.0, "rms"),
        ("en-AU", 110.0, "rms"),
        ("en", None, "slt"),
        ("fr", 110.0, "siwis"),
        ("fr_CA", 210.0, "siwis"),
        ("de-AT", None, "hans"),
    ],
)
def test_language_comes_before_gender_and_gender_before_region(
    language: str, pitch_hz: float | None, nearest: str
) -> None:
    assert nearest_voice(VOICES, language=language, pitch_hz=pitch_hz).id == nearest


def test_among_equals_the_better_grade_and_then_the_first_is_taken() -> None:
    graded = [voice("plain", "en", "male"), voice("good", "en", "male", "B"), voice("best", "en", "male", "A")]
    assert nearest_voice(graded, language="en", pitch_hz=100.0).id == "best"
    assert nearest_voice([*VOICES, voice("late", "en-US", "male")], language="en", pitch_hz=100.0).id == "rms"


def test_a_language_that_nobody_speaks_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownLanguage, match="de, en, fr are spoken"):
        nearest_voice(VOICES, language="ja", pitch_hz=200.0)


@pytest.mark.parametrize(
    ("pitch_hz", "measured_hz", "semitones"),
    [
        (205.0, None, 0.0),
        (230.17, 205.0, 2.0),
        (182.63, 205.0, -2.0),
        (400.0, 205.0, 4.0),
        (100.0, 205.0, -4.0),
        (None, 205.0, 0.0),
    ],
)
def test_a_voice_is_shifted_towards_the_sample_by_four_semitones_at_most(
    pitch_hz: float | None, measured_hz: float | None, semitones: float
) -> None:
    assert shift_semitones(VOICES[0], pitch_hz=pitch_hz, voice_pitch_hz=measured_hz) == semitones


@pytest.mark.parametrize(
    ("sample_pace", "voice_pace", "factor"),
    [
        (4.0, 4.0, 1.0),
        (4.4, 4.0, 1.1),
        (3.6, 4.0, 0.9),
        (9.0, 4.0, 1.25),
        (1.0, 4.0, 0.8),
        (None, 4.0, 1.0),
        (4.0, None, 1.0),
        (4.0, 0.0, 1.0),
    ],
)
def test_a_voice_speaks_at_the_samples_pace_as_far_as_that_sounds_well(
    sample_pace: float | None, voice_pace: float | None, factor: float
) -> None:
    assert pace_factor(sample_pace, voice_pace) == factor
