"""The history of people's conversations: kept turn by turn, listed, read, gone on with, exported and deleted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.conversation.history_records import (
    ConversationPage,
    ConversationSummary,
    KeptConversation,
    KeptMessage,
    checked_id,
    cursor_of,
    given_title,
    message_ids,
    message_of,
    no_such_conversation,
    read_cursor,
    storable,
    summary_of,
    title_of,
)
from syrinx.conversation.history_search import FoundConversation, search_history
from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.conversation.memory import MAX_MEMORY_MESSAGES, Memory, Remembered
from syrinx.storage import Conflict, Database

MOST_LISTED: Final = 100
_LANGUAGE_CHARS: Final = 35
_SPEAKER_CHARS: Final = 100
"""As many as their columns take; some databases refuse more."""
_AT_ONCE: Final = 200
"""Conversations deleted, and messages looked for, by one statement."""


def _now() -> datetime:
    return datetime.now(UTC)


class History:
    """Of everybody; each call is for one user, to whom another's conversation is as none: NotFound.

    Every call may raise DatabaseUnavailable, and the writing ones DiskRefused.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._now = now

    # As a talk goes on.

    async def keep(
        self,
        user: str,
        conversation_id: str,
        *,
        language: str,
        remembered: Sequence[Remembered],
        talk: str = "",
        begun: bool = False,
        anew: bool = False,
    ) -> bool:
        """A `Keep` (keeping.py) once it knows its user: messages that are new are added, those that have changed are
        changed, in one transaction; the same once more changes nothing."""
        checked_id(conversation_id)
        try:
            return await self._keep(user, conversation_id, language, remembered, talk, begun=begun, anew=anew)
        except Conflict:
            # Another server has begun the same conversation at this moment: now it is there.
            return await self._keep(user, conversation_id, language, remembered, talk, begun=begun, anew=anew)

    async def _keep(
        self,
        user: str,
        conversation_id: str,
        language: str,
        remembered: Sequence[Remembered],
        talk: str,
        *,
        begun: bool,
        anew: bool,
    ) -> bool:
        now = self._now()
        async with self._database.transaction() as session:
            # Locked: who deletes it meanwhile waits, and then deletes what is added here as well.
            row = await session.scalar(_conversation(conversation_id).with_for_update())
            if row is None and begun:
                return False
            if row is not None and row.user_id != user:
                raise no_such_conversation()
            if row is not None and anew:
                await _remove(session, [conversation_id])
                row = None
            if not remembered:
                return True
            facts = {"language": storable(language)[:_LANGUAGE_CHARS], "updated_at": now}
            if row is None:
                new = {"conversation_id": conversation_id, "user_id": user, "created_at": now}
                await session.execute(insert(ConversationRow).values(title=title_of(remembered), **new, **facts))
            else:
                theirs = ConversationRow.conversation_id == conversation_id
                await session.execute(update(ConversationRow).where(theirs).values(**facts))
            await _write(session, conversation_id, remembered, message_ids(conversation_id, talk, remembered), now)
        return True

    async def memory(self, user: str, conversation_id: str) -> Memory:
        """What a talk that goes on with it remembers: the newest messages that fit. Raises NotFound."""
        kept = await self.get(user, conversation_id, limit=MAX_MEMORY_MESSAGES)
        return Memory.of(
            Remembered(turn=each.turn, role=each.role, speaker=each.speaker, text=each.text, heard=each.heard)
            for each in kept.messages
        )

    # What a person does with it.

    async def list(self, user: str, *, before: str | None = None, limit: int = 30) -> ConversationPage:
        """The one that was kept last first, from `before` on, which the page before gave. Raises BadInput."""
        limit = min(max(limit, 1), MOST_LISTED)
        wanted = (
            select(ConversationRow)
            .where(ConversationRow.user_id == user)
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.conversation_id.desc())
            .limit(limit + 1)
        )
        if before is not None:
            at, last = read_cursor(before)
            same_time = and_(ConversationRow.updated_at == at, ConversationRow.conversation_id < last)
            wanted = wanted.where(or_(ConversationRow.updated_at < at, same_time))
        async with self._database.reading() as session:
            rows = (await session.scalars(wanted)).all()
            summaries = await _summaries(session, rows[:limit])
        return ConversationPage(
            conversations=tuple(summaries), before=cursor_of(summaries[-1]) if len(rows) > limit else None
        )

    async def search(self, user: str, words: str, *, limit: int = 30) -> Sequence[FoundConversation]:
        """Conversations in whose title or messages these words stand, as they are but for upper and lower case; the
        one that was kept last first, each with its newest place. Raises BadInput."""
        async with self._database.reading() as session:
            found = await search_history(
                session, self._database.kind, user, words, limit=min(max(limit, 1), MOST_LISTED)
            )
            summaries = await _summaries(session, [row for row, _ in found])
        return [
            FoundConversation(conversation=summary, place=place)
            for summary, (_, place) in zip(summaries, found, strict=True)
        ]

    async def get(
        self, user: str, conversation_id: str, *, before: str | None = None, limit: int | None = None
    ) -> KeptConversation:
        """The newest `limit` messages, all where that is None, of those that stand before the message `before`.

        Raises NotFound, BadInput.
        """
        async with self._database.reading() as session:
            row = await _theirs(session, user, conversation_id)
            (summary,) = await _summaries(session, [row])
            return await _messages(session, summary, before=before, limit=limit)

    async def message(self, user: str, conversation_id: str, message_id: str) -> KeptMessage:
        """Raises NotFound."""
        async with self._database.reading() as session:
            await _theirs(session, user, conversation_id)
            row = await session.scalar(select(MessageRow).where(_is_message(conversation_id, message_id)))
        if row is None:
            raise no_such_conversation()
        return message_of(row)

    async def rename(self, user: str, conversation_id: str, title: str) -> ConversationSummary:
        """It stays where it is in the list. Raises NotFound, BadInput."""
        told = given_title(title)
        async with self._database.transaction() as session:
            row = await _theirs(session, user, conversation_id, locked=True)
            row.title = told
            (summary,) = await _summaries(session, [row])
            return summary

    async def delete(self, user: str, conversation_id: str) -> None:
        """With all its messages; a talk that goes on is not kept any more. Raises NotFound."""
        async with self._database.transaction() as session:
            await _theirs(session, user, conversation_id, locked=True)
            await _remove(session, [conversation_id])

    async def delete_all(self, user: str) -> int:
        """How many conversations there were."""
        return await self._delete(select(ConversationRow.conversation_id).where(ConversationRow.user_id == user))

    async def export(self, user: str) -> AsyncGenerator[KeptConversation, None]:
        """All that is kept of a user, one conversation after the other, the oldest first, each whole."""
        after = ""
        while True:
            async with self._database.reading() as session:
                row = await session.scalar(
                    select(ConversationRow)
                    .where(ConversationRow.user_id == user, ConversationRow.conversation_id > after)
                    .order_by(ConversationRow.conversation_id)
                    .limit(1)
                )
                if row is None:
                    return
                (summary,) = await _summaries(session, [row])
                kept = await _messages(session, summary, before=None, limit=None)
            after = row.conversation_id
            yield kept

    # Housekeeping.

    async def users(self) -> tuple[str, ...]:
        """Of whom conversations are kept."""
        async with self._database.reading() as session:
            return tuple(await session.scalars(select(ConversationRow.user_id).distinct()))

    async def purge(self, older_than: datetime) -> int:
        """Delete, of everybody, the conversations of which nothing was kept since; how many those were."""
        return await self._delete(
            select(ConversationRow.conversation_id).where(ConversationRow.updated_at < older_than)
        )

    async def _delete(self, wanted: Select[str]) -> int:
        deleted = 0
        while True:
            async with self._database.transaction() as session:
                ids = (await session.scalars(wanted.limit(_AT_ONCE).with_for_update())).all()
                if not ids:
                    return deleted
                await _remove(session, ids)
            deleted += len(ids)


