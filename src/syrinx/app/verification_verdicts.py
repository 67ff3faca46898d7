"""What to think of an engine that was put to the test, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syrinx.app.verification import Hearing, Sound, Speaking, Thinking, Verdict
from syrinx.engines.abilities import (
    FINAL_WITHIN_S,
    FIRST_SOUND_WITHIN_S,
    FIRST_TOKEN_WITHIN_S,
    REAL_TIME_FACTOR_AT_MOST,
    TOKENS_PER_S_AT_LEAST,
    UTTERANCE_S,
    Ability,
    Shortfall,
    final_after_s,
    shortfall,
)
from syrinx.engines.contract import Kind
from syrinx.speech.word_errors import words

GOOD: Final = "good for a talk on this machine"
LIGHTER: Final = "close what else is at work and try again; syrinx models list names lighter ones"

UNDERSTANDS_UP_TO: Final = 0.25
"""Word errors on the recordings. Whisper's smallest stays well below; above it talks go astray."""
HEARS_NOTHING_FROM: Final = 0.8
"""Nobody who understands a language at all gets so many words of it wrong: a model is broken, or of other speech."""
ROUND_TRIP_UP_TO: Final = 0.5

QUIET_DBFS: Final = -40.0
"""A voice measures -28 to -18; this quiet it is lost in a room."""
CLIPPED_AT_MOST: Final = 0.001
SILENT_AT_MOST: Final = 0.6

CANCEL_WITHIN_S: Final = 1.0
"""Longer, and the machine still works on a reply that nobody wants when the next one is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    verdict: Verdict
    says: str
    remedy: str = ""


def judge(kind: Kind, ability: Ability, found: Hearing | Speaking | Thinking) -> Judgement:
    """The worst that is to be said of the engine, and what mends it."""
    broken = _broken(found)
    if broken is not None:
        return broken
    if too_slow := _too_slow(kind, ability, found):
        return Judgement(verdict="fails", says=f"too slow for a talk here: {too_slow}", remedy=LIGHTER)
    return _blemished(found) or Judgement(verdict="good", says=GOOD)


_SHORTFALLS: Final[Mapping[Shortfall, str]] = {
    "final_late": (
        f"it takes {{final_s:.2f}} s to understand {UTTERANCE_S:g} s of speech, where {FINAL_WITHIN_S:g} s would do"
    ),
    "first_sound_late": f"its first sound takes {{first_s:.2f}} s, where {FIRST_SOUND_WITHIN_S:g} s would do",
    "slower_than_speech": (
        f"a second of speech takes {{factor:.2f}} s to make, where {REAL_TIME_FACTOR_AT_MOST:g} s would do"
    ),
    "first_token_late": f"its first words take {{first_s:.2f}} s, where {FIRST_TOKEN_WITHIN_S:g} s would do",
    "tokens_slow": f"it writes {{tokens_per_s:.1f}} tokens a second, where {TOKENS_PER_S_AT_LEAST:g} would do",
}


def _too_slow(kind: Kind, ability: Ability, found: Hearing | Speaking | Thinking) -> str:
    if isinstance(found, Hearing) and found.final_after_s is not None:
        # Heard at the pace of speech, an ear that works while somebody speaks shows what it can; the reckoning from a
        # clip that is given at once is for those of which no more is known.
        late = found.final_after_s > FINAL_WITHIN_S
        return (
            f"it understood {found.final_after_s:.2f} s after the last word, where {FINAL_WITHIN_S:g} s would do"
            if late
            else ""
        )
    lacks = shortfall(kind, ability)
    return "; ".join(_SHORTFALLS[lack].format(**_figures(ability)) for lack in lacks)


def _figures(ability: Ability) -> dict[str, float]:
    return {
        "final_s": final_after_s(ability),
        "first_s": ability.first_s,
        "factor": ability.real_time_factor or 0.0,
        "tokens_per_s": ability.tokens_per_s or 0.0,
    }


def _broken(found: Hearing | Speaking | Thinking) -> Judgement | None:
    """What no speed makes good."""
    match found:
        case Hearing() if found.clips and found.errors.rate >= HEARS_NOTHING_FROM:
            return Judgement(
                verdict="fails",
                says=f"it does not understand people: {found.errors.wrong} mistakes in {found.errors.of} words",
                remedy="pull the model again, or choose another ear with SYRINX_STT",
            )
        case Speaking() if fault := _sound_fault(found.sound):
            return Judgement(
                verdict="fails",
                says=f"what it makes is no voice to listen to: {fault}",
                remedy="pull the model again, or choose another voice with SYRINX_TTS",
            )
        case Thinking() if not words(found.answer):
            return Judgement(
                verdict="fails",
                says="it answered without words",
                remedy="pull the model again, or choose another with SYRINX_LLM",
            )
        case _:
            return None


def _blemished(found: Hearing | Speaking | Thinking) -> Judgement | None:
    """What is worth knowing of an engine that serves."""
    match found:
        case Hearing() if not found.clips:
            return Judgement(
                verdict="attention",
                says="quick enough; the recordings are English, which it does not understand, so nobody knows how well "
                "it hears",
            )
        case Hearing() if found.errors.rate > UNDERSTANDS_UP_TO:
            return Judgement(
                verdict="attention",
                says=f"quick enough, but it mishears {_percent(found.errors.rate)} of the words",
                remedy="syrinx models list names better ears",
            )
        case Speaking(round_trip=None):
            return Judgement(verdict="good", says=f"{GOOD}; no ear here could check its words: {found.no_round_trip}")
        case Speaking(round_trip=trip) if trip is not None and trip.errors.rate > ROUND_TRIP_UP_TO:
            return Judgement(
                verdict="attention",
                says=f"quick enough, but {trip.ear} mishears {_percent(trip.errors.rate)} of its words, which may be "
                "the voice's fault or the ear's: listen to it",
                remedy="syrinx say 'Hello there.'",
            )
        case Thinking() if found.scripted:
            return Judgement(
                verdict="attention",
                says="a script answers, and understands little: no language model is configured",
                remedy="syrinx models list names some that run here; docs/guides/language-models.md has others",
            )
        case Thinking() if found.expected.casefold() not in found.answer.casefold():
            return Judgement(
                verdict="attention",
                says=f"quick enough, but its answer does not name {found.expected}: read it",
                remedy="a larger model knows more",
            )
        case Thinking() if found.cancel_s > CANCEL_WITHIN_S:
            return Judgement(
                verdict="attention",
                says=f"it works on for {found.cancel_s:.1f} s when it is interrupted",
            )
        case _:
            return None


def _sound_fault(sound: Sound) -> str:
    if sound.silent > SILENT_AT_MOST:
        return f"{_percent(sound.silent)} of it is silence"
    if sound.level_dbfs < QUIET_DBFS:
        return f"it is too quiet ({sound.level_dbfs:.0f} dB of full scale)"
    if sound.clipped > CLIPPED_AT_MOST:
        return f"it is too loud ({100 * sound.clipped:.1f} % of the samples are cut off)"
    return ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
