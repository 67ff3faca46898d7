"""One narration read by many, each at their own pace."""

from __future__ import annotations

import asyncio

import pytest

from syrinx.errors import EngineError
from syrinx.speech.narration import NarrationEvent, SentenceDone
from syrinx.speech.narration_reel import Reel, ReelReader
from syrinx.speech.speech_cache import event_bytes
from syrinx.testing.virtual_time import virtual_time


def event(index: int) -> SentenceDone:
    return SentenceDone(index=index, at_ms=0.0)


SIZE = event_bytes(event(0))


async def made(reel: Reel, count: int) -> None:
    for index in range(count):
        reel.put(event(index))
        await reel.room()
    reel.finish()


async def read(reader: ReelReader, *, every_s: float = 0.0, count: int | None = None) -> list[int]:
    found: list[int] = []
    while count is None or len(found) < count:
        await asyncio.sleep(every_s)
        item = await reader.next()
        if item is None:
            break
        found.append(_index(item))
    return found


def _index(item: NarrationEvent) -> int:
    assert isinstance(item, SentenceDone)
    return item.index


@virtual_time
async def test_every_reader_gets_all_of_it_in_order_whenever_it_came() -> None:
    reel = Reel(ahead_bytes=2 * SIZE)
    first = reel.reader()
    making = asyncio.create_task(made(reel, 50))
    early = asyncio.create_task(read(first))
    await asyncio.sleep(0.01)
    late = reel.reader()
    assert await read(late) == list(range(50))
    assert await early == list(range(50))
    await making


@virtual_time
async def test_no_more_is_made_than_a_little_ahead_of_the_quickest_reader() -> None:
    reel = Reel(ahead_bytes=3 * SIZE)
    reader = reel.reader()
    making = asyncio.create_task(made(reel, 50))
    await asyncio.sleep(1)
    assert reel.held_bytes == 4 * SIZE
    await read(reader, count=10)
    await asyncio.sleep(1)
    assert reel.held_bytes == 14 * SIZE
    assert await read(reader) == list(range(10, 50))
    await making


@virtual_time
async def test_a_slow_reader_holds_up_a_quick_one_only_at_the_bound() -> None:
    reel = Reel(ahead_bytes=2 * SIZE, held_bytes=20 * SIZE)
    quick, slow = reel.reader(), reel.reader()
    making = asyncio.create_task(made(reel, 100))
    reading = asyncio.create_task(read(quick))
    await asyncio.sleep(1)
    assert quick.position == 21
    assert reel.held_bytes <= 21 * SIZE
    assert await read(slow, count=5) == list(range(5))
    await asyncio.sleep(1)
    assert quick.position == 26
    slow.close()
    assert await reading == list(range(100))
    await making


@virtual_time
async def test_past_the_bound_what_all_have_read_is_forgotten() -> None:
    reel = Reel(ahead_bytes=2 * SIZE, held_bytes=20 * SIZE)
    reader = reel.reader()
    making = asyncio.create_task(made(reel, 1000))
    most_held = 0
    count = 0
    while await reader.next() is not None:
        count += 1
        most_held = max(most_held, reel.held_bytes)
        await asyncio.sleep(0)
    await making
    assert count == 1000
    assert most_held <= 21 * SIZE
    assert not reel.is_whole


@virtual_time
async def test_an_error_reaches_every_reader_behind_what_came_before_it() -> None:
    reel = Reel()
    readers = [reel.reader() for _ in range(3)]
    reel.put(event(0))
    reel.finish(EngineError("it broke"))
    for reader in readers:
        assert await read(reader, count=1) == [0]
        with pytest.raises(EngineError, match="it broke"):
            await reader.next()


@virtual_time
async def test_a_reader_that_is_cancelled_harms_no_other() -> None:
    reel = Reel(ahead_bytes=SIZE)
    first, second = reel.reader(), reel.reader()
    waits, stays = asyncio.create_task(read(first)), asyncio.create_task(read(second))
    await asyncio.sleep(0.1)
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    first.close()
    making = asyncio.create_task(made(reel, 10))
    assert await stays == list(range(10))
    await making


@virtual_time
async def test_one_that_is_closed_while_it_waits_ends() -> None:
    reel = Reel()
    reader = reel.reader()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0.1)
    reader.close()
    assert await waiting is None
    assert not reel.is_read


@virtual_time
async def test_nobody_wants_more_of_what_nobody_reads() -> None:
    reel = Reel()
    making = asyncio.create_task(made(reel, 5))
    await asyncio.sleep(1)
    assert reel.held_bytes == SIZE
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
