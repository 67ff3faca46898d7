"""Text to speech: a request goes in, chunks of PCM with the times of their words come out as they are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from syrinx.audio.pcm import PcmChunk

Gender = Literal["female", "male", "neutral"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice that an engine offers."""

    id: str
    """Opaque, stable, unique within the engine; what `SpeechRequest.voice` takes."""
    name: str
    language: str
    """BCP 47, for example "en-US"."""
    gender: Gender = "neutral"
    grade: str = ""
    """How good its makers say that it is, A to F; empty where they say nothing."""
    aliases: tuple[str, ...] = ()
    """Names by which clients of other engines ask for a voice like this one ("alloy"); no two voices share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsCapabilities:
    sample_rate_hz: int
    languages: tuple[str, ...]
    """BCP 47 primary tags that it speaks, for example ("de", "en")."""
    word_times: bool = False
    speed: tuple[float, float] = (1.0, 1.0)
    """Lowest and highest `speed`; equal when it cannot be changed."""
    pitch_semitones: tuple[float, float] = (0.0, 0.0)
    blends: bool = False
    """Whether `SpeechRequest.voice` may be a weighted mix of its voices: see `engines.tts.blends`."""
    voice_context: bool = False
    """Whether it uses `SpeechRequest.context` to keep a voice steady."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """What to say, as words (already turned from what is shown into what is spoken)."""

    text: str
    language: str = "en"
    """BCP 47; an engine that lacks the region speaks the primary language."""
    voice: str | None = None
    """A `Voice.id`, one of its aliases, or a mix; None takes the engine's default for the language.
    UnknownVoice when it has none such."""
    speed: float = 1.0
    pitch_semitones: float = 0.0
    context: tuple[PcmChunk, ...] = ()
    """The last 3 to 5 clips of this voice in this conversation, oldest first, for engines with `voice_context`."""
    description: str = ""
    """How the speaker sounds, in words, for engines that take it."""
    scene: str = ""
    """Where the speaker is, in words, for engines that take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTime:
    """One spoken word: where it stands in `SpeechRequest.text`, and when it sounds, counted from the first sample."""

    text: str
    start_char: int
    start_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechChunk:
    """A piece of the speech; chunks follow each other without gap or overlap.

    `words` are those that begin within this chunk.
    """

    audio: PcmChunk
    words: tuple[WordTime, ...] = ()
    engine: str = ""
    """Which engine spoke this, where one was chosen among several; an engine itself leaves it empty."""


class TextToSpeech(Protocol):
    @property
    def capabilities(self) -> TtsCapabilities: ...

    @property
    def voices(self) -> Sequence[Voice]: ...

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        """Speak; chunks arrive as they are made, all at `capabilities.sample_rate_hz`.

        Closing the generator stops the work within one chunk. Many calls may run at once, none influencing another.
        Raises UnknownVoice, UnknownLanguage, BadInput (speed or pitch out of range, no words) before the first chunk,
        EngineError when the work fails.
        """
        ...
