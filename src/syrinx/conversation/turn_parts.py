"""What turn-taking keeps in mind of an utterance and of a reply, and what follows from both at a glance."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syrinx.conversation.events import State
from syrinx.conversation.turn_events import TurnRules

_NOT_A_WORD = re.compile(r"[^\w']+")


@dataclass(slots=True, kw_only=True)
class PendingReply:
    """A reply that is being made, waits to be heard or sounds."""

    number: int
    turn: int
    said: str
    """What the person said and this answers."""
    progress_ms: float
    """When it last moved on."""
    committed: bool = False
    """Whether it may be heard: the end of the utterance is confirmed."""
    out: bool = False
    """Whether something of it, text or sound, has been given out."""
    audible: bool = False
    held_ms: float | None = None
    """Since when it is held beneath what is being said; None when it is not."""
    ended: bool = False
    """Nothing more of it comes; what is out may still be playing."""
    failed: bool = False

    def silent_for_ms(self, at_ms: float) -> float:
        """How long its engines have given nothing; 0 while nothing is asked of them."""
        return at_ms - self.progress_ms if self.committed and not self.ended else 0.0


@dataclass(slots=True, kw_only=True)
class Utterance:
    """Something that is being said."""

    turn: int
    event_ms: float
    """When something was last heard of it."""
    said_before: str = ""
    """What the person had already said in this turn."""
    text: str = ""
    shown: bool = False
    released: bool = False
    """The person stopped listening, or nothing more was heard: only its words are awaited."""
    quiet_ms: float | None = None
    """Since when the speaker is quiet; None while speaking."""
    prepared: PendingReply | None = None
    preparations: int = 0

    @property
    def whole_text(self) -> str:
        """All that the person said in this turn."""
        return joined(self.said_before, self.text)


def joined(first: str, second: str) -> str:
    """Two stretches of one person's words as one text."""
    return f"{first.strip()} {second.strip()}".strip()


def same_words(first: str, second: str) -> bool:
    """Whether two texts differ in case, punctuation and spacing at most."""
    return _NOT_A_WORD.sub(" ", first.casefold()).strip() == _NOT_A_WORD.sub(" ", second.casefold()).strip()


def state_of(utterance: Utterance | None, reply: PendingReply | None, *, listening: bool) -> State:
    """Who has the floor. A reply that sounds over something heard does so because that was decided to be nothing."""
    sounds_on = reply is not None and reply.audible and reply.held_ms is None
    if utterance is not None and not utterance.released and not sounds_on:
        return "hearing"
    if reply is not None and reply.audible:
        return "speaking"
    if utterance is not None or (reply is not None and reply.committed):
        return "thinking"
    return "listening" if listening else "idle"


def watched_until_ms(utterance: Utterance | None, reply: PendingReply | None, rules: TurnRules) -> float | None:
    """When the first of the time limits on what is under way is over; None when there is none."""
    times: list[float] = []
    if reply is not None and reply.held_ms is not None:
        times.append(reply.held_ms + rules.hold_ms)
        if utterance is not None and utterance.quiet_ms is not None:
            times.append(utterance.quiet_ms + rules.decide_ms)
    elif reply is not None and reply.committed and not reply.ended:
        times.append(reply.progress_ms + rules.silent_engine_ms)
    if utterance is not None:
        limit_ms = rules.transcript_ms if utterance.released else rules.utterance_ms
        times.append(utterance.event_ms + limit_ms)
    return min(times, default=None)
