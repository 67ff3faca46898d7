"""Whole talks without trouble: one turn after another, spoken and typed, and what is told of them."""

from __future__ import annotations

import pytest
from tests.conversation.talk import STORY, FakeEngines, llm_saying, open_talk

from syrinx.conversation.events import (
    AudioOut,
    AudioSent,
    AudioStarted,
    AudioStopped,
    Notice,
    ReplyDelta,
    SentenceOut,
    StateChanged,
    TurnMetrics,
    WordsOut,
)
from syrinx.engines.llm.contract import LlmCapabilities
from syrinx.errors import BadInput
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_time


@virtual_time
async def test_a_spoken_turn_is_understood_answered_and_heard() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        stopped = await talk.until(AudioStopped)
        await talk.until_state("listening")
        assert talk.transcripts() == {1: "tell me a story"}
        assert talk.shown(1) == STORY
        assert stopped == AudioStopped(turn=1, reason="finished", played_ms=stopped.played_ms, heard=STORY)
        assert [event.state for event in talk.all(StateChanged)] == [
            "listening",
            "hearing",
            "thinking",
            "speaking",
            "listening",
        ]
        assert talk.remembered() == [("user", "tell me a story"), ("assistant", STORY)]


@virtual_time
async def test_the_sentences_joined_are_the_reply_and_lie_where_their_sound_is() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        stopped = await talk.until(AudioStopped)
        sentences = talk.all(SentenceOut)
        assert "".join(sentence.text for sentence in sentences) == STORY
        assert [sentence.index for sentence in sentences] == list(range(len(sentences)))
        places = [sentence.at_ms for sentence in sentences]
        assert places == sorted(places)
        assert places[0] == 0
        sent_ms = talk.all(AudioSent)[0].duration_ms
        assert sum(out.chunk.duration_ms for out in talk.all(AudioOut)) == pytest.approx(sent_ms, abs=0.1)
        assert stopped.played_ms == pytest.approx(sent_ms, abs=0.1)
        assert places[-1] < sent_ms
        words = [word for out in talk.all(WordsOut) for word in out.words]
        assert [word.text for word in words[:4]] == ["Once", "upon", "a", "time"]


@virtual_time
async def test_all_sound_lies_between_its_start_and_its_stop() -> None:
    async with open_talk() as talk:
        for turn in (1, 2):
            await talk.says("tell me a story")
            await talk.until(AudioStopped, count=turn)
        kinds = [
            type(seen.event) for seen in talk.seen if isinstance(seen.event, AudioStarted | AudioOut | AudioStopped)
        ]
        assert kinds[0] is AudioStarted
        assert kinds[-1] is AudioStopped
        middle = kinds.index(AudioStopped)
        assert kinds[middle + 1] is AudioStarted
        assert set(kinds[1:middle]) == {AudioOut}


@virtual_time
async def test_the_end_of_the_sound_is_when_it_has_been_played_not_when_it_has_been_sent() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStopped)
        length_ms = talk.all(AudioSent)[0].duration_ms
        assert talk.when(AudioSent) < talk.when(AudioStarted) + length_ms - 1000
        assert talk.when(AudioStopped) >= talk.when(AudioStarted) + length_ms


@virtual_time
async def test_a_player_that_never_reports_is_followed_by_the_clock() -> None:
    async with open_talk(reports=False) as talk:
        await talk.says("tell me a story")
        stopped = await talk.until(AudioStopped)
        assert stopped.reason == "finished"
        length_ms = talk.all(AudioSent)[0].duration_ms
        assert talk.when(AudioStopped) == pytest.approx(talk.when(AudioStarted) + length_ms, abs=600)


@virtual_time
async def test_sound_is_sent_at_most_eight_seconds_ahead() -> None:
    engines = FakeEngines(llm=llm_saying(STORY * 6), tts=ScriptedTts(TtsScript()))
    async with open_talk(engines) as talk:
        await talk.says("tell me a long story")
        await talk.until(AudioStarted)
        await talk.passes(3)
        ahead_ms = talk.player.received_ms - talk.player.played_ms
        assert 7500 <= ahead_ms <= 8600
        await talk.until(AudioStopped)
        assert talk.player.dry_ms < 1


