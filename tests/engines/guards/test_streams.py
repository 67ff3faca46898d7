"""Time-outs, strangers' errors, emptiness and retries around one request's stream."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from syrinx.engines.guards.streams import (
    RetryPolicy,
    TimeLimits,
    final_in_time,
    in_our_words,
    never_silent,
    not_empty,
    retried,
    within_time,
)
from syrinx.errors import BadInput, EngineBusy, EngineEmpty, EngineError, EngineTimeout
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


class Source:
    """Gives its items after their delays, then raises; tells how it ended."""

    def __init__(self, *delays_s: float, error: Exception | None = None) -> None:
        self.delays_s = delays_s
        self.error = error
        self.started = 0
        self.ended = ""

    async def items(self) -> AsyncGenerator[int, None]:
        self.started += 1
        self.ended = ""
        try:
            for number, delay_s in enumerate(self.delays_s):
                await asyncio.sleep(delay_s)
                yield number
            if self.error is not None:
                raise self.error
            self.ended = "finished"
        except GeneratorExit:
            self.ended = "closed"
            raise
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


async def all_of(stream: AsyncGenerator[int, None]) -> list[int]:
    async with aclosing(stream):
        return [item async for item in stream]


LIMITS = TimeLimits(first_item_s=2.0, next_item_s=1.0)


@virtual_time
async def test_a_stream_within_its_limits_passes_unchanged():
    assert await all_of(within_time(Source(1.9, 0.9, 0.0, 0.9).items(), LIMITS, name="engine")) == [0, 1, 2, 3]


@virtual_time
async def test_a_late_first_item_times_out_and_ends_the_source():
    source = Source(2.1)
    with pytest.raises(EngineTimeout, match="engine gave no first item within 2 s"):
        await all_of(within_time(source.items(), LIMITS, name="engine"))
    assert virtual_now_s() == pytest.approx(2.0)
    assert source.ended == "cancelled"


@virtual_time
async def test_a_late_next_item_times_out_counted_from_when_it_was_asked_for():
    source = Source(0.0, 0.5, 30.0)
    with pytest.raises(EngineTimeout, match="no next item within 1 s"):
        await all_of(within_time(source.items(), LIMITS, name="engine"))
    assert virtual_now_s() == pytest.approx(1.5)


@virtual_time
async def test_a_slow_reader_is_not_a_slow_engine():
    async with aclosing(within_time(Source(0.1, 0.9, 0.9).items(), LIMITS, name="engine")) as stream:
        async for _ in stream:
            await asyncio.sleep(60.0)


@virtual_time
async def test_no_limit_waits_for_ever():
    stream = within_time(Source(5000.0).items(), TimeLimits(first_item_s=None, next_item_s=None), name="engine")
    assert await all_of(stream) == [0]


@virtual_time
async def test_a_cancellation_from_outside_stays_one():
    source = Source(100.0)
    reading = asyncio.create_task(all_of(within_time(source.items(), LIMITS, name="engine")))
    await asyncio.sleep(1.0)
    reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled()
    assert source.ended == "cancelled"


@virtual_time
async def test_a_time_out_leaves_the_readers_task_uncancelled():
    with pytest.raises(EngineTimeout):
        await all_of(within_time(Source(9.0).items(), LIMITS, name="engine"))
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(1.0)


@virtual_time
async def test_closing_the_outer_stream_closes_the_source_at_once():
    source = Source(0.0, 0.0, 0.0)
    stream = not_empty(in_our_words(within_time(source.items(), LIMITS, name="engine"), name="engine"), name="engine")
    assert await anext(stream) == 0
    await stream.aclose()
    assert source.ended == "closed"


async def heard(*delays_s: float) -> AsyncGenerator[str, None]:
    for delay_s in delays_s:
        await asyncio.sleep(delay_s)
        yield "audio"


@virtual_time
async def test_an_utterance_may_last_but_its_final_transcript_must_come_soon_after():
    async def hangs_at_the_end(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        async for _ in audio:
            yield 1
        await asyncio.Event().wait()

    with pytest.raises(EngineTimeout, match="did not finish within 5 s of the end of the audio"):
        await all_of(final_in_time(hangs_at_the_end, heard(100.0, 200.0), within_s=5.0, name="engine"))
    assert virtual_now_s() == pytest.approx(305.0)


@virtual_time
async def test_an_utterance_that_finishes_in_time_passes():
    async def finishes(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        count = len([piece async for piece in audio])
        await asyncio.sleep(4.0)
        yield count

    assert await all_of(final_in_time(finishes, heard(100.0, 200.0), within_s=5.0, name="engine")) == [2]


@virtual_time
async def test_a_strangers_error_becomes_ours_and_is_not_retryable():
    with pytest.raises(EngineError, match="engine failed: KeyError: 'pitch'") as caught:
        await all_of(in_our_words(Source(0.0, error=KeyError("pitch")).items(), name="engine"))
    assert not caught.value.retryable
    with pytest.raises(BadInput, match="too long"):
        await all_of(in_our_words(Source(error=BadInput("too long")).items(), name="engine"))


@virtual_time
async def test_an_end_without_items_is_an_error():
    with pytest.raises(EngineEmpty, match="engine finished without producing anything"):
        await all_of(not_empty(Source().items(), name="engine"))


FAILING = EngineError("for a moment")


@virtual_time
async def test_a_retryable_error_before_the_first_item_is_tried_again_with_growing_waits():
    sources = [Source(error=FAILING), Source(error=FAILING), Source(0.0, 0.0)]
    waits_s: list[float] = []
    stream = retried(
        lambda: sources.pop(0).items(),
        RetryPolicy(attempts=3, first_wait_s=1.0),
        rng=random.Random(1),  # noqa: S311 - a test repeats itself
        on_retry=lambda _, wait_s: waits_s.append(wait_s),
    )
    assert await all_of(stream) == [0, 1]
    assert 0.5 <= waits_s[0] <= 1.0
    assert 1.0 <= waits_s[1] <= 2.0
    assert virtual_now_s() == pytest.approx(sum(waits_s))


@virtual_time
async def test_the_last_try_raises_its_error():
    source = Source(error=FAILING)
    with pytest.raises(EngineError, match="for a moment"):
        await all_of(retried(source.items, RetryPolicy(attempts=3)))
    assert source.started == 3


@virtual_time
async def test_nothing_is_tried_again_once_an_item_has_been_given():
    source = Source(0.0, error=FAILING)
    with pytest.raises(EngineError):
        await all_of(retried(source.items, RetryPolicy(attempts=3)))
    assert source.started == 1


@virtual_time
async def test_an_error_that_is_not_retryable_is_raised_at_once():
    source = Source(error=BadInput("no words"))
    with pytest.raises(BadInput):
        await all_of(retried(source.items, RetryPolicy(attempts=3)))
    assert source.started == 1


@virtual_time
async def test_a_busy_engine_is_given_the_time_that_it_asks_for():
    sources = [Source(error=EngineBusy("later", retry_after_s=3.0)), Source(0.0)]
    assert await all_of(retried(lambda: sources.pop(0).items(), RetryPolicy())) == [0]
    assert virtual_now_s() == pytest.approx(3.0)


@virtual_time
async def test_a_busy_engine_that_asks_for_too_long_is_not_waited_for():
    source = Source(error=EngineBusy("much later", retry_after_s=60.0))
    with pytest.raises(EngineBusy):
        await all_of(retried(source.items, RetryPolicy()))
    assert virtual_now_s() == 0.0


@virtual_time
async def test_a_time_out_longer_than_the_policys_span_is_not_waited_for_twice():
    source = Source(100.0)
    limits = TimeLimits(first_item_s=30.0)
    with pytest.raises(EngineTimeout):
        await all_of(retried(lambda: within_time(source.items(), limits, name="engine"), RetryPolicy(within_s=10.0)))
    assert source.started == 1


@virtual_time
async def test_closing_a_retried_stream_closes_the_try_under_way():
    source = Source(0.0, 0.0)
    stream = retried(source.items, RetryPolicy())
    await anext(stream)
    await stream.aclose()
    assert source.ended == "closed"


@virtual_time
async def test_a_cancellation_while_waiting_to_retry_goes_through():
    source = Source(error=FAILING)
    reading = asyncio.create_task(all_of(retried(source.items, RetryPolicy(first_wait_s=4.0))))
    await asyncio.sleep(1.0)
    reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled()
    assert source.started == 1


@virtual_time
async def test_a_recording_may_take_as_long_as_it_shows_signs_of_life():
    async def slow(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        count = 0
        async for _ in audio:
            await asyncio.sleep(4.0)
            count += 1
        for _ in range(100):
            await asyncio.sleep(4.0)
            yield count

    told = await all_of(never_silent(slow, heard(*[0.0] * 50), limit_s=5.0, name="engine"))
    assert told == [50] * 100
    assert virtual_now_s() == pytest.approx(600.0)


@virtual_time
async def test_an_engine_that_stands_still_after_a_recording_has_ended_is_given_up():
    async def hangs_at_the_end(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        async for _ in audio:
            yield 1
        await asyncio.Event().wait()

    with pytest.raises(EngineTimeout, match="engine neither took nor told anything for 5 s"):
        await all_of(never_silent(hangs_at_the_end, heard(1.0, 2.0), limit_s=5.0, name="engine"))
    assert virtual_now_s() == pytest.approx(8.0)


@virtual_time
async def test_an_engine_that_stands_still_amid_a_recording_is_given_up():
    async def hangs_amid(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        await anext(audio)
        await asyncio.Event().wait()
        yield 1

    async with aclosing(heard(1.0, 2.0)) as audio:
        with pytest.raises(EngineTimeout):
            await all_of(never_silent(hangs_amid, audio, limit_s=5.0, name="engine"))
    assert virtual_now_s() == pytest.approx(6.0)


@virtual_time
async def test_a_recording_that_comes_slowly_is_no_slow_engine():
    async def tells_at_the_end(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        yield len([piece async for piece in audio])

    assert await all_of(never_silent(tells_at_the_end, heard(100.0, 200.0), limit_s=5.0, name="engine")) == [2]


@virtual_time
async def test_an_engine_that_tells_while_it_awaits_audio_is_not_hurried():
    async def tells_beforehand(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        reading = asyncio.ensure_future(anext(audio))
        await asyncio.sleep(1.0)
        yield 1
        await reading
        yield 2

    async with aclosing(heard(100.0)) as audio:
        assert await all_of(never_silent(tells_beforehand, audio, limit_s=5.0, name="engine")) == [1, 2]


@virtual_time
async def test_who_reads_a_recordings_transcripts_slowly_takes_no_time_from_the_engine():
    async def tells(audio: AsyncIterator[str]) -> AsyncGenerator[int, None]:
        async for _ in audio:
            pass
        for number in range(3):
            await asyncio.sleep(4.0)
            yield number

    async with aclosing(never_silent(tells, heard(0.0), limit_s=5.0, name="engine")) as stream:
        async for _ in stream:
            await asyncio.sleep(60.0)
