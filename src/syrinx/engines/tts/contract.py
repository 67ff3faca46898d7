"""Text to speech: a request goes in, chunks of PCM with the times of their words come out as they are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, runtime_checkable

from syrinx.audio.pcm import PcmChunk

Gender = Literal["female", "male", "neutral"]

LARGEST_CONDITIONING_BYTES: Final = 8 * 1024 * 1024
"""Of what `Clones.condition` gives: it is kept for each voice and sent with each sentence."""


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
    fixed_pitch: bool = False
    """Whether it takes no `pitch_semitones` but 0, whatever the engine's other voices take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloning:
    """What of a sample an engine wants."""

    shortest_s: float
    """Below that it refuses."""
    best_s: float
    """More than that it does not use: the best so many seconds of a longer sample are chosen for it."""
    version: str
    """Of its model, at most 64 characters: what it computed of a sample is of use to this version alone."""
    transcript: bool = False
    """Whether it wants to know what is said in the sample."""


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
    describes: bool = False
    """Whether it uses `SpeechRequest.description`."""
    phonemes: bool = False
    """Whether it speaks `SpeechRequest.phonemes` instead of the letters that they stand for."""
    voice_context: bool = False
    """Whether it uses `SpeechRequest.context` to keep a voice steady."""
    clones: Cloning | None = None
    """How it learns a voice from a sample; None where it cannot. Then it is also `Clones`."""
    warmth: bool = False
    """Whether it uses `SpeechRequest.warmth`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phonemes:
    """How `SpeechRequest.text[start_char:end_char]` sounds."""

    start_char: int
    end_char: int
    ipa: str


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
    phonemes: tuple[Phonemes, ...] = ()
    """In order, without overlap, for engines with `phonemes`; others read the letters."""
    conditioning: bytes = b""
    """What `Clones.condition` made of somebody's voice, which then speaks, and `voice` is None; b"" is none. Computed
    once for each voice and given with each request: two speakers share no state, so one never bleeds into another."""
    warmth: float = 0.0
    """-1 (matter of fact) to 1 (warm, lively), for engines that have it."""


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


@runtime_checkable
class Clones(Protocol):
    """What engines with `TtsCapabilities.clones` have beside `TextToSpeech`."""

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        """Learn a voice from a sample (mono, 24 kHz, `shortest_s` to `best_s`): what `SpeechRequest.conditioning`
        takes. Opaque, at most 8 MiB, to be kept and to be used by any process with the same `Cloning.version`.

        Raises BadAudio where nothing can be learned from it, EngineError when the work fails (code "gpu_memory",
        message "GPU out of memory ...", where it is that).
        """
        ...


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
