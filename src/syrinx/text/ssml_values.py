"""The values that SSML gives to rate, pitch, volume, emphasis and pauses, as factors, semitones, decibels and times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final

from syrinx.errors import BadInput

SPEEDS: Final = (0.25, 4.0)
PITCHES_SEMITONES: Final = (-12.0, 12.0)
GAINS_DB: Final = (-60.0, 12.0)
LONGEST_BREAK_MS: Final = 10_000.0

SILENT_DB: Final = -120.0
"""Below the smallest step of 16 bits, whatever else is added."""

_RATES: Final = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7}
_PITCHES: Final = {"x-low": -5.0, "low": -2.5, "medium": 0.0, "default": 0.0, "high": 2.5, "x-high": 5.0}
_VOLUMES: Final = {
    "silent": SILENT_DB, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0, "x-loud": 8.0,
}  # fmt: skip
_STRENGTHS_MS: Final = {
    "none": 0.0, "x-weak": 90.0, "weak": 180.0, "medium": 300.0, "strong": 520.0, "x-strong": 1000.0,
}  # fmt: skip
"""Rising, as the standard wants it: about a short comma, a comma, the end of a sentence, of a paragraph, of a scene."""

_NUMBER: Final = r"(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})"
_PERCENT: Final = re.compile(rf"([+-]?)({_NUMBER})%")
_SEMITONES: Final = re.compile(rf"([+-])({_NUMBER})st")
_DECIBELS: Final = re.compile(rf"([+-])({_NUMBER})dB", re.IGNORECASE)
_TIME: Final = re.compile(rf"\+?({_NUMBER})(ms|s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a stretch is to be spoken, against the voice's own way."""

    speed: float = 1.0
    pitch_semitones: float = 0.0
    gain_db: float = 0.0


_EMPHASIS: Final = {
    # What readers do: a stressed word is longer, a little higher and a little louder, within what is still one
    # speaker. The steps stay above the smallest that is heard: 5 % of time, half a semitone, one decibel.
    "strong": Manner(speed=0.88, pitch_semitones=1.5, gain_db=3.0),
    "moderate": Manner(speed=0.94, pitch_semitones=0.75, gain_db=1.5),
    "none": Manner(),
    "reduced": Manner(speed=1.08, pitch_semitones=-0.5, gain_db=-2.0),
}


def with_rate(manner: Manner, value: str) -> Manner:
    """A word or a plain percentage is of the voice's own rate, one with a sign of the rate around it."""
    if value in _RATES:
        speed = _RATES[value]
    elif found := _PERCENT.fullmatch(value):
        part = float(found.group(2)) / 100.0
        speed = manner.speed * (1.0 + (part if found.group(1) == "+" else -part)) if found.group(1) else part
    else:
        raise BadInput(f"rate is {_shown(value)}: it is one of {', '.join(_RATES)}, or like 80% or +10%")
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise BadInput(
            f"rate {_shown(value)} makes {speed:.0%} of the usual: {SPEEDS[0]:.0%} to {SPEEDS[1]:.0%} can be"
        )
    return replace(manner, speed=speed)


def with_pitch(manner: Manner, value: str) -> Manner:
    """A word is of the voice's own pitch, a change of the pitch around it."""
    if value in _PITCHES:
        pitch = _PITCHES[value]
    elif found := _SEMITONES.fullmatch(value):
        pitch = manner.pitch_semitones + float(found.group(1) + found.group(2))
    elif (found := _PERCENT.fullmatch(value)) and found.group(1):
        factor = 1.0 + float(found.group(1) + found.group(2)) / 100.0
        pitch = manner.pitch_semitones + (12.0 * math.log2(factor) if factor > 0 else -math.inf)
    else:
        hertz = " (Hertz depend on the voice)" if value.lower().endswith("hz") else ""
        raise BadInput(f"pitch is {_shown(value)}{hertz}: it is one of {', '.join(_PITCHES)}, or like +2st or -10%")
    if not PITCHES_SEMITONES[0] <= pitch <= PITCHES_SEMITONES[1]:
        raise BadInput(f"pitch {_shown(value)} goes beyond {PITCHES_SEMITONES[1]:g} semitones up or down: give less")
    return replace(manner, pitch_semitones=pitch)


def with_volume(manner: Manner, value: str) -> Manner:
    """A word is of the voice's own volume, a change in decibels of the volume around it."""
    if value in _VOLUMES:
        gain = _VOLUMES[value]
    elif found := _DECIBELS.fullmatch(value):
        gain = manner.gain_db + float(found.group(1) + found.group(2))
        if manner.gain_db == SILENT_DB:
            gain = SILENT_DB
    else:
        raise BadInput(f"volume is {_shown(value)}: it is one of {', '.join(_VOLUMES)}, or like +3dB or -6dB")
    if gain != SILENT_DB and not GAINS_DB[0] <= gain <= GAINS_DB[1]:
        raise BadInput(f"volume {_shown(value)} makes {gain:+g} dB: {GAINS_DB[0]:g} to {GAINS_DB[1]:+g} dB can be")
    return replace(manner, gain_db=gain)


def with_emphasis(manner: Manner, level: str) -> Manner:
    """Stressed or unstressed against what is around it, as far as the ranges go."""
    if level not in _EMPHASIS:
        raise BadInput(f"level is {_shown(level)}: it is one of {', '.join(_EMPHASIS)}")
    change = _EMPHASIS[level]
    gain = manner.gain_db + change.gain_db
    return Manner(
        speed=_within(manner.speed * change.speed, SPEEDS),
        pitch_semitones=_within(manner.pitch_semitones + change.pitch_semitones, PITCHES_SEMITONES),
        gain_db=SILENT_DB if manner.gain_db == SILENT_DB else _within(gain, GAINS_DB),
    )


def break_ms(time: str | None, strength: str | None) -> float:
    """How long a pause is; a time given decides, else its strength, else it is a middling one."""
    if strength is not None and strength not in _STRENGTHS_MS:
        raise BadInput(f"strength is {_shown(strength)}: it is one of {', '.join(_STRENGTHS_MS)}")
    if time is None:
        return _STRENGTHS_MS[strength or "medium"]
    found = _TIME.fullmatch(time)
    if found is None:
        raise BadInput(f"time is {_shown(time)}: it is like 250ms or 1.5s")
    pause_ms = float(found.group(1)) * (1000.0 if found.group(2) == "s" else 1.0)
    if pause_ms > LONGEST_BREAK_MS:
        raise BadInput(f"a break of {_shown(time)} is too long: {LONGEST_BREAK_MS / 1000:g}s is the longest")
    return pause_ms


def _within(value: float, bounds: tuple[float, float]) -> float:
    return max(bounds[0], min(bounds[1], value))


def _shown(value: str) -> str:
    return repr(value[:40])
