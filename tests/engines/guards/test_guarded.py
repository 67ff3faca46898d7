"""Which guard an utterance gets, which a recording; and how long a reply holds its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.audio.pcm import silence
from syrinx.engines.guards.admission import Admission
from syrinx.engines.guards.guarded import MOST_AHEAD, UTTERANCE, Guard, GuardedLlm, GuardedStt, GuardSettings
from syrinx.engines.llm.contract import LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.stt.contract import HeardAudio, Transcript, TranscriptionRequest
from syrinx.errors import EngineError, EngineTimeout
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


async def something() -> AsyncGenerator[HeardAudio, None]:
    yield silence(duration_ms=1_000, sample_rate_hz=16_000)


def guarded(script: SttScript) -> GuardedStt:
    admission = Admission(name="ear", max_active=1, max_queued=1)
    return GuardedStt(
        ScriptedStt((script,)),
        Guard(kind="stt", name="ear", admission=admission, metrics=EngineMetrics(), settings=UTTERANCE),
    )


async def heard(stt: GuardedStt, request: TranscriptionRequest) -> list[Transcript]:
    async with aclosing(something()) as audio, aclosing(stt.transcribe(audio, request)) as transcripts:
        return [transcript async for transcript in transcripts]


@virtual_time
async def test_who_speaks_now_does_not_wait_longer_than_twenty_seconds_for_the_words():
    with pytest.raises(EngineTimeout, match="within 20 s of the end"):
        await heard(guarded(SttScript(text="late", settle_delay_s=21.0)), TranscriptionRequest())
    assert virtual_now_s() == pytest.approx(20.0)


@virtual_time
async def test_a_recording_may_take_longer_and_the_engine_is_told_that_it_is_one():
    told = await heard(guarded(SttScript(text="late", settle_delay_s=119.0)), TranscriptionRequest(recording=True))
    assert told[-1].text == "late"
    assert told[-1].heard_ms == pytest.approx(1_000)


@virtual_time
async def test_a_recording_is_given_up_when_the_engine_stands_still():
    with pytest.raises(EngineTimeout, match="for 120 s"):
        await heard(guarded(SttScript(failure="hangs")), TranscriptionRequest(recording=True))
    assert virtual_now_s() == pytest.approx(120.0)
    await asyncio.sleep(0)


class Talker:
    """A language model that answers at once, with so many words; counts those it made and the replies it closed."""

    capabilities = LlmCapabilities(model="talker")

    def __init__(self, words: int, *, fails: bool = False) -> None:
        self._words = words
        self._fails = fails
        self.made = 0
        self.closed = 0

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        try:
            for _ in range(self._words):
                self.made += 1
                yield TextDelta(text="word ")
            if self._fails:
                raise EngineError("the talker fell silent")
        finally:
            self.closed += 1


def one_at_a_time(talker: Talker) -> tuple[GuardedLlm, Admission]:
    admission = Admission(name="mind", max_active=1, max_queued=4)
    guard = Guard(kind="llm", name="mind", admission=admission, metrics=EngineMetrics(), settings=GuardSettings())
    return GuardedLlm(talker, guard), admission


REQUEST = ReplyRequest(messages=())


@virtual_time
async def test_a_second_talk_is_answered_while_the_reply_to_the_first_is_still_being_spoken():
    llm, admission = one_at_a_time(Talker(50))
    async with aclosing(llm.reply(REQUEST)) as first:
        await anext(first)
        async with aclosing(llm.reply(REQUEST)) as second:
            assert len([delta async for delta in second]) == 50
        assert admission.active == 0
        assert len([delta async for delta in first]) == 49


@virtual_time
async def test_a_reply_that_is_thrown_away_gives_its_place_back_before_its_closing_returns():
    talker = Talker(10 * MOST_AHEAD)
    llm, admission = one_at_a_time(talker)
    reply = llm.reply(REQUEST)
    await anext(reply)
    assert admission.active == 1
    await reply.aclose()
    assert (admission.active, talker.closed) == (0, 1)


@virtual_time
async def test_a_reply_without_end_is_not_made_without_end_when_nobody_reads_it():
    talker = Talker(10 * MOST_AHEAD)
    llm, _ = one_at_a_time(talker)
    async with aclosing(llm.reply(REQUEST)) as reply:
        await anext(reply)
        await asyncio.sleep(60.0)
        assert talker.made <= MOST_AHEAD + 2


@virtual_time
async def test_the_error_of_a_reply_comes_after_what_was_said_before_it():
    llm, admission = one_at_a_time(Talker(3, fails=True))
    heard: list[str] = []
    async with aclosing(llm.reply(REQUEST)) as reply:
        for _ in range(3):
            heard.append((await anext(reply)).text)
            await asyncio.sleep(1.0)
        with pytest.raises(EngineError, match="fell silent"):
            await anext(reply)
    assert (len(heard), admission.active) == (3, 0)
