"""The three databases as fixtures: `from tests.databases import database` runs a test on each of them.

What a test finds is empty and its own. A server is looked for on the loopback interface, or where
SYRINX_TEST_POSTGRESQL and SYRINX_TEST_MYSQL say; the name in the address is of a database that is there already.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from syrinx.accounts import tables as of_accounts
from syrinx.conversation import history_tables as of_history
from syrinx.storage import Base, Database, DatabaseKind, open_database
from syrinx.storage import tables as of_storage
from syrinx.voices import tables as of_voices

NOUNS = (of_accounts, of_history, of_storage, of_voices)
"""All modules with tables: what is migrated and emptied is what they declare."""
KINDS: tuple[DatabaseKind, ...] = ("sqlite", "postgresql", "mysql")
SERVERS = {
    "postgresql": ("SYRINX_TEST_POSTGRESQL", "postgresql+psycopg://root@127.0.0.1/test"),
    "mysql": ("SYRINX_TEST_MYSQL", "mysql+asyncmy://root@127.0.0.1/test"),
}
_OURS = "syrinx_test_"
_READY: dict[str, str] = {}
"""By kind, the address of the database made for this run, or, after "NO ", why there is none."""


async def address_of(kind: str, config: pytest.Config) -> str:
    """The address of this run's own database with all tables; skips where there is no such server.

    Made once, and dropped at the end of the run; what a run left behind that was killed is dropped before.
    """
    if kind not in _READY:
        _READY[kind] = await (_sqlite_template(config) if kind == "sqlite" else _database_on_server(kind, config))
    if _READY[kind].startswith("NO "):
        pytest.skip(_READY[kind])
    return _READY[kind]


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database, None]:
    """Empty, with all tables, on each of the three."""
    async with opened_empty(request.param, request.config, tmp_path) as empty:
        yield empty


@pytest.fixture
async def sqlite_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database, None]:
    """Empty, with all tables, a file of this test's own."""
    async with opened_empty("sqlite", request.config, tmp_path) as empty:
        yield empty


@pytest.fixture(params=KINDS)
async def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[str, None]:
    """The address of a database without any table, on each of the three."""
    kind: str = request.param
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    url = make_url(await address_of(kind, request.config))
    bare = f"{url.database}_bare"
    server = _server(kind)
    async with _administration(server) as connection:
        await _drop(kind, connection, bare)
        await connection.execute(text(f"CREATE DATABASE {bare}"))
    try:
        yield url.set(database=bare).render_as_string(hide_password=False)
    finally:
        await _dropped(kind, server, bare)


@contextlib.asynccontextmanager
async def opened_empty(kind: str, config: pytest.Config, folder: Path) -> AsyncGenerator[Database, None]:
    url = await address_of(kind, config)
    if kind == "sqlite":
        file = folder / "syrinx.db"
        await asyncio.to_thread(shutil.copyfile, url.removeprefix("sqlite:///"), file)
        url = f"sqlite:///{file}"
    async with open_database(url, migrate=False) as opened:
        if kind != "sqlite":
            await _empty(opened)
        yield opened


async def _empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(table.delete())


async def _sqlite_template(config: pytest.Config) -> str:
    folder = Path(tempfile.mkdtemp(prefix=_OURS))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    url = f"sqlite:///{folder / 'template.db'}"
    async with open_database(url):
        pass  # closed by the last connection, it is one file without a log beside it
    return url


async def _database_on_server(kind: str, config: pytest.Config) -> str:
    variable, usual = SERVERS[kind]
    server = _server(kind)
    name = f"{_OURS}{os.getpid()}"
    try:
        async with _administration(server) as connection:
            for old in await _left_behind(kind, connection):
                await _drop(kind, connection, old)
            await connection.execute(text(f"CREATE DATABASE {name}"))
            if kind == "postgresql":
                await connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except DBAPIError as error:
        if variable in os.environ:
            raise
        return f"NO {kind.upper()} ({error.orig}): NOTHING is tested there; set {variable}={usual}"
    config.add_cleanup(lambda: asyncio.run(_dropped(kind, server, name)))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    async with open_database(url):
        return url


def _server(kind: str) -> str:
    variable, usual = SERVERS[kind]
    return os.environ.get(variable, usual)


@contextlib.asynccontextmanager
async def _administration(server: str) -> AsyncGenerator[AsyncConnection, None]:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _left_behind(kind: str, connection: AsyncConnection) -> list[str]:
    """Databases of runs whose process is no more, or had this one's number."""
    catalogue = "SELECT datname FROM pg_database" if kind == "postgresql" else "SHOW DATABASES"
    names = [str(row[0]) for row in await connection.execute(text(catalogue))]
    return [name for name in names if name.startswith(_OURS) and not _runs(name.removeprefix(_OURS).partition("_")[0])]


def _runs(number: str) -> bool:
    if not number.isdecimal() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _drop(kind: str, connection: AsyncConnection, name: str) -> None:
    force = " WITH (FORCE)" if kind == "postgresql" else ""
    await connection.execute(text(f"DROP DATABASE IF EXISTS {name}{force}"))


async def _dropped(kind: str, server: str, name: str) -> None:
    async with _administration(server) as connection:
        await _drop(kind, connection, name)


__all__ = ["KINDS", "NOUNS", "SERVERS", "address_of", "bare_url", "database", "opened_empty", "sqlite_database"]
