"""Decoders are lent one by one, loaded only when needed and freed when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from syrinx.engines.stt.sphinx_decoders import Decoders
from syrinx.engines.stt.sphinx_pass import SphinxDecoder
from syrinx.testing.virtual_time import run_virtual


class Loader:
    def __init__(self) -> None:
        self.loaded = 0

    def __call__(self) -> SphinxDecoder:
        self.loaded += 1
        return object()  # type: ignore[return-value]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


async def test_one_is_ready_and_is_used_again(executor: ThreadPoolExecutor) -> None:
    load = Loader()
    decoders = Decoders(load, limit=2, executor=executor)
    await decoders.warm_up()
    for _ in range(3):
        async with decoders.lend():
            assert decoders.lent == 1
    assert (load.loaded, decoders.lent, decoders.idle) == (1, 0, 1)


async def test_more_are_loaded_up_to_the_limit_and_then_one_waits(executor: ThreadPoolExecutor) -> None:
    load = Loader()
    decoders = Decoders(load, limit=2, executor=executor)
    done = asyncio.Event()
    borrowed = asyncio.Semaphore(0)

    async def hold() -> None:
        async with decoders.lend():
            borrowed.release()
            await done.wait()

    holders = [asyncio.create_task(hold()) for _ in range(3)]
    await borrowed.acquire()
    await borrowed.acquire()
    await asyncio.sleep(0)
    assert decoders.lent == 2
    done.set()
    await asyncio.gather(*holders)
    assert (load.loaded, decoders.lent) == (2, 0)


async def test_all_but_one_are_freed_when_idle(executor: ThreadPoolExecutor) -> None:
    decoders = Decoders(Loader(), limit=2, executor=executor, idle_s=0.0)
    async with decoders.lend(), decoders.lend():
        pass
    assert decoders.idle == 2
    await asyncio.sleep(0.001)
    assert decoders.idle == 1
    decoders.close()
    assert decoders.idle == 0


async def test_one_that_is_lent_while_all_are_closed_is_freed_when_it_comes_back(executor: ThreadPoolExecutor) -> None:
    decoders = Decoders(Loader(), limit=2, executor=executor)
    async with decoders.lend():
        decoders.close()
    assert (decoders.idle, decoders.lent) == (0, 0)


class Borrower:
    """Holds a decoder until it is told to give it back."""

    def __init__(self, decoders: Decoders, *, recording: bool) -> None:
        self.has_one = False
        self._done = asyncio.Event()
        self._task = asyncio.create_task(self._hold(decoders, recording=recording))

    async def _hold(self, decoders: Decoders, *, recording: bool) -> None:
        async with decoders.lend(recording=recording):
            self.has_one = True
            await self._done.wait()

    async def give_back(self) -> None:
        self._done.set()
        await self._task

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def settled(decoders: Decoders, lent: int) -> None:
    """Until as many are lent; a decoder may have to be loaded in a thread."""
    async with asyncio.timeout(10):
        while decoders.lent != lent:  # noqa: ASYNC110 - a thread answers in its own time
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0.0001)


async def test_recordings_leave_one_decoder_to_those_who_speak(executor: ThreadPoolExecutor) -> None:
    decoders = Decoders(Loader(), limit=3, executor=executor)
    recordings = [Borrower(decoders, recording=True) for _ in range(4)]
    await settled(decoders, 2)
    assert [each.has_one for each in recordings] == [True, True, False, False]
    speaker = Borrower(decoders, recording=False)
    await settled(decoders, 3)
    assert speaker.has_one
    await speaker.give_back()
    await settled(decoders, 2)
    await recordings[0].give_back()
    await settled(decoders, 2)
    assert recordings[2].has_one
    for each in recordings[1:]:
        await each.leave()
    assert decoders.lent == 0


async def test_who_speaks_goes_before_recordings_that_wait(executor: ThreadPoolExecutor) -> None:
    decoders = Decoders(Loader(), limit=1, executor=executor)
    first = Borrower(decoders, recording=True)
    await settled(decoders, 1)
    recording = Borrower(decoders, recording=True)
    await asyncio.sleep(0)
    speaker = Borrower(decoders, recording=False)
    await asyncio.sleep(0)
    await first.give_back()
    await settled(decoders, 1)
    assert (speaker.has_one, recording.has_one) == (True, False)
    await speaker.give_back()
    await settled(decoders, 1)
    assert recording.has_one
    await recording.give_back()


async def test_who_leaves_while_waiting_keeps_no_place(executor: ThreadPoolExecutor) -> None:
    decoders = Decoders(Loader(), limit=1, executor=executor)
    first = Borrower(decoders, recording=False)
    await settled(decoders, 1)
    waiting = [Borrower(decoders, recording=each) for each in (False, True)]
    await asyncio.sleep(0)
    for each in waiting:
        await each.leave()
    await first.give_back()
    assert decoders.lent == 0
    async with asyncio.timeout(10), decoders.lend(recording=True):
        assert decoders.lent == 1


def test_a_recording_that_has_waited_long_goes_before_those_who_speak() -> None:
    async def hear() -> tuple[bool, bool]:
        with ThreadPoolExecutor(1) as executor:
            decoders = Decoders(Loader(), limit=1, executor=executor)
            async with decoders.lend():
                recording = Borrower(decoders, recording=True)
                await asyncio.sleep(20)
                speaker = Borrower(decoders, recording=False)
                await asyncio.sleep(1)
            await asyncio.sleep(1)
            first = (recording.has_one, speaker.has_one)
            await recording.give_back()
            await speaker.give_back()
            return first

    assert run_virtual(hear()) == (True, False)
