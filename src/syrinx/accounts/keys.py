"""The API keys of all users: made, found by their secrets, replaced and ended."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import CursorResult, Update, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.accounts.api_key import (
    NO_SECRET_SHA256,
    ApiKey,
    check_user,
    checked_name,
    checked_scopes,
    is_key_id,
    key_id_in,
    new_key_id,
    new_secret,
    sha256_of,
    utc_now,
)
from syrinx.accounts.caller import Scope
from syrinx.accounts.key_limits import NO_OWN_LIMITS, KeyLimits
from syrinx.accounts.key_rows import key_in, limits_json, row_of
from syrinx.accounts.tables import ApiKeyRow
from syrinx.errors import BadInput, NotFound, SyrinxError, Unauthorized, WrongParameter
from syrinx.storage.database import Database, claimed

log = structlog.get_logger()

KEPT_IN_MIND_S: Final = 5.0
"""How long a key that was right is taken for right without another look: so long may one go on opening in other
processes after it was revoked in this one."""
LONGEST_OVERLAP_S: Final = 7 * 24 * 3600
MOST_KEYS: Final = 100
"""Of one user, those that open."""
_USE_NOTED_EVERY: Final = timedelta(minutes=1)
_MOST_IN_MIND: Final = 10_000


class UnknownKey(NotFound):
    """There is no such key, or it is not the caller's."""

    code = "unknown_key"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no key {key_id[:40]!r}: the list of your keys has those there are")


class TooManyKeys(BadInput):
    """The user has as many keys as one may have."""

    code = "too_many_keys"


