"""A file of SQLite: its owner's alone, shared by processes, refused where it is damaged or the disk is full."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from tests.databases import sqlite_database

from syrinx.errors import ConfigurationError, DiskRefused
from syrinx.storage import Database, DatabaseUnavailable, open_database
from syrinx.storage.tables import BlobRow

__all__ = ["sqlite_database"]

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def blob(key: str) -> BlobRow:
    return BlobRow(key=key, sha256="0" * 64, size_bytes=1, media_type="", user_id="ann", created_at=NOW)


async def count(database: Database) -> int | None:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(BlobRow))


async def test_every_connection_is_set_up(sqlite_database: Database) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 10000, "secure_delete": 1}

    async def settings() -> dict[str, object]:
        async with sqlite_database.reading() as session:
            await asyncio.sleep(0)
            return {name: await session.scalar(text(f"PRAGMA {name}")) for name in wanted}

    assert await asyncio.gather(*(settings() for _ in range(7))) == [wanted] * 7


async def test_the_file_and_the_folder_are_their_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "house" / "deep" / "syrinx.db"
    before = os.umask(0)
    try:
        async with open_database(f"sqlite:///{file}") as database:
            async with database.transaction() as session:
                session.add(blob("one"))
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
            for beside in ("", "-wal", "-shm", ".migrating"):
                assert stat.S_IMODE(file.with_name(file.name + beside).stat().st_mode) == 0o600, beside
    finally:
        os.umask(before)


async def test_looking_waits_for_no_writer(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        session.add(blob("one"))
        await session.flush()
        async with asyncio.timeout(2):
            assert await count(sqlite_database) == 0
    assert await count(sqlite_database) == 1


async def test_a_transaction_within_another_is_told_and_does_not_hang(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syrinx.storage.database.WAIT_S", 0.05)
    async with sqlite_database.transaction() as session:
        session.add(blob("one"))
        with pytest.raises(DatabaseUnavailable):
            async with sqlite_database.transaction():
                pass
    assert await count(sqlite_database) == 1


async def test_a_writer_that_is_cancelled_while_it_waits_lets_the_others_on(sqlite_database: Database) -> None:
    async def write(key: str) -> None:
        async with sqlite_database.transaction() as session:
            session.add(blob(key))

    async with sqlite_database.transaction() as session:
        await session.execute(select(BlobRow))
        waiting = [asyncio.create_task(write(str(number))) for number in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:3]:
            task.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 3 + [type(None)] * 2
    assert await count(sqlite_database) == 2


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from syrinx.storage import open_database
from syrinx.storage.tables import BlobRow

async def main(url, name):
    async with open_database(url) as database:
        async def write(number):
            async with database.transaction() as session:
                session.add(BlobRow(key=f"{name} {number}", sha256="", size_bytes=1, media_type="", user_id="ann",
                                    created_at=datetime.now(UTC)))
        for first in range(0, 100, 10):
            await asyncio.gather(*(write(first + step) for step in range(10)))

asyncio.run(main(*sys.argv[1:]))
"""


HANGING_WRITER = """
import asyncio, sys
from sqlalchemy import text
from syrinx.storage import open_database

async def main(url):
    async with open_database(url) as database, database.transaction() as session:
        await session.execute(text("INSERT INTO blobs VALUES ('half', '', 1, '', 'ann', '2024-01-01 00:00:00')"))
        print("written", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_to_one_file_and_nothing_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syrinx.db'}"
    async with open_database(url) as database:
        writers = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, name) for name in ("one", "two")
        ]
        assert await asyncio.gather(*(writer.wait() for writer in writers)) == [0, 0]
        # The last one to leave removes the log: it must have seen that somebody is still there.
        assert (tmp_path / "syrinx.db-wal").exists()
        assert await count(database) == 200


async def test_a_process_that_is_killed_in_a_transaction_leaves_nothing_of_it_and_no_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syrinx.db'}"
    async with open_database(url) as database:
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", HANGING_WRITER, url, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert await writer.stdout.readline() == b"written\n"
        writer.kill()
        await writer.wait()
        async with database.transaction() as session:
            session.add(blob("whole"))
        assert await count(database) == 1


async def test_where_the_disk_is_full_the_transaction_is_refused_and_what_was_there_stays(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        session.add(blob("before"))

    async def fill() -> None:
        async with sqlite_database.transaction() as session:
            # As many pages as there are, which is how SQLite is told of a disk without room.
            await session.execute(text("PRAGMA max_page_count = 1"))
            session.add_all([blob(f"{number:0200}") for number in range(1000)])

    with pytest.raises(DiskRefused):
        await fill()
    assert await count(sqlite_database) == 1


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann, " * 1000)
    with pytest.raises(ConfigurationError, match="no database of SQLite"):
        async with open_database(f"sqlite:///{file}"):
            pass
    assert file.read_text() == "Dear Ann, " * 1000


async def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "syrinx.db", tmp_path):
        with pytest.raises(DiskRefused):
            async with open_database(f"sqlite:///{place}"):
                pass


async def test_what_was_deleted_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    file = tmp_path / "syrinx.db"
    async with open_database(f"sqlite:///{file}") as database:
        async with database.transaction() as session:
            session.add_all([blob(f"a secret of Ann's {number}") for number in range(500)])
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM blobs"))
    assert b"a secret of Ann's" not in file.read_bytes()
    assert sqlite3.connect(file).execute("SELECT count(*) FROM blobs").fetchone() == (0,)
