"""Whole talks from microphone samples on: the real ear over a scripted detector and recogniser, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from tests.conversation.talk import STORY, FakeEngines, Talk, llm_saying

from syrinx.audio.pcm import PcmChunk, chunk_of, silence
from syrinx.conversation import Conversation, ConversationSettings
from syrinx.conversation.events import AudioPaused, AudioResumed, AudioStarted, AudioStopped, Failed, TurnMetrics
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

RATE_HZ = 16_000
FRAME_S = 0.032


def loud(seconds: float) -> PcmChunk:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return chunk_of((6000 * np.sin(2 * np.pi * 180 * times)).astype(np.int16), sample_rate_hz=RATE_HZ)


def quiet(seconds: float) -> PcmChunk:
    return silence(duration_ms=1000 * seconds, sample_rate_hz=RATE_HZ)


class Microphone:
    """Sends sound in real (virtual) time, silence when there is nothing else."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._pcm = bytearray()

    def speak(self, seconds: float) -> None:
        self._pcm += loud(seconds).pcm

    async def run(self) -> None:
        size = 2 * round(FRAME_S * RATE_HZ)
        while True:
            await asyncio.sleep(FRAME_S)
            piece = bytes(self._pcm[:size])
            del self._pcm[:size]
            self._conversation.hear(PcmChunk(pcm=piece.ljust(size, b"\0"), sample_rate_hz=RATE_HZ))


@asynccontextmanager
async def open_heard_talk(*scripts: SttScript, barge_in: bool = True) -> AsyncGenerator[tuple[Talk, Microphone], None]:
    engines = FakeEngines(llm=llm_saying(STORY, "All right, I stop."), stt=ScriptedStt(scripts))
    conversation = Conversation(engines=engines, settings=ConversationSettings(barge_in=barge_in), clock=virtual_now_s)
    talk = Talk(conversation, engines, [], reports=True)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(conversation.run())
        tasks.create_task(talk.read())
        microphone = Microphone(conversation)
        sending = tasks.create_task(microphone.run())
        await asyncio.sleep(0)
        conversation.start_listening()
        try:
            yield talk, microphone
        finally:
            sending.cancel()
            await conversation.aclose()
            await running
    engines.assert_nothing_left()


def heard(text: str) -> SttScript:
    return SttScript(text=text, partials=((400.0, text.split(maxsplit=1)[0]), (900.0, text)), settle_delay_s=0.05)


@virtual_time
async def test_a_turn_from_the_first_sample_to_the_last() -> None:
    async with open_heard_talk(heard("tell me a story")) as (talk, microphone):
        await talk.passes(1)
        microphone.speak(1.2)
        stopped = await talk.until(AudioStopped)
        assert (stopped.reason, stopped.heard) == ("finished", STORY)
        assert talk.transcripts() == {1: "tell me a story"}
        ms = talk.all(TurnMetrics)[0].ms
        assert 200 <= ms["endpoint"] <= 1300
        assert ms["transcript"] >= ms["endpoint"]


@virtual_time
async def test_the_story_is_cut_by_words_spoken_over_it() -> None:
    async with open_heard_talk(heard("tell me a story"), heard("no wait stop")) as (talk, microphone):
        microphone.speak(1.2)
        await talk.until(AudioStarted)
        await talk.passes(2)
        microphone.speak(1.2)
        await talk.until(AudioStopped, count=2)
        assert talk.stops() == [(1, "interrupted"), (2, "finished")]
        assert talk.transcripts() == {1: "tell me a story", 2: "no wait stop"}
        assert talk.when(AudioPaused) - talk.when(AudioStarted) < 2200


@virtual_time
async def test_a_cough_over_the_story_is_let_pass() -> None:
    cough = SttScript(text="")
    async with open_heard_talk(heard("tell me a story"), cough) as (talk, microphone):
        microphone.speak(1.2)
        await talk.until(AudioStarted)
        await talk.passes(2)
        microphone.speak(0.3)
        await talk.until(AudioResumed)
        assert (await talk.until(AudioStopped)).reason == "finished"


@virtual_time
async def test_stopping_to_listen_in_the_middle_of_a_word_answers_what_was_said() -> None:
    async with open_heard_talk(heard("tell me a story")) as (talk, microphone):
        microphone.speak(5)
        await talk.passes(1.5)
        talk.conversation.stop_listening()
        await talk.until(AudioStopped)
        assert talk.transcripts() == {1: "tell me a story"}
        assert talk.engines.leases == 0


@virtual_time
async def test_what_sounds_while_the_microphone_rests_is_not_heard() -> None:
    async with open_heard_talk(heard("tell me a story"), barge_in=False) as (talk, microphone):
        microphone.speak(1.2)
        await talk.until(AudioStarted)
        microphone.speak(3)
        assert (await talk.until(AudioStopped)).reason == "finished"
        await talk.passes(2)
        assert len(talk.engines.stt_engine.requests) == 1


@virtual_time
async def test_a_long_utterance_is_ended_at_the_cap_and_answered_with_its_rest() -> None:
    async with open_heard_talk(heard("tell me a very long story")) as (talk, microphone):
        microphone.speak(40)
        await talk.until(AudioStopped)
        assert talk.remembered()[0][1].startswith("tell me a very long story")
        assert talk.when(AudioStarted) > 29_000


@pytest.mark.parametrize("failure", ["raises", "hangs", "empty"])
def test_an_ear_that_fails_is_reported_and_the_next_words_are_heard(failure: str) -> None:
    @virtual_time
    async def run() -> None:
        broken = SttScript(text="lost", failure=failure, failure_after_ms=500)  # pyright: ignore[reportArgumentType]
        async with open_heard_talk(broken, heard("tell me a story")) as (talk, microphone):
            microphone.speak(1.2)
            await talk.until(Failed)
            await talk.passes(3)
            microphone.speak(1.2)
            assert (await talk.until(AudioStopped)).reason == "finished"

    run()
