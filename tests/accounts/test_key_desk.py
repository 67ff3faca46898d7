"""What callers may do with keys: nobody reaches another's, and nobody gets beyond what they came with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.moments import START, Clock
from tests.databases import sqlite_database

from syrinx.accounts import EVERY_SCOPE, OPEN_CALLER, PERSONAL_SCOPES, Caller, Forbidden, KeyLimits, Scope
from syrinx.accounts.key_desk import KeyDesk
from syrinx.accounts.keys import Keys, UnknownKey
from syrinx.errors import Unauthorized
from syrinx.storage import Database

__all__ = ["sqlite_database"]

ANN = Caller(user="ann", scopes=PERSONAL_SCOPES, how="jwt")
BOB = Caller(user="bob", scopes=PERSONAL_SCOPES, how="jwt")
OPERATOR = Caller(user="olga", scopes=EVERY_SCOPE, how="token")
LIMITS = KeyLimits(requests_per_minute=5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(sqlite_database: Database, clock: Clock) -> KeyDesk:
    return KeyDesk(Keys(sqlite_database, now=clock))


async def key_of(desk: KeyDesk, caller: Caller, *scopes: Scope, **more: Any) -> Caller:
    """Whoever comes with a key that the caller made."""
    key, _ = await desk.create(caller, name="key", scopes=scopes, **more)
    return key.caller()


async def test_a_person_deals_with_their_own_keys(desk: KeyDesk, clock: Clock) -> None:
    key, _ = await desk.create(ANN, name="lamp", scopes=["speak"], expires_at=START + timedelta(days=1))
    assert (key.user, key.created_by, key.expires_at) == ("ann", "ann", START + timedelta(days=1))
    assert [each.key_id for each in await desk.list(ANN)] == [key.key_id]
    assert (await desk.change(ANN, key.key_id, name="desk", scopes=["talk"])).name == "desk"
    new, _ = await desk.rotate(ANN, key.key_id)
    assert (await desk.revoke(ANN, new.key_id)).state(clock()) == "revoked"


OnKey = Callable[[KeyDesk, Caller, str], Awaitable[object]]
ON_KEYS: list[OnKey] = [
    lambda desk, caller, key_id: desk.revoke(caller, key_id),
    lambda desk, caller, key_id: desk.rotate(caller, key_id),
    lambda desk, caller, key_id: desk.change(caller, key_id, name="mine"),
]


@pytest.mark.parametrize("work", ON_KEYS)
async def test_anothers_key_is_unknown_in_the_words_of_one_that_there_is_not(desk: KeyDesk, work: OnKey) -> None:
    """ASVS 5.0 V8.2.2: no access to another's objects by their ids (BOLA)."""
    anns = await key_of(desk, ANN, "speak")
    for caller in (BOB, await key_of(desk, BOB, "speak")):
        with pytest.raises(UnknownKey) as refused:
            await work(desk, caller, anns.key_id)
        with pytest.raises(UnknownKey) as unknown:
            await work(desk, caller, "0" * 16)
        assert refused.value.message.replace(anns.key_id, "") == unknown.value.message.replace("0" * 16, "")
    assert (await desk.keys.get(anns.key_id)).state(START) == "live"
    assert (await desk.keys.get(anns.key_id)).name == "key"


@pytest.mark.parametrize("work", ON_KEYS)
async def test_a_key_that_may_do_more_is_out_of_reach_of_its_owners_lesser_ones(desk: KeyDesk, work: OnKey) -> None:
    """ASVS 5.0 V8.2.1: who has a key for little does not get one for more."""
    greater, lesser = await key_of(desk, ANN, "speak", "talk"), await key_of(desk, ANN, "speak")
    with pytest.raises(Forbidden, match="talk"):
        await work(desk, lesser, greater.key_id)
    await work(desk, greater, lesser.key_id)


async def test_nobody_makes_a_key_that_may_do_more_than_they(desk: KeyDesk) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1."""
    lesser = await key_of(desk, ANN, "speak")
    refused: list[tuple[Caller, Scope]] = [(ANN, "admin"), (ANN, "models"), (lesser, "talk"), (lesser, "admin")]
    for caller, scope in refused:
        with pytest.raises(Forbidden, match=scope):
            await desk.create(caller, name="more", scopes=["speak", scope])
        with pytest.raises(Forbidden, match=scope):
            await desk.change(caller, lesser.key_id, scopes=["speak", scope])
    assert len(await desk.list(ANN)) == 1


async def test_a_key_made_with_a_key_ends_with_it_and_uses_up_its_share(desk: KeyDesk, clock: Clock) -> None:
    ends = START + timedelta(days=1)
    parent = await key_of(desk, OPERATOR, "speak", user="ann", limits=LIMITS, expires_at=ends)
    for asked in (None, ends + timedelta(days=1)):
        child, _ = await desk.create(parent, name="child", scopes=["speak"], expires_at=asked)
        assert (child.expires_at, child.limits, child.counted_as) == (ends, LIMITS, parent.counted_as)
    sooner, _ = await desk.create(parent, name="child", scopes=["speak"], expires_at=START + timedelta(hours=1))
    assert sooner.expires_at == START + timedelta(hours=1)
    await desk.revoke(OPERATOR, parent.key_id)
    assert {key.state(clock()) for key in await desk.list(ANN)} == {"revoked"}


async def test_a_key_made_with_an_operators_key_is_revoked_with_it(desk: KeyDesk, clock: Clock) -> None:
    """Who found an operator's key keeps nothing that was made with it once it is revoked."""
    found = await key_of(desk, OPERATOR, "admin")
    copy = await key_of(desk, found, "admin", user="ann")
    theirs = await key_of(desk, copy, "speak", user="eve")
    await desk.revoke(OPERATOR, found.key_id)
    for key_id in (copy.key_id, theirs.key_id):
        assert (await desk.keys.get(key_id)).state(clock()) == "revoked"


