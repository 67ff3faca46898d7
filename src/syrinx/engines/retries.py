"""When a request that failed is sent again, and how long is waited before that."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from syrinx.errors import SyrinxError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a failed request is tried again; only ever before its first item, and only if the error is retryable."""

    attempts: int = 3
    """Tries in all; 1 never tries again."""
    first_wait_s: float = 0.2
    """Doubles with every further try; drawn between half and all of that, so that callers do not march in step."""
    longest_wait_s: float = 5.0
    """An error that asks for a longer wait (`retry_after_s`) is raised at once."""
    within_s: float = 10.0
    """No try begins later than this after the first: a time-out is not waited for twice."""


async def retrying(attempt: Callable[[], Awaitable[T]], policy: RetryPolicy) -> T:
    """The first attempt that succeeds, as `policy` allows: for requests whose audio is at hand to be sent again."""
    clock = asyncio.get_running_loop().time
    latest_start_s = clock() + policy.within_s
    tries = 0
    while True:
        tries += 1
        try:
            return await attempt()
        except SyrinxError as error:
            wait_s = wait_before_retry_s(error, tries, policy, random.Random())  # noqa: S311 - spreads load, hides nothing
            if wait_s is None or clock() + wait_s > latest_start_s:
                raise
        await asyncio.sleep(wait_s)


def wait_before_retry_s(error: SyrinxError, tries: int, policy: RetryPolicy, rng: random.Random) -> float | None:
    """Seconds to wait after that many tries; None where trying again is of no use."""
    if not error.retryable or tries >= policy.attempts:
        return None
    asked_s: object = getattr(error, "retry_after_s", None)
    if isinstance(asked_s, int | float):
        return float(asked_s) if asked_s <= policy.longest_wait_s else None
    backoff_s = min(policy.first_wait_s * 2 ** (tries - 1), policy.longest_wait_s)
    return backoff_s * rng.uniform(0.5, 1.0)
