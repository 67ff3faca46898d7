from __future__ import annotations

import asyncio

import pytest

from syrinx.audio.pcm import silence
from syrinx.conversation.events import AudioOut, ConversationEvent, ReplyDelta
from syrinx.conversation.outbox import Outbox, TakenOver
from syrinx.testing.virtual_time import virtual_time


def delta(text: str = "x") -> ReplyDelta:
    return ReplyDelta(turn=1, speaker="Ada", delta=text)


def sound() -> AudioOut:
    return AudioOut(turn=1, chunk=silence(duration_ms=100, sample_rate_hz=24_000))


@virtual_time
async def test_events_come_in_order_and_end_when_it_is_closed() -> None:
    outbox = Outbox()
    seen: list[ConversationEvent] = []

    async def read() -> None:
        seen.extend([event async for event in outbox.events()])

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        outbox.put(delta("a"))
        await asyncio.sleep(1)
        outbox.put(delta("b"))
        outbox.put(delta("c"))
        outbox.close()
    assert seen == [delta("a"), delta("b"), delta("c")]


@virtual_time
async def test_a_second_reader_takes_over_from_the_first() -> None:
    outbox = Outbox()
    first = outbox.events()
    outbox.put(delta("a"))
    assert await anext(first) == delta("a")
    waiting = asyncio.ensure_future(anext(first))
    await asyncio.sleep(0)
    outbox.attach()
    second = outbox.events()
    outbox.put(delta("b"))
    assert await anext(second) == delta("b")
    with pytest.raises(TakenOver):
        await waiting
    await second.aclose()


@virtual_time
async def test_what_nobody_reads_is_dropped_while_detached() -> None:
    outbox = Outbox()
    outbox.put(delta("before"))
    outbox.detach()
    outbox.put(delta("while"))
    outbox.attach()
    outbox.put(delta("after"))
    outbox.close()
    assert [event async for event in outbox.events()] == [delta("after")]


@virtual_time
async def test_a_reader_that_does_not_read_overruns_it_but_sound_does_not_count() -> None:
    outbox = Outbox(max_waiting=3)
    for _ in range(10):
        outbox.put(sound())
    for _ in range(3):
        outbox.put(delta())
    assert not outbox.overrun
    outbox.put(delta())
    assert outbox.overrun


@virtual_time
async def test_sound_that_waits_is_counted_and_may_be_dropped() -> None:
    outbox = Outbox()
    outbox.put(sound())
    outbox.put(delta())
    outbox.put(sound())
    assert outbox.audio_ms == 200
    outbox.drop_audio()
    assert outbox.audio_ms == 0
    outbox.put(sound())
    outbox.close()
    assert [event async for event in outbox.events()] == [delta(), sound()]
    assert outbox.audio_ms == 0
