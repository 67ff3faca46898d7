"""Whole talks in which the reply is prepared early, thrown away unheard, or begun anew with more words."""

from __future__ import annotations

import pytest
from tests.conversation.talk import STORY, FakeEngines, llm_saying, open_talk

from syrinx.conversation import ConversationRules, TurnRules
from syrinx.conversation.events import AudioStarted, AudioStopped, TranscriptUpdated, TurnMetrics
from syrinx.testing.fake_tts import TtsScript
from syrinx.testing.virtual_time import virtual_time


@virtual_time
async def test_a_reply_prepared_in_the_pause_is_heard_sooner() -> None:
    first_audio: dict[int, float] = {}
    for preparations in (0, 2):
        rules = ConversationRules(turns=TurnRules(preparations=preparations))
        async with open_talk(rules=rules) as talk:
            await talk.says("tell me a story")
            await talk.until(TurnMetrics)
            first_audio[preparations] = talk.all(TurnMetrics)[0].ms["first_audio"]
            assert len(talk.engines.llm_engine.requests) == 1
    assert first_audio[0] - first_audio[2] == pytest.approx(192, abs=5)


@virtual_time
async def test_a_reply_that_is_ready_before_the_turn_is_confirmed_flows_at_once_and_not_before() -> None:
    engines = FakeEngines(llm=llm_saying("Yes.", first_token_ms=10, token_ms=1))
    engines.tts_engine.script = TtsScript(first_chunk_s=0.02)
    async with open_talk(engines) as talk:
        await talk.speaks("are you there")
        await talk.falls_silent("are you there")
        await talk.passes(0.15)
        assert not talk.all(AudioStarted)
        assert engines.tts_engine.requests, "the sound is made ahead"
        await talk.ends("Are you there?")
        await talk.until(AudioStarted)
        assert talk.when(AudioStarted) - talk.final_words_ms(1) < 2
        assert len(engines.llm_engine.requests) == 1


@virtual_time
async def test_a_prepared_reply_is_thrown_away_unheard_when_the_speaker_goes_on() -> None:
    engines = FakeEngines(llm=llm_saying("It is noon.", "In Paris it is one."))
    async with open_talk(engines) as talk:
        await talk.speaks("what is the time")
        await talk.falls_silent("what is the time")
        await talk.goes_on()
        assert engines.llm_engine.closed_early == 1
        await talk.falls_silent("what is the time in paris")
        await talk.ends("what is the time in paris")
        await talk.until(AudioStopped)
        assert talk.remembered() == [("user", "what is the time in paris"), ("assistant", "In Paris it is one.")]
        assert "noon" not in talk.shown(1)


@virtual_time
async def test_so_many_replies_are_prepared_per_utterance_and_no_more() -> None:
    async with open_talk() as talk:
        await talk.speaks("one")
        for text in ("one", "one two", "one two three", "one two three four"):
            await talk.falls_silent(text)
            await talk.goes_on()
        assert len(talk.engines.llm_engine.requests) == 2
        await talk.ends("one two three four five")
        await talk.until(AudioStopped)
        assert len(talk.engines.llm_engine.requests) == 3


@virtual_time
async def test_words_said_while_thinking_are_one_turn_with_those_before() -> None:
    engines = FakeEngines(llm=llm_saying("Which one?", STORY))
    async with open_talk(engines) as talk:
        await talk.says("tell me a story")
        await talk.passes(0.1)
        await talk.speaks("about a fox")
        await talk.falls_silent("about a fox")
        await talk.ends("about a fox")
        await talk.until(AudioStopped)
        assert talk.remembered() == [("user", "tell me a story about a fox"), ("assistant", STORY)]
        assert talk.transcripts() == {1: "tell me a story about a fox"}
        assert talk.shown(1) == STORY
        assert talk.stops() == [(1, "finished")]


@virtual_time
async def test_a_cough_while_thinking_only_delays_the_reply() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.coughs()
        await talk.until(AudioStopped)
        assert talk.remembered() == [("user", "tell me a story"), ("assistant", STORY)]
        assert len(talk.engines.llm_engine.requests) == 1


@virtual_time
async def test_stopping_to_listen_answers_what_was_said() -> None:
    async with open_talk() as talk:
        await talk.speaks("tell me", "tell me a story")
        talk.conversation.stop_listening()
        await talk.until(AudioStopped)
        await talk.until_state("idle")
        assert talk.transcripts() == {1: "tell me a story"}
        assert not talk.conversation.listening
        assert talk.engines.leases == 0, "the ear is given back with the last words"


@virtual_time
async def test_a_very_long_utterance_is_answered_and_its_rest_is_one_turn_with_it() -> None:
    engines = FakeEngines(llm=llm_saying("I see.", "Quite so."))
    long = " ".join(["and then"] * 400)
    async with open_talk(engines) as talk:
        await talk.speaks(*[long[: 60 * count] for count in range(1, 50)])
        talk.ear.hear_too_long(long)
        await talk.passes(0.05)
        await talk.says("and that was all")
        await talk.until(AudioStopped)
        assert talk.remembered()[0] == ("user", f"{long} and that was all")
        finals = [event for event in talk.all(TranscriptUpdated) if event.final]
        assert [event.turn for event in finals] == [1, 1]
