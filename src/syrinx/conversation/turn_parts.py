"""What turn-taking keeps in mind of an utterance and of a reply, and when two texts are the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
