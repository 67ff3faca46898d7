"""Whole talks with characters: who speaks in which voice, what keeps a voice steady, and settings that change."""

from __future__ import annotations

import pytest
from tests.conversation.talk import FakeEngines, llm_saying, open_talk

from syrinx.conversation import Character, ConversationSettings, SettingsChange
from syrinx.conversation.events import AudioStarted, AudioStopped, ReplyDelta, SentenceOut, SpeakerNext
from syrinx.errors import BadInput, UnknownVoice
from syrinx.testing.virtual_time import virtual_time

ADA = Character(name="Ada", voice="low", description="warm", scene="a quiet room")
BEN = Character(name="Ben", voice="high", speed=1.5)
BOTH = ConversationSettings(characters=(ADA, BEN), barge_in=True)


@virtual_time
async def test_several_speakers_in_one_reply_each_have_their_voice() -> None:
    engines = FakeEngines(
        llm=llm_saying("[SPEAKER0] Good evening to you. [SPEAKER1] And from me too. [Ada] Well then.")
    )
    async with open_talk(engines, settings=BOTH) as talk:
        await talk.says("good evening")
        stopped = await talk.until(AudioStopped)
        assert [(out.speaker, out.text.strip()) for out in talk.all(SentenceOut)] == [
            ("Ada", "Good evening to you."),
            ("Ben", "And from me too."),
            ("Ada", "Well then."),
        ]
        assert [(request.voice, request.speed) for request in engines.tts_engine.requests] == [
            ("low", 1.0),
            ("high", 1.5),
            ("low", 1.0),
        ]
        assert engines.tts_engine.requests[0].scene == "a quiet room"
        assert "SPEAKER" not in "".join(delta.delta for delta in talk.all(ReplyDelta))
        assert stopped.heard == "Good evening to you. And from me too. Well then."
        assert [(entry.speaker, entry.heard) for entry in talk.conversation.memory.entries[1:]] == [
            ("Ada", "Good evening to you."),
            ("Ben", "And from me too."),
            ("Ada", "Well then."),
        ]


@virtual_time
async def test_characters_take_turns_and_the_next_is_told() -> None:
    engines = FakeEngines(llm=llm_saying("First.", "Second.", "Third."))
    async with open_talk(engines, settings=BOTH) as talk:
        for turn in (1, 2, 3):
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
        await talk.passes(0.01)
        assert [event.speaker for event in talk.all(AudioStarted)] == ["Ada", "Ben", "Ada"]
        assert [event.speaker for event in talk.all(SpeakerNext)] == ["Ben", "Ada", "Ben"]


@virtual_time
async def test_the_one_who_is_addressed_answers_and_the_one_chosen_before_them() -> None:
    engines = FakeEngines(llm=llm_saying("First.", "Second."))
    async with open_talk(engines, settings=BOTH) as talk:
        await talk.says("what do you think ben")
        await talk.until(AudioStopped)
        await talk.conversation.change(SettingsChange(character="Ben"))
        await talk.says("and you ada")
        await talk.until(AudioStopped, count=2)
        assert [event.speaker for event in talk.all(AudioStarted)] == ["Ben", "Ben"]
        assert "Now Ben answers" in engines.llm_engine.requests[-1].messages[0].text


@virtual_time
async def test_the_model_is_told_earlier_answers_with_their_speakers_marks() -> None:
    engines = FakeEngines(llm=llm_saying("First.", "Second."))
    async with open_talk(engines, settings=BOTH) as talk:
        for turn in (1, 2):
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
    assert engines.llm_engine.requests[1].messages[2].text == "[SPEAKER0] First."


