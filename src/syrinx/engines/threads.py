"""Blocking work in a thread, read as an async generator: how engines that block run in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

Emit = Callable[[T], bool]
"""Hands one item over, waiting while the reader is behind; False says that nobody reads any more: stop."""


async def stream_from_thread(
    produce: Callable[[Emit[T]], None], *, executor: Executor | None = None, max_waiting: int = 8
) -> AsyncGenerator[T, None]:
    """Run `produce(emit)` in a thread of `executor` (None: one of its own) and yield what it emits, in order.

    At most `max_waiting` items wait unread. Closing the generator makes the next `emit` return False and waits until
    `produce` has returned, so that nothing of the work outlives the reader. Errors of `produce` are raised here, after
    the items that were emitted before them.
    """
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[T | None] = asyncio.Queue()
    places = threading.Semaphore(max_waiting)
    closed = threading.Event()

    def emit(item: T) -> bool:
        if not closed.is_set():
            places.acquire()
        if closed.is_set():
            return False
        loop.call_soon_threadsafe(items.put_nowait, item)
        return True

    def work() -> None:
        try:
            produce(emit)
        finally:
            loop.call_soon_threadsafe(items.put_nowait, None)

    # The loop's own executor has few threads, and readers that are slow together would keep all of them waiting.
    own = ThreadPoolExecutor(max_workers=1) if executor is None else None
    done = loop.run_in_executor(executor or own, work)
    try:
        while (item := await items.get()) is not None:
            places.release()
            yield item
        await done
    finally:
        closed.set()
        places.release()  # the producer may be waiting for a place
        if not done.done():
            await asyncio.shield(asyncio.wait([done]))
        if done.done() and not done.cancelled():
            done.exception()  # who left early is not told of it any more
        if own is not None:
            own.shutdown(wait=False)
