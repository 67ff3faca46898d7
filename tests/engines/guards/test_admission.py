"""So many run, so many wait, each caller in turn, the rest are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.engines.callers import CALLER, as_caller
from syrinx.engines.guards.admission import Admission, noting_waits
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


async def work_for(caller: str, admission: Admission, order: list[str], duration_s: float = 1.0) -> None:
    with as_caller(caller):
        async with admission.place():
            order.append(caller)
            await asyncio.sleep(duration_s)


async def all_waiting(group: asyncio.TaskGroup, callers: Sequence[str], admission: Admission, order: list[str]) -> None:
    """One request for each name, begun in that order."""
    for caller in callers:
        group.create_task(work_for(caller, admission, order))
        await asyncio.sleep(0)


def test_a_caller_is_named_only_as_long_as_it_asks():
    assert CALLER.get() == ""
    with as_caller("ada"):
        assert CALLER.get() == "ada"
        with as_caller("grace"):
            assert CALLER.get() == "grace"
        assert CALLER.get() == "ada"
    assert CALLER.get() == ""


@virtual_time
async def test_callers_take_turns_however_many_requests_one_of_them_sends():
    admission = Admission(name="engine", max_active=1, max_queued=64)
    order: list[str] = []
    async with asyncio.TaskGroup() as group:
        await all_waiting(group, [*("ada",) * 6, "grace", "grace", "hedy"], admission, order)
    # The first runs at once; grace's and hedy's come between ada's that wait, whenever they arrived.
    assert order == ["ada", "ada", "grace", "hedy", "ada", "grace", "ada", "ada", "ada"]


@virtual_time
async def test_when_no_more_may_wait_who_has_most_waiting_makes_room_for_who_has_fewer():
    admission = Admission(name="engine", max_active=1, max_queued=3)
    order: list[str] = []
    results: list[EngineBusy] = []

    async def told(caller: str) -> None:
        try:
            await work_for(caller, admission, order)
        except EngineBusy as error:
            results.append(error)

    async with asyncio.TaskGroup() as group:
        for caller in ("ada", "ada", "ada", "ada", "grace"):
            group.create_task(told(caller))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert admission.queued == 3
        assert [error.retry_after_s >= 0.5 for error in results] == [True], "ada's newest gave way"
        # Now ada has two waiting and grace one: a second of grace's would only turn that round.
        with pytest.raises(EngineBusy, match="engine is busy"):
            await work_for("grace", admission, order)
        with pytest.raises(EngineBusy):
            await work_for("ada", admission, order)
    assert order == ["ada", "ada", "grace", "ada"]


@virtual_time
async def test_the_only_request_of_a_caller_is_never_displaced():
    admission = Admission(name="engine", max_active=1, max_queued=2)
    order: list[str] = []
    async with asyncio.TaskGroup() as group:
        await all_waiting(group, ["ada", "grace", "hedy"], admission, order)
        with pytest.raises(EngineBusy):
            await work_for("rosalind", admission, order)
    assert order == ["ada", "grace", "hedy"]


@virtual_time
async def test_a_place_that_comes_in_the_moment_of_leaving_goes_to_the_next():
    admission = Admission(name="engine", max_active=1, max_queued=4)
    order: list[str] = []
    async with admission.place():
        leaving = asyncio.create_task(work_for("grace", admission, order))
        last = asyncio.create_task(work_for("hedy", admission, order))
        await asyncio.sleep(0)
    # The place has just been promised to grace, who has not run since.
    leaving.cancel()
    await asyncio.wait([leaving, last])
    assert leaving.cancelled()
    assert order == ["hedy"]
    assert (admission.active, admission.queued) == (0, 0)


@virtual_time
async def test_a_request_knows_how_long_it_waited_also_in_tasks_begun_for_it():
    admission = Admission(name="engine", max_active=1, max_queued=4)
    order: list[str] = []

    async with asyncio.TaskGroup() as group:
        group.create_task(work_for("ada", admission, order, duration_s=2.0))
        await asyncio.sleep(0)
        with noting_waits() as waits:
            assert waits.first_ms is None
            await asyncio.create_task(work_for("grace", admission, order))
            await work_for("grace", admission, order)
    assert waits.first_ms == pytest.approx(2_000)
    assert waits.total_ms == pytest.approx(2_000)


@dataclass
class House:
    """What happened to the requests of a script, as they saw it themselves."""

    admission: Admission
    running: int = 0
    most_running: int = 0
    begun: list[int] = field(default_factory=list[int])
    refused: set[int] = field(default_factory=set[int])

    async def request(self, number: int, caller: str, duration_s: float) -> None:
        try:
            with as_caller(caller):
                # What takes longest is what is allowed to last.
                async with self.admission.place(lasting=duration_s == LASTING_S):
                    self.begun.append(number)
                    self.running += 1
                    self.most_running = max(self.most_running, self.running)
                    try:
                        await asyncio.sleep(duration_s)
                    finally:
                        self.running -= 1
        except EngineBusy:
            self.refused.add(number)


LASTING_S = 3.0
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.sampled_from(["ada", "grace", "hedy", "rosalind"]), st.integers(0, 3)),
        st.tuples(st.just("leave"), st.just(""), st.integers(0, 30)),
        st.tuples(st.just("pass"), st.just(""), st.integers(0, 2)),
    ),
    max_size=60,
)


@given(steps=STEPS, max_active=st.integers(1, 3), max_queued=st.integers(0, 5))
def test_whoever_comes_and_goes_no_place_is_lost_and_each_callers_requests_keep_their_order(
    steps: list[tuple[str, str, int]], max_active: int, max_queued: int
):
    @virtual_time
    async def play() -> None:
        admission = Admission(name="engine", max_active=max_active, max_queued=max_queued)
        house = House(admission)
        tasks: list[asyncio.Task[None]] = []
        callers: list[str] = []
        for what, caller, number in steps:
            if what == "arrive":
                callers.append(f"{caller}, lasting" if number == LASTING_S else caller)
                tasks.append(asyncio.create_task(house.request(len(tasks), caller, float(number))))
            elif what == "leave" and tasks:
                tasks[number % len(tasks)].cancel()
            else:
                await asyncio.sleep(number / 2)
            assert admission.active <= max_active
            assert admission.queued <= max_queued
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (admission.active, admission.queued, house.running) == (0, 0, 0)
        assert house.most_running <= max_active
        # Everybody was served, refused or left: nobody was forgotten.
        for number, task in enumerate(tasks):
            assert task.cancelled() or number in house.begun or number in house.refused
        for caller in set(callers):
            mine = [number for number in house.begun if callers[number] == caller]
            assert all(earlier < later for earlier, later in pairwise(mine))
        async with admission.place():  # all places are free again
            assert admission.active == 1

    play()


@virtual_time
async def test_what_lasts_long_leaves_a_place_to_what_does_not():
    admission = Admission(name="ear", max_active=4, max_queued=16)
    begun: list[str] = []

    async def hear(name: str, duration_s: float, *, lasting: bool) -> None:
        async with admission.place(lasting=lasting):
            begun.append(name)
            await asyncio.sleep(duration_s)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(hear(f"hour {number}", 3600.0, lasting=True))
        await asyncio.sleep(1.0)
        assert (admission.active, admission.queued) == (3, 2)
        speaking = [group.create_task(hear(f"word {number}", 1.0, lasting=False)) for number in range(3)]
        await asyncio.gather(*speaking)
        assert virtual_now_s() == pytest.approx(4.0)
        assert (admission.active, admission.queued) == (3, 2)
    assert begun == ["hour 0", "hour 1", "hour 2", "word 0", "word 1", "word 2", "hour 3", "hour 4"]
    assert virtual_now_s() == pytest.approx(7200.0)
    assert (admission.active, admission.queued) == (0, 0)


@virtual_time
async def test_the_only_place_is_given_to_what_lasts_long_too():
    admission = Admission(name="ear", max_active=1, max_queued=1)
    async with admission.place(lasting=True) as waited_s:
        assert (admission.active, waited_s) == (1, 0.0)
