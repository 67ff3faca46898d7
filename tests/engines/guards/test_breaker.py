"""An engine elsewhere that keeps failing is left alone, tried once in a while, and used again once it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.engines.guards.breaker import BreakerPolicy, CircuitBreaker, speaks_of_the_far_end
from syrinx.errors import (
    BadInput,
    EngineBusy,
    EngineEmpty,
    EngineError,
    EngineResting,
    EngineTimeout,
    EngineUnavailable,
    RemoteRefused,
    SyrinxError,
    UnknownVoice,
)
from syrinx.testing.virtual_time import virtual_time

POLICY = BreakerPolicy(failures=3, cool_down_s=4.0, longest_cool_down_s=10.0, probe_within_s=30.0)


def unreachable() -> EngineUnavailable:
    return EngineUnavailable("nothing answers at http://far.example: is it running?", retryable=True)


async def request(error: SyrinxError | None = None, *, items: int = 1) -> AsyncGenerator[int, None]:
    for number in range(items):
        yield number
    if error is not None:
        raise error


async def ask(breaker: CircuitBreaker, error: SyrinxError | None = None, *, items: int = 1) -> None:
    try:
        async with aclosing(breaker.watched(request(error, items=items))) as answer:
            _ = [item async for item in answer]
    except SyrinxError as raised:
        if raised is not error:
            raise


async def opened() -> CircuitBreaker:
    breaker = CircuitBreaker(name="far", policy=POLICY)
    for _ in range(POLICY.failures):
        await ask(breaker, unreachable(), items=0)
    return breaker


@virtual_time
async def test_it_opens_after_so_many_failures_in_a_row_and_says_when_to_come_back():
    breaker = CircuitBreaker(name="far", policy=POLICY)
    for _ in range(2):
        await ask(breaker, unreachable(), items=0)
    await ask(breaker)
    for _ in range(2):
        await ask(breaker, unreachable(), items=0)
    assert breaker.state == "closed", "an answer in between begins the count anew"
    await ask(breaker, unreachable(), items=0)
    assert breaker.state == "open"
    with pytest.raises(EngineResting, match=r"far failed 3 times in a row .* is it running") as resting:
        breaker.refuse_while_open()
    assert resting.value.retryable
    assert isinstance(resting.value, EngineUnavailable)
    assert resting.value.retry_after_s == pytest.approx(4.0)


@virtual_time
async def test_an_open_one_begins_no_request():
    breaker = await opened()
    begun: list[int] = []

    async def begins() -> AsyncGenerator[int, None]:
        begun.append(1)
        yield 1

    with pytest.raises(EngineResting):
        await anext(breaker.watched(begins()))
    assert begun == []


@virtual_time
async def test_after_the_cool_down_one_request_is_let_through_and_its_answer_closes_it():
    breaker = await opened()
    await asyncio.sleep(4.1)
    async with aclosing(breaker.watched(request(items=2))) as probe:
        waiting = asyncio.create_task(ask(breaker))
        await anext(probe)
        await waiting
    assert breaker.state == "closed"


@virtual_time
async def test_while_one_probes_the_others_are_refused():
    breaker = await opened()
    await asyncio.sleep(4.1)
    answered = asyncio.Event()

    async def slow() -> AsyncGenerator[int, None]:
        await answered.wait()
        yield 1

    async def probing() -> None:
        async with aclosing(breaker.watched(slow())) as items:
            assert [item async for item in items] == [1]

    probe = asyncio.create_task(probing())
    await asyncio.sleep(0)
    assert breaker.state == "probing"
    with pytest.raises(EngineResting):
        await ask(breaker)
    answered.set()
    await probe
    await ask(breaker)


@virtual_time
async def test_each_probe_that_fails_doubles_the_cool_down_up_to_the_longest():
    breaker = await opened()
    waits: list[float] = []
    for _ in range(4):
        waits.append(breaker.retry_after_s())
        await asyncio.sleep(breaker.retry_after_s() + 0.01)
        await ask(breaker, unreachable(), items=0)
    assert waits == pytest.approx([4.0, 8.0, 10.0, 10.0])
    await asyncio.sleep(10.1)
    await ask(breaker)
    for _ in range(3):
        await ask(breaker, unreachable(), items=0)
    assert breaker.retry_after_s() == pytest.approx(4.0), "a recovery forgets the long waits"


@virtual_time
async def test_a_probe_that_leaves_before_anything_was_learnt_lets_the_next_one_try():
    breaker = await opened()
    await asyncio.sleep(4.1)

    async def never() -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 1

    async def read() -> None:
        async with aclosing(breaker.watched(never())) as items:
            await anext(items)

    leaving = asyncio.create_task(read())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    await ask(breaker)
    assert breaker.state == "closed"


@virtual_time
async def test_a_probe_without_an_outcome_holds_up_the_others_no_longer_than_stated():
    breaker = await opened()
    await asyncio.sleep(4.1)

    async def never() -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 1

    probe = breaker.watched(never())
    reading = asyncio.create_task(anext(probe, None))
    await asyncio.sleep(29.0)
    with pytest.raises(EngineResting):
        await ask(breaker)
    await asyncio.sleep(1.1)
    await ask(breaker)
    assert breaker.state == "closed"
    reading.cancel()
    await asyncio.wait([reading])
    await probe.aclose()


@virtual_time
async def test_a_refusal_of_the_request_is_an_answer():
    breaker = await opened()
    await asyncio.sleep(4.1)
    await ask(breaker, RemoteRefused("no such model", status=404, retryable=False), items=0)
    assert breaker.state == "closed"


@virtual_time
async def test_breaking_off_in_the_middle_again_and_again_opens_it_too():
    breaker = CircuitBreaker(name="far", policy=POLICY)
    for _ in range(3):
        await ask(breaker, EngineError("the connection to far broke"), items=5)
    assert breaker.state == "open"


@pytest.mark.parametrize(
    ("error", "of_the_far_end"),
    [
        (unreachable(), True),
        (EngineTimeout("far gave no first item"), True),
        (EngineError("the connection broke"), True),
        (RemoteRefused("down", status=503, retryable=True), True),
        (RemoteRefused("too many", status=429, retryable=True), False),
        (RemoteRefused("no", status=401, retryable=False), False),
        (EngineBusy("far is busy", retry_after_s=1.0), False),
        (EngineEmpty("nothing came"), False),
        (EngineUnavailable("no key is set"), False),
        (UnknownVoice("no such voice"), False),
        (BadInput("no words"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_speaks_of_the_far_end_counts(error: SyrinxError, of_the_far_end: bool):
    assert speaks_of_the_far_end(error) is of_the_far_end
