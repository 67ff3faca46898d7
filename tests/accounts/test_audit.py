"""The audit log: everything noted is there soon and in order, nothing waits for it, and it holds no words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs
from tests.accounts.moments import START, Clock
from tests.databases import database, sqlite_database

from syrinx.accounts import EVERY_SCOPE, PERSONAL_SCOPES, Caller
from syrinx.accounts import audit as audit_module
from syrinx.accounts.addresses import asking_from
from syrinx.accounts.audit import Audit, open_audit
from syrinx.errors import DiskRefused, SyrinxError
from syrinx.storage import Database
from syrinx.storage.errors import Conflict, DatabaseUnavailable

__all__ = ["database", "sqlite_database"]

ANN = Caller(user="ann", scopes=PERSONAL_SCOPES, how="key", key_id="0123456789abcdef")
BOB = Caller(user="bob", scopes=PERSONAL_SCOPES, how="jwt")


async def test_who_did_what_to_which_when_from_where_and_how_it_ended(database: Database) -> None:
    """ASVS 5.0 V16.2.1 (what an entry has)."""
    async with open_audit(database, now=Clock()) as audit:
        audit.note(ANN, "voice.deleted", "voice_0a1b", address="203.0.113.5", blobs=3, share=0.5, code="gone")
        audit.note(BOB, "key.revoked", "ffff", "refused")
        second, first = await audit.list()
    assert (first.at, first.user, first.key_id) == (START, "ann", "0123456789abcdef")
    assert (first.action, first.subject, first.outcome) == ("voice.deleted", "voice_0a1b", "done")
    assert (first.address, first.details) == ("203.0.113.5", {"blobs": 3, "share": 0.5, "code": "gone"})
    assert (second.user, second.key_id, second.outcome, second.details) == ("bob", "", "refused", {})
    assert second.id > first.id


async def test_who_acts_for_a_person_is_told_beside_them(database: Database) -> None:
    """ASVS 5.0 V16.2.1: what an operator did is not laid at the person's door."""
    operator = Caller(user="olga@here.example", scopes=EVERY_SCOPE, how="key", key_id="fedcba9876543210")
    token = Caller(user="local", scopes=EVERY_SCOPE, how="token")
    async with open_audit(database, now=Clock()) as audit:
        with asking_from("203.0.113.9"):
            audit.note(operator.acting_for("ann").acting_for("bob"), "person.deleted", "bob")
            audit.note(token.acting_for("ann"), "person.deleted", "ann")
            audit.note(operator.acting_for("olga@here.example"), "key.created", "1")
        own, by_token, by_key = await audit.list()
    assert (by_key.user, by_key.key_id, by_key.details) == ("bob", operator.key_id, {"by": "olga@here.example"})
    assert (by_token.user, by_token.details, by_token.address) == ("ann", {"by": "token"}, "203.0.113.9")
    assert (own.user, own.details) == ("olga@here.example", {})


async def test_it_is_read_page_by_page_and_by_user(database: Database) -> None:
    """ASVS 5.0 V8.2.2: each reads their own."""
    async with open_audit(database, now=Clock()) as audit:
        for number in range(10):
            audit.note(ANN if number % 2 else BOB, "key.changed", str(number))
        pages = [await audit.list("ann", limit=3)]
        pages.append(await audit.list("ann", before=pages[0][-1].id, limit=3))
        assert [[event.subject for event in page] for page in pages] == [["9", "7", "5"], ["3", "1"]]
        assert await audit.list("ann", before=pages[1][-1].id) == ()
        assert len(await audit.list(None)) == 10
        assert await audit.list("Ann") == ()


@pytest.mark.parametrize("value", ["two words", "<b>", "", "x" * 65, "a\nb", float("nan"), None, ["list"], b"sound"])
async def test_words_and_sound_are_left_out(sqlite_database: Database, value: Any) -> None:
    """ASVS 5.0 V16.2.5 (no sensitive data), V14.2."""
    with capture_logs() as logs:
        async with open_audit(sqlite_database) as audit:
            audit.note(ANN, "voice.spoken", "voice_1", words=value, count=2)
            (event,) = await audit.list()
    assert event.details == {"count": 2}
    assert [log["detail"] for log in logs if "detail" in log] == ["words"]


