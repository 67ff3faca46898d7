"""A listener hears utterances out of a stream of sound, and goes on whatever its ear does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from syrinx.audio import PcmChunk, Samples, silence
from syrinx.engines.stt.contract import HeardAudio, Pause, Transcript, TranscriptionRequest
from syrinx.errors import BadAudio, EngineError, RateLimited
from syrinx.speech import EndpointingRules, Listener, listening
from syrinx.speech.events import (
    HearingEvent,
    PartialTranscript,
    SpeechPaused,
    SpeechStarted,
    UtteranceEnded,
)
from syrinx.testing.audio import noise, rms, sine
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

# A tone has no prosody: here the words alone decide.
RULES = EndpointingRules(
    floor_ms=256,
    sure_ms=288,
    patience_ms=1200,
    bias=-6.0,
    words_weight=12.0,
    voice_weight=0.0,
    brevity_weight=0.0,
    wordless_ms=500,
)
DONE = "what time is it"
UNDONE = "I was going to the"


def speech(duration_ms: float) -> PcmChunk:
    return sine(200, duration_ms=duration_ms, sample_rate_hz=16_000, amplitude=0.3)


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=16_000)


class Talk:
    """A listener whose microphone is fed in (virtual) real time and whose events are collected."""

    def __init__(self, stt: ScriptedStt, *, rules: EndpointingRules = RULES, vad: ScriptedVad | None = None) -> None:
        self.stt = stt
        self.vad = vad or ScriptedVad()
        self.stream = self.vad.stream()
        self.language = "en"
        self.listener = Listener(
            vad=self.stream, stt=stt, language=lambda: self.language, rules=rules, clock=virtual_now_s
        )
        self.told: list[HearingEvent] = []

    async def collect(self) -> None:
        async with aclosing(self.listener.events()) as events:
            async for event in events:
                self.told.append(event)

    async def hear(self, *sounds: PcmChunk) -> None:
        for sound in sounds:
            for start in range(0, len(sound.pcm), 640):
                self.listener.feed(PcmChunk(pcm=sound.pcm[start : start + 640], sample_rate_hz=16_000))
                await asyncio.sleep(0.02)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.told if not isinstance(event, PartialTranscript)]

    def only(self, kind: type[HearingEvent]) -> list[HearingEvent]:
        return [event for event in self.told if isinstance(event, kind)]


@asynccontextmanager
async def talk(
    *scripts: SttScript, rules: EndpointingRules = RULES, stt: ScriptedStt | None = None, vad: ScriptedVad | None = None
) -> AsyncGenerator[Talk, None]:
    """Leaving it stops the listening and checks that the ear has nothing left under way."""
    begun = Talk(stt or ScriptedStt(scripts), rules=rules, vad=vad)
    collecting = asyncio.create_task(begun.collect())
    try:
        yield begun
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
        begun.stream.close()
    assert begun.stt.active == 0
    assert begun.vad.open_streams == 0


@virtual_time
async def test_an_utterance_is_heard_from_its_start_to_its_final_text() -> None:
    async with talk(SttScript(text=DONE, partials=((300, "what"), (600, "what time")))) as t:
        await t.hear(quiet(400), speech(800), quiet(1500))
    assert t.names() == ["SpeechStarted", "SpeechPaused", "UtteranceEnded"]
    started, ended = t.only(SpeechStarted)[0], t.only(UtteranceEnded)[0]
    assert isinstance(started, SpeechStarted)
    assert started.speech_from_ms == pytest.approx(400, abs=32)
    assert started.at_ms - started.speech_from_ms == pytest.approx(64)
    assert isinstance(ended, UtteranceEnded)
    assert (ended.text, ended.reason) == (DONE, "silence")
    assert ended.speech_until_ms == pytest.approx(1200, abs=32)
    assert [e.text for e in t.told if isinstance(e, PartialTranscript)] == ["what", "what time"]


@virtual_time
async def test_finished_words_end_the_turn_sooner_than_unfinished_ones() -> None:
    took_ms: dict[str, float] = {}
    for text in (DONE, UNDONE):
        async with talk(SttScript(text=text)) as t:
            await t.hear(speech(800), quiet(2500))
        ended = t.only(UtteranceEnded)[0]
        assert isinstance(ended, UtteranceEnded)
        took_ms[text] = ended.at_ms - ended.speech_until_ms
    assert took_ms[DONE] <= 480
    assert took_ms[UNDONE] >= 900


@virtual_time
async def test_no_first_syllable_is_lost() -> None:
    heard: list[PcmChunk] = []

    class Recording(ScriptedStt):
        async def transcribe(
            self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
        ) -> AsyncGenerator[Transcript, None]:
            async def kept() -> AsyncGenerator[HeardAudio, None]:
                async for item in audio:
                    if isinstance(item, PcmChunk):
                        heard.append(item)
                    yield item

            async with aclosing(super().transcribe(kept(), request)) as transcripts:
                async for transcript in transcripts:
                    yield transcript

    async with talk(stt=Recording((SttScript(text=DONE),))) as t:
        # A soft beginning that the detector does not take for speech, then a loud word.
        soft = noise(duration_ms=192, sample_rate_hz=16_000, amplitude=0.004)
        await t.hear(quiet(640), soft, speech(512), quiet(1500))
    sound = PcmChunk(pcm=b"".join(chunk.pcm for chunk in heard), sample_rate_hz=16_000)
    loud_from = next(k for k in range(0, sound.sample_count, 160) if rms(_part(sound, k, 160)) > 0.1)
    assert loud_from / 16 >= 280
    assert rms(_part(sound, loud_from - 192 * 16, 150 * 16)) > 0.001


def _part(chunk: PcmChunk, start: int, count: int) -> PcmChunk:
    return PcmChunk(pcm=chunk.pcm[2 * start : 2 * (start + count)], sample_rate_hz=chunk.sample_rate_hz)


@virtual_time
async def test_going_on_after_a_pause_resumes_the_same_utterance_and_its_timing_stays_true() -> None:
    async with talk(SttScript(text=UNDONE + " shop", partials=((100, UNDONE), (1500, UNDONE + " shop")))) as t:
        await t.hear(speech(608), quiet(608), speech(608), quiet(2000))
    assert t.names() == ["SpeechStarted", "SpeechPaused", "SpeechResumed", "SpeechPaused", "UtteranceEnded"]
    # All of both stretches and of the silence between them; of the last silence only what made it a pause.
    assert t.stt.heard_ms == pytest.approx(608 * 3 + 96, abs=64)


@virtual_time
async def test_the_silence_after_a_pause_is_held_back_from_the_ear() -> None:
    async with talk(SttScript(text=UNDONE)) as t:
        await t.hear(quiet(320), speech(640), quiet(3000))
    assert t.stt.heard_ms <= 320 + 640 + 96 + 64


@virtual_time
async def test_a_slow_ear_does_not_hold_the_pause_up() -> None:
    async with talk(SttScript(text=UNDONE + " shop", partials=((200, UNDONE),), settle_delay_s=3.0)) as t:
        await t.hear(speech(800), quiet(1000))
        paused = t.only(SpeechPaused)[0]
        assert isinstance(paused, SpeechPaused)
        assert paused.text == UNDONE
        assert paused.at_ms - paused.speech_until_ms == pytest.approx(96 + RULES.settle_ms, abs=64)
        await t.hear(quiet(4000))
    ended = t.only(UtteranceEnded)[0]
    assert isinstance(ended, UtteranceEnded)
    assert ended.text == UNDONE + " shop"
    assert ended.transcript_took_ms > 1000


@virtual_time
async def test_a_cough_ends_with_an_empty_text_and_prepares_nothing() -> None:
    async with talk(SttScript(text="")) as t:
        await t.hear(speech(200), quiet(2000))
    assert t.names() == ["SpeechStarted", "UtteranceEnded"]
    ended = t.told[-1]
    assert isinstance(ended, UtteranceEnded)
    assert ended.text == ""


@virtual_time
async def test_a_click_begins_nothing() -> None:
    async with talk(SttScript(text="no")) as t:
        await t.hear(quiet(320), speech(30), quiet(1000))
    assert t.told == []
    assert t.stt.requests == []


@virtual_time
async def test_releasing_ends_the_utterance_at_once() -> None:
    async with talk(SttScript(text=UNDONE)) as t:
        await t.hear(quiet(64), speech(500))
        t.listener.release()
        await asyncio.sleep(0.01)
        ended = t.told[-1]
        assert isinstance(ended, UtteranceEnded)
        assert (ended.text, ended.reason) == (UNDONE, "released")


@virtual_time
async def test_what_was_fed_before_the_release_is_heard_first() -> None:
    async with talk(SttScript(text=DONE)) as t:
        t.listener.feed(speech(800))
        t.listener.release()
        await asyncio.sleep(0.01)
    assert t.names() == ["SpeechStarted", "UtteranceEnded"]
    assert t.stt.heard_ms == pytest.approx(800)


@virtual_time
async def test_releasing_in_silence_tells_nothing() -> None:
    async with talk(SttScript()) as t:
        await t.hear(quiet(500))
        t.listener.release()
        await t.hear(quiet(100))
    assert t.told == []


@virtual_time
async def test_discarding_forgets_the_utterance_and_hears_the_next() -> None:
    async with talk(SttScript(text="one"), SttScript(text=DONE)) as t:
        await t.hear(speech(500))
        t.listener.discard()
        await asyncio.sleep(0.01)
        assert t.stt.active == 0
        await t.hear(quiet(1500), speech(500), quiet(1500))
    assert t.names() == ["SpeechStarted", "SpeechStarted", "SpeechPaused", "UtteranceEnded"]
    assert t.stream.resets == 1


@virtual_time
async def test_what_was_learnt_of_the_speaker_goes_to_the_next_request() -> None:
    async with talk(SttScript(text=DONE, adaptation="mean 7"), SttScript(text=DONE)) as t:
        for _ in range(3):
            await t.hear(speech(500), quiet(1500))
            t.language = "en-GB"
    assert [request.adaptation for request in t.stt.requests] == [None, "mean 7", "mean 7"]
    assert [request.language for request in t.stt.requests] == ["en", "en-GB", "en-GB"]


def test_a_failing_ear_is_told_and_listening_goes_on() -> None:
    failing = {
        "raises": SttScript(failure="raises", failure_after_ms=300),
        "hangs": SttScript(failure="hangs", failure_after_ms=300),
        "empty": SttScript(failure="empty"),
    }

    @virtual_time
    async def run(kind: str) -> None:
        async with talk(failing[kind], SttScript(text=DONE), rules=replace(RULES, final_timeout_s=3.0)) as t:
            await t.hear(speech(800), quiet(6000))
            assert t.stt.active == 0
            assert t.names() == ["SpeechStarted", "HearingFailed"], kind
            await t.hear(speech(800), quiet(1500))
        assert t.names()[2:] == ["SpeechStarted", "SpeechPaused", "UtteranceEnded"], kind

    for kind in failing:
        run(kind)


@virtual_time
async def test_what_was_understood_before_an_ear_hung_is_not_lost() -> None:
    script = SttScript(partials=((300, "what time"),), text=DONE, failure="hangs", failure_after_ms=600)
    async with talk(script, rules=replace(RULES, final_timeout_s=3.0)) as t:
        await t.hear(speech(800), quiet(6000))
        assert t.stt.active == 0
    ended = t.only(UtteranceEnded)[0]
    assert isinstance(ended, UtteranceEnded)
    assert ended.text == "what time"


@virtual_time
async def test_the_rest_of_an_utterance_that_failed_is_let_go_by() -> None:
    async with talk(SttScript(failure="raises", failure_after_ms=100), SttScript(text="never")) as t:
        await t.hear(speech(800), quiet(300), speech(800), quiet(2000))
    assert t.names() == ["SpeechStarted", "HearingFailed"]
    assert len(t.stt.requests) == 1


@virtual_time
async def test_an_ear_that_knows_no_such_language_fails_the_utterance_only() -> None:
    async with talk(SttScript(text=DONE)) as t:
        t.language = "tlh"
        await t.hear(speech(500), quiet(1500))
        t.language = "en"
        await t.hear(speech(500), quiet(1500))
    assert t.names() == ["SpeechStarted", "HearingFailed", "SpeechStarted", "SpeechPaused", "UtteranceEnded"]


@virtual_time
async def test_a_failing_detector_is_told_once_and_ends_what_was_under_way() -> None:
    async with talk(SttScript(text=DONE)) as t:
        await t.hear(speech(500))
        t.vad.error = EngineError("the detector broke")
        await t.hear(speech(1500))
        t.vad.error = None
        assert t.names() == ["SpeechStarted", "HearingFailed", "SpeechPaused", "UtteranceEnded"]
        await t.hear(quiet(500), speech(500), quiet(1500))
    assert t.names()[4:] == ["SpeechStarted", "SpeechPaused", "UtteranceEnded"]


@virtual_time
async def test_a_very_long_utterance_is_ended_at_a_gap_and_the_rest_is_another() -> None:
    rules = replace(RULES, cap_ms=4_000)
    async with talk(SttScript(text="much"), SttScript(text="more"), rules=rules) as t:
        for _ in range(4):
            await t.hear(speech(1300), quiet(90))
        await t.hear(quiet(2000))
    ended = t.only(UtteranceEnded)
    assert [(e.text, e.reason) for e in ended if isinstance(e, UtteranceEnded)] == [
        ("much", "too_long"),
        ("more", "silence"),
    ]


@virtual_time
async def test_a_microphone_that_falls_silent_for_good_ends_the_utterance() -> None:
    async with talk(SttScript(text=DONE)) as t:
        await t.hear(speech(500))
        await asyncio.sleep(RULES.stall_s + 0.1)
        assert t.names() == ["SpeechStarted", "UtteranceEnded"]


@virtual_time
async def test_events_stay_in_order_when_speech_begins_before_the_last_text_is_final() -> None:
    scripts = (SttScript(text=DONE, settle_delay_s=1.5), SttScript(text="and more"))
    async with talk(*scripts) as t:
        await t.hear(speech(500), quiet(1300), speech(500), quiet(3000))
    names = [name for name in t.names() if name in {"SpeechStarted", "UtteranceEnded"}]
    assert names == ["SpeechStarted", "UtteranceEnded"] * 2


@virtual_time
async def test_too_much_waiting_sound_and_other_rates_are_refused() -> None:
    vad, stt = ScriptedVad(), ScriptedStt()
    listener = Listener(vad=vad.stream(), stt=stt, language=lambda: "en")
    with pytest.raises(BadAudio, match="16000 Hz is needed"):
        listener.feed(silence(duration_ms=20, sample_rate_hz=48_000))
    listener.feed(quiet(9_900))
    with pytest.raises(RateLimited, match="10 s"):
        listener.feed(quiet(200))
    listener.feed(quiet(100))


@virtual_time
async def test_closing_in_the_middle_of_an_utterance_leaves_nothing_behind() -> None:
    async with talk(SttScript(text=DONE)) as t:
        await t.hear(speech(500))
        assert t.stt.active == 1


@virtual_time
async def test_an_ear_that_ends_early_with_a_final_text_is_believed() -> None:
    class Hasty(ScriptedStt):
        async def transcribe(
            self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
        ) -> AsyncGenerator[Transcript, None]:
            async for item in audio:
                if isinstance(item, Pause):
                    break
            yield Transcript(text=DONE, final=True)

    async with talk(stt=Hasty()) as t:
        await t.hear(speech(500), quiet(2000))
    ended = t.told[-1]
    assert isinstance(ended, UtteranceEnded)
    assert ended.text == DONE


@virtual_time
async def test_the_voice_is_judged_only_of_pauses_that_may_end_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_ms: list[float] = []

    def judge(samples: Samples) -> float:
        judged_ms.append(samples.size / 16)
        return 0.5

    monkeypatch.setattr(listening, "finality", judge)
    async with talk(SttScript(text=DONE)) as t:
        await t.hear(speech(800), quiet(190), speech(600), quiet(1500))
    assert t.names()[-1] == "UtteranceEnded"
    assert len(judged_ms) == 1, "the short pause was none to judge, the end was, and once"
    assert judged_ms[0] >= 1200
