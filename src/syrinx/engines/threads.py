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
    produce: Callable[[Emit[T]], None],
    *,
    executor: Executor | None = None,
    max_waiting: int = 8,
    on_close: Callable[[], object] | None = None,
) -> AsyncGenerator[T, None]:
    """Run `produce(emit)` in a thread of `executor` (None: one of its own) and yield what it emits, in order.

    At most `max_waiting` items wait unread. Closing the generator, or cancelling its reader, makes the next `emit`
    return False, calls `on_close` to interrupt what is at work, and waits until `produce` has returned, so that nothing
    of the work outlives the reader. Work that no thread has begun is not waited for, and never done. Errors of
    `produce` are raised here, after the items that were emitted before them.
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
    threads = ThreadPoolExecutor(max_workers=1) if executor is None else executor
    task = threads.submit(work)
    done = asyncio.wrap_future(task)
    try:
        while (item := await items.get()) is not None:
            places.release()
            yield item
        await asyncio.shield(done)
    finally:
        closed.set()
        places.release()  # the producer may be waiting for a place
        if executor is None:
            threads.shutdown(wait=False)
        if not task.cancel():
            if on_close is not None and not task.done():
                on_close()
            await _ended(done)
            done.exception()  # who left early is not told of it any more


async def _ended(work: asyncio.Future[None]) -> None:
    """Wait for it, also when cancelled meanwhile, which is raised afterwards: what is at work cannot be abandoned."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
