"""Which voice of the engines comes nearest to a sample, for engines that cannot learn one: never a clone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from syrinx.engines.tts.contract import Gender, Voice
from syrinx.errors import UnknownLanguage

LARGEST_SHIFT_SEMITONES: Final = 4.0
"""Further up or down any voice sounds made up."""

PACE_RANGE: Final = (0.8, 1.25)
"""Slower or faster than that a voice sounds made up as well."""

BETWEEN_HZ: Final = 160.0
"""Women's speech lies mostly above, men's below: their means are commonly given as about 205 and 120 Hz, and this is
midway between those in semitones, rounded."""

TYPICAL_HZ: Final[Mapping[Gender, float]] = {"female": 205.0, "male": 120.0, "neutral": BETWEEN_HZ}
"""Of voices whose own pitch nobody measured."""


def gender_of(pitch_hz: float | None) -> Gender:
    """What a voice of that pitch is mostly taken for; "neutral" where it has none."""
    if pitch_hz is None:
        return "neutral"
    return "female" if pitch_hz >= BETWEEN_HZ else "male"


def nearest_voice(voices: Sequence[Voice], *, language: str, pitch_hz: float | None) -> Voice:
    """The best by language, then by gender, then by its makers' grade; the first of `voices` among equals.

    Raises UnknownLanguage when none speaks the language.
    """
    wanted = gender_of(pitch_hz)
    primary = _primary(language)
    speaking = [voice for voice in voices if _primary(voice.language) == primary]
    if not speaking:
        spoken = ", ".join(sorted({_primary(voice.language) for voice in voices}))
        raise UnknownLanguage(f"no voice speaks {language[:20]!r}: {spoken} are spoken")

    def distance(voice: Voice) -> tuple[bool, bool, str]:
        # A voice of a region counts as one of the language when only the language was asked for.
        elsewhere = "-" in language and voice.language.lower() != language.lower()
        return wanted not in {"neutral", voice.gender}, elsewhere, voice.grade or "Z"

    return min(speaking, key=distance)


def shift_semitones(voice: Voice, *, pitch_hz: float | None, voice_pitch_hz: float | None = None) -> float:
    """How far to raise `voice` to come near a sample's pitch, rounded to a tenth.

    `voice_pitch_hz` as measured; None takes what is typical of its gender.
    """
    if pitch_hz is None:
        return 0.0
    wanted = 12.0 * math.log2(pitch_hz / (voice_pitch_hz or TYPICAL_HZ[voice.gender]))
    return round(max(-LARGEST_SHIFT_SEMITONES, min(LARGEST_SHIFT_SEMITONES, wanted)), 1)


def pace_factor(sample_pace: float | None, voice_pace: float | None) -> float:
    """How much faster than 1 a voice must speak to come near a sample's pace, rounded to a hundredth.

    Both in syllables per second (`syllables_per_second`); 1 where one is not known.
    """
    if not sample_pace or not voice_pace:
        return 1.0
    slowest, fastest = PACE_RANGE
    return round(max(slowest, min(fastest, sample_pace / voice_pace)), 2)


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
