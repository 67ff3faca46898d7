"""Tickets: one socket, once, soon, and with no more than whoever asked for it may."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.accounts.moments import START, Clock
from tests.databases import database, sqlite_database

from syrinx.accounts import OPEN_CALLER, PERSONAL_SCOPES, Caller, KeyLimits
from syrinx.accounts.keys import Keys
from syrinx.accounts.tables import SocketTicketRow
from syrinx.accounts.tickets import LASTS_S, Tickets
from syrinx.errors import Unauthorized
from syrinx.storage import Database

__all__ = ["database", "sqlite_database"]

ANN = Caller(user="ann", scopes=PERSONAL_SCOPES, how="jwt")


def opened(database: Database, clock: Clock) -> tuple[Tickets, Keys]:
    keys = Keys(database, now=clock)
    return Tickets(database, keys, now=clock), keys


async def refused(tickets: Tickets, ticket: str) -> None:
    with pytest.raises(Unauthorized, match="not valid any more"):
        await tickets.use(ticket)


async def test_a_ticket_lets_in_once_as_whoever_asked_for_it(database: Database) -> None:
    """ASVS 5.0 V7.2.3 (random, from a secure source), V7.2.2 (made for the session, no lasting secret)."""
    tickets, keys = opened(database, Clock())
    key, _ = await keys.create(
        "ann", name="lamp", scopes=["speak"], created_by="ann", limits=KeyLimits(requests_per_minute=5), counted_as="0a"
    )
    for asking in (ANN, key.caller(), OPEN_CALLER):
        ticket, expires_at = await tickets.issue(asking)
        assert expires_at == START + timedelta(seconds=LASTS_S)
        assert len(ticket.removeprefix("syt_")) == 43
        caller = await tickets.use(ticket)
        assert caller.how == "ticket"
        for what in ("user", "scopes", "key_id", "limits", "counted_as"):
            assert getattr(caller, what) == getattr(asking, what)
        await refused(tickets, ticket)


async def test_of_many_sockets_with_one_ticket_one_is_let_in(database: Database) -> None:
    """ASVS 5.0 V15.4 (safe concurrency)."""
    tickets, _ = opened(database, Clock())
    ticket, _ = await tickets.issue(ANN)
    tried = await asyncio.gather(*(tickets.use(ticket) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, Caller) for each in tried) == 1
    assert sum(isinstance(each, Unauthorized) for each in tried) == 19


async def test_a_ticket_that_is_over_or_was_never_given_lets_nobody_in(database: Database) -> None:
    clock = Clock()
    tickets, _ = opened(database, clock)
    ticket, _ = await tickets.issue(ANN)
    for wrong in ("syt_", f"syt_{'x' * 43}", ticket[:-1], ticket + "x", ticket.swapcase(), "", "syt_\x00" + "x" * 42):
        await refused(tickets, wrong)
    clock.go_on(LASTS_S)
    await refused(tickets, ticket)


async def test_a_ticket_is_worth_nothing_once_its_key_was_revoked(sqlite_database: Database) -> None:
    """ASVS 5.0 V7.4.1."""
    tickets, keys = opened(sqlite_database, Clock())
    key, secret = await keys.create("ann", name="lamp", scopes=["speak"], created_by="ann")
    assert await keys.recognise(secret)
    ticket, _ = await tickets.issue(key.caller())
    await keys.revoke(key.key_id)
    await refused(tickets, ticket)


async def test_the_ticket_itself_is_not_kept_and_old_ones_go(sqlite_database: Database) -> None:
    clock = Clock()
    tickets, _ = opened(sqlite_database, clock)
    given = [(await tickets.issue(ANN))[0] for _ in range(3)]
    async with sqlite_database.reading() as session:
        kept = [str(vars(row)) for row in await session.scalars(select(SocketTicketRow))]
    assert not any(ticket in row for ticket in given for row in kept)
    clock.go_on(3700)
    await tickets.issue(ANN)
    async with sqlite_database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(SocketTicketRow)) == 1


async def test_a_users_tickets_go_with_the_user(database: Database) -> None:
    """ASVS 5.0 V7.4.2."""
    tickets, _ = opened(database, Clock())
    anns, _ = await tickets.issue(ANN)
    others, _ = await tickets.issue(OPEN_CALLER)
    assert await tickets.delete_all("ann") == 1
    await refused(tickets, anns)
    assert (await tickets.use(others)).user == OPEN_CALLER.user
