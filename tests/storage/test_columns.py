"""Columns mean the same on each kind of database: keys by their bytes, moments to the microsecond, any letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from tests.databases import database

from syrinx.accounts.tables import AuditEventRow
from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.storage import Conflict, Database
from syrinx.storage.tables import BlobRow
from syrinx.voices.tables import ConsentPhraseRow

__all__ = ["database"]

NOW = datetime(2024, 2, 29, 12, 30, 45, 123456, UTC)
ALIKE = [
    "a",
    "A",
    "a ",
    " a",
    "ä",
    "a\u0308",
    "Ä",
    "é",
    "e\u0301",
    "ß",
    "ss",
    "SS",
    "ﬁ",
    "fi",
    "1",
    "01",
    "1.0",
    "日",
    "🎵",
    "a\t",
]


def blob(key: str, *, created_at: datetime = NOW, size_bytes: int = 1) -> BlobRow:
    return BlobRow(key=key, sha256="0" * 64, size_bytes=size_bytes, media_type="", user_id="ann", created_at=created_at)


async def test_keys_that_look_alike_are_different_and_ordered_by_their_bytes(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([blob(key) for key in reversed(ALIKE)])
    async with database.reading() as session:
        assert list(await session.scalars(select(BlobRow.key).order_by(BlobRow.key))) == sorted(ALIKE, key=str.encode)
        for key in ALIKE:
            assert (await session.scalars(select(BlobRow.key).where(BlobRow.key == key))).all() == [key]
        after = select(BlobRow.key).where(BlobRow.key > "a").order_by(BlobRow.key)
        assert list(await session.scalars(after)) == [key for key in sorted(ALIKE, key=str.encode) if key > "a"]
        assert set(await session.scalars(select(BlobRow.key).where(BlobRow.key.in_(["A", "é"])))) == {"A", "é"}


async def test_a_key_as_long_as_it_may_be_is_kept(database: Database) -> None:
    longest = "é" * 100  # 200 bytes
    async with database.transaction() as session:
        session.add(blob(longest))
    async with database.reading() as session:
        assert await session.scalar(select(BlobRow.key)) == longest


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        NOW.replace(microsecond=0),
        NOW.replace(microsecond=1),
        datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2038, 1, 19, 3, 14, 8, 500000, UTC),
        datetime(2024, 10, 27, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 7, 1, 0, 0, 0, 5, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
    ],
)
async def test_a_moment_comes_back_to_the_microsecond_in_utc(database: Database, moment: datetime) -> None:
    async with database.transaction() as session:
        session.add(blob("one", created_at=moment))
    async with database.reading() as session:
        kept = await session.scalar(select(BlobRow.created_at))
        assert kept is not None
        assert (kept, kept.utcoffset()) == (moment, timedelta(0))
        same = select(BlobRow.key).where(BlobRow.created_at == moment)
        assert await session.scalar(same) == "one"
        tick = timedelta(microseconds=1)
        assert await session.scalar(select(BlobRow.key).where(BlobRow.created_at > moment - tick)) == "one"
        assert await session.scalar(select(BlobRow.key).where(BlobRow.created_at > moment)) is None


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        session.add(blob("one", created_at=datetime(2024, 1, 1)))  # noqa: DTZ001 - that is the point
        with pytest.raises(StatementError, match="no time zone"):
            await session.flush()
        await session.rollback()


async def test_figures_keep_their_digits(database: Database) -> None:
    async with database.transaction() as session:
        session.add(blob("large", size_bytes=2**53 + 1))
    async with database.reading() as session:
        assert await session.scalar(select(BlobRow.size_bytes)) == 2**53 + 1


async def test_long_text_comes_back_as_it_was(database: Database) -> None:
    text = "Grüße, 你好, مرحبا, 🎵 'quotes' \"and\" \\ % _ ; -- \r\n\t" * 5000
    phrase = ConsentPhraseRow(
        phrase_id="p", user_id="ann", language="de", phrase=text, created_at=NOW, expires_at=NOW, used_at=None
    )
    async with database.transaction() as session:
        session.add(phrase)
    async with database.reading() as session:
        assert await session.scalar(select(ConsentPhraseRow.phrase)) == text


async def test_json_comes_back_as_it_was_and_what_is_no_json_is_refused(database: Database) -> None:
    details = {"n": 1, "x": 0.1, "none": None, "list": [True, "ü", {"deep": []}]}
    event = {"at": NOW, "user_id": "ann", "key_id": "", "action": "a", "subject": "", "outcome": "done", "address": ""}
    async with database.transaction() as session:
        session.add(AuditEventRow(**event, details=details))
    async with database.reading() as session:
        assert await session.scalar(select(AuditEventRow.details)) == details
    async with database.transaction() as session:
        session.add(AuditEventRow(**event, details={"x": float("nan")}))
        with pytest.raises(StatementError):
            await session.flush()
        await session.rollback()


async def test_what_rests_on_nothing_is_a_conflict_and_what_rests_on_a_row_goes_with_it(database: Database) -> None:
    def message(conversation: str) -> MessageRow:
        return MessageRow(
            message_id=f"of {conversation}",
            conversation_id=conversation,
            turn=1,
            role="user",
            speaker="",
            text="Hello",
            heard="Hello",
            created_at=NOW,
        )

    with pytest.raises(Conflict):
        async with database.transaction() as session:
            session.add(message("nowhere"))
    talk = ConversationRow(
        conversation_id="talk", user_id="ann", title="", language="en", created_at=NOW, updated_at=NOW
    )
    async with database.transaction() as session:
        session.add(talk)
        await session.flush()
        session.add(message("talk"))
    async with database.transaction() as session:
        await session.delete(await session.get_one(ConversationRow, "talk"))
    async with database.reading() as session:
        assert (await session.scalars(select(MessageRow))).all() == []
