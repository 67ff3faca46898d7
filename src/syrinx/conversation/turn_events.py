"""What turn-taking is told beside what hearing tells, and the times it goes by."""

from __future__ import annotations

from dataclasses import dataclass

from syrinx.errors import SyrinxError
from syrinx.speech.events import HearingEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRules:
    """Times in ms of the conversation's clock."""

    decide_ms: float = 1200.0
    """A reply held beneath a noise goes on when the noise has been over for this long without words."""
    hold_ms: float = 6000.0
    """A reply is held this long at the most without words, however long the noise lasts."""
    silent_engine_ms: float = 30_000.0
    """A reply that does not move on for this long is given up."""
    utterance_ms: float = 40_000.0
    """An utterance of which nothing is heard for this long is ended: more than hearing's own cap on one utterance."""
    transcript_ms: float = 15_000.0
    """The words of an utterance that was ended by hand are awaited for this long."""
    idle_ms: float = 900_000.0
    """A conversation without speech, text or playback is closed after this long (SYRINX_IDLE_TIMEOUT_S)."""
    preparations: int = 2
    """How many replies may be prepared per utterance before its end is confirmed: each may cost a remote request.
    0 switches preparing off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningWanted:
    """The person pressed the voice button: start_listening or stop_listening."""

    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    text: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The person asked for silence: tts_interrupt."""


@dataclass(frozen=True, slots=True)
class Left:
    """Nobody is there to hear any more: the socket was lost."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The conversation was resumed."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyShown:
    """The next of the reply is about to go out: its first text without sound, or (`audible`) its first sound."""

    reply: int
    audible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyProgressed:
    """Its engines are at work, or the reply waits for its player."""

    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyEnded:
    """Nothing more of the reply comes; `error` when that is not as it should be."""

    reply: int
    error: SyrinxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPlayed:
    """All that was sent of the reply has been played."""

    reply: int


TurnEvent = (
    HearingEvent
    | ListeningWanted
    | Typed
    | Interrupted
    | Left
    | Returned
    | Tick
    | ReplyShown
    | ReplyProgressed
    | ReplyEnded
    | ReplyPlayed
)
