"""Speech to text: one utterance's audio goes in as it is heard, partial transcripts and one final one come out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from syrinx.audio.pcm import PcmChunk

DETECT: Final = "auto"
"""As `TranscriptionRequest.language`: find out which language is spoken."""

Task = Literal["transcribe", "translate"]
"""`translate`: write in English what was said in another language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SttCapabilities:
    sample_rate_hz: int
    """The rate at which audio must be given."""
    languages: tuple[str, ...]
    """BCP 47 primary tags that it understands."""
    partials: bool = True
    word_times: bool = False
    detects_language: bool = False
    """Whether `DETECT` may stand for the language."""
    translates: bool = False
    prompts: bool = False
    """Whether it uses `TranscriptionRequest.prompt`."""
    samples: bool = False
    """Whether it uses `TranscriptionRequest.temperature`."""
    hotwords: bool = False
    """Whether it uses `TranscriptionRequest.hotwords`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stands between audio chunks: the speaker has gone quiet, so settle the transcript of all that came before.

    The engine answers with one Transcript whose `settled` is true, which costs nothing more at the end if no further
    audio follows. The speaker may go on: audio after a Pause belongs to the same utterance.
    """


HeardAudio = PcmChunk | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedWord:
    text: str
    start_ms: float
    """From the utterance's first sample."""
    end_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedSegment:
    """A sentence or so of a recording, as subtitles show it."""

    text: str
    start_ms: float
    end_ms: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The whole utterance as understood so far (never only the new words)."""

    text: str
    final: bool = False
    settled: bool = False
    """The answer to a Pause: nothing said before the pause is still being worked on."""
    language: str = "en"
    """What is spoken: as asked for, or as detected."""
    confidence: float | None = None
    """0 to 1, None where the engine does not know."""
    words: tuple[RecognizedWord, ...] = ()
    segments: tuple[RecognizedSegment, ...] = ()
    """Of a recording; () where the engine does not divide what it hears."""
    stable_chars: int = 0
    """So much of the beginning of `text` is not going to change any more; never less than in the transcript before."""
    heard_ms: float | None = None
    """How far into a recording `text` reaches; None where the engine does not tell."""
    engine: str = ""
    """Which engine understood this, where one was chosen among several; an engine itself leaves it empty."""
    adaptation: str | None = None
    """On a final transcript: what the engine learnt of this speaker and room, to be handed to the next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    language: str = "en"
    """BCP 47, or `DETECT` for engines with `detects_language`."""
    task: Task = "transcribe"
    recording: bool = False
    """The audio is a finished recording, given as fast as it is taken: it may be long, nobody waits for single words,
    and every Transcript tells `heard_ms`. False: somebody is speaking now."""
    hotwords: tuple[str, ...] = ()
    """Names and terms likely to be said, the likeliest first, for engines with `hotwords`."""
    prompt: str = ""
    """Words that came before, in whose style and spelling to go on, for engines with `prompts`."""
    temperature: float | None = None
    """0 to 1, how freely to choose among likely words, for engines with `samples`; None leaves it to the engine."""
    adaptation: str | None = None
    """`Transcript.adaptation` of the same speaker's last utterance: opaque, kept by the caller."""


class SpeechToText(Protocol):
    @property
    def capabilities(self) -> SttCapabilities: ...

    def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Transcribe one utterance; the end of `audio` ends it and is answered by exactly one final Transcript.

        A partial is sent when the text changed; an utterance without words has a final text of "".
        Closing the generator stops the work within one chunk; the caller closes `audio`.
        Many utterances may be under way at once.
        Raises UnknownLanguage, and BadInput for a task that it has not, before anything is read; BadAudio on a wrong
        rate, EngineError when the work fails.
        """
        ...
