"""The one history of tables, on each kind of database: up, down, up again, by one server at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Connection, Engine, event, inspect, text
from tests.databases import NOUNS, bare_url

from syrinx.errors import ConfigurationError
from syrinx.storage import Base, Database, DatabaseUnavailable, open_database
from syrinx.storage.migrating import current, downgrade, upgrade
from syrinx.storage.migrations import HEAD, VERSION_TABLE

__all__ = ["bare_url"]

FOLDER = Path(sys.modules["syrinx.storage.migrations"].__file__ or "").parent


async def tables(database: Database) -> set[str]:
    async with database.reading() as session:
        connection = await session.connection()
        return set(await connection.run_sync(lambda on: inspect(on).get_table_names())) - {VERSION_TABLE}


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    )
    return compare_metadata(context, Base.metadata)


def test_the_last_revision_is_the_one_that_is_known_and_the_history_is_a_line() -> None:
    script = ScriptDirectory(str(FOLDER))
    assert script.get_heads() == [HEAD]
    assert len(list(script.walk_revisions())) == len(list((FOLDER / "versions").glob("r*.py")))


async def test_what_is_migrated_from_nothing_is_what_the_models_say(bare_url: str) -> None:
    assert await current(bare_url) is None
    await upgrade(bare_url)
    assert await current(bare_url) == HEAD
    async with open_database(bare_url, migrate=False) as database:
        assert await tables(database) == set(Base.metadata.tables)
        async with database.reading() as session:
            found = await (await session.connection()).run_sync(differences)
    assert found == [], f"models of {len(NOUNS)} rooms and the revisions differ: add what is missing to a revision"


async def test_a_column_that_no_revision_makes_is_found(bare_url: str) -> None:
    await upgrade(bare_url)
    async with open_database(bare_url, migrate=False) as database:
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE blobs DROP COLUMN media_type"))
            await session.execute(text("ALTER TABLE conversations ADD COLUMN colour INTEGER"))
        async with database.reading() as session:
            found = await (await session.connection()).run_sync(differences)
    assert {each[0] for each in found} == {"add_column", "remove_column"}


async def test_taken_back_to_nothing_nothing_is_left_and_it_comes_up_again(bare_url: str) -> None:
    async with open_database(bare_url) as database:
        assert await tables(database) == set(Base.metadata.tables)
    await downgrade(bare_url)
    assert await current(bare_url) is None
    async with open_database(bare_url, migrate=False) as database:
        assert await tables(database) == set()
    async with open_database(bare_url) as database:
        assert await tables(database) == set(Base.metadata.tables)


async def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(bare_url: str) -> None:
    async with open_database(bare_url) as database, database.transaction() as session:
        await session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608 - ours
    with pytest.raises(ConfigurationError, match="newer Syrinx"):
        async with open_database(bare_url):
            pass
    assert await current(bare_url) == "9999"


async def test_another_programs_table_is_left_alone_and_told(bare_url: str) -> None:
    async with open_database(bare_url, migrate=False) as database:
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE messages (id INTEGER, body VARCHAR(10))"))
        with pytest.raises(ConfigurationError, match="a table messages"):
            await upgrade(bare_url)
        if database.kind != "mysql":
            # MariaDB ends a transaction with every table; what it made there is passed over the next time.
            assert await tables(database) == {"messages"}
        async with database.transaction() as session:
            await session.execute(text("DROP TABLE messages"))
        await upgrade(bare_url)
        assert await tables(database) == set(Base.metadata.tables)


async def test_a_revision_that_broke_off_anywhere_on_mariadb_is_taken_up_again(bare_url: str) -> None:
    async with open_database(bare_url) as database:
        if database.kind != "mysql":
            pytest.skip("the others do all of a revision or nothing")
        async with database.transaction() as session:
            for table in ("voice_conditionings", "voice_clone_sessions"):
                await session.execute(text(f"DROP TABLE {table}"))
            await session.execute(text("DROP INDEX ix_voice_consents_user_id ON voice_consents"))
            await session.execute(text(f"DELETE FROM {VERSION_TABLE}"))  # noqa: S608 - ours
    async with open_database(bare_url) as database, database.reading() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_on_mariadb_the_next_server_waits_until_all_of_it_is_committed(bare_url: str) -> None:
    """Its tables are there at once, and only the commit tells which revision they are of."""
    order: list[str] = []

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "_LOCK(" in statement:
            order.append("locked" if "GET_LOCK" in statement else "let go")
        elif statement.startswith(f"INSERT INTO {VERSION_TABLE}"):
            order.append("version")

    def committed(_connection: object) -> None:
        if order[-1:] == ["version"]:
            order.append("committed")

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", committed)
    try:
        await upgrade(bare_url)
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "commit", committed)
    if not bare_url.startswith("mysql"):
        pytest.skip("the others' locks are no statements, or end with the transaction")
    assert order == ["locked", "version", "committed", "let go"]


SERVER = """
import asyncio, sys
from syrinx.storage import open_database

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_database(sys.argv[1]) as database:
        print(database.kind, flush=True)

asyncio.run(main())
"""


async def test_servers_that_start_at_once_all_come_up(bare_url: str) -> None:
    async def start() -> asyncio.subprocess.Process:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVER, bare_url, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert server.stdout is not None
        assert await server.stdout.readline() == b"ready\n"
        return server

    servers = await asyncio.gather(*(start() for _ in range(2)))
    told = await asyncio.gather(*(server.communicate(b"go\n") for server in servers))
    assert [server.returncode for server in servers] == [0, 0]
    kind = bare_url.partition(":")[0].partition("+")[0].encode()
    assert all(out.splitlines()[-1] == kind for out, _ in told)
    assert sum(out.count(b"database migrated") for out, _ in told) == 1
    async with open_database(bare_url, migrate=False) as database, database.reading() as session:
        assert await (await session.connection()).run_sync(differences) == []


def test_a_start_with_an_up_to_date_database_never_loads_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syrinx.db'}"
    asyncio.run(upgrade(url))
    program = SERVER.replace("sys.stdin.readline()", "") + "\nassert 'alembic' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", program, url], check=True, stdout=subprocess.DEVNULL, timeout=60)


async def test_a_waiting_server_says_so_when_another_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syrinx.storage.migrating._WAIT_S", 0.1)
    with FileLock(tmp_path / "syrinx.db.migrating"), pytest.raises(DatabaseUnavailable, match="migrating"):
        await upgrade(f"sqlite:///{tmp_path / 'syrinx.db'}")
