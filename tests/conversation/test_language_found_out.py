"""A talk whose language is found out from what is said."""

from __future__ import annotations

from tests.conversation.talk import FakeEngines, llm_saying, open_talk

from syrinx.conversation import ConversationRules, ConversationSettings, SettingsChange
from syrinx.conversation.events import AudioStopped, TranscriptUpdated
from syrinx.conversation.understanding import Understanding
from syrinx.engines.stt.contract import DETECT
from syrinx.speech.events import PartialTranscript, SpeechPaused, UtteranceEnded
from syrinx.testing.virtual_time import virtual_time


def paused(text: str, language: str) -> SpeechPaused:
    return SpeechPaused(at_ms=0, speech_until_ms=0, text=text, language=language)


def ended(text: str, language: str, engine: str = "") -> UtteranceEnded:
    return UtteranceEnded(
        at_ms=0, speech_until_ms=0, text=text, reason="silence", transcript_took_ms=0, language=language, engine=engine
    )


def test_it_is_assumed_until_something_was_understood() -> None:
    heard = Understanding(DETECT, assumed="en")
    assert heard.language == "en"
    heard.hear(paused("", "fr"))
    assert heard.language == "en"
    heard.hear(paused("guten tag", "de"))
    assert heard.language == "de"
    heard.hear(ended("bonjour", "fr"))
    assert heard.language == "fr"
    heard.hear(ended("hm", ""))
    assert heard.language == "fr"


def test_a_chosen_language_stays() -> None:
    heard = Understanding("es", assumed="en")
    heard.hear(ended("guten tag", "de"))
    assert heard.language == "es"
    heard.chosen = DETECT
    assert heard.language == "de"


def test_what_stands_before_the_words_of_an_utterance_is_stable() -> None:
    heard = Understanding("en", assumed="en")
    heard.hear(PartialTranscript(at_ms=0, text="and then we", stable_chars=3, engine="whisper-base"))
    assert heard.transcript(1, "First this and then we", final=False) == TranscriptUpdated(
        turn=1, text="First this and then we", final=False, stable_chars=len("First this and"), engine="whisper-base"
    )
    assert heard.transcript(1, "other words", final=False).stable_chars == 0
    heard.hear(ended("and then we go", "en", engine="whisper-base"))
    final = heard.transcript(1, "and then we go", final=True)
    assert (final.stable_chars, final.language) == (len("and then we go"), "en")


@virtual_time
async def test_the_reply_is_in_the_language_that_was_spoken() -> None:
    engines = FakeEngines(llm=llm_saying("Gut, danke."))
    settings = ConversationSettings(language=DETECT)
    async with open_talk(engines, settings=settings, rules=ConversationRules(language="en")) as talk:
        await talk.speaks("wie geht")
        talk.ear.hear(paused("wie geht es dir?", "de"))
        await talk.passes(0.2)
        talk.ear.hear(ended("wie geht es dir?", "de"))
        await talk.until(AudioStopped)
        assert {request.language for request in engines.llm_engine.requests} == {"de"}
        assert {request.language for request in engines.tts_engine.requests} == {"de"}
        await talk.conversation.change(SettingsChange(language="en"))
        await talk.says("how are you?")
        await talk.until(AudioStopped, count=2)
        assert engines.llm_engine.requests[-1].language == "en"
