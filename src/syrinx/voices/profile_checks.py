"""What a profile may be called and be told to do: checked before anything is kept."""

from __future__ import annotations

import math
import re
from typing import Final

from syrinx.errors import WrongParameter
from syrinx.voices.profile import CloneOrder, VoiceSettings

LONGEST_NAME: Final = 100
LONGEST_SAMPLE_TEXT: Final = 1_000
LONGEST_TRANSCRIPT: Final = 20_000
"""Characters: five minutes of somebody who talks fast have half as many."""
MOST_SEMITONES: Final = 6.0
PACE: Final = (0.5, 2.0)

_ID: Final = re.compile(r"(?:voice|cons)_[0-9a-f]{12}|(?:job|phrase)_[0-9a-f]{16}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_LONGEST_LANGUAGE: Final = 35
"""RFC 5646, 4.4.1."""


def is_voice_id(text: str) -> bool:
    """Whether it could be the id of somebody's voice."""
    return text.startswith("voice_") and is_made_here(text)


def is_made_here(text: str) -> bool:
    """Whether it could be the id of a voice, consent, phrase or cloning; no database is asked for anything else."""
    return _ID.fullmatch(text) is not None


def checked_name(name: str, *, parameter: str = "name") -> str:
    """Without spaces around it, or two of them in a row. Raises WrongParameter."""
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise WrongParameter(f"a name has 1 to {LONGEST_NAME} characters that can be read", parameter=parameter)
    return plain


def checked_language(language: str) -> str:
    """As it is written in BCP 47. Raises WrongParameter."""
    if len(language) > _LONGEST_LANGUAGE or _LANGUAGE.fullmatch(language) is None:
        raise WrongParameter("a language is a tag like 'en' or 'pt-BR' (BCP 47)", parameter="language")
    return language.replace("_", "-")


def checked_settings(settings: VoiceSettings) -> VoiceSettings:
    """Raises WrongParameter."""
    _within("pitch_semitones", settings.pitch_semitones, -MOST_SEMITONES, MOST_SEMITONES)
    _within("pace", settings.pace, *PACE)
    _within("warmth", settings.warmth, -1.0, 1.0)
    return settings


def checked_text(text: str, *, parameter: str, longest: int) -> str:
    """Without spaces around it; it may be empty. Raises WrongParameter."""
    plain = text.strip()
    if len(plain) > longest:
        raise WrongParameter(
            f"{parameter} has {len(plain)} characters: at most {longest} are taken", parameter=parameter
        )
    if any(not letter.isprintable() and letter not in "\n\r\t" for letter in plain):
        raise WrongParameter(f"{parameter} has characters that are no text: leave them out", parameter=parameter)
    return plain


def checked_order(order: CloneOrder) -> CloneOrder:
    """Raises WrongParameter."""
    return CloneOrder(
        user=order.user,
        name=checked_name(order.name),
        language=checked_language(order.language),
        sample_text=checked_text(order.sample_text, parameter="sample_text", longest=LONGEST_SAMPLE_TEXT),
        transcript=checked_text(order.transcript, parameter="transcript", longest=LONGEST_TRANSCRIPT),
        source=order.source,
        consent_id=order.consent_id.strip(),
        attested_by=" ".join(order.attested_by.split()),
    )


def _within(parameter: str, value: float, lowest: float, highest: float) -> None:
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise WrongParameter(f"{parameter} is {value:g}: it goes from {lowest:g} to {highest:g}", parameter=parameter)
