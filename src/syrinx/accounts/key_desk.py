"""What callers may do with keys: with their own as far as they themselves may do things, operators with all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from syrinx.accounts.api_key import ApiKey
from syrinx.accounts.caller import Caller, Forbidden, Scope
from syrinx.accounts.key_limits import NO_OWN_LIMITS, KeyLimits
from syrinx.accounts.keys import Keys, UnknownKey


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Whoever is no operator deals with their own keys alone; another's is UnknownKey, in the same words as none.

    Nobody gets beyond what they came with: no key may do more than who made it, a key made by means of another ends
    with that at the latest (an operator's may last longer, and is revoked with it), uses up its share, and one that
    may do more than its holder is out of their reach.
    """

    keys: Keys

    async def create(
        self,
        caller: Caller,
        *,
        user: str | None = None,
        name: str,
        scopes: Collection[Scope],
        expires_at: datetime | None = None,
        limits: KeyLimits = NO_OWN_LIMITS,
    ) -> tuple[ApiKey, str]:
        """For the caller, or for `user`. Raises Forbidden, and as `Keys.create`."""
        user = user or caller.user
        if caller.is_operator:
            return await self.keys.create(
                user,
                name=name,
                scopes=scopes,
                expires_at=expires_at,
                limits=limits,
                created_by=caller.behind or caller.user,
                made_by=caller.key_id or None,
            )
        if user != caller.user:
            raise Forbidden("keys for other users are made by operators: leave user out")
        _check_within(caller, scopes)
        _check_no_limits(limits)
        if not caller.key_id:
            return await self.keys.create(user, name=name, scopes=scopes, expires_at=expires_at, created_by=caller.user)
        own = await self.keys.get(caller.key_id)
        ends = [each for each in (own.end, expires_at) if each is not None]
        return await self.keys.create(
            user,
            name=name,
            scopes=scopes,
            expires_at=min(ends, default=None),
            limits=own.limits,
            counted_as=own.counted_as,
            created_by=caller.user,
            made_by=own.key_id,
        )

    async def list(self, caller: Caller, *, of_everybody: bool = False) -> tuple[ApiKey, ...]:
        """Raises Forbidden where somebody else than an operator asks for everybody's."""
        if of_everybody:
            caller.need("admin")
        return await self.keys.list(None if of_everybody else caller.user)

    async def revoke(self, caller: Caller, key_id: str) -> ApiKey:
        await self._within_reach(caller, key_id)
        return await self.keys.revoke(key_id)

    async def rotate(self, caller: Caller, key_id: str, *, overlap_s: float = 0.0) -> tuple[ApiKey, str]:
        key = await self._within_reach(caller, key_id)
        if not caller.is_operator and caller.key_id not in {"", key_id}:
            _check_no_better(await self.keys.get(caller.key_id), key)
        return await self.keys.rotate(key_id, overlap_s=overlap_s)

    async def change(
        self,
        caller: Caller,
        key_id: str,
        *,
        name: str | None = None,
        scopes: Collection[Scope] | None = None,
        limits: KeyLimits | None = None,
    ) -> ApiKey:
        await self._within_reach(caller, key_id)
        if not caller.is_operator:
            _check_within(caller, scopes or ())
            _check_no_limits(limits or NO_OWN_LIMITS, changing=limits is not None)
        return await self.keys.change(key_id, name=name, scopes=scopes, limits=limits)

    async def _within_reach(self, caller: Caller, key_id: str) -> ApiKey:
        key = await self.keys.get(key_id)
        if caller.is_operator:
            return key
        if key.user != caller.user:
            raise UnknownKey(key_id)
        _check_within(caller, key.scopes)
        return key


def _check_within(caller: Caller, scopes: Collection[Scope]) -> None:
    beyond = sorted(set(scopes) - caller.scopes)
    if beyond:
        raise Forbidden(f"that takes a key with the scope {beyond[0]!r}: nobody deals with keys that may do more")


def _check_no_better(own: ApiKey, other: ApiKey) -> None:
    """The secret of what takes the other's place is theirs who have only this one: it must be worth no more to them."""
    ends, its_end = own.end, other.end
    if ends is not None and (its_end is None or its_end > ends):
        raise Forbidden("that key lasts longer than the one that asks: replace it with itself, or with one that lasts")
    if own.limits != NO_OWN_LIMITS and own.counted_as != other.counted_as:
        raise Forbidden("the key that asks has limits of its own: with it no key is replaced that has other ones")


def _check_no_limits(limits: KeyLimits, *, changing: bool = False) -> None:
    if changing or limits != NO_OWN_LIMITS:
        raise Forbidden("limits of keys are set by operators: leave limits out")
