"""Connections to a database: how many, how they are set up, and what each kind of database must be told."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from syrinx.errors import ConfigurationError, DiskRefused
from syrinx.storage.addresses import Address
from syrinx.storage.errors import is_refused, told_plainly

READING: Final = "syrinx_reading"
"""An execution option: this connection is only read from."""
WAIT_S: Final = 10.0
"""How long for a connection, or for SQLite's one writer, before "too busy" is the answer."""
_CONNECTIONS: Final = 5
_MORE: Final = 5
"""So many more in a rush, closed afterwards."""
_RECYCLE_S: Final = 900
"""Older ones are made anew: servers and what stands between drop those that idle."""
_MAKING: Final = threading.Lock()
"""Nobody else here opens a file that is just being made."""


@asynccontextmanager
async def open_engine(address: Address, *, migrating: bool = False) -> AsyncGenerator[AsyncEngine, None]:
    """Connections to `address`, of which one has been made; leaving closes them.

    `migrating`: SQLite does not mind references, for a table that is made anew is dropped in between. Raises
    ConfigurationError where it does not let us in, DatabaseUnavailable where it is not there, DiskRefused.
    """
    async with _opened(address, migrating=migrating) as engine:
        try:
            with told_plainly(address.shown):
                try:
                    async with engine.connect():
                        pass
                except DBAPIError as error:
                    if is_refused(error):
                        raise ConfigurationError(_refusal(address, error)) from error
                    raise
            yield engine
        finally:
            await engine.dispose()


def _refusal(address: Address, error: DBAPIError) -> str:
    if address.kind == "sqlite":
        return f"{address.shown} is no database of SQLite, or a damaged one: give another file, or a copy of before"
    said = str(error.orig.args[-1]).strip().splitlines() if error.orig is not None and error.orig.args else []
    look = "look at the name, the password and the database's name in its address"
    return f"{address.shown} does not let us in: {look} ({said[-1] if said else 'it said nothing more'})"


@asynccontextmanager
async def _opened(address: Address, *, migrating: bool) -> AsyncGenerator[AsyncEngine, None]:
    bounds: dict[str, Any] = {"pool_size": _CONNECTIONS, "max_overflow": _MORE, "pool_timeout": WAIT_S}
    # An error's text with what was to be written in it would bring people's words into logs.
    bounds |= {"hide_parameters": True, "connect_args": address.connect_args}
    if address.kind != "sqlite":
        # It passes on as warnings what a server merely remarks.
        logging.getLogger("asyncmy").setLevel(logging.ERROR)
        # READ COMMITTED means the same on both, and a claim sees what others have just done.
        yield create_async_engine(
            address.url, pool_pre_ping=True, pool_recycle=_RECYCLE_S, isolation_level="READ COMMITTED", **bounds
        )
        return
    # It writes every statement's values into its log, where somebody asks for all of that.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    bounds |= {"poolclass": AsyncAdaptedQueuePool, "connect_args": {"isolation_level": None, "timeout": WAIT_S}}
    if address.file is not None:
        await asyncio.to_thread(_make_file, address.file)
        yield _for_sqlite(create_async_engine(address.url, **bounds), migrating=migrating)
        return
    # Connections of one process share a named one; it lasts as long as somebody has it open.
    name = f"file:/syrinx-{secrets.token_hex(8)}"
    with closing(sqlite3.connect(f"{name}?vfs=memdb", uri=True, check_same_thread=False)):
        url = URL.create("sqlite+aiosqlite", database=name, query={"vfs": "memdb", "uri": "true"})
        yield _for_sqlite(create_async_engine(url, **bounds), migrating=migrating)


def _make_file(file: Path) -> None:
    """Its own, also where the folder is everybody's; SQLite gives what it lays beside it the same rights.

    A file that is there is not opened, for closing it would end the locks that SQLite has on it in this process: others
    would then take the database for one that nobody uses. (https://www.sqlite.org/howtocorrupt.html, section 2.2)
    """
    try:
        with _MAKING:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not file.is_file():
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not file.is_file():
            raise DiskRefused(f"the database {file} cannot be written: there is something else") from None
    except OSError as refused:
        raise DiskRefused(f"the database {file} cannot be written: {refused.strerror}") from refused


def _for_sqlite(engine: AsyncEngine, *, migrating: bool) -> AsyncEngine:
    settings = (
        # First: switching to the log may have to wait for others.
        f"PRAGMA busy_timeout = {int(WAIT_S * 1000)}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",
        f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}",
        # What was deleted is overwritten, as people expect of it.
        "PRAGMA secure_delete = ON",
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        try:
            for setting in settings:
                cursor.execute(setting)
        finally:
            cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes then is refused when another wrote in between: so it says at once
        # that it is going to write.
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    _ = set_up, begin
    return engine


__all__ = ["READING", "WAIT_S", "open_engine"]