async def test_what_strangers_send_as_names_makes_no_false_lines_and_breaks_no_database(database: Database) -> None:
    """ASVS 5.0 V16.4.1 (log injection)."""
    async with open_audit(database) as audit:
        audit.note(ANN, "KEY DELETED\n", "a\x00b\nc\u202e" + "é" * 200, address="1" * 100)
        audit.note(ANN, "key.deleted", "next")
        following, odd = await audit.list()
    assert odd.action == "unknown.action"
    assert odd.subject.startswith("a?b?c?")
    assert odd.subject.isascii()
    assert (len(odd.subject), len(odd.address)) == (128, 64)
    assert following.subject == "next"


async def test_what_was_noted_last_is_written_before_it_is_closed(sqlite_database: Database) -> None:
    async with open_audit(sqlite_database) as audit:
        for number in range(1200):
            audit.note(ANN, "key.changed", str(number))
    async with open_audit(sqlite_database) as audit:
        assert [event.subject for event in await audit.list(limit=2)] == ["1199", "1198"]


class Failing:
    """A database that fails so many times with that."""

    def __init__(self, database: Database, times: int, error: Exception) -> None:
        self._database = database
        self.times = times
        self._error = error

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession, None]:
        if self.times:
            self.times -= 1
            raise self._error
        async with self._database.transaction() as session:
            yield session

    def reading(self) -> Any:
        return self._database.reading()


@pytest.mark.parametrize("error", [DatabaseUnavailable("it is away"), DiskRefused("the disk is full")])
async def test_a_database_that_is_away_loses_nothing_and_holds_up_nobody(
    sqlite_database: Database, error: SyrinxError
) -> None:
    """ASVS 5.0 V16.3.1, V16.5.3."""
    failing: Any = Failing(sqlite_database, 8, error)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    audit = Audit(failing, sleep=sleep)
    writing = asyncio.create_task(audit.write_on())
    audit.note(ANN, "key.created", "1")
    audit.note(ANN, "key.created", "2")
    assert [event.subject for event in await audit.list()] == ["2", "1"]
    assert waits == [1.0, 2.0, 5.0, 10.0, 30.0, 30.0, 30.0, 30.0]
    writing.cancel()


@pytest.mark.parametrize("error", [Conflict("no"), OSError("no")])
async def test_events_that_a_database_does_not_take_hold_up_no_others(
    sqlite_database: Database, error: Exception
) -> None:
    failing: Any = Failing(sqlite_database, 1, error)
    with capture_logs() as logs:
        async with open_audit(failing) as audit:
            audit.note(ANN, "key.created", "1")
            await audit.written()
            audit.note(ANN, "key.created", "2")
            assert [event.subject for event in await audit.list()] == ["2"]
    assert any("cannot be written" in log["event"] for log in logs)


async def test_more_than_can_wait_is_lost_and_told_of(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "MOST_WAITING", 3)
    with capture_logs() as logs:
        async with open_audit(sqlite_database) as audit:
            for number in range(5):
                audit.note(ANN, "key.created", str(number))
            assert [event.subject for event in await audit.list()] == ["2", "1", "0"]
    assert [log["events"] for log in logs if "events" in log] == [2]


async def test_what_is_old_is_removed(database: Database) -> None:
    """ASVS 5.0 V14.2 (retention)."""
    clock = Clock()
    async with open_audit(database, now=clock) as audit:
        for number in range(4):
            audit.note(ANN, "key.created", str(number))
            clock.go_on(3600)
        await audit.written()
        assert await audit.purge(older_than=START + timedelta(hours=2)) == 2
        assert [event.subject for event in await audit.list()] == ["3", "2"]
