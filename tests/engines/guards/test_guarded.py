"""Which guard an utterance gets, which a recording; and how long a reply holds its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.contract import Patience
from syrinx.engines.guards.admission import Admission
from syrinx.engines.guards.breaker import BreakerPolicy, CircuitBreaker
from syrinx.engines.guards.guarded import (
    MOST_AHEAD,
    UTTERANCE,
    Guard,
    GuardedLlm,
    GuardedStt,
    GuardedTts,
    GuardSettings,
)
from syrinx.engines.guards.streams import RetryPolicy
from syrinx.engines.llm.contract import LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.stt.contract import HeardAudio, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import LARGEST_CONDITIONING_BYTES, SpeechRequest
from syrinx.errors import BadAudio, BadInput, EngineBusy, EngineError, EngineResting, EngineTimeout
from syrinx.testing.audio import sine
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import CLONING, ScriptedTts, TtsScript
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


def sample(metrics: EngineMetrics, name: str, kind: str, engine: str) -> float | None:
    return metrics.collectors.get_sample_value(name, {"kind": kind, "engine": engine})


async def spoken(tts: GuardedTts, text: str = "hello there") -> None:
    async with aclosing(tts.synthesize(SpeechRequest(text=text))) as chunks:
        async for _ in chunks:
            await asyncio.sleep(1.0)  # a slow reader's time is not the engine's


@virtual_time
async def test_the_wait_for_a_place_and_the_pace_of_speaking_are_measured():
    metrics = EngineMetrics()
    tts = GuardedTts(
        # 11 characters of 60 ms each, in chunks of 60 ms: the first after 66 ms, each further one after 6 ms.
        ScriptedTts(TtsScript(first_chunk_s=0.066, real_time_factor=0.1, chunk_ms=60.0, char_ms=60.0)),
        Guard(
            kind="tts",
            name="flute",
            admission=Admission(name="flute", max_active=1, max_queued=1),
            metrics=metrics,
            settings=GuardSettings(),
        ),
    )
    await asyncio.gather(spoken(tts), spoken(tts))
    assert sample(metrics, "syrinx_engine_real_time_factor_count", "tts", "flute") == 2
    assert sample(metrics, "syrinx_engine_real_time_factor_sum", "tts", "flute") == pytest.approx(2 * 0.126 / 0.66)
    assert sample(metrics, "syrinx_engine_queue_seconds_count", "tts", "flute") == 2
    assert sample(metrics, "syrinx_engine_queue_seconds_sum", "tts", "flute") == pytest.approx(11.126)


@virtual_time
async def test_the_pace_of_a_recording_leaves_out_the_time_in_which_its_audio_is_awaited():
    metrics = EngineMetrics()
    ear = GuardedStt(
        ScriptedStt((SttScript(text="so it is", settle_delay_s=0.5),)),
        Guard(
            kind="stt",
            name="ear",
            admission=Admission(name="ear", max_active=1, max_queued=1),
            metrics=metrics,
            settings=UTTERANCE,
        ),
    )

    async def slowly() -> AsyncGenerator[HeardAudio, None]:
        for _ in range(2):
            await asyncio.sleep(10.0)
            yield silence(duration_ms=1_000, sample_rate_hz=16_000)

    for recording in (True, False):
        async with aclosing(slowly()) as audio:
            telling = ear.transcribe(audio, TranscriptionRequest(recording=recording))
            async with aclosing(telling) as transcripts:
                assert [one.text async for one in transcripts][-1] == "so it is"
    assert sample(metrics, "syrinx_engine_real_time_factor_count", "stt", "ear") == 1, "live speech has its own pace"
    assert sample(metrics, "syrinx_engine_real_time_factor_sum", "stt", "ear") == pytest.approx(0.25)


@virtual_time
async def test_an_engine_elsewhere_that_keeps_failing_is_left_alone_and_then_tried_again():
    engine = ScriptedTts(TtsScript(fail="raise"))
    admission = Admission(name="far", max_active=1, max_queued=1)
    tts = GuardedTts(
        engine,
        Guard(
            kind="tts",
            name="far",
            admission=admission,
            metrics=EngineMetrics(),
            settings=GuardSettings(),
            breaker=CircuitBreaker(name="far", policy=BreakerPolicy(failures=2, cool_down_s=5.0)),
        ),
    )
    for _ in range(2):
        with pytest.raises(EngineError, match="scripted"):
            await spoken(tts)
    tried = len(engine.requests)
    assert tried == 6, "three tries each: the breaker counts requests, not tries"
    with pytest.raises(EngineResting) as resting:
        await spoken(tts)
    assert len(engine.requests) == tried
    assert admission.active == 0
    engine.script = TtsScript()
    await asyncio.sleep(resting.value.retry_after_s + 0.1)
    await spoken(tts)
    await spoken(tts)


@virtual_time
async def test_an_engine_with_a_patience_of_its_own_is_given_that_time():
    settings = UTTERANCE.with_patience(Patience(final_within_s=60.0, recording_silence_s=400.0))
    assert (settings.final_within_s, settings.recording_silence_s) == (60.0, 400.0)
    assert settings.limits == UTTERANCE.limits
    assert settings.retry == UTTERANCE.retry
    limits = GuardSettings().with_patience(Patience(first_item_s=90.0)).limits
    assert (limits.first_item_s, limits.next_item_s) == (90.0, GuardSettings().limits.next_item_s)


LOW = sine(120.0, duration_ms=2_000.0)


def learning(tts: ScriptedTts, metrics: EngineMetrics, *, max_active: int = 4, attempts: int = 1) -> GuardedTts:
    guard = Guard(
        kind="tts",
        name="flute",
        admission=Admission(name="flute", max_active=max_active, max_queued=1),
        metrics=metrics,
        settings=GuardSettings(retry=RetryPolicy(attempts=attempts)),
    )
    return GuardedTts(tts, guard)


def times_learnt(metrics: EngineMetrics, outcome: str) -> float | None:
    labels = {"engine": "flute", "outcome": outcome}
    return metrics.collectors.get_sample_value("syrinx_engine_learning_seconds_count", labels)


@virtual_time
async def test_learning_a_voice_may_take_two_minutes_and_is_timed_apart_from_speech():
    metrics = EngineMetrics()
    slow = ScriptedTts(TtsScript(first_chunk_s=119.0), cloning=CLONING)
    assert (await learning(slow, metrics).condition(LOW, transcript="so it is", language="de")).startswith(b"tones-1")
    assert slow.learnt == [("so it is", "de")]
    assert virtual_now_s() == pytest.approx(119.0)
    hanging = ScriptedTts(TtsScript(fail="hang"), cloning=CLONING)
    with pytest.raises(EngineTimeout, match="within 120 s"):
        await learning(hanging, metrics).condition(LOW)
    assert (times_learnt(metrics, "ok"), times_learnt(metrics, "engine_timeout")) == (1, 1)
    assert sample(metrics, "syrinx_engine_first_item_seconds_count", "tts", "flute") is None


@virtual_time
async def test_who_learns_waits_for_a_place_like_everybody_else():
    metrics = EngineMetrics()
    tts = ScriptedTts(TtsScript(first_chunk_s=5.0), cloning=CLONING)
    guarded = learning(tts, metrics, max_active=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(spoken(guarded, "hi"))
        waiting = group.create_task(guarded.condition(LOW))
        await asyncio.sleep(1.0)
        with pytest.raises(EngineBusy):
            await guarded.condition(LOW)
    assert waiting.result()


@virtual_time
async def test_learning_is_tried_again_where_that_may_help_and_not_where_the_sample_is_bad():
    failing = ScriptedTts(TtsScript(fail="raise"), cloning=CLONING)
    with pytest.raises(EngineError, match="as it was told"):
        await learning(failing, EngineMetrics(), attempts=3).condition(LOW)
    assert len(failing.learnt) == 3
    tts = ScriptedTts(cloning=CLONING)
    with pytest.raises(BadAudio, match="too short"):
        await learning(tts, EngineMetrics(), attempts=3).condition(sine(120.0, duration_ms=300.0))
    assert len(tts.learnt) == 1


@virtual_time
async def test_an_engine_that_learns_no_voices_says_so_behind_its_guards_too():
    with pytest.raises(BadInput, match="learns no voices"):
        await learning(ScriptedTts(), EngineMetrics()).condition(LOW)


class Hoarder(ScriptedTts):
    """Learns more, or less, than can be kept."""

    def __init__(self, count: int) -> None:
        super().__init__(cloning=CLONING)
        self._count = count

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        return bytes(self._count)


@virtual_time
async def test_what_cannot_be_kept_of_a_voice_is_an_error_of_the_engine():
    for count in (0, LARGEST_CONDITIONING_BYTES + 1):
        with pytest.raises(EngineError, match=f"flute learnt {count} bytes") as raised:
            await learning(Hoarder(count), EngineMetrics()).condition(LOW)
        assert not raised.value.retryable
