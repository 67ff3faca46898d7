"""So many run, so many wait in order, the rest are refused."""

from __future__ import annotations

import asyncio

import pytest

from syrinx.engines.guards.admission import Admission
from syrinx.errors import EngineBusy
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


async def work(admission: Admission, order: list[int], number: int, duration_s: float = 1.0) -> None:
    async with admission.place():
        order.append(number)
        await asyncio.sleep(duration_s)


@virtual_time
async def test_no_more_than_allowed_run_and_the_others_follow_in_order():
    admission = Admission(name="engine", max_active=2, max_queued=8)
    order: list[int] = []
    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(work(admission, order, number))
        await asyncio.sleep(0.5)
        assert (admission.active, admission.queued) == (2, 4)
    assert order == [0, 1, 2, 3, 4, 5]
    assert virtual_now_s() == pytest.approx(3.0)
    assert (admission.active, admission.queued) == (0, 0)


@virtual_time
async def test_past_the_queue_a_request_is_refused_with_the_time_to_come_back():
    admission = Admission(name="engine", max_active=1, max_queued=1)
    order: list[int] = []
    await work(admission, order, 0, duration_s=4.0)
    async with asyncio.TaskGroup() as group:
        group.create_task(work(admission, order, 1, duration_s=4.0))
        group.create_task(work(admission, order, 2, duration_s=4.0))
        await asyncio.sleep(0.1)
        with pytest.raises(EngineBusy, match="engine is busy: 1 requests run and 1 wait") as caught:
            await work(admission, order, 3)
    assert caught.value.retry_after_s == pytest.approx(8.0)
    assert order == [0, 1, 2]


@virtual_time
async def test_a_queue_of_none_refuses_what_cannot_run_now():
    admission = Admission(name="engine", max_active=1, max_queued=0)
    order: list[int] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(work(admission, order, 0))
        await asyncio.sleep(0.1)
        with pytest.raises(EngineBusy):
            await work(admission, order, 1)
    await work(admission, order, 2)
    assert order == [0, 2]


@virtual_time
async def test_who_stops_waiting_leaves_the_place_to_the_next():
    admission = Admission(name="engine", max_active=1, max_queued=2)
    order: list[int] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(work(admission, order, 0))
        await asyncio.sleep(0)
        leaving = group.create_task(work(admission, order, 1))
        group.create_task(work(admission, order, 2))
        await asyncio.sleep(0.5)
        leaving.cancel()
        await asyncio.sleep(0)
        assert admission.queued == 1
    assert order == [0, 2]