@virtual_time
async def test_a_voice_is_kept_steady_by_its_last_clips_until_the_character_changes() -> None:
    texts = [f"This is answer number {number}. It has two sentences." for number in range(5)]
    engines = FakeEngines(llm=llm_saying(*texts))
    async with open_talk(engines, settings=ConversationSettings(characters=(ADA,), barge_in=True)) as talk:
        for turn in (1, 2, 3, 4):
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
        counts = [len(request.context) for request in engines.tts_engine.requests]
        assert counts[0] == 0
        assert counts[-1] == 5
        clip = engines.tts_engine.requests[-1].context[-1]
        assert clip.duration_ms == pytest.approx(50 * len("It has two sentences."), rel=0.1)
        talk.conversation.reset("voice")
        await talk.says("go on please")
        await talk.until(AudioStopped, count=5)
        assert engines.tts_engine.requests[8].context == ()
        assert talk.remembered()[1][0] == "assistant", "only the voice's context was forgotten"


@virtual_time
async def test_a_change_of_character_begins_with_a_fresh_voice() -> None:
    engines = FakeEngines(llm=llm_saying("First answer here.", "Second answer here.", "Third answer here."))
    async with open_talk(engines, settings=BOTH) as talk:
        for turn in (1, 2, 3):
            await talk.says("go on please")
            await talk.until(AudioStopped, count=turn)
    assert [len(request.context) for request in engines.tts_engine.requests] == [0, 0, 0]


@virtual_time
async def test_new_characters_speak_from_the_next_turn_on() -> None:
    engines = FakeEngines(llm=llm_saying("First. " * 10, "Second."))
    async with open_talk(engines) as talk:
        await talk.says("hello there")
        await talk.until(AudioStarted)
        await talk.conversation.change(SettingsChange(characters=(BEN,)))
        await talk.until(AudioStopped)
        await talk.says("hello again")
        await talk.until(AudioStopped, count=2)
        assert [event.speaker for event in talk.all(AudioStarted)] == ["Syrinx", "Ben"]
        assert [event.speaker for event in talk.all(SpeakerNext)] == ["Ben"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (SettingsChange(language="de", voice="nobody"), UnknownVoice),
        (SettingsChange(language="de", character="Dora"), BadInput),
        (SettingsChange(language="de", characters=(ADA, ADA)), BadInput),
    ],
)
def test_of_a_change_that_cannot_be_nothing_is_changed(change: SettingsChange, error: type[Exception]) -> None:
    @virtual_time
    async def run() -> None:
        async with open_talk(settings=BOTH) as talk:
            with pytest.raises(error):
                await talk.conversation.change(change)
            assert talk.conversation.settings == BOTH

    run()


@virtual_time
async def test_voice_and_language_hold_from_the_next_turn_on() -> None:
    engines = FakeEngines(llm=llm_saying("Hello.", "Guten Tag.", "Hello."))
    async with open_talk(engines) as talk:
        await talk.says("hello there")
        await talk.until(AudioStopped)
        await talk.conversation.change(SettingsChange(language="de", voice="mittel"))
        await talk.says("guten tag")
        await talk.until(AudioStopped, count=2)
        await talk.conversation.change(SettingsChange(voice=""))
        await talk.says("guten tag")
        await talk.until(AudioStopped, count=3)
    assert [(request.language, request.voice) for request in engines.tts_engine.requests] == [
        ("en", None),
        ("de", "mittel"),
        ("de", None),
    ]
    assert engines.llm_engine.requests[1].language == "de"


@virtual_time
async def test_another_ear_is_opened_when_another_is_chosen() -> None:
    async with open_talk() as talk:
        first = talk.ear
        await talk.conversation.change(SettingsChange(stt="whisper"))
        await talk.passes(0.01)
        assert talk.ear is not first
        await talk.says("tell me a story")
        await talk.until(AudioStopped)


@virtual_time
async def test_one_whose_words_were_cut_off_unheard_has_not_had_the_last_word() -> None:
    engines = FakeEngines(llm=llm_saying("[SPEAKER0] Good evening to you, my friend. [SPEAKER1] And from me too."))
    async with open_talk(engines, settings=BOTH) as talk:
        await talk.says("good evening")
        await talk.until(SentenceOut, count=2)
        talk.conversation.interrupt()
        stopped = await talk.until(AudioStopped)
        assert "from me" not in stopped.heard
        assert talk.conversation.speaker == "Ben"
