"""Decoders are shared fairly: finals first, partials in turn, recordings in what is left."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.engines.stt.whisper_stand_in import VirtualExecutor

from syrinx.engines.stt.whisper_decoding import PARTIAL_EVERY_S, DecodeQueue, Rank, Stop, Talker, Work
from syrinx.errors import EngineError
from syrinx.testing.virtual_time import virtual_time

DECODING_S = 1.0


class Log:
    """What was decoded, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def work(self, name: str) -> Work[str]:
        def run(stop: Stop) -> str:
            if not stop.asked:
                self.done.append(name)
            return name

        return run


def queue(decoders: int = 1) -> tuple[DecodeQueue, Log]:
    return DecodeQueue(VirtualExecutor(DECODING_S), decoders=decoders), Log()


@virtual_time
async def test_finals_go_first_then_partials_then_recordings() -> None:
    decoders, log = queue()
    async with asyncio.TaskGroup() as group:
        for rank in (Rank.RECORDING, Rank.RECORDING, Rank.PARTIAL, Rank.FINAL):
            group.create_task(decoders.decode(Talker(), rank, lambda name=rank.name: log.work(name)))
    assert log.done == ["RECORDING", "FINAL", "PARTIAL", "RECORDING"]


@virtual_time
async def test_the_pause_of_who_has_gone_on_speaking_does_not_keep_a_final_waiting() -> None:
    decoders, log = queue()
    hesitating = Talker()
    async with asyncio.TaskGroup() as group:
        group.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("first")))
        group.create_task(decoders.decode(hesitating, Rank.FINAL, lambda: log.work("pause")))
        await asyncio.sleep(0.5)
        group.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("final")))
        hesitating.goes_on = True
    assert log.done == ["first", "final", "pause"]


@virtual_time
async def test_whoever_waited_longest_for_a_partial_has_the_next() -> None:
    decoders, log = queue()
    talkers = {name: Talker() for name in "abc"}

    async def speak(name: str) -> None:
        for _ in range(3):
            await decoders.decode(talkers[name], Rank.PARTIAL, lambda: log.work(name))

    async with asyncio.TaskGroup() as group:
        for name in talkers:
            group.create_task(speak(name))
    assert log.done == ["a", "b", "c"] * 3


@virtual_time
async def test_a_recording_is_not_left_out_for_ever() -> None:
    decoders, log = queue()
    async with asyncio.TaskGroup() as group:
        partials = [Talker() for _ in range(6)]
        for talker in partials:
            group.create_task(decoders.decode(talker, Rank.PARTIAL, lambda: log.work("partial")))
        group.create_task(decoders.decode(Talker(), Rank.RECORDING, lambda: log.work("recording")))
    assert log.done == ["partial"] * 3 + ["recording"] + ["partial"] * 3


@virtual_time
async def test_who_stops_waiting_leaves_the_queue() -> None:
    decoders, log = queue()
    first = asyncio.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("first")))
    second = asyncio.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("second")))
    third = asyncio.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("third")))
    await asyncio.sleep(0.1)
    second.cancel()
    assert await third == "third"
    assert log.done == ["first", "third"]
    assert asyncio.get_running_loop().time() == pytest.approx(2 * DECODING_S)
    assert first.done()


@virtual_time
async def test_work_under_way_is_asked_to_stop_and_its_decoder_comes_back() -> None:
    decoders, log = queue()
    first = asyncio.create_task(decoders.decode(Talker(), Rank.PARTIAL, lambda: log.work("first")))
    await asyncio.sleep(0.5)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert asyncio.get_running_loop().time() == pytest.approx(0.5)
    assert await decoders.decode(Talker(), Rank.FINAL, lambda: log.work("second")) == "second"
    assert asyncio.get_running_loop().time() == pytest.approx(2 * DECODING_S)
    assert log.done == ["second"]


@virtual_time
async def test_what_is_decoded_is_what_was_heard_when_its_turn_came() -> None:
    decoders, log = queue()
    heard = "early"
    first = asyncio.create_task(decoders.decode(Talker(), Rank.FINAL, lambda: log.work("first")))
    second = asyncio.create_task(decoders.decode(Talker(), Rank.PARTIAL, lambda: log.work(heard)))
    await asyncio.sleep(0.5)
    heard = "late"
    assert [await first, await second] == ["first", "late"]


@virtual_time
async def test_partials_become_rarer_the_more_people_speak() -> None:
    decoders, log = queue(decoders=2)
    assert decoders.partial_every_s == PARTIAL_EVERY_S
    with decoders.talker() as talker:
        await decoders.decode(talker, Rank.PARTIAL, lambda: log.work("a"))
        one = decoders.partial_every_s
        with decoders.talker(), decoders.talker(), decoders.talker():
            assert decoders.partial_every_s == pytest.approx(4 * one)
        assert one == pytest.approx(DECODING_S)
    assert decoders.partial_every_s == PARTIAL_EVERY_S


async def cost_learnt(cost_s: float, *, decoders: int = 1) -> DecodeQueue:
    learnt = DecodeQueue(VirtualExecutor(cost_s), decoders=decoders)
    await learnt.decode(Talker(), Rank.PARTIAL, lambda: Log().work("partial"))
    return learnt


@virtual_time
async def test_where_a_decoding_takes_long_partials_are_rarely_in_the_way_of_a_final() -> None:
    for cost_s, every_s in ((0.05, PARTIAL_EVERY_S), (0.4, 0.8), (1.0, 1 / 0.3), (1.5, 7.5), (4.0, 20.0)):
        decoders = await cost_learnt(cost_s)
        with decoders.talker():
            assert decoders.partial_every_s == pytest.approx(every_s)
            assert cost_s > 1.5 or cost_s / every_s * cost_s / 2 <= 0.15 + 1e-9
    several = await cost_learnt(1.0, decoders=4)
    with several.talker():
        assert several.partial_every_s == pytest.approx(PARTIAL_EVERY_S)


@virtual_time
async def test_what_a_decoding_costs_is_learnt_of_a_final_too_and_not_of_idle_work() -> None:
    decoders, log = queue()

    def nothing_to_do(stop: Stop) -> None:
        stop.idle = True

    await decoders.decode(Talker(), Rank.FINAL, lambda: log.work("first"))
    with decoders.talker():
        before_s = decoders.partial_every_s
        for _ in range(20):
            await decoders.decode(Talker(), Rank.PARTIAL, lambda: nothing_to_do)
        assert decoders.partial_every_s == before_s > PARTIAL_EVERY_S


@virtual_time
async def test_failures_are_told_in_our_words_and_the_next_is_served() -> None:
    decoders, log = queue()

    def raising(error: Exception) -> Work[str]:
        def run(stop: Stop) -> str:
            raise error

        return run

    for error, told in (
        (RuntimeError("CUDA failed with error out of memory"), "smaller model"),
        (MemoryError(), "smaller model"),
        (RuntimeError("the shape is wrong"), "Whisper failed: the shape is wrong"),
    ):
        with pytest.raises(EngineError, match=told):
            await decoders.decode(Talker(), Rank.FINAL, lambda error=error: raising(error))
    with pytest.raises(EngineError, match="no audio"):
        await decoders.decode(Talker(), Rank.FINAL, _prepares_nothing)
    assert await decoders.decode(Talker(), Rank.FINAL, lambda: log.work("next")) == "next"


def _prepares_nothing() -> Work[str]:
    raise ValueError("no audio")


async def test_a_queue_whose_threads_have_ended_says_so() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(EngineError, match="open it again"):
        await DecodeQueue(executor, decoders=1).decode(Talker(), Rank.FINAL, lambda: Log().work("late"))
