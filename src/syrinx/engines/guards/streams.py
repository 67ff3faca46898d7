"""Guards over one request's stream of items: time-outs, strangers' errors, emptiness, retries.

Each takes the stream, or the means to start one, and gives a stream. Closing or cancelling the outer stream closes the
inner one before it returns. Time is the running loop's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from syrinx.engines.guards.deadline import Deadline
from syrinx.engines.retries import RetryPolicy, wait_before_retry_s
from syrinx.errors import EngineEmpty, EngineError, EngineTimeout, SyrinxError

T = TypeVar("T")
HeardT = TypeVar("HeardT")

Start = Callable[[], AsyncGenerator[T, None]]
"""Begins the request anew; the caller closes what it returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long an engine may stay silent. None: for ever."""

    first_item_s: float | None = 30.0
    next_item_s: float | None = 20.0


async def within_time(source: AsyncGenerator[T, None], limits: TimeLimits, *, name: str) -> AsyncGenerator[T, None]:
    """Raise EngineTimeout when the next item does not come in time; the time that the reader takes does not count.

    The source is cancelled, and the error raised when it has ended. An engine that can ignore its cancellation belongs
    in a worker, whose requests always end at once.
    """
    async with aclosing(source):
        limit_s, which = limits.first_item_s, "first"
        with Deadline() as deadline:
            while True:
                try:
                    item = await deadline.wait_for(source, limit_s)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise EngineTimeout(f"{name} gave no {which} item within {limit_s:g} s") from error
                yield item
                limit_s, which = limits.next_item_s, "next"


async def final_in_time(
    start: Callable[[AsyncIterator[HeardT]], AsyncGenerator[T, None]],
    audio: AsyncIterator[HeardT],
    *,
    within_s: float,
    name: str,
) -> AsyncGenerator[T, None]:
    """Start a request that reads `audio`; raise EngineTimeout when it has not ended `within_s` after the audio has."""
    with Deadline() as deadline:

        async def watched() -> AsyncGenerator[HeardT, None]:
            async for heard in audio:
                yield heard
            deadline.end_in(within_s)

        async with aclosing(watched()) as heard, aclosing(start(heard)) as source:
            while True:
                try:
                    item = await deadline.wait_for(source, None)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise EngineTimeout(
                        f"{name} did not finish within {within_s:g} s of the end of the audio"
                    ) from error
                yield item


async def never_silent(
    start: Callable[[AsyncIterator[HeardT]], AsyncGenerator[T, None]],
    audio: AsyncIterator[HeardT],
    *,
    limit_s: float,
    name: str,
) -> AsyncGenerator[T, None]:
    """Start a request that reads all of `audio`, however long; raise EngineTimeout when it seems to have stopped.

    That is: it has neither asked for more audio nor given an item for `limit_s`. While it waits for audio, and while
    the reader holds its last item, no time counts.
    """
    with Deadline() as deadline:
        awaits_audio = False

        async def watched() -> AsyncGenerator[HeardT, None]:
            nonlocal awaits_audio
            awaits_audio = True
            deadline.item_in(None)
            async for heard in audio:
                awaits_audio = False
                deadline.item_in(limit_s)
                yield heard
                awaits_audio = True
                deadline.item_in(None)
            awaits_audio = False
            deadline.item_in(limit_s)

        async with aclosing(watched()) as heard, aclosing(start(heard)) as source:
            while True:
                try:
                    item = await deadline.wait_for(source, None if awaits_audio else limit_s)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise EngineTimeout(f"{name} neither took nor told anything for {limit_s:g} s") from error
                yield item


async def in_our_words(source: AsyncGenerator[T, None], *, name: str) -> AsyncGenerator[T, None]:
    """Turn what an engine raises beside SyrinxError into EngineError, so that callers need to know one family."""
    async with aclosing(source):
        try:
            async for item in source:
                yield item
        except SyrinxError:
            raise
        except Exception as error:
            raise engine_error_from(error, name=name) from error


def engine_error_from(error: Exception, *, name: str) -> EngineError:
    """An error that is not ours, in our words. Not retryable: it speaks of a defect, not of a moment."""
    return EngineError(f"{name} failed: {type(error).__name__}: {error}", retryable=False)


async def not_empty(source: AsyncGenerator[T, None], *, name: str) -> AsyncGenerator[T, None]:
    """Raise EngineEmpty when the source ends without an error and without an item."""
    async with aclosing(source):
        empty = True
        async for item in source:
            empty = False
            yield item
        if empty:
            raise EngineEmpty(f"{name} finished without producing anything")


async def retried(
    start: Start[T],
    policy: RetryPolicy,
    *,
    rng: random.Random | None = None,
    on_retry: Callable[[SyrinxError, float], None] | None = None,
) -> AsyncGenerator[T, None]:
    """Start the request, and start it again as `policy` allows. `on_retry` gets each error and the wait in seconds."""
    clock = asyncio.get_running_loop().time
    latest_start_s = clock() + policy.within_s
    tries = 0
    while True:
        tries += 1
        begun = False
        async with aclosing(start()) as items:
            try:
                async for item in items:
                    begun = True
                    yield item
            except SyrinxError as error:
                wait_s = wait_before_retry_s(error, tries, policy, rng or random.Random())  # noqa: S311 - spreads load, hides nothing
                if begun or wait_s is None or clock() + wait_s > latest_start_s:
                    raise
                if on_retry is not None:
                    on_retry(error, wait_s)
            else:
                return
        await asyncio.sleep(wait_s)


async def read_ahead(source: AsyncGenerator[T, None], *, most: int) -> AsyncGenerator[T, None]:
    """The items of a source that is read as fast as it gives them, up to `most` before the reader takes them.

    So a source that is done gives back its place at once, however slow its reader is.
    """
    items: asyncio.Queue[T | None] = asyncio.Queue()
    places = asyncio.Semaphore(most)

    async def read() -> None:
        try:
            async with aclosing(source):
                async for item in source:
                    await places.acquire()
                    items.put_nowait(item)
        finally:
            items.put_nowait(None)

    reading = asyncio.create_task(read(), name="reading ahead")
    try:
        while (item := await items.get()) is not None:
            places.release()
            yield item
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
