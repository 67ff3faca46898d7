"""Tickets for sockets: browsers cannot send a header with one, and a key in an address would be kept in logs."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from syrinx.accounts.api_key import utc_now
from syrinx.accounts.caller import SCOPES, Caller
from syrinx.accounts.key_limits import KeyLimits
from syrinx.accounts.keys import Keys
from syrinx.accounts.tables import SocketTicketRow
from syrinx.errors import Unauthorized
from syrinx.storage.database import Database, claimed

TICKET_PREFIX: Final = "syt_"
LASTS_S: Final = 30.0
_TICKET: Final = re.compile(r"syt_[A-Za-z0-9_-]{43}")
_KEPT_AFTERWARDS: Final = timedelta(hours=1)
"""So that the clocks of several servers may differ without a ticket counting twice."""


class Tickets:
    """Each lets one socket in, once, within 30 s, as whoever asked for it and with no more than they may."""

    def __init__(self, database: Database, keys: Keys, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._keys = keys
        self._now = now

    async def issue(self, caller: Caller) -> tuple[str, datetime]:
        """The ticket, and when it is over."""
        ticket = TICKET_PREFIX + secrets.token_urlsafe(32)
        now = self._now()
        expires_at = now + timedelta(seconds=LASTS_S)
        async with self._database.transaction() as session:
            await session.execute(delete(SocketTicketRow).where(SocketTicketRow.expires_at < now - _KEPT_AFTERWARDS))
            session.add(
                SocketTicketRow(
                    ticket_sha256=_sha256(ticket), caller=_caller_json(caller), expires_at=expires_at, used_at=None
                )
            )
        return ticket, expires_at

    async def use(self, ticket: str) -> Caller:
        """Whom it lets in; of many at once one is let in. Raises Unauthorized, in the same words whatever is wrong."""
        now = self._now()
        fits = SocketTicketRow.ticket_sha256 == _sha256(ticket)
        caller: Caller | None = None
        if _TICKET.fullmatch(ticket):
            async with self._database.transaction() as session:
                unused = (
                    update(SocketTicketRow)
                    .where(fits, SocketTicketRow.used_at.is_(None), SocketTicketRow.expires_at > now)
                    .values(used_at=now)
                )
                if await claimed(session, unused):
                    row = await session.get_one(SocketTicketRow, _sha256(ticket))
                    caller = _caller(row.caller)
        if caller is None or (caller.key_id and await self._keys.living(caller.key_id) is None):
            raise Unauthorized("this ticket is not valid any more: POST /api/tickets gives one for the next 30 s")
        return caller

    async def delete_all(self, user: str) -> int:
        """Those that were given to that user in the last hour; tells how many there were."""
        async with self._database.transaction() as session:
            given = await session.execute(select(SocketTicketRow.ticket_sha256, SocketTicketRow.caller))
            theirs = [sha256 for sha256, caller in given if caller["user"] == user]
            await session.execute(delete(SocketTicketRow).where(SocketTicketRow.ticket_sha256.in_(theirs)))
        return len(theirs)


def _sha256(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _caller_json(caller: Caller) -> dict[str, Any]:
    return {
        "user": caller.user,
        "scopes": sorted(caller.scopes),
        "key_id": caller.key_id,
        "limits": asdict(caller.limits),
        "counted_as": caller.counted_as,
        "behind": caller.behind,
        "until": caller.until.isoformat() if caller.until else None,
    }


def _caller(kept: dict[str, Any]) -> Caller:
    return Caller(
        user=kept["user"],
        scopes=frozenset(each for each in SCOPES if each in kept["scopes"]),
        how="ticket",
        key_id=kept["key_id"],
        limits=KeyLimits(**kept["limits"]),
        counted_as=kept["counted_as"],
        behind=kept["behind"],
        until=datetime.fromisoformat(kept["until"]) if kept["until"] else None,
    )
