"""Keys: their secrets are shown once and recognised, they end when they should, and nobody learns why one is wrong."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from structlog.testing import capture_logs
from tests.accounts.moments import START, Clock
from tests.databases import database, sqlite_database

from syrinx.accounts import KeyLimits
from syrinx.accounts import keys as keys_module
from syrinx.accounts.api_key import ApiKey
from syrinx.accounts.keys import KEPT_IN_MIND_S, LONGEST_OVERLAP_S, MOST_KEYS, Keys, TooManyKeys, UnknownKey, made_with
from syrinx.accounts.tables import ApiKeyRow
from syrinx.errors import BadInput, DiskRefused, WrongParameter
from syrinx.storage import Database

__all__ = ["database", "sqlite_database"]

LIMITS = KeyLimits(requests_per_minute=60)


async def made(keys: Keys, user: str = "ann", **changes: Any) -> tuple[ApiKey, str]:
    wanted: dict[str, Any] = {"name": "lamp", "scopes": ["speak"], "created_by": user} | changes
    return await keys.create(user, **wanted)


async def test_a_key_is_recognised_by_its_secret_on_every_database(database: Database) -> None:
    clock = Clock()
    keys = Keys(database, now=clock)
    ends = START + timedelta(days=1)
    key, secret = await made(keys, scopes=["speak", "listen"], limits=LIMITS, expires_at=ends)
    found = await Keys(database, now=clock).recognise(secret)
    assert found is not None
    assert (found.key_id, found.user, found.name) == (key.key_id, "ann", "lamp")
    assert (found.scopes, found.limits, found.expires_at) == (frozenset({"speak", "listen"}), LIMITS, ends)
    assert (found.created_at, found.created_by, found.counted_as) == (START, "ann", key.key_id)
    caller = found.caller()
    assert (caller.user, caller.how, caller.key_id) == ("ann", "key", key.key_id)


async def test_the_secret_is_random_and_only_its_hash_is_kept(sqlite_database: Database) -> None:
    """ASVS 5.0 V11.5.1 (random values of enough entropy), V11.4.1 (approved hashes), V13.3.1 (no secrets kept)."""
    keys = Keys(sqlite_database)
    secrets = [(await made(keys))[1] for _ in range(20)]
    assert len({secret[-43:] for secret in secrets}) == 20
    assert all(re.fullmatch(r"syx_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    async with sqlite_database.reading() as session:
        kept = [str(vars(row)) for row in await session.scalars(select(ApiKeyRow))]
    assert not any(secret[-43:] in row for secret in secrets for row in kept)


async def test_what_is_no_living_keys_secret_opens_nothing(database: Database) -> None:
    """ASVS 5.0 V6.3.8: an unknown, a wrong, an expired and a revoked key are told apart by nothing."""
    clock = Clock()
    keys = Keys(database, now=clock)
    key, secret = await made(keys)
    ending, soon = await made(keys, expires_at=START + timedelta(seconds=60))
    other, _ = await made(keys)
    wrong = [
        f"syx_{key.key_id}_{'x' * 43}",
        secret[:-1],
        secret + "x",
        secret.replace(key.key_id, other.key_id),
        f"syx_{'0' * 16}_{secret[-43:]}",
        secret.upper(),
        "syx_",
        "",
        f"syx_{key.key_id}_{'é' * 43}",
        "syx_' OR 1=1 --_" + "x" * 43,
    ]
    assert [each for each in wrong if await keys.recognise(each)] == []
    assert await keys.recognise(soon)
    clock.go_on(60)
    assert await keys.recognise(soon) is None
    assert ending.state(clock()) == "expired"
    await keys.revoke(key.key_id)
    assert await keys.recognise(secret) is None


async def test_a_revoked_key_opens_nothing_at_once_here_and_soon_elsewhere(sqlite_database: Database) -> None:
    """ASVS 5.0 V7.4.1: what was ended is of no more use."""
    clock = Clock()
    here, elsewhere = Keys(sqlite_database, now=clock), Keys(sqlite_database, now=clock)
    key, secret = await made(here)
    assert await here.recognise(secret)
    assert await elsewhere.recognise(secret)
    revoked = await here.revoke(key.key_id)
    assert (revoked.state(clock()), revoked.revoked_at) == ("revoked", START)
    assert await here.recognise(secret) is None
    assert await here.living(key.key_id) is None
    clock.go_on(KEPT_IN_MIND_S)
    assert await elsewhere.recognise(secret) is None
    assert (await here.revoke(key.key_id)).revoked_at == START


async def test_a_key_kept_in_mind_still_ends_on_time_and_takes_no_other_secret(sqlite_database: Database) -> None:
    clock = Clock()
    keys = Keys(sqlite_database, now=clock)
    key, secret = await made(keys, expires_at=START + timedelta(seconds=2))
    assert await keys.recognise(secret)
    assert await keys.recognise(f"syx_{key.key_id}_{'x' * 43}") is None
    clock.go_on(2)
    assert await keys.recognise(secret) is None


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_kept_in_mind(sqlite_database: Database) -> None:
    clock = Clock()
    keys = Keys(sqlite_database, now=clock)
    key, secret = await made(keys)
    reading = sqlite_database.reading

    class RevokedMeanwhile:
        kind = sqlite_database.kind

        def reading(self) -> Any:
            keys._database = sqlite_database  # the next one reads as usual
            keys._forget(key.key_id)
            return reading()

    keys._database = RevokedMeanwhile()  # pyright: ignore[reportAttributeAccessIssue] - the little of it that is used
    assert await keys.recognise(secret)
    assert key.key_id not in keys._in_mind


async def test_right_keys_are_looked_up_once_in_a_while(sqlite_database: Database) -> None:
    clock = Clock()
    keys = Keys(sqlite_database, now=clock)
    _, secret = await made(keys)
    statements: list[str] = []
    engine: Any = sqlite_database._writers.kw["bind"]
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    for _ in range(10):
        assert await keys.recognise(secret)
    assert sum("SELECT" in each for each in statements) == 1
    clock.go_on(KEPT_IN_MIND_S)
    assert await keys.recognise(secret)
    assert sum("SELECT" in each for each in statements) == 2


async def test_the_last_use_is_noted_at_most_once_a_minute(sqlite_database: Database) -> None:
    clock = Clock()
    keys = Keys(sqlite_database, now=clock)
    key, secret = await made(keys)
    assert (await keys.get(key.key_id)).last_used_at is None
    for _ in range(8):
        await keys.recognise(secret)
        clock.go_on(10)
    assert (await keys.get(key.key_id)).last_used_at == START + timedelta(seconds=60)


async def test_a_rotated_key_goes_on_for_the_overlap_and_no_longer(database: Database) -> None:
    clock = Clock()
    keys = Keys(database, now=clock)
    old, old_secret = await made(keys, limits=LIMITS, expires_at=START + timedelta(days=30))
    new, new_secret = await keys.rotate(old.key_id, overlap_s=3600)
    assert new.key_id != old.key_id
    assert (new.user, new.name, new.scopes, new.limits, new.expires_at) == (
        (old.user, old.name, old.scopes, old.limits, old.expires_at)
    )
    assert new.counted_as == old.key_id  # another key is no new share
    replaced = await keys.get(old.key_id)
    assert (replaced.state(clock()), replaced.replaced_by) == ("replaced", new.key_id)
    assert await keys.recognise(old_secret)
    assert await keys.recognise(new_secret)
    clock.go_on(3600)
    assert await keys.recognise(old_secret) is None
    assert await keys.recognise(new_secret)


async def test_of_many_rotations_at_once_one_is_done(database: Database) -> None:
    keys = Keys(database, now=Clock())
    key, _ = await made(keys)
    tried = await asyncio.gather(*(keys.rotate(key.key_id) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in tried) == 1
    assert all(isinstance(each, tuple | BadInput) for each in tried)
    assert len(await keys.list("ann")) == 2


async def test_a_key_that_is_revoked_while_it_is_rotated_stays_revoked(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(sqlite_database, now=Clock())
    key, secret = await keys.create("ann", name="key", scopes=["speak"], created_by="ann")
    async with sqlite_database.reading() as session:
        before = await session.get_one(ApiKeyRow, key.key_id)

    async def found(*_: object) -> ApiKeyRow:
        return before

    await keys.revoke(key.key_id)
    with monkeypatch.context() as patched:
        patched.setattr(keys_module, "_found", found)
        with pytest.raises(BadInput, match="revoked"):
            await keys.rotate(key.key_id, overlap_s=3600)
    assert await keys.recognise(secret) is None
    assert [each.key_id for each in await keys.list("ann")] == [key.key_id]


@pytest.mark.parametrize("overlap_s", [-1, LONGEST_OVERLAP_S + 1, float("nan"), float("inf")])
async def test_an_overlap_of_more_than_a_week_is_refused(sqlite_database: Database, overlap_s: float) -> None:
    keys = Keys(sqlite_database)
    key, secret = await made(keys)
    with pytest.raises(WrongParameter, match="overlap_s"):
        await keys.rotate(key.key_id, overlap_s=overlap_s)
    assert await keys.recognise(secret)


async def test_keys_that_open_nothing_are_not_rotated(sqlite_database: Database) -> None:
    keys = Keys(sqlite_database, now=Clock())
    key, _ = await made(keys)
    await keys.rotate(key.key_id, overlap_s=60)
    with pytest.raises(BadInput, match="replaced"):
        await keys.rotate(key.key_id)
    other, _ = await made(keys)
    await keys.revoke(other.key_id)
    with pytest.raises(BadInput, match="revoked"):
        await keys.rotate(other.key_id)


async def test_keys_made_with_a_key_end_with_it_also_after_it_was_rotated(database: Database) -> None:
    keys = Keys(database, now=Clock())
    root, _ = await made(keys)
    child, _ = await made(keys, created_by=made_with(root.key_id))
    grandchild, secret = await made(keys, created_by=made_with(child.key_id))
    other, _ = await made(keys)
    successor, _ = await keys.rotate(root.key_id, overlap_s=60)
    await keys.revoke(root.key_id)
    assert await keys.recognise(secret)
    await keys.revoke(successor.key_id)
    states = {key.key_id: key.state(START) for key in await keys.list("ann")}
    assert {states[each.key_id] for each in (root, successor, child, grandchild)} == {"revoked"}
    assert states[other.key_id] == "live"


async def test_name_scopes_and_limits_can_be_changed_and_hold_at_once(sqlite_database: Database) -> None:
    """ASVS 5.0 V8.3.2: changes of what somebody may do apply immediately."""
    keys = Keys(sqlite_database, now=Clock())
    key, secret = await made(keys, scopes=["speak", "talk"])
    assert await keys.recognise(secret)
    changed = await keys.change(key.key_id, name=" desk ", scopes=["speak"], limits=LIMITS)
    found = await keys.recognise(secret)
    assert found is not None
    assert (found.name, found.scopes, found.limits, found.counted_as) == ("desk", {"speak"}, LIMITS, key.key_id)
    assert changed.name == "desk"
    assert (await keys.change(key.key_id)).name == "desk"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"user": "no one"}, "user's name"),
        ({"user": "../x"}, "user's name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["speak", "root"]}, "scopes"),
        ({"expires_at": START}, "over already"),
    ],
)
async def test_keys_that_cannot_be_are_refused_and_nothing_is_kept(
    sqlite_database: Database, changes: dict[str, Any], told: str
) -> None:
    keys = Keys(sqlite_database, now=Clock())
    with pytest.raises(WrongParameter, match=told):
        await made(keys, **changes)
    assert await keys.list(None) == ()


@pytest.mark.parametrize("value", [0, -1, 10**12 + 1])
def test_limits_that_cannot_be_are_refused(value: int) -> None:
    for name in KeyLimits.__slots__:
        with pytest.raises(WrongParameter, match=name):
            KeyLimits(**{name: value})


async def test_a_user_has_no_more_than_so_many_keys_that_open(sqlite_database: Database) -> None:
    keys = Keys(sqlite_database)
    made_first, _ = await made(keys)
    for _ in range(MOST_KEYS - 1):
        await made(keys)
    with pytest.raises(TooManyKeys):
        await made(keys)
    await made(keys, user="bob")
    await keys.revoke(made_first.key_id)
    await made(keys)


async def test_keys_are_listed_by_user_the_newest_first(database: Database) -> None:
    clock = Clock()
    keys = Keys(database, now=clock)
    for user in ("ann", "bob", "Ann", "ann"):
        await made(keys, user=user)
        clock.go_on(1)
    anns = await keys.list("ann")
    assert [key.user for key in anns] == ["ann", "ann"]
    assert anns[0].created_at > anns[1].created_at
    assert [key.user for key in await keys.list(None)] == ["ann", "Ann", "bob", "ann"]


@pytest.mark.parametrize("key_id", ["0" * 16, "", "x", "0" * 17, "0\x00", "' OR '1'='1", "é" * 16])
async def test_a_key_that_there_is_not_is_unknown(database: Database, key_id: str) -> None:
    """ASVS 5.0 V1.2.4: ids are values, never parts of statements."""
    keys = Keys(database)
    await made(keys)
    for work in (keys.get, keys.revoke, keys.rotate, keys.change):
        with pytest.raises(UnknownKey):
            await work(key_id)


async def test_all_keys_of_a_user_are_deleted_and_nobody_elses(database: Database) -> None:
    """ASVS 5.0 V7.4.2: with an account everything that opens it ends."""
    keys = Keys(database)
    _, secret = await made(keys)
    _, bobs = await made(keys, user="bob")
    assert await keys.recognise(secret)
    assert await keys.delete_all("ann") == 1
    assert await keys.recognise(secret) is None
    assert await keys.recognise(bobs)
    assert await keys.delete_all("ann") == 0


async def test_revoking_what_took_a_keys_place_ends_the_time_that_was_left_to_the_old_one(database: Database) -> None:
    clock = Clock()
    keys = Keys(database, now=clock)
    old, old_secret = await made(keys)
    middle, middle_secret = await keys.rotate(old.key_id, overlap_s=3600.0)
    new, new_secret = await keys.rotate(middle.key_id, overlap_s=3600.0)
    # The one between may be purged by then.
    assert (await keys.get(old.key_id)).replaced_by == new.key_id
    await keys.revoke(new.key_id)
    for secret in (old_secret, middle_secret, new_secret):
        assert await keys.recognise(secret) is None


async def test_a_right_key_opens_also_where_its_use_cannot_be_noted(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(sqlite_database)
    key, secret = await made(keys)

    def refuses(_: Database) -> Any:
        raise DiskRefused("the disk is full")

    monkeypatch.setattr(Database, "transaction", refuses)
    with capture_logs() as logs:
        assert await keys.recognise(secret) == key
    assert [entry["code"] for entry in logs] == [DiskRefused.code]


async def test_keys_that_have_opened_nothing_for_long_are_purged(database: Database) -> None:
    clock = Clock()
    keys = Keys(database, now=clock)
    revoked, _ = await made(keys)
    await keys.revoke(revoked.key_id)
    over, _ = await made(keys, expires_at=START + timedelta(days=1))
    replaced, _ = await made(keys)
    living, _ = await keys.rotate(replaced.key_id, overlap_s=3600.0)
    assert await keys.purge(older_than=START) == 0
    assert await keys.purge(older_than=START + timedelta(days=2)) == 3
    assert [key.key_id for key in await keys.list(None)] == [living.key_id]
    with pytest.raises(UnknownKey):
        await keys.get(over.key_id)
