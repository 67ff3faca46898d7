"""A database of any of three kinds, by its address: transactions, and nothing of what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import CursorResult, Update, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.unitofwork import UOWTransaction

from syrinx.storage.addresses import DatabaseKind, address_of
from syrinx.storage.connecting import READING, WAIT_S, open_engine
from syrinx.storage.errors import DatabaseUnavailable, told_plainly
from syrinx.storage.migrating import bring_up_to_date

_NO_WRITING: Final = "reading() is for reading: what is to be kept goes through transaction()"


class _ReadingSession(Session):
    """Writes nothing, on no database: what worked on one by chance would fail on another."""


@event.listens_for(_ReadingSession, "do_orm_execute")
def _refuse_statements(state: ORMExecuteState) -> None:
    if not state.is_select and (state.is_insert or state.is_update or state.is_delete):
        raise RuntimeError(_NO_WRITING)


@event.listens_for(_ReadingSession, "before_flush")
def _refuse_flushes(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
        raise RuntimeError(_NO_WRITING)


class Database:
    """Made by `open_database`. Its transactions may be used by many tasks at once, a session by one."""

    def __init__(self, engine: AsyncEngine, kind: DatabaseKind, shown: str) -> None:
        self._writers = async_sessionmaker(engine, expire_on_commit=False)
        self._readers = async_sessionmaker(
            engine.execution_options(**{READING: True}), expire_on_commit=False, sync_session_class=_ReadingSession
        )
        # SQLite has one writer at a time and lets the others ask again and again: here they stand in line.
        self._line = asyncio.Lock() if kind == "sqlite" else None
        self.kind: DatabaseKind = kind
        self.shown = shown
        """Which it is, for people and logs: without name and password."""

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession, None]:
        """All of what is done within it, or, where it is left by an error, nothing.

        Raises Conflict, DatabaseUnavailable, DiskRefused. Within another transaction of the same task there is no
        second one: SQLite's one writer would wait for itself.
        """
        before = _cancellations()
        with told_plainly(self.shown):
            async with self._turn(), self._writers.begin() as session:
                yield session
                _heed_new(before)
        _heed_new(before)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession, None]:
        """For looking alone: waits for no writer, and writing through it is a RuntimeError.

        Raises DatabaseUnavailable.
        """
        before = _cancellations()
        with told_plainly(self.shown):
            async with self._readers() as session:
                yield session
        _heed_new(before)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        if self._line is None:
            yield
            return
        try:
            async with asyncio.timeout(WAIT_S):
                await self._line.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailable(f"{self.shown} is too busy: try again in a moment") from error
        try:
            yield
        finally:
            self._line.release()


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _heed_new(before: int) -> None:
    """Raises CancelledError where this task was cancelled since and goes on all the same: MariaDB's driver (asyncmy
    0.2.18) swallows some 3 in 100 of the cancellations that reach it."""
    if _cancellations() > before:
        raise asyncio.CancelledError


async def claimed(session: AsyncSession, statement: Update) -> bool:
    """Whether this update, whose condition names one row as it must still be, changed it: of many at once, one does.

    On every database the rows that fitted are counted, also those that had the new values already. Rows that the
    session has loaded stay as they were.
    """
    result: CursorResult[Any] = await session.execute(  # pyright: ignore[reportAssignmentType] - an update's result
        statement, execution_options={"synchronize_session": False}
    )
    return result.rowcount == 1


@asynccontextmanager
async def open_database(url: str, *, migrate: bool = True) -> AsyncGenerator[Database, None]:
    """The database at `url`, brought up to date unless `migrate` is False; leaving the context closes its connections.

    Raises ConfigurationError where the address is wrong, the database does not let us in or is newer than this
    program, DatabaseUnavailable where it is not there, DiskRefused.
    """
    address = address_of(url)
    async with open_engine(address) as engine:
        if migrate:
            with told_plainly(address.shown):
                await bring_up_to_date(address, engine)
        yield Database(engine, address.kind, address.shown)


__all__ = ["Database", "DatabaseKind", "claimed", "open_database"]
