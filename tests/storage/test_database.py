"""Transactions on each kind of database: all or nothing, one winner, and a server that goes away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text, update
from tests.databases import database, sqlite_database

from syrinx.storage import Conflict, Database, claimed, open_database
from syrinx.storage.errors import DatabaseUnavailable
from syrinx.storage.tables import BlobRow

__all__ = ["database", "sqlite_database"]

NOW = datetime(2024, 2, 29, 23, 59, 59, 123456, UTC)


def blob(key: str, user: str = "ann") -> BlobRow:
    return BlobRow(key=key, sha256="0" * 64, size_bytes=1, media_type="audio/wav", user_id=user, created_at=NOW)


async def keys(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(BlobRow.key).order_by(BlobRow.key)))


async def test_what_is_done_in_a_transaction_is_kept(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([blob("one"), blob("two")])
    assert await keys(database) == ["one", "two"]


async def test_a_transaction_that_is_left_by_an_error_keeps_nothing(database: Database) -> None:

    async def fail() -> None:
        async with database.transaction() as session:
            session.add(blob("one"))
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await keys(database) == []


async def test_a_second_row_of_the_same_key_is_a_conflict_and_nothing_of_its_transaction_is_kept(
    database: Database,
) -> None:
    async with database.transaction() as session:
        session.add(blob("one"))

    async def repeat() -> None:
        async with database.transaction() as session:
            session.add(blob("two"))
            await session.flush()
            session.add(blob("one"))

    with pytest.raises(Conflict):
        await repeat()
    assert await keys(database) == ["one"]


async def test_reading_refuses_to_write(database: Database) -> None:
    async with database.reading() as session:
        session.add(blob("one"))
        with pytest.raises(RuntimeError, match="transaction"):
            await session.flush()
    async with database.reading() as session:
        with pytest.raises(RuntimeError, match="transaction"):
            await session.execute(update(BlobRow).values(user_id="bob"))
    assert await keys(database) == []


async def test_of_twenty_that_claim_a_row_at_once_one_has_it(database: Database) -> None:
    async with database.transaction() as session:
        session.add(blob("job", user="nobody"))

    async def claim(name: str) -> bool:
        async with database.transaction() as session:
            free = update(BlobRow).where(BlobRow.key == "job", BlobRow.user_id == "nobody")
            return await claimed(session, free.values(user_id=name))

    winners = await asyncio.gather(*(claim(f"worker{number}") for number in range(20)))
    assert winners.count(True) == 1
    async with database.reading() as session:
        assert await session.scalar(select(BlobRow.user_id)) == f"worker{winners.index(True)}"


async def test_a_claim_that_changes_nothing_counts_the_row_that_fitted(database: Database) -> None:
    async with database.transaction() as session:
        session.add(blob("job", user="ann"))
    async with database.transaction() as session:
        again = update(BlobRow).where(BlobRow.key == "job", BlobRow.user_id == "ann").values(user_id="ann")
        assert await claimed(session, again)
        assert not await claimed(session, update(BlobRow).where(BlobRow.key == "other").values(user_id="ann"))


async def test_fifty_writers_at_once_are_all_kept(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            count = await session.scalar(select(func.count()).select_from(BlobRow))
            assert count is not None
            session.add(blob(f"{number:03}"))

    await asyncio.gather(*(write(number) for number in range(50)))
    assert len(await keys(database)) == 50


async def test_a_server_that_ends_the_connection_midway_is_unavailable_and_the_next_transaction_works(
    database: Database,
) -> None:
    if database.kind == "sqlite":
        pytest.skip("SQLite has no server")
    own, end = (
        ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})")
        if database.kind == "postgresql"
        else ("SELECT connection_id()", "KILL {}")
    )

    async def lose() -> None:
        async with database.transaction() as session:
            session.add(blob("one"))
            await session.flush()
            number = await session.scalar(text(own))
            async with database.transaction() as other:
                await other.execute(text(end.format(number)))
            session.add(blob("two"))

    with pytest.raises(DatabaseUnavailable) as raised:
        await lose()
    assert raised.value.retryable
    async with database.transaction() as session:
        session.add(blob("three"))
    assert await keys(database) == ["three"]


async def test_connections_that_ended_while_they_idled_are_made_anew_unnoticed(database: Database) -> None:
    if database.kind == "sqlite":
        pytest.skip("SQLite has no server")
    own, end = (
        ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})")
        if database.kind == "postgresql"
        else ("SELECT connection_id()", "KILL {}")
    )
    async with database.reading() as session, database.reading() as other:
        idle = [await session.scalar(text(own)), await other.scalar(text(own))]
    url = database._writers.kw["bind"].url.render_as_string(hide_password=False)
    async with open_database(url) as ending, ending.transaction() as session:
        for number in idle:
            await session.execute(text(end.format(number)))
    async with database.transaction() as session:
        session.add(blob("one"))
    assert await keys(database) == ["one"]


async def test_a_cancellation_that_a_driver_swallows_counts_all_the_same(sqlite_database: Database) -> None:
    async def write() -> None:
        async with sqlite_database.transaction() as session:
            session.add(blob("one"))
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    async def look() -> None:
        async with sqlite_database.reading():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    for work in (write, look):
        task = asyncio.create_task(work())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await keys(sqlite_database) == []


async def test_a_transaction_that_is_cancelled_keeps_nothing_and_leaves_the_others_be(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            session.add(blob(f"{number:03}"))
            await session.flush()
            await asyncio.sleep(0)
            session.add(blob(f"{number:03} too"))

    tasks = [asyncio.create_task(write(number)) for number in range(30)]
    for turn in range(40):
        await asyncio.sleep(0)
        if turn < 30 and turn % 3 == 0:
            tasks[turn].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert database._writers.kw["bind"].sync_engine.pool.checkedout() == 0
    kept = await keys(database)
    assert {f"{number:03}" for number in range(30) if number % 3} <= set(kept)
    assert all(f"{key} too" in kept for key in kept if not key.endswith("too"))


async def test_a_database_in_memory_is_one_for_all_its_tasks_and_gone_afterwards() -> None:
    async with open_database("sqlite:///:memory:") as database:

        async def write(number: int) -> None:
            async with database.transaction() as session:
                session.add(blob(f"{number:03}"))

        await asyncio.gather(*(write(number) for number in range(12)))
        assert len(await keys(database)) == 12
        async with open_database("sqlite://") as other:
            assert await keys(other) == []
    async with open_database("sqlite:///:memory:") as later:
        assert await keys(later) == []
