"""Whole talks in which someone speaks over the reply: words cancel it, noises do not, memory ends where the cut was."""

from __future__ import annotations

import pytest
from tests.conversation.talk import STORY, FakeEngines, Talk, llm_saying, open_talk

from syrinx.conversation.events import (
    AudioOut,
    AudioPaused,
    AudioResumed,
    AudioSent,
    AudioStarted,
    AudioStopped,
    SentenceOut,
    TranscriptUpdated,
)
from syrinx.testing.virtual_time import virtual_time

OTHER = "All right, I stop."


async def into_the_reply(talk: Talk, *, played_ms: float) -> None:
    """Wait until so much of the story has been played."""
    await talk.says("tell me a story")
    await talk.until(AudioStarted)
    await talk.passes(played_ms / 1000)


def assert_cut_where_heard(talk: Talk, heard: str) -> None:
    """What is remembered is the beginning of the story up to the word being spoken when the player stopped."""
    assert STORY.startswith(heard)
    stopped = talk.all(AudioStopped)[0]
    assert stopped.reason == "interrupted"
    assert stopped.heard == heard
    assert stopped.played_ms == pytest.approx(talk_played(talk), abs=120)


def talk_played(talk: Talk) -> float:
    """By the clock: from the first sound to the pause, nothing else having held it."""
    return talk.when(AudioPaused) - talk.when(AudioStarted)


@pytest.mark.parametrize("played_ms", [300, 1500, 4000, 7000])
def test_words_over_the_reply_cancel_it_and_memory_ends_there(played_ms: float) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk(FakeEngines(llm=llm_saying(STORY, OTHER))) as talk:
            await into_the_reply(talk, played_ms=played_ms)
            await talk.speaks("no wait", "no wait stop")
            await talk.until(AudioStopped)
            heard = talk.all(AudioStopped)[0].heard
            assert_cut_where_heard(talk, heard)
            # At 50 ms a character the fake voice is exact: the cut is in the text where the player was.
            assert len(heard) == pytest.approx(talk_played(talk) / 56, abs=14)
            await talk.falls_silent("no wait stop")
            await talk.ends("no wait stop")
            await talk.until(AudioStopped, count=2)
            assert talk.remembered() == [
                ("user", "tell me a story"),
                ("assistant", heard),
                ("user", "no wait stop"),
                ("assistant", OTHER),
            ]
            asked = [message.text for message in talk.engines.llm_engine.requests[-1].messages]
            assert asked[1:] == ["tell me a story", heard, "no wait stop"]

    run()


@virtual_time
async def test_words_at_the_first_sound_leave_nothing_or_a_word() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY, OTHER))) as talk:
        await into_the_reply(talk, played_ms=20)
        await talk.speaks("stop")
        await talk.until(AudioStopped)
        assert talk.all(AudioStopped)[0].heard in {"", "Once"}


@virtual_time
async def test_words_between_two_sentences_cut_between_them() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY, OTHER))) as talk:
        await talk.says("tell me a story")
        second = await talk.until(SentenceOut, count=2)
        while talk.player.played_ms < second.at_ms - 200:  # it counts every 100 ms
            await talk.passes(0.02)
        await talk.speaks("hold on please")
        await talk.until(AudioStopped)
        first = talk.all(SentenceOut)[0]
        assert talk.all(AudioStopped)[0].heard == first.text.strip()


@virtual_time
async def test_words_over_the_end_of_a_reply_that_was_all_sent_cut_it_too() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY, OTHER))) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioSent)
        await talk.passes(0.5)
        await talk.speaks("but why")
        stopped = await talk.until(AudioStopped)
        assert stopped.reason == "interrupted"
        assert STORY.startswith(stopped.heard)
        assert stopped.heard != STORY


@virtual_time
async def test_a_cough_holds_the_reply_and_it_goes_on_where_it_was() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=1500)
        await talk.coughs()
        await talk.until(AudioResumed)
        held_ms = talk.when(AudioResumed) - talk.when(AudioPaused)
        assert held_ms < 600
        stopped = await talk.until(AudioStopped)
        assert (stopped.reason, stopped.heard) == ("finished", STORY)
        assert talk.player.dry_ms < 1
        assert talk.transcripts() == {1: "tell me a story"}
        lasted_ms = talk.when(AudioStopped) - talk.when(AudioStarted)
        assert lasted_ms == pytest.approx(talk.all(AudioSent)[0].duration_ms + held_ms, abs=110)


@pytest.mark.parametrize("nod", ["mm-hm", "yeah", "uh-huh", "okay"])
def test_a_nod_does_not_interrupt(nod: str) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk() as talk:
            await into_the_reply(talk, played_ms=1500)
            await talk.says(nod)
            assert (await talk.until(AudioStopped)).reason == "finished"
            assert len(talk.all(AudioResumed)) == 1
            assert talk.transcripts() == {1: "tell me a story"}

    run()


@virtual_time
async def test_a_noise_without_end_holds_the_reply_only_for_a_while() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=1500)
        await talk.speaks()
        await talk.until(AudioResumed)
        assert talk.when(AudioResumed) - talk.when(AudioPaused) == pytest.approx(6000, abs=50)
        assert (await talk.until(AudioStopped)).reason == "finished"


@virtual_time
async def test_an_endpoint_that_never_comes_does_not_keep_the_reply_held() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=1500)
        await talk.speaks()
        await talk.falls_silent("")
        await talk.until(AudioResumed)
        assert talk.when(AudioResumed) - talk.when(AudioPaused) == pytest.approx(1200 + 106, abs=50)


@virtual_time
async def test_two_coughs_hold_and_resume_twice() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=1000)
        await talk.coughs()
        await talk.passes(0.5)
        await talk.coughs()
        assert (await talk.until(AudioStopped)).reason == "finished"
        assert len(talk.all(AudioPaused)) == len(talk.all(AudioResumed)) == 2


@virtual_time
async def test_no_sound_is_sent_while_the_reply_is_held_nor_after_it_was_stopped() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY * 3, OTHER))) as talk:
        await into_the_reply(talk, played_ms=1500)
        await talk.speaks()
        paused = next(number for number, seen in enumerate(talk.seen) if isinstance(seen.event, AudioPaused))
        await talk.passes(1)
        await talk.speaks("stop it")
        await talk.until(AudioStopped)
        await talk.passes(1)
        after = [seen.event for seen in talk.seen[paused:]]
        assert not [event for event in after if isinstance(event, AudioOut)]


@virtual_time
async def test_the_button_stops_the_reply_at_once_and_memory_ends_there() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=2000)
        talk.conversation.interrupt()
        stopped = await talk.until(AudioStopped)
        assert stopped.reason == "interrupted"
        assert stopped.played_ms == pytest.approx(2000, abs=120)
        assert talk.remembered()[-1] == ("assistant", stopped.heard)
        assert len(stopped.heard) == pytest.approx(2000 / 53, abs=8)
        await talk.until_state("listening")
        assert talk.engines.llm_engine.active == talk.engines.tts_engine.active == 0


@virtual_time
async def test_interrupting_words_that_are_taken_back_are_withdrawn_and_not_answered() -> None:
    async with open_talk() as talk:
        await into_the_reply(talk, played_ms=1500)
        await talk.speaks("stop it")
        await talk.ends("")
        await talk.until_state("listening")
        assert talk.all(TranscriptUpdated)[-1] == TranscriptUpdated(turn=2, text="", final=True)
        assert len(talk.engines.llm_engine.requests) == 1
