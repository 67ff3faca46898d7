"""Looks for words in what is kept of a user's conversations, with the same outcome on every database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, collate, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from syrinx.conversation.history_records import ConversationSummary, Role, storable
from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.errors import BadInput
from syrinx.storage import DatabaseKind

MOST_SEARCHED_CHARS: Final = 200
_AROUND_CHARS: Final = 60
_ESCAPE: Final = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """Where the words stand: in a message, or in the title where `message_id` is ""."""

    message_id: str
    role: Role | None
    excerpt: str
    """The words and what is around them, with an ellipsis where text is missing."""
    start_char: int
    end_char: int
    """Where in the excerpt the words stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundConversation:
    conversation: ConversationSummary
    place: FoundPlace


async def search_history(
    session: AsyncSession, kind: DatabaseKind, user: str, words: str, *, limit: int
) -> list[tuple[ConversationRow, FoundPlace]]:
    """The conversation that was kept last first; the newest message with the words in it, else the title.

    Raises BadInput where there are no words or too many.
    """
    wanted = " ".join(storable(words).split())
    if not wanted or len(wanted) > MOST_SEARCHED_CHARS:
        raise BadInput(f"what is looked for has 1 to {MOST_SEARCHED_CHARS} characters that are not all space")
    in_text = _holds(MessageRow.text, wanted, kind)
    in_conversation = exists().where(MessageRow.conversation_id == ConversationRow.conversation_id, in_text)
    conversations = (
        select(ConversationRow)
        .where(ConversationRow.user_id == user, or_(_holds(ConversationRow.title, wanted, kind), in_conversation))
        .order_by(ConversationRow.updated_at.desc(), ConversationRow.conversation_id.desc())
        .limit(limit)
    )
    rows = (await session.scalars(conversations)).all()
    newest = (
        select(func.max(MessageRow.id))
        .where(and_(MessageRow.conversation_id.in_([row.conversation_id for row in rows]), in_text))
        .group_by(MessageRow.conversation_id)
    )
    messages = (await session.scalars(select(MessageRow).where(MessageRow.id.in_(newest)))).all() if rows else ()
    return [(row, _place(row, messages, wanted)) for row in rows]


def _holds(column: InstrumentedAttribute[str], words: str, kind: DatabaseKind) -> ColumnElement[bool]:
    """Whether these words stand in the column: letters in either case, everything else, accents too, as it is.

    SQLite's LIKE knows the cases of ASCII alone, PostgreSQL's those of the machine's locale; MariaDB's takes "e" for
    "é". So the first two are told both cases of each letter, where need be, and the last compares bytes.
    """
    escaped = re.sub(r"([!%_])", _ESCAPE + r"\1", words.lower())
    like = f"%{escaped}%"
    match kind:
        case "sqlite" if all(char.isascii() or char.lower() == char.upper() for char in words):
            return column.like(like, escape=_ESCAPE)  # ten times as fast as the next
        case "sqlite":
            return column.op("GLOB", is_comparison=True)(f"*{_either_case(words, special='*?[')}*")
        case "postgresql":
            return column.op("~", is_comparison=True)(_either_case(words, special=None))
        case "mysql":
            lowered: ColumnElement[Any] = collate(func.lower(column, type_=String()), "utf8mb4_bin")
            return lowered.like(literal(like), escape=_ESCAPE)


def _either_case(words: str, *, special: str | None) -> str:
    """As a pattern of GLOB, or, where `special` is None, as a regular expression."""
    pieces: list[str] = []
    for char in words:
        cases = {each for each in (char.lower(), char.upper(), char) if len(each) == 1}
        if len(cases) > 1:
            pieces.append(f"[{''.join(sorted(cases))}]")
        elif special is None:
            # A backslash before a letter would mean something else than the letter.
            pieces.append(char if char.isalnum() or char.isspace() or ord(char) > 127 else f"\\{char}")
        else:
            pieces.append(f"[{char}]" if char in special else char)
    return "".join(pieces)


def _place(row: ConversationRow, messages: Sequence[MessageRow], words: str) -> FoundPlace:
    message = next((each for each in messages if each.conversation_id == row.conversation_id), None)
    text = row.title if message is None else message.text
    found = re.search(re.escape(words), text, re.IGNORECASE)
    start, end = found.span() if found else (0, 0)
    first, last = max(0, start - _AROUND_CHARS), min(len(text), end + _AROUND_CHARS)
    before, behind = "…" if first else "", "…" if last < len(text) else ""
    return FoundPlace(
        message_id="" if message is None else message.message_id,
        role=None if message is None else "user" if message.role == "user" else "assistant",
        excerpt=before + text[first:last] + behind,
        start_char=start - first + len(before),
        end_char=end - first + len(before),
    )
