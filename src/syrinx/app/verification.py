"""What `syrinx verify` finds out of an engine: the shapes of its findings, without how they come about or look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from syrinx.engines.abilities import Ability
from syrinx.engines.contract import Kind
from syrinx.speech.word_errors import WordErrors, taken_together

VerifiedKind = Literal["stt", "tts", "llm"]
VERIFIED_KINDS: tuple[VerifiedKind, ...] = ("stt", "tts", "llm")

Verdict = Literal["good", "attention", "fails", "skipped"]
"""`good`: for a talk on this machine. `attention`: it serves, with something to know. `fails`: it does not serve.
`skipped`: it was not asked, and `Verification.says` tells why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardClip:
    """One recording of a person, given at the pace of speech."""

    name: str
    said: str
    heard: str
    errors: WordErrors
    final_after_s: float
    """From the last sample to the final transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    clips: tuple[HeardClip, ...]
    """() where the ear does not understand the recordings' language; its speed is known all the same."""

    @property
    def errors(self) -> WordErrors:
        return taken_together(clip.errors for clip in self.clips)

    @property
    def final_after_s(self) -> float | None:
        """The longest of all clips."""
        return max((clip.final_after_s for clip in self.clips), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Whether a clip is a voice as far as levels can tell."""

    duration_s: float
    level_dbfs: float
    """Root mean square of all of it."""
    clipped: float
    """Share of samples at full scale."""
    silent: float
    """Share of 20 ms frames in which nothing can be heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What an ear understood of the voice."""

    ear: str
    heard: str
    errors: WordErrors


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    language: str
    text: str
    voices: int
    sound: Sound
    round_trip: RoundTrip | None
    no_round_trip: str = ""
    """Why there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    model: str
    scripted: bool
    """It is the companion, or another that is no language model."""
    question: str
    answer: str
    expected: str
    """A word that every sensible answer has."""
    cancel_s: float
    """From an interruption to the end of the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One engine, and what to think of it."""

    kind: Kind
    engine: str
    title: str
    verdict: Verdict
    says: str
    """The verdict in words."""
    remedy: str = ""
    load_s: float | None = None
    memory_bytes: int | None = None
    """What this process grew by, and the memory of the engine's worker; None where the system does not tell."""
    in_worker: bool = False
    ability: Ability | None = None
    found: Hearing | Speaking | Thinking | None = None
