"""Blocking work in a thread, read as an async generator."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from syrinx.engines.threads import Emit, stream_from_thread


def _count(emit: Emit[int]) -> None:
    number = 0
    while emit(number):
        number += 1


async def test_many_slow_readers_keep_nobody_waiting() -> None:
    slow = [stream_from_thread(_count, max_waiting=1) for _ in range(40)]
    for stream in slow:
        assert await anext(stream) == 0
    async with asyncio.timeout(10), aclosing(stream_from_thread(_count)) as another:
        assert [await anext(another) for _ in range(5)] == [0, 1, 2, 3, 4]
    for stream in slow:
        await stream.aclose()


async def test_closing_waits_until_the_work_has_stopped() -> None:
    ended: list[bool] = []

    def work(emit: Emit[int]) -> None:
        _count(emit)
        ended.append(True)

    async with aclosing(stream_from_thread(work)) as numbers:
        assert await anext(numbers) == 0
    assert ended == [True]


async def test_an_error_comes_after_what_was_made_before_it() -> None:
    def work(emit: Emit[str]) -> None:
        emit("one")
        raise ValueError("broken")

    async with aclosing(stream_from_thread(work)) as items:
        assert await anext(items) == "one"
        with pytest.raises(ValueError, match="broken"):
            await anext(items)


async def test_who_leaves_before_a_thread_was_free_waits_for_nobody_and_nothing_is_done_for_them() -> None:
    going_on = threading.Event()
    done: list[str] = []

    def hold(emit: Emit[int]) -> None:
        emit(0)
        going_on.wait()

    with ThreadPoolExecutor(max_workers=1) as executor:
        first = stream_from_thread(hold, executor=executor)
        await anext(first)
        second = asyncio.create_task(anext(stream_from_thread(lambda _: done.append("second"), executor=executor)))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not going_on.is_set(), "while the first one is still under way"
        going_on.set()
        await first.aclose()
    assert done == []


async def test_work_that_emits_nothing_can_be_interrupted_when_its_reader_leaves() -> None:
    left = threading.Event()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(_: Emit[int]) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert left.wait(20)

    reader = asyncio.create_task(anext(stream_from_thread(work, on_close=left.set)))
    await begun.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert left.is_set()


async def test_who_reads_to_the_end_has_not_left() -> None:
    left: list[bool] = []

    def work(emit: Emit[int]) -> None:
        emit(1)

    async with aclosing(stream_from_thread(work, on_close=lambda: left.append(True))) as items:
        assert [item async for item in items] == [1]
    assert left == []


async def test_a_reader_who_is_cancelled_again_and_again_still_waits_for_the_work() -> None:
    going_on = threading.Event()
    ended: list[bool] = []

    def work(emit: Emit[int]) -> None:
        emit(0)
        going_on.wait()
        ended.append(True)

    async def read() -> None:
        async with aclosing(stream_from_thread(work)) as items:
            async for _ in items:
                begun.set()

    begun = asyncio.Event()
    reader = asyncio.create_task(read())
    await begun.wait()
    for _ in range(3):
        reader.cancel()
        await asyncio.sleep(0)
    assert not reader.done()
    going_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert ended == [True]
