"""Wrong credentials are counted by where they come from, and noted; right ones are not held up by others' guesses."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from tests.databases import sqlite_database

from syrinx.accounts.addresses import asking_from, current_address
from syrinx.accounts.guesses import GuessedAtDoor
from syrinx.accounts.limits import GUESSES_A_MINUTE
from syrinx.accounts.opening import Accounts, AccountSettings, open_accounts
from syrinx.errors import RateLimited, Unauthorized
from syrinx.storage import Database

__all__ = ["sqlite_database"]

TOKEN = "t0ken-of-the-operator"


@pytest.fixture
async def accounts(sqlite_database: Database) -> AsyncGenerator[Accounts, None]:
    """With a door at which guesses are counted."""
    async with open_accounts(sqlite_database, AccountSettings(token=TOKEN)) as opened:
        yield replace(opened, door=GuessedAtDoor(opened.door, limits=opened.limits, audit=opened.audit))


async def guess(accounts: Accounts, credential: str, address: str) -> None:
    with asking_from(address):
        await accounts.door.who(credential)


async def guessed_often(accounts: Accounts, address: str) -> None:
    for number in range(GUESSES_A_MINUTE):
        with pytest.raises(Unauthorized):
            await guess(accounts, f"guess-{number}", address)


async def test_who_guesses_too_often_is_not_listened_to_for_a_while(accounts: Accounts) -> None:
    """ASVS 5.0 V6.3.1 (brute force): also the right one is refused then, else guessing would go on."""
    await guessed_often(accounts, "203.0.113.5")
    for credential in ("another", TOKEN):
        with pytest.raises(RateLimited) as refused:
            await guess(accounts, credential, "203.0.113.5")
        assert refused.value.retry_after_s
        assert 0 < refused.value.retry_after_s <= 120
    await guess(accounts, TOKEN, "203.0.113.6")
    await accounts.door.who(TOKEN)  # nowhere


async def test_an_address_of_ipv6_is_a_whole_site(accounts: Accounts) -> None:
    """ASVS 5.0 V6.3.1: within it the client takes whichever it likes."""
    for number in range(GUESSES_A_MINUTE):
        with pytest.raises(Unauthorized):
            await guess(accounts, f"guess-{number}", f"2001:db8:1:2::{number + 1:x}")
    with pytest.raises(RateLimited):
        await guess(accounts, TOKEN, "2001:db8:1:2:ffff::1")
    await guess(accounts, TOKEN, "2001:db8:1:3::1")


async def test_the_same_wrong_credential_again_is_no_new_guess(accounts: Accounts) -> None:
    for _ in range(2 * GUESSES_A_MINUTE):
        with pytest.raises(Unauthorized):
            await guess(accounts, "old", "203.0.113.5")
    await guess(accounts, TOKEN, "203.0.113.5")


async def test_presenting_nothing_is_no_guess(accounts: Accounts) -> None:
    for _ in range(2 * GUESSES_A_MINUTE):
        with pytest.raises(Unauthorized):
            await guess(accounts, "", "203.0.113.5")
    await guess(accounts, TOKEN, "203.0.113.5")


async def test_wrong_credentials_are_noted_with_where_they_came_from_and_without_what_they_were(
    accounts: Accounts,
) -> None:
    """ASVS 5.0 V16.3.1 (failed authentication is logged), V16.2.5 (credentials are not)."""
    with pytest.raises(Unauthorized):
        await guess(accounts, "word-of-somebody", "203.0.113.5")
    (event,) = await accounts.audit.list()
    assert (event.action, event.outcome, event.address, event.user) == ("door.refused", "refused", "203.0.113.5", "")
    assert "word" not in str(event)


def test_an_address_holds_within_its_context() -> None:
    assert current_address() == ""
    with asking_from("203.0.113.5"):
        assert current_address() == "203.0.113.5"
    assert current_address() == ""