def _conversation(conversation_id: str) -> Select[ConversationRow]:
    return select(ConversationRow).where(ConversationRow.conversation_id == conversation_id)


def _is_message(conversation_id: str, message_id: str) -> ColumnElement[bool]:
    is_it = MessageRow.message_id == checked_id(message_id)
    return and_(is_it, MessageRow.conversation_id == conversation_id)


async def _theirs(session: AsyncSession, user: str, conversation_id: str, *, locked: bool = False) -> ConversationRow:
    wanted = _conversation(checked_id(conversation_id)).where(ConversationRow.user_id == user)
    row = await session.scalar(wanted.with_for_update() if locked else wanted)
    if row is None:
        raise no_such_conversation()
    return row


async def _summaries(session: AsyncSession, rows: Sequence[ConversationRow]) -> list[ConversationSummary]:
    counted = (
        select(MessageRow.conversation_id, func.count())
        .where(MessageRow.conversation_id.in_([row.conversation_id for row in rows]))
        .group_by(MessageRow.conversation_id)
    )
    counts = {found[0]: found[1] for found in (await session.execute(counted)).all()} if rows else {}
    return [summary_of(row, counts.get(row.conversation_id, 0)) for row in rows]


async def _messages(
    session: AsyncSession, summary: ConversationSummary, *, before: str | None, limit: int | None
) -> KeptConversation:
    wanted = (
        select(MessageRow)
        .where(MessageRow.conversation_id == summary.conversation_id)
        .order_by(MessageRow.id.desc())
        .limit(None if limit is None else limit + 1)
    )
    if before is not None:
        place = select(MessageRow.id).where(_is_message(summary.conversation_id, before)).scalar_subquery()
        wanted = wanted.where(MessageRow.id < place)
    rows = (await session.scalars(wanted)).all()
    messages = [message_of(row) for row in rows[:limit]]
    return KeptConversation(
        summary=summary, messages=tuple(reversed(messages)), earlier=limit is not None and len(rows) > limit
    )


async def _write(
    session: AsyncSession, conversation_id: str, remembered: Sequence[Remembered], ids: Sequence[str], now: datetime
) -> None:
    present: dict[str, tuple[str, str]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        wanted = select(MessageRow.message_id, MessageRow.text, MessageRow.heard).where(
            MessageRow.message_id.in_(ids[start : start + _AT_ONCE])
        )
        present.update({found[0]: (found[1], found[2]) for found in (await session.execute(wanted)).all()})
    new: list[dict[str, Any]] = []
    for message_id, entry in zip(ids, remembered, strict=True):
        text, heard = storable(entry.text), storable(entry.heard)
        if message_id not in present:
            told = {
                "role": entry.role,
                "speaker": storable(entry.speaker)[:_SPEAKER_CHARS],
                "text": text,
                "heard": heard,
            }
            whose = {"message_id": message_id, "conversation_id": conversation_id, "turn": entry.turn}
            new.append({**whose, **told, "created_at": now})
        elif present[message_id] != (text, heard):
            changed = update(MessageRow).where(MessageRow.message_id == message_id).values(text=text, heard=heard)
            await session.execute(changed)
    if new:
        await session.execute(insert(MessageRow), new)


async def _remove(session: AsyncSession, conversation_ids: Sequence[str]) -> None:
    await session.execute(delete(MessageRow).where(MessageRow.conversation_id.in_(conversation_ids)))
    await session.execute(delete(ConversationRow).where(ConversationRow.conversation_id.in_(conversation_ids)))