async def test_no_key_is_made_with_one_that_is_revoked_meanwhile(desk: KeyDesk) -> None:
    parent = await key_of(desk, ANN, "speak")
    await desk.revoke(ANN, parent.key_id)
    # As when it is revoked between what the desk looks up and what is written.
    with pytest.raises(Unauthorized, match="not valid any more"):
        await desk.keys.create("ann", name="child", scopes=["speak"], created_by="ann", made_by=parent.key_id)


async def test_a_key_made_with_one_that_is_being_replaced_ends_with_that(desk: KeyDesk) -> None:
    parent = await key_of(desk, ANN, "speak")
    await desk.rotate(ANN, parent.key_id, overlap_s=60)
    child, _ = await desk.create(parent, name="child", scopes=["speak"])
    assert child.expires_at == START + timedelta(seconds=60)


async def test_limits_are_set_by_operators_alone(desk: KeyDesk) -> None:
    """ASVS 5.0 V8.2.3: fields that are not theirs to write are refused."""
    own = await key_of(desk, ANN, "speak")
    with pytest.raises(Forbidden, match="limits"):
        await desk.create(ANN, name="more", scopes=["speak"], limits=LIMITS)
    for limits in (LIMITS, KeyLimits()):
        with pytest.raises(Forbidden, match="limits"):
            await desk.change(ANN, own.key_id, limits=limits)
    assert (await desk.change(OPERATOR, own.key_id, limits=LIMITS)).limits == LIMITS


async def test_keys_for_others_and_everybodys_are_operators_business(desk: KeyDesk) -> None:
    """ASVS 5.0 V8.2.1."""
    with pytest.raises(Forbidden, match="other users"):
        await desk.create(ANN, user="bob", name="his", scopes=["speak"])
    with pytest.raises(Forbidden, match="admin"):
        await desk.list(ANN, of_everybody=True)
    for operator in (OPERATOR, OPEN_CALLER):
        key, _ = await desk.create(operator, user="ann", name="hers", scopes=["speak"])
        assert (key.user, key.created_by) == ("ann", operator.user)
        for work in ON_KEYS[:1]:
            await work(desk, operator, key.key_id)
    assert {key.user for key in await desk.list(OPERATOR, of_everybody=True)} == {"ann"}
    assert await desk.list(OPERATOR) == ()


async def test_a_key_that_ends_does_not_get_the_secret_of_one_that_lasts(desk: KeyDesk) -> None:
    """ASVS 5.0 V8.2.1: replacing a key gives its new secret, which is to be worth no more than the one that asked."""
    lasting = await key_of(desk, ANN, "speak")
    short = await key_of(desk, ANN, "speak", expires_at=START + timedelta(hours=1))
    child = await key_of(desk, lasting, "speak", expires_at=START + timedelta(minutes=1))
    for caller, other in ((short, lasting), (child, lasting), (child, short)):
        with pytest.raises(Forbidden, match="lasts longer"):
            await desk.rotate(caller, other.key_id)
    assert {key.state(START) for key in await desk.list(ANN)} == {"live"}
    for caller, other in ((short, short), (lasting, child)):
        new, _ = await desk.rotate(caller, other.key_id)
        assert new.expires_at == (await desk.keys.get(other.key_id)).expires_at
    again, _ = await desk.rotate(lasting, lasting.key_id)
    assert again.expires_at is None


async def test_a_key_with_limits_of_its_own_does_not_get_the_secret_of_one_with_other_ones(desk: KeyDesk) -> None:
    free = await key_of(desk, ANN, "speak")
    limited = await key_of(desk, OPERATOR, "speak", user="ann", limits=LIMITS)
    child = await key_of(desk, limited, "speak")
    with pytest.raises(Forbidden, match="limits"):
        await desk.rotate(limited, free.key_id)
    assert (await desk.keys.get(free.key_id)).state(START) == "live"
    new, _ = await desk.rotate(limited, child.key_id)
    assert (new.limits, new.counted_as) == (LIMITS, limited.key_id)
