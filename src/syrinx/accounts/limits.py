"""How much each account asks for: requests in a minute, text spoken and sound heard in a day, and wrong guesses."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from syrinx.accounts.api_key import utc_now
from syrinx.accounts.caller import LOCAL_USER, Caller
from syrinx.accounts.counting import Counting
from syrinx.accounts.key_limits import NO_OWN_LIMITS, KeyLimits
from syrinx.errors import QuotaReached, RateLimited

MINUTE_S: Final = 60
GUESSES_A_MINUTE: Final = 30
"""Wrong keys and tokens from one address (ASVS 5.0 V6.3.1); a page that was left open with an old one may try, too."""
_IPV6_SITE_BITS: Final = 64
"""Of an address: the rest of it the client chooses at will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Of one limit."""

    most: int
    left: int
    full_again_s: float
    """When all of it is there again, if nothing is taken meanwhile; 0.0 where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """None where there is no limit."""

    requests: Left | None
    """Within a minute."""
    characters: Left | None
    """Of this day."""
    audio_seconds: Left | None
    """Of this day."""


class Limits:
    """By key where an operator gave the key a limit of its own, else by user: more keys are no larger share.

    Days begin at midnight UTC, so that everybody can know when. The operator on their own behalf, and the one user of
    a server that needs no keys, are not limited.
    """

    def __init__(
        self, counting: Counting, *, defaults: KeyLimits = NO_OWN_LIMITS, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._counting = counting
        self._defaults = defaults
        self._now = now

    async def request(self, caller: Caller) -> Left | None:
        """Counts one; tells what is left. Raises RateLimited."""
        limit = self._limit(caller, "requests_per_minute")
        if limit is None:
            return None
        account, most = limit
        wait_s = await self._counting.take(f"requests/{account}", most=most, seconds=MINUTE_S)
        if wait_s is not None:
            raise RateLimited(
                f"more than {most} requests a minute: send the next one in {math.ceil(wait_s)} s", retry_after_s=wait_s
            )
        return await self._left_of_minute(account, most)

    async def characters(self, caller: Caller, amount: int) -> None:
        """Counts text that is going to be spoken. Raises QuotaReached, and then counts nothing."""
        limit = self._limit(caller, "characters_per_day")
        if limit is None or amount <= 0:
            return
        account, most = limit
        if amount > most:
            raise QuotaReached(
                f"the text has {amount} characters, and at most {most} a day are spoken for you: send a shorter one",
                retryable=False,
            )
        if not await self._counting.take_of_day(f"characters/{account}", amount, most=most, day=self._today()):
            wait_s = self._until_midnight_s()
            raise QuotaReached(
                f"at most {most} characters a day are spoken for you, and too few of them are left for these "
                f"{amount}: a new day begins {_in_words(wait_s)}",
                retry_after_s=wait_s,
            )

    async def characters_unspoken(self, caller: Caller, amount: int) -> None:
        """Gives back what was counted for text of which nothing was spoken."""
        limit = self._limit(caller, "characters_per_day")
        if limit is not None and amount > 0:
            await self._counting.give_back(f"characters/{limit[0]}", amount, day=self._today())

    async def audio(self, caller: Caller, seconds: float) -> None:
        """Counts sound that is going to be listened to, to the millisecond. Raises QuotaReached, and then counts
        nothing."""
        limit = self._limit(caller, "audio_seconds_per_day")
        amount_ms = round(1000 * seconds)
        if limit is None or amount_ms <= 0:
            return
        account, most = limit
        key, most_ms = f"audio/{account}", 1000 * most
        if not await self._counting.take_of_day(key, amount_ms, most=most_ms, day=self._today()):
            wait_s = self._until_midnight_s()
            raise QuotaReached(
                f"at most {most} s of sound a day are listened to for you, and too few of them are left: "
                f"a new day begins {_in_words(wait_s)}",
                retry_after_s=wait_s,
            )

    async def left(self, caller: Caller) -> Allowance:
        """What is left; asking counts nothing."""
        requests = self._limit(caller, "requests_per_minute")
        return Allowance(
            requests=None if requests is None else await self._left_of_minute(*requests),
            characters=await self._left_of_day(caller, "characters_per_day", "characters", units=1),
            audio_seconds=await self._left_of_day(caller, "audio_seconds_per_day", "audio", units=1000),
        )

    def of(self, caller: Caller) -> KeyLimits:
        """What holds for the caller."""
        found = {name: self._limit(caller, name) for name in KeyLimits.__slots__}
        return KeyLimits(**{name: limit[1] for name, limit in found.items() if limit is not None})

    async def may_guess(self, address: str) -> None:
        """Raises RateLimited where too many credentials from there were wrong just now; to be asked before the door."""
        window = await self._counting.window(f"guesses/{_site(address)}", seconds=MINUTE_S)
        if window.taken >= GUESSES_A_MINUTE:
            raise _guessed_too_often(window.wait_s(cost=1, most=GUESSES_A_MINUTE))

    async def guess(self, address: str) -> None:
        """Counts a credential that was wrong. Raises RateLimited where there were too many."""
        key = f"guesses/{_site(address)}"
        wait_s = await self._counting.take(key, most=GUESSES_A_MINUTE, seconds=MINUTE_S)
        if wait_s is not None:
            raise _guessed_too_often(wait_s)

    def _limit(self, caller: Caller, name: str) -> tuple[str, int] | None:
        """The account that is counted on, and how much it may have."""
        if caller.is_operator and caller.user == LOCAL_USER and not caller.key_id:
            return None
        own: int | None = getattr(caller.limits, name)
        if own is not None:
            return f"key:{caller.counted_as or caller.key_id}", own
        default: int | None = getattr(self._defaults, name)
        return None if default is None else (f"user:{caller.user}", default)

    async def _left_of_minute(self, account: str, most: int) -> Left:
        window = await self._counting.window(f"requests/{account}", seconds=MINUTE_S)
        return Left(most=most, left=max(0, most - window.taken), full_again_s=window.empty_in_s)

    async def _left_of_day(self, caller: Caller, name: str, what: str, *, units: int) -> Left | None:
        limit = self._limit(caller, name)
        if limit is None:
            return None
        account, most = limit
        taken = await self._counting.taken_of_day(f"{what}/{account}", day=self._today())
        left = max(0, most * units - taken) // units
        return Left(most=most, left=left, full_again_s=self._until_midnight_s() if taken else 0.0)

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _until_midnight_s(self) -> float:
        now = self._now().astimezone(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
        return (midnight - now).total_seconds()


def _guessed_too_often(wait_s: float) -> RateLimited:
    return RateLimited(
        f"too many wrong keys or tokens came from this address: try again in {math.ceil(wait_s)} s",
        retry_after_s=wait_s,
    )


def _site(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _IPV6_SITE_BITS), strict=False))
    return str(found)


def _in_words(wait_s: float) -> str:
    if wait_s < 2 * MINUTE_S:
        return f"in {math.ceil(wait_s)} s"
    minutes = math.ceil(wait_s / MINUTE_S)
    return f"in {minutes} minutes" if minutes < 120 else f"in {math.ceil(minutes / 60)} hours"
