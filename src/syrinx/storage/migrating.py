"""A database is brought up to date, or taken back, by one server at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from syrinx.errors import ConfigurationError
from syrinx.storage.addresses import Address, address_of
from syrinx.storage.connecting import open_engine
from syrinx.storage.errors import DatabaseUnavailable, is_gone, told_plainly
from syrinx.storage.migrations import HEAD, VERSION_TABLE

log = structlog.get_logger()

_FOLDER: Final = Path(__file__).parent / "migrations"
_WAIT_S: Final = 120
"""For another server that is at it."""
_LOCK: Final = int.from_bytes(hashlib.sha256(b"syrinx migrations").digest()[:8], "big", signed=True)
"""PostgreSQL's advisory locks are numbers."""
_NEWEST: Final = "head"
_NOTHING: Final = "base"


async def bring_up_to_date(address: Address, engine: AsyncEngine) -> None:
    """At a server's start: one question where all is as it should be.

    Raises ConfigurationError where the database is newer than this program, DatabaseUnavailable where another server
    takes too long over it.
    """
    if await _version(engine) == HEAD:
        return
    if address.in_memory:
        await _migrate_on(address, engine, await asyncio.to_thread(_loaded, _NEWEST))
    else:
        await _migrate(address, _NEWEST)


async def upgrade(url: str, revision: str = _NEWEST) -> None:
    """To that revision, or the last. Raises as `open_database` does."""
    await _migrate(address_of(url), revision)


async def downgrade(url: str, revision: str = _NOTHING) -> None:
    """Back to that revision, or to nothing: what only later ones can keep is lost."""
    await _migrate(address_of(url), revision, back=True)


async def current(url: str) -> str | None:
    """Which revision the database has; None where it has none."""
    address = address_of(url)
    async with open_engine(address) as engine:
        with told_plainly(address.shown):
            return await _version(engine)


async def _version(engine: AsyncEngine) -> str | None:
    try:
        async with engine.connect() as connection:
            return await connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - our name
    except DBAPIError as error:
        if is_gone(error):
            raise
        return None  # there is no such table yet


async def _migrate(address: Address, revision: str, *, back: bool = False) -> None:
    if address.in_memory:
        raise ConfigurationError("a database in memory is new each time: there is nothing to bring up to date")
    # Alembic is loaded here alone, and not on the loop.
    run = await asyncio.to_thread(_loaded, revision, back=back)
    async with open_engine(address, migrating=True) as engine:
        with told_plainly(address.shown):
            await _migrate_on(address, engine, run)


async def _migrate_on(address: Address, engine: AsyncEngine, run: Callable[[Connection], bool]) -> None:
    async with _alone(address, engine), engine.connect() as connection, connection.begin():
        if address.kind == "postgresql":
            # The lock is the transaction's, and not the connection's, which behind a pooler is not ours alone.
            await connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_S}s'"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        changed = await connection.run_sync(run)
        if changed and address.kind == "sqlite":
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise ConfigurationError(f"{len(broken)} rows of {address.shown} rest on others that are not there")
    if changed:
        log.info("database migrated", database=address.shown)


def _loaded(revision: str, *, back: bool = False) -> Callable[[Connection], bool]:
    """What does it on a connection, and says whether there was anything to do."""
    from alembic import command  # noqa: PLC0415 - a third of a second that a usual start does not need
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    known = {each.revision for each in script.walk_revisions()}

    def run(connection: Connection) -> bool:
        config.attributes["connection"] = connection
        looking = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        before = looking.get_current_revision()
        if before is not None and before not in known:
            raise ConfigurationError(
                f"the database was made by a newer Syrinx (revision {before[:40]}): this one knows revisions up to "
                f"{HEAD}, so run the newer one, or give another database"
            )
        (command.downgrade if back else command.upgrade)(config, revision)
        return looking.get_current_revision() != before

    return run


@asynccontextmanager
async def _alone(address: Address, engine: AsyncEngine) -> AsyncGenerator[None, None]:
    """Of all servers with the same database, until what was done within this is committed. PostgreSQL's lock is taken
    in the transaction itself, and goes with it."""
    match address.kind:
        case "mysql":
            async with _lock_by_name(address, engine):
                yield
        case "sqlite" if address.file is not None:
            async with _lock_by_file(address, address.file):
                yield
        case _:
            yield


@asynccontextmanager
async def _lock_by_file(address: Address, file: Path) -> AsyncGenerator[None, None]:
    """The file beside the database stays, for somebody else may be waiting at it."""
    from filelock import AsyncFileLock, Timeout  # noqa: PLC0415 - as above

    lock = AsyncFileLock(f"{file}.migrating", timeout=_WAIT_S, mode=0o600)
    try:
        await lock.acquire()
    except Timeout as error:
        raise _too_long(address) from error
    try:
        yield
    finally:
        await lock.release()


@asynccontextmanager
async def _lock_by_name(address: Address, engine: AsyncEngine) -> AsyncGenerator[None, None]:
    """MariaDB's locks are of the whole server, for names of 64 letters, and of a connection: of one of its own, for the
    one that migrates has more to commit when its work is done."""
    name = f"syrinx {hashlib.sha256(str(address.url.database).encode()).hexdigest()[:40]}"
    async with engine.connect() as holding:
        if await holding.scalar(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": _WAIT_S}) != 1:
            raise _too_long(address)
        try:
            yield
        finally:
            await holding.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})


def _too_long(address: Address) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"another server has been migrating {address.shown} for too long: try again later")


__all__ = ["bring_up_to_date", "current", "downgrade", "upgrade"]
