"""The audit log: who did what to which thing, and whether it was let; never sound, never words."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any, Final, Literal, cast

import structlog
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.exc import SQLAlchemyError

from syrinx.accounts.addresses import current_address
from syrinx.accounts.api_key import utc_now
from syrinx.accounts.caller import Caller
from syrinx.accounts.tables import AuditEventRow
from syrinx.errors import DiskRefused, SyrinxError
from syrinx.storage.database import Database
from syrinx.storage.errors import DatabaseUnavailable

log = structlog.get_logger()

Outcome = Literal["done", "refused", "failed"]

MOST_WAITING: Final = 10_000
"""Events that wait for the database; what comes beyond is told of in the log and lost."""
_AT_ONCE: Final = 500
_AGAIN_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_LAST_TRY_S: Final = 5.0
_LONGEST_SUBJECT: Final = 128
_LONGEST_ADDRESS: Final = 64
_MOST_DETAILS: Final = 20
_ACTION: Final = re.compile(r"[a-z_]{1,29}\.[a-z_]{1,30}")
_CODE: Final = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    id: int
    at: datetime
    user: str
    key_id: str
    """"" where no key was used."""
    action: str
    """Noun and verb, for example "voice.delete"."""
    subject: str
    """The id of what it was done to."""
    outcome: Outcome
    address: str
    details: Mapping[str, float | bool | str]


class Audit:
    """Made by `open_audit`."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._now = now
        self._sleep = sleep
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_WAITING)
        self._in_hand: list[dict[str, Any]] = []
        self._lost = 0

    def note(
        self,
        caller: Caller,
        action: str,
        subject: str,
        outcome: Outcome = "done",
        address: str | None = None,
        **details: float | bool | str,
    ) -> None:
        """Returns at once, and never fails: what is noted is written soon. `address` None: where this task was
        asked from.

        Where an operator acts for the user, `by` says who that is, "token" for the operator's token.
        `details` are numbers and codes (a word without spaces); anything else is left out, for it may be somebody's
        words.
        """
        if caller.behind:
            details = {"by": "token" if caller.how == "token" else caller.behind, **details}
        event = {
            "at": self._now(),
            "user_id": caller.user,
            "key_id": caller.key_id,
            "action": action if _ACTION.fullmatch(action) else "unknown.action",
            "subject": _plain(subject, _LONGEST_SUBJECT),
            "outcome": outcome,
            "address": _plain(current_address() if address is None else address, _LONGEST_ADDRESS),
            "details": _numbers_and_codes(details),
        }
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            if self._lost == 0:
                log.warning("events of the audit log are lost: the database does not take them")
            self._lost += 1

    async def list(
        self, user: str | None = None, *, before: int | None = None, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """The newest first: of that user or of all, older than the event `before`; what was noted by now included."""
        await self.written()
        wanted = select(AuditEventRow).order_by(AuditEventRow.id.desc()).limit(limit)
        if user is not None:
            wanted = wanted.where(AuditEventRow.user_id == user)
        if before is not None:
            wanted = wanted.where(AuditEventRow.id < before)
        async with self._database.reading() as session:
            return tuple(_event(row) for row in await session.scalars(wanted))

    async def purge(self, *, older_than: datetime) -> int:
        """Removes what was noted before; tells how many there were."""
        async with self._database.transaction() as session:
            result: CursorResult[Any] = await session.execute(  # pyright: ignore[reportAssignmentType] - a deletion's result
                delete(AuditEventRow).where(AuditEventRow.at < older_than)
            )
            return result.rowcount

    async def written(self) -> None:
        """Waits until all that was noted before is in the database, or a while where that is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_TRY_S):
                await self._waiting.join()

    @property
    def unwritten(self) -> int:
        return self._waiting.qsize() + len(self._in_hand)

    async def write_on(self) -> None:
        """Writes what is noted for as long as it runs; a database that is away is asked again and again."""
        while True:
            self._in_hand = [await self._waiting.get()]
            while len(self._in_hand) < _AT_ONCE and not self._waiting.empty():
                self._in_hand.append(self._waiting.get_nowait())
            await self._write(self._in_hand)
            for _ in self._in_hand:
                self._waiting.task_done()
            self._in_hand = []
            if self._lost:
                log.error("events of the audit log were lost", events=self._lost)
                self._lost = 0

    async def _write(self, events: list[dict[str, Any]]) -> None:
        for again_s in chain(_AGAIN_S, repeat(_AGAIN_S[-1])):
            try:
                async with self._database.transaction() as session:
                    session.add_all(AuditEventRow(**event) for event in events)
            except (DatabaseUnavailable, DiskRefused) as error:
                if again_s == _AGAIN_S[0]:
                    log.warning("the audit log waits for the database", reason=error.message)
                await self._sleep(again_s)
            except (SyrinxError, SQLAlchemyError, OSError) as error:
                # No event is worth that all later ones wait behind it.
                log.warning(
                    "events of the audit log cannot be written", events=len(events), reason=type(error).__name__
                )
                return
            else:
                return


@asynccontextmanager
async def open_audit(database: Database, *, now: Callable[[], datetime] = utc_now) -> AsyncGenerator[Audit, None]:
    """Leaving the context writes what is left, and gives up after 5 s."""
    audit = Audit(database, now=now)
    writing = asyncio.create_task(audit.write_on())
    try:
        yield audit
    finally:
        await audit.written()
        writing.cancel()
        await asyncio.wait([writing])
        if audit.unwritten:
            log.error("events of the audit log were lost at the end", events=audit.unwritten)


def _plain(text: str, most: int) -> str:
    """Printable ASCII: databases refuse some of what else there is, and it may pretend to be another line of a log."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:most])


def _numbers_and_codes(given: Mapping[str, object]) -> dict[str, float | bool | str]:
    found: dict[str, float | bool | str] = {}
    for name, value in list(given.items())[:_MOST_DETAILS]:
        if (isinstance(value, bool | int | float) and math.isfinite(value)) or (
            isinstance(value, str) and _CODE.fullmatch(value)
        ):
            found[name] = value
        else:
            log.error("a detail of an event of the audit log is no number and no code: it is left out", detail=name)
    return found


def _event(row: AuditEventRow) -> AuditEvent:
    return AuditEvent(
        id=row.id,
        at=row.at,
        user=row.user_id,
        key_id=row.key_id,
        action=row.action,
        subject=row.subject,
        outcome=cast("Outcome", row.outcome),
        address=row.address,
        details=row.details,
    )
