"""What turn-taking answers: what is to be done, in the order given."""

from __future__ import annotations

from dataclasses import dataclass

from syrinx.conversation.events import State, StopReason
from syrinx.errors import SyrinxError


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowState:
    state: State
    listening: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTranscript:
    turn: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEar:
    """Engines that hear are needed from now on, or no longer."""

    open: bool


@dataclass(frozen=True, slots=True)
class ReleaseUtterance:
    """Ask the ear to end the utterance now and tell its words."""


@dataclass(frozen=True, slots=True)
class DiscardUtterance:
    """Have the ear forget what it is hearing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareReply:
    """Begin to make a reply to `text`; nothing of it may go out before CommitReply."""

    reply: int
    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReply:
    """The reply may be heard; `text` is what the person said in this turn and replaces what was remembered of it."""

    reply: int
    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardReply:
    """Throw away a reply of which nothing is out."""

    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReply:
    """Nothing more of it may go out; what sounds (`audible`) is to be paused."""

    reply: int
    turn: int
    audible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeReply:
    reply: int
    turn: int
    audible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAudio:
    """Sound of this turn follows."""

    reply: int
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReply:
    """The reply is over: stop making and playing it, remember what was heard."""

    reply: int
    turn: int
    audible: bool
    reason: StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailure:
    turn: int | None
    error: SyrinxError


@dataclass(frozen=True, slots=True)
class CloseIdle:
    """Nothing has happened for too long: close the conversation."""


Action = (
    ShowState
    | ShowTranscript
    | SetEar
    | ReleaseUtterance
    | DiscardUtterance
    | PrepareReply
    | CommitReply
    | DiscardReply
    | HoldReply
    | ResumeReply
    | BeginAudio
    | StopReply
    | ReportFailure
    | CloseIdle
)
