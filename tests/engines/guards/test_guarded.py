"""Which guard an utterance gets, and which a recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.audio.pcm import silence
from syrinx.engines.guards.admission import Admission
from syrinx.engines.guards.guarded import UTTERANCE, Guard, GuardedStt
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.stt.contract import HeardAudio, Transcript, TranscriptionRequest
from syrinx.errors import EngineTimeout
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
