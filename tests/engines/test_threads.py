"""Blocking work in a thread, read as an async generator."""

from __future__ import annotations

import asyncio
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
