"""Decoders are lent one by one, loaded only when needed and freed when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from syrinx.engines.stt.sphinx_decoders import Decoders
from syrinx.engines.stt.sphinx_pass import SphinxDecoder


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
