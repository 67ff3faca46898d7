"""Virtual time passes in order, at once, and refuses what it cannot bring about."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from syrinx.testing.virtual_time import VirtualTimeError, run_virtual, virtual_now_s, virtual_time


@virtual_time
async def test_sleep_takes_virtual_time_only() -> None:
    began = time.perf_counter()
    await asyncio.sleep(3600)
    assert virtual_now_s() == pytest.approx(3600)
    assert time.perf_counter() - began < 1


@virtual_time
async def test_timers_fire_in_the_order_of_their_times() -> None:
    order: list[str] = []

    async def after(delay_s: float, name: str) -> None:
        await asyncio.sleep(delay_s)
        order.append(f"{name} at {virtual_now_s():g}")

    await asyncio.gather(after(0.3, "c"), after(0.1, "a"), after(0.2, "b"))
    assert order == ["a at 0.1", "b at 0.2", "c at 0.3"]


@virtual_time
async def test_time_outs_fire_in_virtual_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await asyncio.Event().wait()
    assert virtual_now_s() == pytest.approx(60)


@virtual_time
async def test_the_clock_stands_still_while_a_thread_works() -> None:
    timer = asyncio.ensure_future(asyncio.sleep(5))
    await asyncio.to_thread(time.sleep, 0.02)
    assert virtual_now_s() == 0
    assert not timer.done()
    await timer


def test_waiting_for_ever_is_refused() -> None:
    with pytest.raises(VirtualTimeError, match="for ever"):
        run_virtual(asyncio.Event().wait())


def test_a_socket_is_refused() -> None:
    async def connect() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            await asyncio.get_running_loop().sock_recv(ours, 1)

    with pytest.raises(VirtualTimeError, match="socket"):
        run_virtual(connect())


def test_time_that_never_ends_is_stopped() -> None:
    async def ticks() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(1)

    with pytest.raises(VirtualTimeError, match="100 s"):
        run_virtual(ticks(), limit_s=100)


def test_a_task_left_behind_fails_the_test() -> None:
    @virtual_time
    async def careless() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(asyncio.sleep(10))]

    with pytest.raises(AssertionError, match="left tasks behind"):
        careless()
