"""Servers of databases that are not there, do not let us in, or have more to do than they can."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator

import pytest
from sqlalchemy import make_url, text
from tests.databases import address_of, database

from syrinx.errors import ConfigurationError
from syrinx.storage import Conflict, Database, DatabaseUnavailable, open_database
from syrinx.storage.tables import BlobRow

__all__ = ["database"]

SECRET = "quite-secret"


@pytest.fixture
def closed_port() -> Generator[int, None, None]:
    """Nobody else gets it meanwhile, and nobody answers there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def said(error: BaseException | None) -> str:
    """All that a log could have of it."""
    words = ""
    while error is not None:
        words += f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    return words


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_a_server_that_is_not_there_is_unavailable(kind: str, closed_port: int) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        async with open_database(f"{kind}://ann:{SECRET}@127.0.0.1:{closed_port}/house"):
            pass
    assert raised.value.retryable
    assert f"127.0.0.1:{closed_port}/house" in raised.value.message
    assert SECRET not in said(raised.value)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize("wrong", ["database", "name"])
async def test_a_server_that_does_not_let_us_in_is_a_wrong_setting(
    kind: str, wrong: str, request: pytest.FixtureRequest
) -> None:
    url = make_url(await address_of(kind, request.config))
    url = url.set(database="no_such_house") if wrong == "database" else url.set(username="nobody", password=SECRET)
    with pytest.raises(ConfigurationError, match="does not let us in") as raised:
        async with open_database(url.render_as_string(hide_password=False)):
            pass
    assert SECRET not in said(raised.value)


async def test_where_all_connections_are_taken_the_next_is_told_to_come_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database._readers.kw["bind"].sync_engine.pool, "_timeout", 0.05)
    held, release = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
            held.release()
            await release.wait()

    async with asyncio.TaskGroup() as tasks:
        holding = [tasks.create_task(hold()) for _ in range(10)]
        for _ in holding:
            await held.acquire()
        with pytest.raises(DatabaseUnavailable):
            async with database.reading() as session:
                await session.execute(text("SELECT 1"))
        release.set()
    assert all(task.done() for task in holding)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_what_was_to_be_written_is_not_in_the_errors_text(database: Database) -> None:
    row = {"sha256": SECRET, "size_bytes": 1, "media_type": SECRET, "user_id": SECRET}

    async def add() -> None:
        async with database.transaction() as session:
            await session.execute(
                text("INSERT INTO blobs VALUES ('one', :sha256, :size_bytes, :media_type, :user_id, '2024-01-01')"), row
            )

    await add()
    with pytest.raises(Conflict) as raised:
        await add()
    assert SECRET not in said(raised.value)


async def test_a_mistake_of_ours_is_no_conflict(database: Database) -> None:
    async def add() -> None:
        async with database.transaction() as session:
            session.add(BlobRow(key="one"))

    with pytest.raises(Exception, match=r"(?i)null") as raised:
        await add()
    assert not isinstance(raised.value, Conflict | DatabaseUnavailable)


async def test_servers_are_told_how_to_keep_text_and_times(database: Database) -> None:
    if database.kind != "mysql":
        pytest.skip("of MariaDB and MySQL alone")
    async with database.reading() as session:
        asked = "SELECT @@session.time_zone, @@session.sql_mode, @@session.character_set_client, @@session.tx_isolation"
        zone, mode, letters, isolation = (await session.execute(text(asked))).one()
    assert (zone, letters, isolation) == ("+00:00", "utf8mb4", "READ-COMMITTED")
    assert "STRICT_ALL_TABLES" in mode
