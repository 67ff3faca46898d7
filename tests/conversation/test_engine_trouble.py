"""Whole talks with engines that fail, hang or give nothing: it is said, nothing is left behind, the talk goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from tests.conversation.talk import FakeEngines, Talk, llm_playing, llm_saying, open_talk

from syrinx.conversation.events import AudioResumed, AudioStarted, AudioStopped, Failed, Notice, SentenceOut
from syrinx.conversation.settings import MAX_REPLY_CHARS
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest
from syrinx.errors import EngineBusy, EngineError, EngineUnavailable
from syrinx.speech.events import HearingFailed
from syrinx.testing.fake_llm import LlmScript, saying
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_time

GOOD = saying("Now it works.")


async def ask_twice(talk: Talk) -> None:
    """A turn that goes wrong, then one that must not."""
    await talk.says("hello there")
    await talk.until(Failed)
    await talk.until_state("listening")
    await talk.says("and now")
    await talk.until(AudioStopped)
    assert talk.remembered()[-1] == ("assistant", "Now it works.")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (LlmScript(failure="raises"), "engine_failed"),
        (LlmScript(failure="raises", error=lambda: RuntimeError("a bug")), "internal"),
        (LlmScript(failure="empty"), "engine_empty"),
        (LlmScript(deltas=("  ", "\n"), failure="empty", failure_after=2), "engine_empty"),
        (LlmScript(failure="hangs"), "engine_timeout"),
    ],
)
def test_a_language_model_that_gives_nothing_is_reported_and_the_next_turn_works(broken: LlmScript, code: str) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk(FakeEngines(llm=llm_playing(broken, GOOD))) as talk:
            await ask_twice(talk)
            assert talk.errors() == [code]
            assert talk.all(Failed)[0].turn == 1
            assert talk.stops() == [(2, "finished")], "a reply that never sounded does not stop sounding"
            assert talk.remembered()[:2] == [("user", "hello there"), ("user", "and now")]

    run()


@virtual_time
async def test_a_language_model_that_dies_mid_sentence_is_heard_as_far_as_it_came() -> None:
    script = LlmScript(
        deltas=("It was ", "a dark night. ", "The wind ", "blew and "), failure="raises", failure_after=4
    )
    async with open_talk(FakeEngines(llm=llm_playing(script, GOOD))) as talk:
        await talk.says("tell me a story")
        stopped = await talk.until(AudioStopped)
        assert (stopped.reason, stopped.heard) == ("failed", "It was a dark night. The wind blew and")
        assert talk.errors() == ["engine_failed"]
        assert talk.when(AudioStarted) < talk.when(Failed) < talk.when(AudioStopped)
        assert talk.player.played_ms == pytest.approx(talk.player.received_ms, abs=130)
        await talk.says("and now")
        await talk.until(AudioStopped, count=2)
        assert talk.remembered()[-1] == ("assistant", "Now it works.")


@virtual_time
async def test_a_language_model_that_hangs_mid_sentence_is_given_up() -> None:
    script = LlmScript(deltas=("It was a dark night. ", "The wind "), failure="hangs", failure_after=2)
    async with open_talk(FakeEngines(llm=llm_playing(script, GOOD))) as talk:
        await talk.says("tell me a story")
        stopped = await talk.until(AudioStopped)
        assert (stopped.reason, stopped.heard) == ("failed", "It was a dark night.")
        assert talk.errors() == ["engine_timeout"]
        await talk.says("and now")
        await talk.until(AudioStopped, count=2)


def voice(**failure: object) -> ScriptedTts:
    return ScriptedTts(TtsScript(first_chunk_s=0.1, **failure))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("fail", ["raise", "empty", "hang"])
def test_a_voice_that_fails_leaves_the_text(fail: str) -> None:
    @virtual_time
    async def run() -> None:
        engines = FakeEngines(llm=llm_saying("You can read this. Can you not?"), tts=voice(fail=fail))
        async with open_talk(engines) as talk:
            await talk.says("hello there")
            await talk.until(Failed)
            await talk.until_state("listening", within_s=300)
            assert not talk.all(AudioStarted)
            assert [out.spoken for out in talk.all(SentenceOut)] == [False] * len(talk.all(SentenceOut))
            assert talk.remembered() == [
                ("user", "hello there"),
                ("assistant", "You can read this. Can you not?"),
            ]
            assert len(talk.errors()) == 1, "said once, not for every sentence"

    run()


@pytest.mark.parametrize("fail", ["raise", "empty"])
def test_another_voice_steps_in_and_says_so(fail: str) -> None:
    @virtual_time
    async def run() -> None:
        engines = FakeEngines(llm=llm_saying("You can hear this."), tts=voice(fail=fail), fallback=voice())
        async with open_talk(engines) as talk:
            await talk.says("hello there")
            assert (await talk.until(AudioStopped)).heard == "You can hear this."
            notice = talk.all(Notice)[0]
            assert notice.code == "voice_fell_back"
            assert "basic" in notice.message

    run()


@virtual_time
async def test_a_voice_that_cannot_be_opened_is_replaced_too() -> None:
    engines = FakeEngines(llm=llm_saying("You can hear this."), fallback=voice())
    engines.unavailable["tts"] = EngineUnavailable("kokoro is not installed: syrinx engines install kokoro")
    async with open_talk(engines) as talk:
        await talk.says("hello there")
        assert (await talk.until(AudioStopped)).heard == "You can hear this."
        assert "engines install" in talk.all(Notice)[0].message


@virtual_time
async def test_a_voice_that_breaks_off_in_a_sentence_does_not_keep_the_others_from_being_heard() -> None:
    tts = ScriptedTts(
        TtsScript(first_chunk_s=0.1),
        scripts={"This one breaks off here.": TtsScript(first_chunk_s=0.1, fail="raise", fail_after=3)},
    )
    engines = FakeEngines(llm=llm_saying("One is whole. This one breaks off here. And this is the third."), tts=tts)
    async with open_talk(engines) as talk:
        await talk.says("hello there")
        stopped = await talk.until(AudioStopped)
        assert stopped.reason == "finished"
        assert "And this is the third." in [out.text.strip() for out in talk.all(SentenceOut) if out.spoken]


class VoiceOfTones(ScriptedTts):
    """Tells no word times, so that a broken sentence cannot be taken up again from a word."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, words=())


