"""What a talk says is said as the person's dictionary has it, and the ear expects its words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from tests.conversation.talk import FakeEngines, llm_saying, open_talk

from syrinx.conversation import Character, Conversation, ConversationSettings, open_ear
from syrinx.conversation.dictionary import MOST_HOTWORDS, READ_WITHIN_S, Dictionary
from syrinx.conversation.events import AudioStopped, Notice, ReplyDelta, SentenceOut, WordsOut
from syrinx.engines.stt.contract import DETECT
from syrinx.engines.tts.contract import Phonemes, SpeechChunk, SpeechRequest
from syrinx.errors import EngineError, SyrinxError
from syrinx.speech.events import SpokenWord
from syrinx.testing.audio import sine
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciation, Pronunciations

SQL = Pronunciation(written="SQL", spoken="S Q L", case_sensitive=True)
TOMATO = Pronunciation(written="tomato", ipa="təˈmɑːtəʊ")
FINE = Pronunciation(written="fine.", spoken="fine indeed")


class Kept:
    """A person's pronunciations, which may change, be out of reach, or never come."""

    def __init__(self, *entries: Pronunciation) -> None:
        self.now = Pronunciations(entries)
        self.error: SyrinxError | None = None
        self.hangs = False

    async def __call__(self) -> Pronunciations:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.now