@virtual_time
async def test_the_time_line_tells_every_stage_from_the_end_of_speech() -> None:
    async with open_talk(rules=None) as talk:
        await talk.says("tell me a story")
        await talk.until(TurnMetrics)
        ms = talk.all(TurnMetrics)[0].ms
        in_order = ["endpoint", "transcript", "first_token", "first_sentence", "first_audio", "first_played", "end"]
        assert sorted(ms, key=lambda stage: (ms[stage], in_order.index(stage))) == in_order
        assert ms["endpoint"] == pytest.approx(288, abs=5)
        # Prepared in the pause of 96 ms: the first token follows 200 ms after that, not after the endpoint.
        assert ms["first_token"] == pytest.approx(296, abs=5)
        assert ms["first_audio"] == pytest.approx(ms["first_sentence"] + 250, abs=5)
        assert ms["end"] > ms["first_played"] + 5000


@virtual_time
async def test_a_typed_turn_is_answered_with_the_microphone_off() -> None:
    async with open_talk(listening=False) as talk:
        talk.conversation.say("tell me a story")
        await talk.until(AudioStopped)
        await talk.until_state("idle")
        metrics = talk.all(TurnMetrics)[0]
        assert metrics.ms["first_token"] == pytest.approx(200, abs=5)
        assert metrics.details["said"] == "typed"
        assert "endpoint" not in metrics.ms
        assert talk.remembered()[0] == ("user", "tell me a story")


@virtual_time
async def test_a_typed_turn_interrupts_the_reply_under_way() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY, "Fine, I stop."))) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.passes(2)
        talk.conversation.say("something else please")
        await talk.until(AudioStopped, count=2)
        assert talk.stops() == [(1, "interrupted"), (2, "finished")]
        assert talk.remembered()[-1] == ("assistant", "Fine, I stop.")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_typed_turn_has_between_one_and_four_thousand_characters(text: str) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk(listening=False) as talk:
            with pytest.raises(BadInput, match="1 to 4000"):
                talk.conversation.say(text)

    run()


@virtual_time
async def test_the_model_is_told_the_whole_talk() -> None:
    engines = FakeEngines(llm=llm_saying("Hello.", "It is noon."))
    async with open_talk(engines) as talk:
        await talk.says("hi there")
        await talk.until(AudioStopped)
        await talk.says("what is the time")
        await talk.until(AudioStopped, count=2)
    messages = engines.llm_engine.requests[-1].messages
    assert messages[0].role == "system"
    assert [(message.role, message.text) for message in messages[1:]] == [
        ("user", "hi there"),
        ("assistant", "Hello."),
        ("user", "what is the time"),
    ]


@virtual_time
async def test_that_no_language_model_is_configured_is_said_once() -> None:
    scripted = LlmCapabilities(model="script", is_language_model=False)
    engines = FakeEngines(llm=ScriptedLlm((saying("I am a script."),), capabilities=scripted))
    async with open_talk(engines) as talk:
        for turn in (1, 2):
            await talk.says("hello")
            await talk.until(AudioStopped, count=turn)
        assert [notice.code for notice in talk.all(Notice)] == ["no_language_model"]


@virtual_time
async def test_nothing_of_a_reply_is_shown_before_its_first_sound() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        assert talk.when(ReplyDelta) >= talk.when(AudioStarted) - 0.1


@virtual_time
async def test_with_a_slow_voice_there_is_no_dead_air_inside_the_reply() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.8, real_time_factor=0.9))
    async with open_talk(FakeEngines(llm=llm_saying(STORY), tts=tts)) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStopped)
        assert talk.player.dry_ms <= 20


@virtual_time
async def test_resetting_the_conversation_stops_the_reply_and_forgets_what_was_said() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.passes(1)
        talk.conversation.reset()
        await talk.until(AudioStopped)
        assert talk.remembered() == []
        await talk.says("hello again")
        await talk.until(AudioStopped, count=2)
        assert talk.all(AudioStopped)[1].turn == 2