class Keys:
    """Knows nothing of who asks: what a caller may do with which key is `accounts.key_desk`'s.

    Everything may raise DatabaseUnavailable.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self._in_mind: dict[str, tuple[datetime, str, ApiKey]] = {}
        """By key id: until when, the hash of the secret, the key."""
        self._changes = 0
        """What was read before the last one is not kept in mind."""

    async def create(
        self,
        user: str,
        *,
        name: str,
        scopes: Collection[Scope],
        created_by: str,
        made_by: str | None = None,
        expires_at: datetime | None = None,
        limits: KeyLimits = NO_OWN_LIMITS,
        counted_as: str | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret, which nobody can be told again. `counted_as`: the key whose share it uses up.
        `made_by`: the key that it was made by means of, and is revoked with.

        Raises WrongParameter, TooManyKeys, and Unauthorized where `made_by` opens nothing any more.
        """
        check_user(user)
        now = self._now()
        if expires_at is not None and expires_at <= now:
            raise WrongParameter("expires_at is over already: name a moment to come", parameter="expires_at")
        key_id = new_key_id()
        secret = new_secret(key_id)
        key = ApiKey(
            key_id=key_id,
            user=user,
            name=checked_name(name),
            scopes=checked_scopes(scopes),
            limits=limits,
            counted_as=counted_as or key_id,
            created_at=now,
            created_by=created_by if made_by is None else made_with(made_by),
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=None,
            replaced_by=None,
        )
        async with self._database.transaction() as session:
            if made_by is not None:
                # Locked: nobody revokes it until the new one is there to be revoked with it.
                maker = await session.get(ApiKeyRow, made_by, with_for_update=True)
                if maker is None or not key_in(maker).opens(now):
                    raise Unauthorized("the key that asks is not valid any more: come back with a new one")
            theirs = await session.scalars(select(ApiKeyRow).where(ApiKeyRow.user_id == user))
            if sum(key_in(row).opens(now) for row in theirs) >= MOST_KEYS:
                raise TooManyKeys(f"{user} has {MOST_KEYS} keys, and more there cannot be: revoke one first")
            session.add(row_of(key, secret))
        return key, secret

    async def get(self, key_id: str) -> ApiKey:
        """Raises UnknownKey."""
        async with self._database.reading() as session:
            return key_in(await _found(session, key_id))

    async def list(self, user: str | None) -> tuple[ApiKey, ...]:
        """Of that user, or of all; the newest first, those included that open nothing any more."""
        wanted = select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.key_id)
        async with self._database.reading() as session:
            return tuple(
                key_in(row)
                for row in await session.scalars(wanted if user is None else wanted.where(ApiKeyRow.user_id == user))
            )

    async def revoke(self, key_id: str) -> ApiKey:
        """From now on it opens nothing, nor do keys that were made with it, nor those that it took the place of and
        that had some time left. Again changes nothing.

        Raises UnknownKey.
        """
        now = self._now()
        async with self._database.transaction() as session:
            ending = newest = {key_in(await _found(session, key_id)).key_id}
            while newest:
                with_them = or_(
                    ApiKeyRow.created_by.in_([made_with(each) for each in newest]), ApiKeyRow.replaced_by.in_(newest)
                )
                newest = set(await session.scalars(select(ApiKeyRow.key_id).where(with_them))) - ending
                ending |= newest
            still_open = or_(ApiKeyRow.revoked_at.is_(None), ApiKeyRow.revoked_at > now)
            await session.execute(_of(ending).where(still_open).values(revoked_at=now))
        self._forget(*ending)
        return await self.get(key_id)

    async def rotate(self, key_id: str, *, overlap_s: float = 0.0) -> tuple[ApiKey, str]:
        """A key that takes its place, with the same scopes, limits and end, and its secret; the old one goes on for
        `overlap_s`, up to seven days.

        Raises UnknownKey, WrongParameter, and BadInput for a key that opens nothing or has been replaced already.
        """
        if not 0 <= overlap_s <= LONGEST_OVERLAP_S:
            raise WrongParameter(
                f"overlap_s is {overlap_s:g}: 0 to {LONGEST_OVERLAP_S} would be right", parameter="overlap_s"
            )
        now = self._now()
        async with self._database.transaction() as session:
            old = key_in(await _found(session, key_id))
            if old.state(now) != "live":
                raise BadInput(f"the key {key_id} is {old.state(now)}: make a new one", code="key_not_live")
            new_id = new_key_id()
            secret = new_secret(new_id)
            ended = (
                update(ApiKeyRow)
                # Revoked meanwhile, it must not open again.
                .where(ApiKeyRow.key_id == key_id, ApiKeyRow.replaced_by.is_(None), ApiKeyRow.revoked_at.is_(None))
                .values(revoked_at=now + timedelta(seconds=overlap_s), replaced_by=new_id)
            )
            if not await claimed(session, ended):
                raise BadInput(f"the key {key_id} is replaced or revoked: make a new one", code="key_not_live")
            await session.execute(
                update(ApiKeyRow).where(ApiKeyRow.created_by == made_with(key_id)).values(created_by=made_with(new_id))
            )
            # Those that this one took the place of are ended with the last one, also when this one is purged by then.
            await session.execute(update(ApiKeyRow).where(ApiKeyRow.replaced_by == key_id).values(replaced_by=new_id))
            new = ApiKey(
                key_id=new_id,
                user=old.user,
                name=old.name,
                scopes=old.scopes,
                limits=old.limits,
                counted_as=old.counted_as,
                created_at=now,
                created_by=old.created_by,
                expires_at=old.expires_at,
                last_used_at=None,
                revoked_at=None,
                replaced_by=None,
            )
            session.add(row_of(new, secret))
        self._forget(key_id)
        return new, secret

    async def change(
        self,
        key_id: str,
        *,
        name: str | None = None,
        scopes: Collection[Scope] | None = None,
        limits: KeyLimits | None = None,
    ) -> ApiKey:
        """None leaves it as it is. Raises UnknownKey, WrongParameter."""
        async with self._database.transaction() as session:
            row = await _found(session, key_id)
            if name is not None:
                row.name = checked_name(name)
            if scopes is not None:
                row.scopes = sorted(checked_scopes(scopes))
            if limits is not None:
                row.limits = limits_json(limits, key_in(row).counted_as)
            changed = key_in(row)
        self._forget(key_id)
        return changed

    async def delete_all(self, user: str) -> int:
        """Of that user; tells how many there were."""
        async with self._database.transaction() as session:
            theirs = list(await session.scalars(select(ApiKeyRow.key_id).where(ApiKeyRow.user_id == user)))
            await session.execute(delete(ApiKeyRow).where(ApiKeyRow.user_id == user))
        self._forget(*theirs)
        return len(theirs)

    async def purge(self, *, older_than: datetime) -> int:
        """Those that have opened nothing since then; tells how many there were."""
        over = or_(ApiKeyRow.revoked_at < older_than, ApiKeyRow.expires_at < older_than)
        async with self._database.transaction() as session:
            result: CursorResult[Any] = await session.execute(delete(ApiKeyRow).where(over))  # pyright: ignore[reportAssignmentType] - a deletion's result
            return result.rowcount

    async def recognise(self, secret: str) -> ApiKey | None:
        """The key that this is the secret of, where it opens; None for whatever else, and nobody can tell why."""
        key_id, given, now = key_id_in(secret), sha256_of(secret), self._now()
        if key_id is None:
            return None
        if (kept := self._in_mind.get(key_id)) is not None and kept[0] > now:
            _, expected, key = kept
            return key if _same(given, expected) and key.opens(now) else None
        changes = self._changes
        async with self._database.reading() as session:
            row = await session.get(ApiKeyRow, key_id)
        is_right = _same(given, row.secret_sha256 if row is not None else NO_SECRET_SHA256)
        if row is None or not is_right or not (key := key_in(row)).opens(now):
            return None
        if changes == self._changes:
            self._keep_in_mind(key, given, now)
        if key.last_used_at is None or key.last_used_at <= now - _USE_NOTED_EVERY:
            await self._note_use(key_id, now)
        return key

    async def living(self, key_id: str) -> ApiKey | None:
        """The key, where it opens at this moment."""
        if (kept := self._in_mind.get(key_id)) is not None and kept[0] > self._now():
            key = kept[2]
        else:
            async with self._database.reading() as session:
                row = await session.get(ApiKeyRow, key_id)
            if row is None:
                return None
            key = key_in(row)
        return key if key.opens(self._now()) else None

    async def _note_use(self, key_id: str, now: datetime) -> None:
        """A right key is let in also where that cannot be written down."""
        long_ago = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at <= now - _USE_NOTED_EVERY)
        try:
            async with self._database.transaction() as session:
                await session.execute(_of([key_id]).where(long_ago).values(last_used_at=now))
        except SyrinxError as error:
            log.warning("that a key was used could not be noted", key=key_id, code=error.code, reason=error.message)

    def _keep_in_mind(self, key: ApiKey, secret_sha256: str, now: datetime) -> None:
        if len(self._in_mind) >= _MOST_IN_MIND:
            self._in_mind.clear()  # they are looked up again, which is all that it costs
        self._in_mind[key.key_id] = (now + timedelta(seconds=KEPT_IN_MIND_S), secret_sha256, key)

    def _forget(self, *key_ids: str) -> None:
        self._changes += 1
        for key_id in key_ids:
            self._in_mind.pop(key_id, None)


def made_with(key_id: str) -> str:
    """What `created_by` is of keys that somebody made by means of that key."""
    return f"key:{key_id}"


def _of(key_ids: Collection[str]) -> Update:
    return update(ApiKeyRow).where(ApiKeyRow.key_id.in_(key_ids))


async def _found(session: AsyncSession, key_id: str) -> ApiKeyRow:
    row = await session.get(ApiKeyRow, key_id) if is_key_id(key_id) else None
    if row is None:
        raise UnknownKey(key_id)
    return row


def _same(given_sha256: str, expected_sha256: str) -> bool:
    return hmac.compare_digest(given_sha256, expected_sha256)
