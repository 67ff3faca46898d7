"""A whole text spoken as it is made: what is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from syrinx.audio.pcm import PcmChunk
from syrinx.speech.auto_voice import VoiceMatch
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciations


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrationRequest:
    text: str
    """Plain text with light markup, of any length; or an SSML document (see `text.ssml`) when `ssml` is true."""
    ssml: bool = False
    language: str | None = None
    """BCP 47. None: that of the voice named, else the house's own."""
    voice: str | None = None
    """A voice's id, alias or mix; None takes the engine's default for the language."""
    engine: str = ""
    """An engine or model by name; "" chooses by itself."""
    speed: float = 1.0
    """0.25 to 4; what the engine cannot do itself is stretched or shrunk afterwards, its pitch kept."""
    pitch_semitones: float = 0.0
    """-12 to 12; likewise."""
    instructions: str = ""
    """How it is to be spoken, in words, for engines that take it."""
    pronunciations: Pronunciations = NO_PRONUNCIATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class NarratedSentence:
    """The sound that follows speaks this sentence, or clause; `start_char` is where it stands in the request's text."""

    index: int
    text: str
    start_char: int
    at_ms: float
    """From the first sample of the narration."""
    end_char: int | None = None
    """Where it ends there; None: `start_char` and the length of `text`."""
    joined: str | None = None
    """What stands between the one before and this one, "" or a space, where both are parts of one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarratedWord:
    text: str
    """As it stands in the request's text, or as spoken where it stands nowhere."""
    at_ms: float
    start_char: int | None
    """Where it stands in the request's text; None where what is spoken differs too much."""
    end_char: int | None = None
    """Where it ends there; None: `start_char` and the length of `text`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarratedWords:
    """Words of the sentence that has started, in order; more may follow."""

    index: int
    words: tuple[NarratedWord, ...]
    exact: bool
    """False where the engine tells no times and they are by proportion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarratedSound:
    """The next sound; chunks follow each other without gap or overlap, pauses included."""

    chunk: PcmChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceDone:
    """The sound of this sentence has ended; the pause behind it, if any, follows."""

    index: int
    at_ms: float


NarrationEvent = NarratedSentence | NarratedWords | NarratedSound | SentenceDone


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrationTiming:
    queued_ms: float
    """Waited for a place in the engine."""
    first_sound_ms: float
    """From the request to the first sound, `queued_ms` included."""
    cached: bool
    """The sound, or its beginning, had been made for an earlier request."""


class Narration(Protocol):
    """A text that has begun to sound. Who got it closes it, read to its end or not: that stops the engine within one
    chunk, unless another request for the same is still being served from the same work."""

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def engine(self) -> str:
        """The engine that speaks the first sentence."""
        ...

    @property
    def voice(self) -> str:
        """The voice's id as the list of voices has it; "" where the engine's default speaks."""
        ...

    @property
    def voice_match(self) -> VoiceMatch:
        """Whether that voice is heard, or one that comes near it."""
        ...

    @property
    def language(self) -> str: ...

    @property
    def not_applied(self) -> tuple[str, ...]:
        """What was asked for and the engine cannot do ("instructions", "phoneme", "warmth"), to be told to the
        caller."""
        ...

    @property
    def timing(self) -> NarrationTiming: ...

    def events(self) -> AsyncGenerator[NarrationEvent, None]:
        """To be read once. Raises SyrinxError where the speech breaks off; nothing is left out in silence."""
        ...

    async def aclose(self) -> None: ...


class Narrate(Protocol):
    async def __call__(self, request: NarrationRequest) -> Narration:
        """Begin; returns when the first sound is there.

        Raises before that whatever can be refused: BadInput (no words, wrong SSML, speed or pitch out of range),
        UnknownVoice, UnknownLanguage, UnknownEngine, EngineBusy, EngineUnavailable, EngineTimeout, EngineError.
        """
        ...
