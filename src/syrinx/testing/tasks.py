"""Whether tasks were left behind; those that are about to end get the moment that they need."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet
from typing import Any


async def none_left_but(before: AbstractSet[asyncio.Task[Any]], *, within_s: float = 1.0) -> bool:
    """Whether all tasks of this loop but those of `before` have ended, at the latest after `within_s`.

    A remote end is told of its cancellation by a library, whose own task for that ends some turns of the loop later.
    """
    left = asyncio.all_tasks() - before
    if left:
        _, left = await asyncio.wait(left, timeout=within_s)
    return not left
