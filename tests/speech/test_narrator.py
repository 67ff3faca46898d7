"""Whole texts are narrated in order, without a gap, and an engine stops when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from tests.speech.narrating import (
    FIRST,
    SAMPLES_PER_MS,
    SECOND,
    TEXT,
    THIRD,
    BusyTts,
    Voices,
    narrating,
    plain,
    samples,
    sentences,
    ssml,
    told,
    tones_ms,
)

from syrinx.engines.guards.admission import Admission
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest
from syrinx.errors import (
    BadInput,
    EngineBusy,
    EngineError,
    UnknownEngine,
    UnknownLanguage,
    UnknownVoice,
)
from syrinx.speech.narration import (
    NarratedSentence,
    NarratedSound,
    Narration,
    NarrationRequest,
    SentenceDone,
)
from syrinx.speech.narrator import NARRATION_RULES, open_narrator
from syrinx.testing.audio import click_ratio
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

SENTENCE = NARRATION_RULES.sentence_pause_ms
PARAGRAPH = NARRATION_RULES.paragraph_pause_ms


async def into(heard: list[object], narration: Narration) -> None:
    async with aclosing(narration.events()) as events:
        async for event in events:
            heard.append(event)  # noqa: PERF401 - kept also where the events break off


@virtual_time
async def test_sentences_are_spoken_in_order_with_exact_pauses_between() -> None:
    async with narrating(ScriptedTts()) as narrate:
        narration = await narrate(plain())
        events = await told(narration)
    order = [
        type(event).__name__ + str(event.index)
        for event in events
        if isinstance(event, NarratedSentence | SentenceDone)
    ]
    assert order == [f"{name}{index}" for index in range(3) for name in ("NarratedSentence", "SentenceDone")]
    assert len(samples(events)) == (tones_ms(FIRST, SECOND, THIRD) + SENTENCE + PARAGRAPH) * SAMPLES_PER_MS
    first, second, third = sentences(events)
    assert (first.at_ms, second.at_ms) == (0.0, tones_ms(FIRST) + SENTENCE)
    assert third.at_ms == tones_ms(FIRST, SECOND) + SENTENCE + PARAGRAPH
    assert [TEXT[each.start_char : each.end_char] for each in (first, second, third)] == [FIRST, SECOND, THIRD]
    assert (narration.engine, narration.voice, narration.language) == ("first", "", "en")


@virtual_time
async def test_nothing_clicks_where_two_sentences_join() -> None:
    async with narrating(ScriptedTts()) as narrate:
        events = await told(await narrate(plain()))
    sound = samples(events)
    for done in (event for event in events if isinstance(event, SentenceDone)):
        at = round(done.at_ms * SAMPLES_PER_MS)
        if at < sound.size:
            assert click_ratio(sound, at) < 1.5
            assert not sound[at : at + 1000].any()


@virtual_time
async def test_the_first_sound_waits_for_no_second_sentence() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=1.0, real_time_factor=0.5))
    async with narrating(tts) as narrate:
        narration = await narrate(plain())
        assert virtual_now_s() == 1.0
        assert len(tts.requests) == 1
        assert narration.timing.first_sound_ms == 1000.0
        assert not narration.timing.cached
        await narration.aclose()


@virtual_time
async def test_whoever_leaves_stops_the_engine_at_once() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=1.0))
    voices = Voices(engines={"first": tts})
    async with open_narrator(voices.lease, language="en") as narrate:
        narration = await narrate(plain())
        await asyncio.sleep(1)
        assert tts.active
        await narration.aclose()
        assert not tts.active
        assert tts.closed_early
        assert voices.open == 0
        await narration.aclose()


@virtual_time
async def test_who_is_cancelled_before_the_first_sound_leaves_nothing_behind() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=60.0))
    async with narrating(tts) as narrate:
        asking = asyncio.create_task(narrate(plain()))
        await asyncio.sleep(1)
        assert tts.active == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert tts.active == 0


@virtual_time
async def test_a_listener_who_stops_listening_keeps_no_place_in_the_engine() -> None:
    tts = ScriptedTts()
    async with narrating(tts) as narrate:
        narration = await narrate(
            plain(" ".join(f"This is sentence number {n} of a very long text." for n in range(500)))
        )
        await asyncio.sleep(10)
        begun = len(tts.requests)
        assert tts.active == 0
        assert begun < 40
        await asyncio.sleep(1000)
        assert len(tts.requests) == begun
        await narration.aclose()


@virtual_time
async def test_of_a_million_characters_only_what_is_heard_next_is_cut_and_held() -> None:
    line = "It goes on and on for ever and ever, and nobody knows how all of this is going to end at last. "
    tts = ScriptedTts(TtsScript(char_ms=10.0, chunk_ms=500.0))
    async with narrating(tts, held_bytes=1_000_000) as narrate:
        narration = await narrate(plain(line * (1_000_000 // len(line))))
        assert len(tts.requests) == 1
        heard_ms = 0.0
        async with aclosing(narration.events()) as events:
            async for event in events:
                if isinstance(event, NarratedSound):
                    heard_ms += event.chunk.duration_ms
                    begun_ms = sum(len(request.text) * 10.0 for request in tts.requests)
                    # Held by the workshop, by the reel, and two sentences at work.
                    assert begun_ms - heard_ms < NARRATION_RULES.waiting_audio_ms + 10_000.0
                if heard_ms > 300_000.0:
                    break
        assert narrate.held_bytes < 1_100_000
        await narration.aclose()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (plain(""), BadInput),
        (plain("... --- ...\n\n***"), BadInput),
        (NarrationRequest(text=TEXT, voice="nobody"), UnknownVoice),
        (NarrationRequest(text=TEXT, language="xx"), UnknownLanguage),
        (NarrationRequest(text=TEXT, engine="none"), UnknownEngine),
        (NarrationRequest(text=TEXT, speed=0.2), BadInput),
        (NarrationRequest(text=TEXT, speed=float("nan")), BadInput),
        (NarrationRequest(text=TEXT, pitch_semitones=13.0), BadInput),
        (ssml("<break time='1s'/>"), BadInput),
        (ssml(f"{TEXT} <video/>"), BadInput),
        (replace(ssml(f"{TEXT} <prosody rate='300%'>Too fast.</prosody>"), speed=2.0), BadInput),
    ],
)
def test_what_cannot_be_spoken_is_refused_before_any_sound(request_: NarrationRequest, error: type[Exception]) -> None:
    @virtual_time
    async def refused() -> None:
        tts = ScriptedTts()
        async with narrating(tts) as narrate:
            with pytest.raises(error):
                await narrate(request_)
        assert not tts.requests

    refused()


@virtual_time
async def test_an_error_in_the_middle_ends_it_behind_what_was_said() -> None:
    tts = ScriptedTts(scripts={SECOND: TtsScript(fail="raise")})
    async with narrating(tts) as narrate:
        narration = await narrate(plain())
        heard: list[object] = []
        with pytest.raises(EngineError, match="scripted"):
            await into(heard, narration)
        await narration.aclose()
    assert [event.index for event in heard if isinstance(event, SentenceDone)] == [0]
    sounds = [event.chunk.sample_count for event in heard if isinstance(event, NarratedSound)]
    assert sum(sounds) == tones_ms(FIRST) * SAMPLES_PER_MS


@virtual_time
async def test_an_engine_that_is_busy_at_the_beginning_is_told_of_at_once() -> None:
    async with narrating(BusyTts(FIRST, refusals=1)) as narrate:
        with pytest.raises(EngineBusy):
            await narrate(plain())
        assert virtual_now_s() == 0.0
        assert sentences(await told(await narrate(plain())))


@virtual_time
async def test_an_engine_that_is_busy_in_the_middle_is_waited_for() -> None:
    async with narrating(BusyTts(SECOND, refusals=5)) as narrate:
        events = await told(await narrate(plain()))
    assert len(sentences(events)) == 3
    assert virtual_now_s() == pytest.approx(5.0, abs=0.1)


@virtual_time
async def test_one_that_stays_busy_for_a_minute_ends_it() -> None:
    async with narrating(BusyTts(SECOND, refusals=1000)) as narrate:
        narration = await narrate(plain())
        with pytest.raises(EngineBusy):
            await told(narration)
    assert 60.0 <= virtual_now_s() < 70.0


class QueuedTts(ScriptedTts):
    """Speaks one request at a time, as an engine behind its guards does."""

    def __init__(self, script: TtsScript) -> None:
        super().__init__(script)
        self._admission = Admission(name="queued", max_active=1, max_queued=10)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        async with self._admission.place(), aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk


@virtual_time
async def test_the_wait_for_a_place_is_told() -> None:
    async with narrating(QueuedTts(TtsScript(first_chunk_s=2.0))) as narrate:
        first, second = await asyncio.gather(narrate(plain(FIRST)), narrate(plain(SECOND)))
        assert (first.timing.queued_ms, first.timing.first_sound_ms) == (0.0, 2000.0)
        assert (second.timing.queued_ms, second.timing.first_sound_ms) == (2000.0, 4000.0)
        await first.aclose()
        await second.aclose()