@virtual_time
async def test_a_sentence_that_broke_off_for_good_is_remembered_as_far_as_it_was_spoken_and_told_of() -> None:
    tts = VoiceOfTones(
        TtsScript(first_chunk_s=0.1),
        scripts={"This one breaks off here.": TtsScript(first_chunk_s=0.6, fail="raise", fail_after=9)},
    )
    tts.capabilities = replace(tts.capabilities, word_times=False)
    engines = FakeEngines(llm=llm_saying("One is whole. This one breaks off here. And this is the third."), tts=tts)
    async with open_talk(engines) as talk:
        await talk.says("hello there")
        stopped = await talk.until(AudioStopped)
        assert stopped.reason == "finished"
        assert stopped.played_ms == pytest.approx(talk.player.received_ms, abs=1)
        assert [(failed.error.code, failed.turn) for failed in talk.all(Failed)] == [("engine_failed", 1)]
        heard = talk.remembered()[-1][1]
        assert heard == stopped.heard
        before, _, behind = heard.partition("… ")
        assert behind == "And this is the third."
        assert before.startswith("One is whole. This")
        assert before in "One is whole. This one breaks off"
        assert talk.conversation.memory.entries[-1].text.count("off here") == 1, "all that was shown is kept beside it"
        await talk.says("and now")
        await talk.until(AudioStopped, count=2)
        asked_anew = [request for request in tts.requests if request.text == "One is whole."][1]
        assert len(asked_anew.context) == 2, "only whole sentences keep a voice steady"


