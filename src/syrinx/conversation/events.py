"""What a conversation takes in and gives out, whatever the transport: docs/protocol.md is its wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import SyrinxError
from syrinx.speech.events import SpokenWord

State = Literal["idle", "listening", "hearing", "thinking", "speaking"]
StopReason = Literal["finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """`listening` tells whether the microphone is being heard, which may be so in any state but idle."""

    state: State
    listening: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptUpdated:
    """What the person says: replaces the text of the same turn. A final text of "" withdraws it (it was no speech)."""

    turn: int
    text: str
    final: bool
    stable_chars: int = 0
    """So much of the beginning of `text` is not going to change, unless the person goes on after the end of a turn."""
    engine: str = ""
    """Which ear understood it; empty where the conversation was not told."""
    language: str = ""
    """Of a final text, as asked for or as found out; empty where the conversation was not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDelta:
    turn: int
    speaker: str
    delta: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStarted:
    """Audio of this turn follows; until AudioStopped all audio belongs to it."""

    turn: int
    speaker: str
    sample_rate_hz: int
    engine: str = ""
    """Which voice engine speaks first; empty where the conversation was not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioOut:
    turn: int
    chunk: PcmChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceOut:
    """The audio from `at_ms` on speaks `text`, a stretch of the reply as shown. `spoken`: whether it sounds."""

    turn: int
    index: int
    speaker: str
    text: str
    at_ms: float
    spoken: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsOut:
    turn: int
    index: int
    words: tuple[SpokenWord, ...]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSent:
    """All audio of the turn has been handed over: `duration_ms` in all; the player need not wait for more."""

    turn: int
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPaused:
    """Hold the sound at once and keep what is buffered: it may be an interruption, or only a cough."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioResumed:
    """It was nothing: play on from where the sound was held."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStopped:
    """The turn's sound is over: played to its end, or cut off, in which case what is buffered is thrown away.

    `heard` is the part of the reply that was heard, which is what memory keeps.
    """

    turn: int
    reason: StopReason
    played_ms: float
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnMetrics:
    """The turn's time line: ms from the end of the person's speech to each stage; a stage not reached is absent.

    Stages: endpoint, transcript, first_token, first_sentence, first_audio, first_played, end.
    """

    turn: int
    ms: Mapping[str, float]
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    """`said`: "spoken" or "typed"; `heard_by`, `answered_by`, `spoken_by`: the engines and the model that did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerNext:
    """Who answers next."""

    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know that is no failure, for example that another voice stepped in."""

    code: str
    message: str
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    error: SyrinxError
    turn: int | None = None


ConversationEvent = (
    StateChanged
    | TranscriptUpdated
    | ReplyDelta
    | AudioStarted
    | AudioOut
    | SentenceOut
    | WordsOut
    | AudioSent
    | AudioPaused
    | AudioResumed
    | AudioStopped
    | TurnMetrics
    | SpeakerNext
    | Notice
    | Failed
)
