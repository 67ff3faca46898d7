"""The door: who is behind what is presented, and that what is wrong is refused wherever it is presented."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.accounts.identity_provider import USER, IdentityProvider, settings
from tests.accounts.moments import Clock
from tests.databases import sqlite_database

from syrinx.accounts import EVERY_SCOPE, LOCAL_USER, OPEN_CALLER, Caller, Forbidden
from syrinx.accounts.opening import Accounts, AccountSettings, open_accounts
from syrinx.errors import BadInput, Unauthorized
from syrinx.storage import Database

__all__ = ["sqlite_database"]

TOKEN = "t0ken-of-the-operator"
Wrong = [
    "t0ken-of-the-operatoR",
    "t0ken-of-the-operator ",
    f"syx_{'0' * 16}_{'x' * 43}",
    "syx_",
    f"syt_{'x' * 43}",
    "a.b.c",
    "sk-something",
    "é",
]


@asynccontextmanager
async def opened(database: Database, **given: Any) -> AsyncGenerator[Accounts, None]:
    provider = IdentityProvider()
    async with open_accounts(database, AccountSettings(**given), http=provider.http) as accounts:
        yield accounts


async def secret_of(accounts: Accounts, user: str = "ann") -> str:
    return (await accounts.keys.create(user, name="lamp", scopes=["speak"], created_by=user))[1]


async def test_each_kind_of_credential_lets_in_who_has_it(sqlite_database: Database) -> None:
    provider = IdentityProvider()
    given = AccountSettings(token=TOKEN, jwt=settings())
    async with open_accounts(sqlite_database, given, http=provider.http) as accounts:
        who = accounts.door.who
        assert await who(TOKEN) == Caller(user=LOCAL_USER, scopes=EVERY_SCOPE, how="token")
        secret = await secret_of(accounts)
        by_key = await who(secret)
        assert (by_key.user, by_key.how, by_key.scopes) == ("ann", "key", frozenset({"speak"}))
        by_jwt = await who(provider.token())
        assert (by_jwt.user, by_jwt.how) == (USER, "jwt")
        ticket, _ = await accounts.tickets.issue(by_jwt)
        by_ticket = await who(ticket)
        assert (by_ticket.user, by_ticket.how, by_ticket.scopes) == (USER, "ticket", by_jwt.scopes)


@pytest.mark.parametrize("nothing", [None, ""])
async def test_who_presents_nothing_is_let_in_only_where_the_door_is_open(
    sqlite_database: Database, nothing: str | None
) -> None:
    """ASVS 5.0 V6.3.2, V8.3.1: nobody is somebody by default where others can reach the server."""
    async with opened(sqlite_database, open_locally=True) as accounts:
        assert await accounts.door.who(nothing) == OPEN_CALLER
    for given in ({"token": TOKEN}, {}, {"jwt": settings()}):
        async with opened(sqlite_database, **given) as accounts:
            with pytest.raises(Unauthorized, match="key or token"):
                await accounts.door.who(nothing)


@pytest.mark.parametrize("wrong", Wrong)
@pytest.mark.parametrize(
    "given",
    [
        {"token": TOKEN},
        {"token": TOKEN, "open_locally": True},
        {"jwt": settings(), "open_locally": True},
        {"jwt": settings(), "token": TOKEN},
        {},
    ],
    ids=["token", "token, open", "jwt, open", "jwt and token", "keys"],
)
async def test_what_is_wrong_is_refused_where_the_door_is_open_too(
    sqlite_database: Database, given: dict[str, Any], wrong: str
) -> None:
    """ASVS 5.0 V6.3.1, V16.5.3: who means to be somebody and fails is nobody."""
    async with opened(sqlite_database, **given) as accounts:
        with pytest.raises(Unauthorized):
            await accounts.door.who(wrong)


async def test_on_an_open_server_a_word_that_could_never_be_right_passes_for_nothing(sqlite_database: Database) -> None:
    """Clients of OpenAI's API cannot do without a key, and send one of their own making."""
    async with opened(sqlite_database, open_locally=True) as accounts:
        assert await accounts.door.who("none") == OPEN_CALLER
        assert await accounts.door.who("sk-proj-1234") == OPEN_CALLER
        for ours in (f"syx_{'0' * 16}_{'x' * 43}", f"syt_{'x' * 43}"):
            with pytest.raises(Unauthorized):
                await accounts.door.who(ours)


async def test_operators_act_for_users_and_others_for_themselves(sqlite_database: Database) -> None:
    """ASVS 5.0 V8.2.1, V8.3.3."""
    async with opened(sqlite_database, token=TOKEN) as accounts:
        who = accounts.door.who
        assert (await who(TOKEN, on_behalf_of="ann")).user == "ann"
        anns = await secret_of(accounts)
        assert (await who(anns, on_behalf_of="ann")).user == "ann"
        with pytest.raises(Forbidden):
            await who(anns, on_behalf_of="bob")
        with pytest.raises(BadInput, match="X-Syrinx-User"):
            await who(TOKEN, on_behalf_of="../ann")
        with pytest.raises(Unauthorized):
            await who("wrong", on_behalf_of="ann")


async def test_an_operators_token_may_look_like_something_else(sqlite_database: Database) -> None:
    for token in ("syx_mine", "syt_mine", "a.b.c"):
        async with opened(sqlite_database, token=token, jwt=settings()) as accounts:
            assert (await accounts.door.who(token)).how == "token"


async def test_a_door_that_let_somebody_in_tells_when_it_would_not_again(sqlite_database: Database) -> None:
    """ASVS 5.0 V7.4.1: what was opened with a key ends with the key."""
    clock, provider = Clock(), IdentityProvider()
    given = AccountSettings(token=TOKEN, jwt=settings())
    async with open_accounts(sqlite_database, given, now=clock, http=provider.http) as accounts:
        door = accounts.door
        key, secret = await accounts.keys.create("ann", name="lamp", scopes=["admin"], created_by="ann")
        by_key = await door.who(secret, on_behalf_of="ben")
        by_ticket = await door.who((await accounts.tickets.issue(by_key))[0])
        by_jwt = await door.who(provider.token())
        by_token = await door.who(TOKEN)
        assert by_jwt.until is not None
        for caller in (by_key, by_ticket, by_jwt, by_token):
            assert await door.still_opens(caller)
        await accounts.keys.change(key.key_id, scopes=["talk"])
        assert not await door.still_opens(by_key)
        await accounts.keys.change(key.key_id, scopes=["admin", "talk"])
        assert await door.still_opens(by_key)
        by_jwt_ticket = await door.who((await accounts.tickets.issue(by_jwt))[0])
        await accounts.keys.revoke(key.key_id)
        clock.at = by_jwt.until
        for caller in (by_key, by_ticket, by_jwt, by_jwt_ticket):
            assert not await door.still_opens(caller)
        assert await door.still_opens(by_token)