class WithoutTimes(ScriptedTts):
    """Does not tell when its words sound."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, words=())


def spoken(engines: FakeEngines) -> list[str]:
    return [request.text for request in engines.tts_engine.requests]


def words(talk_words: list[WordsOut]) -> list[SpokenWord]:
    return [word for event in talk_words for word in event.words]


@virtual_time
async def test_a_reply_is_said_as_the_dictionary_has_it_and_shown_as_it_is_written() -> None:
    text = "The SQL server sings. It knows SQL well."
    engines = FakeEngines(llm=llm_saying(text))
    async with open_talk(engines, pronunciations=Kept(SQL)) as talk:
        await talk.says("go on please")
        stopped = await talk.until(AudioStopped)
        assert " ".join(spoken(engines)) == "The S Q L server sings. It knows S Q L well."
        assert "".join(delta.delta for delta in talk.all(ReplyDelta)) == text
        assert "".join(out.text for out in talk.all(SentenceOut)) == text
        assert stopped.heard == text
        assert [entry.heard for entry in talk.conversation.memory.entries[1:]] == [text]


@virtual_time
async def test_words_that_are_said_otherwise_are_timed_where_they_are_written() -> None:
    engines = FakeEngines(llm=llm_saying("Now the SQL server sings of SQL."))
    async with open_talk(engines, pronunciations=Kept(SQL)) as talk:
        await talk.says("go on please")
        await talk.until(AudioStopped)
        sentence = talk.all(SentenceOut)[0].text
        told = words(talk.all(WordsOut))
        assert [word.text for word in told] == ["Now", "the", "SQL", "server", "sings", "of", "SQL"]
        for word in told:
            assert word.start_char is not None
            assert sentence[word.start_char :].startswith(word.text)
        assert [word.at_ms for word in told] == sorted(word.at_ms for word in told)


@virtual_time
async def test_words_are_placed_where_the_engine_tells_no_times() -> None:
    tts = WithoutTimes(TtsScript(first_chunk_s=0.1))
    tts.capabilities = replace(tts.capabilities, word_times=False)
    engines = FakeEngines(llm=llm_saying("Now the SQL server sings at 5 km of SQL."), tts=tts)
    async with open_talk(engines, pronunciations=Kept(SQL)) as talk:
        await talk.says("go on please")
        await talk.until(AudioStopped)
        told = words(talk.all(WordsOut))
        placed = [word for word in told if word.start_char is not None]
        assert [word.text for word in placed] == ["Now", "the", "SQL", "server", "sings", "at", "of", "SQL"]
        assert [word.start_char for word in placed] == [0, 4, 8, 12, 19, 25, 33, 36]
        assert not any(event.exact for event in talk.all(WordsOut))


@virtual_time
async def test_an_interrupted_reply_is_remembered_as_it_is_written() -> None:
    text = "First comes SQL and then a whole lot of other words that nobody ever hears."
    engines = FakeEngines(llm=llm_saying(text), tts=ScriptedTts(TtsScript(char_ms=100.0)))
    async with open_talk(engines, pronunciations=Kept(SQL)) as talk:
        await talk.says("go on please")
        first_word = await talk.until(WordsOut)
        assert first_word.index == 0
        await talk.passes(2.0)
        talk.conversation.interrupt()
        stopped = await talk.until(AudioStopped)
        assert stopped.heard in {"First comes SQL", "First comes SQL and"}


@virtual_time
async def test_sounds_are_given_to_voices_that_take_them_and_letters_to_the_others() -> None:
    for takes, given in ((True, (Phonemes(start_char=14, end_char=20, ipa="təˈmɑːtəʊ"),)), (False, ())):
        tts = ScriptedTts(TtsScript(first_chunk_s=0.1))
        tts.capabilities = replace(tts.capabilities, phonemes=takes)
        engines = FakeEngines(llm=llm_saying("It costs **5** tomato."), tts=tts)
        async with open_talk(engines, pronunciations=Kept(TOMATO)) as talk:
            await talk.says("go on please")
            await talk.until(AudioStopped)
        request = tts.requests[0]
        assert (request.text, request.phonemes) == ("It costs five tomato.", given)


@virtual_time
async def test_the_pause_after_a_sentence_does_not_depend_on_how_its_end_is_said() -> None:
    pauses_ms: list[float] = []
    for kept in (Kept(), Kept(FINE)):
        engines = FakeEngines(
            llm=llm_saying("Here all is fine. And then we have one more sentence."),
            tts=ScriptedTts(TtsScript(char_ms=50.0)),
        )
        async with open_talk(engines, pronunciations=kept) as talk:
            await talk.says("go on please")
            await talk.until(AudioStopped)
            first, second = talk.all(SentenceOut)
            pauses_ms.append(second.at_ms - first.at_ms - 50.0 * len(spoken(engines)[0]))
    assert spoken(engines)[0] == "Here all is fine indeed"
    assert pauses_ms[0] == pytest.approx(pauses_ms[1], abs=20.0)


@virtual_time
async def test_a_change_counts_from_the_next_reply_on() -> None:
    kept = Kept(SQL)
    engines = FakeEngines(llm=llm_saying("SQL it is."))
    async with open_talk(engines, pronunciations=kept) as talk:
        for turn, entry in enumerate((SQL, Pronunciation(written="SQL", spoken="sequel"), None), start=1):
            kept.now = Pronunciations((entry,)) if entry else NO_PRONUNCIATIONS
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
    assert spoken(engines) == ["S Q L it is.", "sequel it is.", "SQL it is."]


@virtual_time
async def test_while_it_cannot_be_read_what_was_read_last_holds_and_that_is_told_once() -> None:
    kept = Kept(SQL)
    engines = FakeEngines(llm=llm_saying("SQL it is."))
    async with open_talk(engines, pronunciations=kept) as talk:
        await talk.says("go on please")
        await talk.until(AudioStopped)
        kept.error = EngineError("the file is damaged")
        for turn in (2, 3):
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
        kept.error, kept.hangs = None, True
        await talk.says("go on please")
        await talk.until(AudioStopped, count=4)
        notices = talk.all(Notice)
        assert [notice.code for notice in notices] == ["pronunciations_unread"]
        assert "the file is damaged" in notices[0].message
        assert talk.errors() == []
    assert spoken(engines) == ["S Q L it is."] * 4


@virtual_time
async def test_what_does_not_answer_is_not_waited_for_long() -> None:
    kept = Kept(SQL)
    kept.hangs = True
    notices: list[Notice] = []
    dictionary = Dictionary(kept, tell=notices.append)
    began_s = virtual_now_s()
    assert await dictionary.now("en") is NO_PRONUNCIATIONS
    assert virtual_now_s() - began_s == READ_WITHIN_S
    assert await dictionary.now("en") is NO_PRONUNCIATIONS
    assert len(notices) == 1
    kept.hangs = False
    assert await dictionary.now("en") is kept.now
    kept.hangs = True
    assert await dictionary.now("en") is kept.now
    assert len(notices) == 2, "what works again and fails again is told again"


@virtual_time
async def test_the_ear_expects_the_words_of_the_dictionary_besides_the_characters_names() -> None:
    kept = Kept(SQL, Pronunciation(written="Köln", spoken="Kölln", language="de"))
    engines = FakeEngines(llm=llm_saying("Well."))
    conversation = Conversation(
        engines=engines,
        settings=ConversationSettings(characters=(Character(name="Ada"),), barge_in=True),
        clock=virtual_now_s,
        ear=open_ear,
        pronunciations=kept,
    )
    running = asyncio.create_task(conversation.run())
    conversation.start_listening()
    await asyncio.sleep(0.01)
    for number in (1, 2):
        conversation.hear(sine(220.0, duration_ms=500, sample_rate_hz=16_000))
        await asyncio.sleep(0.1)
        assert len(engines.stt_engine.requests) == number
        conversation.stop_listening()
        await asyncio.sleep(0.1)
        kept.now = Pronunciations((TOMATO,))
        conversation.start_listening()
        await asyncio.sleep(0.1)
    await conversation.aclose()
    await running
    assert [request.hotwords for request in engines.stt_engine.requests] == [("Ada", "SQL"), ("Ada", "tomato")]
    engines.assert_nothing_left()


@virtual_time
async def test_an_ear_is_told_words_of_its_language_and_not_too_many() -> None:
    many = [Pronunciation(written=f"word{number}", spoken="x") for number in range(MOST_HOTWORDS + 10)]
    german = Pronunciation(written="Köln", spoken="Kölln", language="DE")
    dictionary = Dictionary(Kept(german, Pronunciation(written="→", spoken="to"), *many), tell=list[Notice]().append)
    english = await dictionary.hotwords("en-GB")
    assert english == tuple(entry.written for entry in many[:MOST_HOTWORDS])
    assert (await dictionary.hotwords("de-AT"))[0] == "Köln"
    assert (await dictionary.hotwords(DETECT))[0] == "Köln"
