"""Work on files in a thread, waited for even when the waiting is cancelled: nothing writes after its owner has gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], *, stop: threading.Event | None = None) -> T:
    """What `work` returns; errors are its own.

    On cancellation `stop` is set, where one is given, and the cancellation is raised once `work` has returned.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if stop is not None:
            stop.set()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen: the cancellation is what counts
        raise
