"""A worker that crashes is started again, and one that keeps crashing is left alone for a while."""

from __future__ import annotations

import asyncio

import pytest

from syrinx.engines.hosts.supervisor import RestartPolicy, Supervisor
from syrinx.errors import EngineUnavailable
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


class FakeWorker:
    def __init__(self) -> None:
        self.alive = True
        self.stopped = 0

    def epitaph(self) -> str:
        return "it fell over"

    async def stop(self, *, patience_s: float = 5.0) -> None:
        self.alive = False
        self.stopped += 1


class Starter:
    def __init__(self, *, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.workers: list[FakeWorker] = []
        self.began_s: list[float] = []
        self.error: Exception | None = None
        self.cancelled = 0

    async def __call__(self) -> FakeWorker:
        self.began_s.append(virtual_now_s())
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        self.workers.append(FakeWorker())
        return self.workers[-1]


@virtual_time
async def test_all_who_wait_share_one_start():
    starter = Starter(takes_s=3.0)
    supervisor = Supervisor(starter, name="engine")
    workers = await asyncio.gather(*(supervisor.running() for _ in range(5)))
    assert len(starter.workers) == 1
    assert all(worker is starter.workers[0] for worker in workers)
    await supervisor.aclose()
    assert starter.workers[0].stopped == 1


@virtual_time
async def test_after_a_crash_the_next_request_gets_a_new_worker_at_once():
    starter = Starter()
    supervisor = Supervisor(starter, name="engine")
    first = await supervisor.running()
    first.alive = False
    assert supervisor.worker is None
    second = await supervisor.running()
    assert second is not first
    assert first.stopped == 1
    assert virtual_now_s() == 0.0
    await supervisor.aclose()


@virtual_time
async def test_further_crashes_are_followed_by_growing_waits():
    starter = Starter()
    supervisor = Supervisor(starter, name="engine", policy=RestartPolicy(first_wait_s=1.0, crashes=5))
    for _ in range(4):
        (await supervisor.running()).alive = False
    await supervisor.running()
    assert starter.began_s == pytest.approx([0.0, 0.0, 1.0, 3.0, 7.0])
    await supervisor.aclose()


@virtual_time
async def test_a_crash_loop_is_left_alone_and_then_tried_once_more():
    starter = Starter()
    policy = RestartPolicy(first_wait_s=0.1, crashes=3, window_s=60.0, rest_s=30.0)
    supervisor = Supervisor(starter, name="engine", policy=policy)
    for _ in range(3):
        (await supervisor.running()).alive = False
    for _ in range(2):
        with pytest.raises(
            EngineUnavailable, match=r"engine failed 3 times within 60 s.*tried again in .*it fell over"
        ):
            await supervisor.running()
    assert len(starter.workers) == 3
    await asyncio.sleep(30.0)
    (await supervisor.running()).alive = False
    with pytest.raises(EngineUnavailable):
        await supervisor.running()
    await asyncio.sleep(120.0)
    assert (await supervisor.running()).alive
    await supervisor.aclose()


@virtual_time
async def test_a_start_that_fails_tells_all_and_is_tried_again():
    starter = Starter(takes_s=1.0)
    starter.error = EngineUnavailable("no model")
    supervisor = Supervisor(starter, name="engine")
    results = await asyncio.gather(supervisor.running(), supervisor.running(), return_exceptions=True)
    assert [str(result) for result in results] == ["no model", "no model"]
    starter.error = None
    assert (await supervisor.running()).alive
    await supervisor.aclose()


@virtual_time
async def test_who_is_cancelled_leaves_the_start_to_the_others():
    starter = Starter(takes_s=3.0)
    supervisor = Supervisor(starter, name="engine")
    leaving = asyncio.create_task(supervisor.running())
    await asyncio.sleep(1.0)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await supervisor.running() is starter.workers[0]
    assert virtual_now_s() == pytest.approx(3.0)
    await supervisor.aclose()


@virtual_time
async def test_closing_ends_a_start_under_way():
    starter = Starter(takes_s=3.0)
    supervisor = Supervisor(starter, name="engine")
    waiting = asyncio.create_task(supervisor.running())
    await asyncio.sleep(1.0)
    await supervisor.aclose()
    assert starter.cancelled == 1
    await asyncio.wait([waiting])
    with pytest.raises(EngineUnavailable, match="has been closed"):
        await supervisor.running()