@pytest.mark.parametrize(("chars", "is_cut"), [(30_000, True), (20_000, False)])
def test_a_reply_that_is_too_long_is_ended_and_the_person_is_told(chars: int, is_cut: bool) -> None:
    @virtual_time
    async def run() -> None:
        sentence = "This goes on and on. "
        quick = ScriptedTts(TtsScript(char_ms=4))
        engines = FakeEngines(llm=llm_playing(LlmScript(deltas=(sentence,) * (chars // len(sentence)))), tts=quick)
        async with open_talk(engines) as talk:
            await talk.says("tell me everything")
            stopped = await talk.until(AudioStopped, within_s=3600)
            assert stopped.reason == "finished"
            notices = [notice for notice in talk.all(Notice) if notice.code == "reply_too_long"]
            assert [notice.turn for notice in notices] == [1] * is_cut
            longest = MAX_REPLY_CHARS if is_cut else chars
            assert longest - len(sentence) < len(talk.shown(1)) <= longest + len(sentence)

    run()


@pytest.mark.parametrize(
    "error",
    [
        EngineUnavailable("no key is set: set OPENROUTER_API_KEY"),
        EngineBusy("too much to do", retry_after_s=3.0),
    ],
)
def test_a_language_model_that_cannot_be_opened_is_reported(error: EngineError) -> None:
    @virtual_time
    async def run() -> None:
        engines = FakeEngines()
        engines.unavailable["llm"] = error
        async with open_talk(engines) as talk:
            await talk.says("hello there")
            failed = await talk.until(Failed)
            assert failed.error is error
            await talk.until_state("listening")

    run()


@virtual_time
async def test_an_ear_that_fails_on_an_utterance_is_reported_and_hears_the_next() -> None:
    async with open_talk(FakeEngines(llm=llm_playing(GOOD))) as talk:
        await talk.speaks("hello")
        talk.ear.hear(HearingFailed(at_ms=0, error=EngineError("the ear failed")))
        await talk.until(Failed)
        assert talk.transcripts() == {}
        await talk.says("and now")
        await talk.until(AudioStopped)


@virtual_time
async def test_an_ear_that_fails_over_a_reply_lets_the_reply_go_on() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.speaks()
        talk.ear.hear(HearingFailed(at_ms=0, error=EngineError("the ear failed")))
        await talk.until(AudioResumed)
        assert (await talk.until(AudioStopped)).reason == "finished"


@virtual_time
async def test_an_ear_from_which_nothing_comes_in_the_middle_of_an_utterance_is_asked_and_given_up() -> None:
    async with open_talk() as talk:
        await talk.speaks("hello")
        talk.ear.under_way = False  # it will not even answer a release
        failed = await talk.until(Failed)
        assert failed.error.code == "engine_timeout"
        await talk.until_state("listening")


@pytest.mark.parametrize("kind", ["stt", "vad"])
def test_an_ear_that_cannot_be_opened_is_reported_and_typing_still_works(kind: str) -> None:
    @virtual_time
    async def run() -> None:
        engines = FakeEngines(llm=llm_playing(GOOD))
        engines.unavailable[kind] = EngineUnavailable("whisper is not installed")
        async with open_talk(engines) as talk:
            await talk.until(Failed)
            assert not talk.conversation.listening
            assert talk.conversation.state == "idle"
            talk.conversation.say("and now")
            await talk.until(AudioStopped)
            del engines.unavailable[kind]
            talk.conversation.start_listening()
            await talk.passes(0.01)
            await talk.says("and now again")
            await talk.until(AudioStopped, count=2)

    run()


MOMENTS: tuple[Callable[[Talk], Awaitable[object]], ...] = (
    lambda talk: talk.passes(0),
    lambda talk: talk.speaks("tell me"),
    lambda talk: talk.falls_silent("tell me"),
    lambda talk: talk.ends("tell me a story"),
    lambda talk: talk.passes(0.1),
    lambda talk: talk.until(AudioStarted),
    lambda talk: talk.passes(1),
    lambda talk: talk.speaks(),
    lambda talk: talk.speaks("stop it"),
    lambda talk: talk.ends("stop it"),
)
"""A talk step by step."""


@pytest.mark.parametrize("last", range(len(MOMENTS)))
def test_closed_at_any_moment_nothing_is_left_behind(last: int) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk() as talk:
            for moment in MOMENTS[: last + 1]:
                await moment(talk)
        assert talk.conversation.close_reason == "asked"

    run()
