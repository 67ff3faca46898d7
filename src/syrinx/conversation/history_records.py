"""Conversations as they are kept: what a person finds in their history, and how it is written down."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast

from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.conversation.memory import Remembered
from syrinx.errors import BadInput, NotFound

MOST_TITLE_CHARS: Final = 80
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CURSOR: Final = re.compile(r"(\d{1,18})\.([A-Za-z0-9_-]{1,64})")

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """One stretch of one speaker. `text` is as written, `heard` what was heard of it."""

    message_id: str
    turn: int
    role: Role
    speaker: str
    """The character's name; "" for the person."""
    text: str
    heard: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSummary:
    conversation_id: str
    title: str
    """The beginning of what was said first, or what the person calls it."""
    language: str
    """BCP 47, of its last turn."""
    created_at: datetime
    updated_at: datetime
    """When something was last kept of it."""
    message_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConversation:
    summary: ConversationSummary
    messages: tuple[KeptMessage, ...]
    """Oldest first."""
    earlier: bool
    """Whether there are messages before these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    conversations: tuple[ConversationSummary, ...]
    """The one that was kept last first."""
    before: str | None
    """Where the next page begins; None where this is the last."""


def summary_of(row: ConversationRow, message_count: int) -> ConversationSummary:
    return ConversationSummary(
        conversation_id=row.conversation_id,
        title=row.title,
        language=row.language,
        created_at=row.created_at,
        updated_at=row.updated_at,
        message_count=message_count,
    )


def message_of(row: MessageRow) -> KeptMessage:
    return KeptMessage(
        message_id=row.message_id,
        turn=row.turn,
        role=cast("Role", row.role),
        speaker=row.speaker,
        text=row.text,
        heard=row.heard,
        created_at=row.created_at,
    )


def checked_id(conversation_id: str) -> str:
    """Raises NotFound for what none of ours can be."""
    if not _ID.fullmatch(conversation_id):
        raise no_such_conversation()
    return conversation_id


def no_such_conversation() -> NotFound:
    """In the same words for one that is another's."""
    return NotFound("there is no such conversation: the list of conversations names those that are kept")


def message_ids(conversation_id: str, talk: str, remembered: Sequence[Remembered]) -> list[str]:
    """An id for each of these entries, which hold all of every turn that is among them: the same whenever it is asked.

    `talk` keeps apart two that go on with the same conversation and count the same turns.
    """
    places: dict[tuple[int, str], int] = {}
    ids: list[str] = []
    for entry in remembered:
        place = places[entry.turn, entry.role] = places.get((entry.turn, entry.role), -1) + 1
        name = "\0".join((conversation_id, talk, str(entry.turn), entry.role, str(place)))
        ids.append(hashlib.sha256(name.encode()).hexdigest()[:32])
    return ids


def title_of(remembered: Sequence[Remembered]) -> str:
    """The beginning of the first words, cut between words where there are any."""
    first = next((entry for entry in remembered if entry.role == "user"), remembered[0] if remembered else None)
    return shortened(" ".join(storable(first.text).split()), MOST_TITLE_CHARS) if first is not None else ""


def given_title(title: str) -> str:
    """As a person calls a conversation. Raises BadInput."""
    told = " ".join(storable(title).split())
    if not told or len(told) > MOST_TITLE_CHARS:
        raise BadInput(f"a title has 1 to {MOST_TITLE_CHARS} characters that are not all space")
    return told


def shortened(text: str, most_chars: int) -> str:
    """At most so long, with an ellipsis where something is missing."""
    if len(text) <= most_chars:
        return text
    words = text[:most_chars].rpartition(" ")[0]
    # Where words are long, or there are no spaces between them, half of one is more than nothing.
    return (words if len(words) > most_chars // 2 else text[: most_chars - 1]).rstrip() + "…"


def storable(text: str) -> str:
    """Without what some database refuses: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def cursor_of(summary: ConversationSummary) -> str:
    return f"{(summary.updated_at - _EPOCH) // _MICROSECOND}.{summary.conversation_id}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """When the one before was kept, and which it was. Raises BadInput for what `cursor_of` did not make."""
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is not None:
            return _EPOCH + int(found[1]) * _MICROSECOND, found[2]
    except OverflowError:
        pass
    raise BadInput("before is to be as the page before gave it")
