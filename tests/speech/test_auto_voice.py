"""Several voice engines as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

import pytest

from syrinx.engines.contract import Provider
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import Phonemes, SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.errors import BadInput, UnknownLanguage, UnknownVoice
from syrinx.speech import AutoVoice
from syrinx.speech.auto_voice import VoiceNames
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_tts import PITCH_HZ, VOICES, ScriptedTts, TtsScript
from syrinx.testing.tts_conformance import TtsConformance, speak


def french(
    *, speed: tuple[float, float] = (1.0, 1.0), pitch_semitones: tuple[float, float] = (0.0, 0.0)
) -> ScriptedTts:
    """An engine that speaks French only, at another rate, with a voice whose id others have, too."""
    engine = ScriptedTts(sample_rate_hz=22_050)
    engine.capabilities = TtsCapabilities(
        sample_rate_hz=22_050, languages=("fr",), word_times=False, speed=speed, pitch_semitones=pitch_semitones
    )
    engine.voices = (Voice(id="low", name="Basse", language="fr-FR", gender="female"),)
    return engine


def both(**engines: TextToSpeech) -> AutoVoice:
    given: Mapping[str, TextToSpeech] = {"first": ScriptedTts(), "second": french(), **engines}
    return AutoVoice(given)


class TestAutoVoiceOfScriptedEngines(TtsConformance):
    @pytest.fixture
    async def tts(self) -> TextToSpeech:
        return AutoVoice({"a": ScriptedTts(sample_rate_hz=22_050), "b": french()})


class TestAutoVoiceOfTheEmbeddedEngine(TtsConformance):
    @pytest.fixture
    async def tts(self) -> AsyncGenerator[TextToSpeech, None]:
        async with AsyncExitStack() as opened:
            provider: Provider[TextToSpeech] = EngineRegistry().provider("tts", "espeak")
            yield AutoVoice({"espeak": await opened.enter_async_context(provider.open({}))})


async def test_the_first_engine_that_speaks_the_language_speaks() -> None:
    first, second = ScriptedTts(), french()
    voices = AutoVoice({"second": second, "first": first})
    assert voices.engine_for(language="en-GB", voice=None) == "first"
    assert voices.engine_for(language="FR", voice=None) == "second"
    assert AutoVoice({"b": ScriptedTts(), "a": ScriptedTts()}).engine_for(language="de", voice=None) == "b"
    await speak(voices, SpeechRequest(text="hello", language="en"))
    assert [request.voice for request in first.requests] == [None]
    assert not second.requests


async def test_a_voice_is_spoken_by_its_engine_under_its_own_name_there() -> None:
    first, second = ScriptedTts(), french()
    voices = AutoVoice({"first": first, "second": second})
    assert [voice.id for voice in voices.voices] == [*(voice.id for voice in VOICES), "second:low"]
    assert voices.engine_for(language="fr", voice="second:low") == "second"
    assert voices.engine_for(language="en", voice="low") == "first"
    assert voices.engine_for(language="en", voice="first:low") == "first"
    await speak(voices, SpeechRequest(text="bonjour", language="fr", voice="second:low"))
    assert [request.voice for request in second.requests] == ["low"]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 48_000])
async def test_every_engine_comes_out_at_24_khz_in_pitch_and_length(rate_hz: int) -> None:
    engine = ScriptedTts(TtsScript(char_ms=60), sample_rate_hz=rate_hz)
    request = SpeechRequest(text="a sound of some length", language="en", voice="high")
    spoken = await speak(AutoVoice({"one": engine}), request)
    assert spoken.audio.sample_rate_hz == 24_000
    assert all(chunk.audio.sample_count for chunk in spoken.chunks)
    assert abs(dominant_frequency_hz(spoken.audio) - PITCH_HZ["high"]) < 5
    assert abs(spoken.audio.duration_ms - len(request.text) * 60) < 2


async def test_words_keep_their_times() -> None:
    request = SpeechRequest(text="one two three", language="en")
    alone = await speak(ScriptedTts(sample_rate_hz=16_000), request)
    assert (await speak(AutoVoice({"one": ScriptedTts(sample_rate_hz=16_000)}), request)).words == alone.words


def test_it_can_what_all_of_them_can() -> None:
    able = both(second=french(speed=(0.8, 2.0), pitch_semitones=(-3.0, 3.0))).capabilities
    assert able.languages == ("de", "en", "fr")
    assert able.speed == (0.8, 2.0)
    assert able.pitch_semitones == (-3.0, 3.0)
    assert not able.word_times
    assert able.sample_rate_hz == 24_000


@pytest.mark.parametrize("voice", [None, "low", "second:low"])
async def test_a_language_that_nobody_speaks_is_refused_with_those_that_are(voice: str | None) -> None:
    with pytest.raises(UnknownLanguage, match="de, en, fr"):
        both().engine_for(language="tlh", voice=voice)
    with pytest.raises(UnknownLanguage):
        await speak(both(), SpeechRequest(text="hello", language="tlh", voice=voice))


def test_a_voice_that_nobody_has_is_refused() -> None:
    for voice in ("nobody", "third:low", "first:", ":low", "x" * 5000):
        with pytest.raises(UnknownVoice) as refused:
            both().engine_for(language="en", voice=voice)
        assert len(refused.value.message) < 200


async def test_leaving_early_ends_the_engine_below() -> None:
    engine = ScriptedTts(TtsScript(char_ms=200))
    stream = AutoVoice({"one": engine}).synthesize(SpeechRequest(text="a long one " * 20, language="en"))
    async with aclosing(stream):
        first: SpeechChunk = await anext(stream)
        assert first.audio.sample_count
    assert engine.active == 0
    assert engine.closed_early == 1


def test_a_voice_that_does_not_speak_the_language_is_refused() -> None:
    voices = both()
    assert voices.engine_for(language="fr", voice="second:low") == "second"
    assert voices.engine_for(language="en", voice="first:low") == "first"
    with pytest.raises(UnknownVoice, match="does not speak 'en'"):
        voices.engine_for(language="en", voice="second:low")


async def test_given_sounds_reach_the_engine_that_speaks_them() -> None:
    assert not both().capabilities.phonemes
    able = ScriptedTts()
    able.capabilities = replace(able.capabilities, phonemes=True)
    voices = both(first=able)
    assert voices.capabilities.phonemes
    sounds = (Phonemes(start_char=0, end_char=6, ipa="təˈmɑːtəʊ"),)
    await speak(voices, SpeechRequest(text="tomato", phonemes=sounds))
    assert able.requests[0].phonemes == sounds


def mixing(**voices: tuple[str, ...]) -> ScriptedTts:
    """An engine that mixes voices; each voice with its aliases."""
    engine = ScriptedTts()
    engine.capabilities = replace(engine.capabilities, blends=True)
    engine.voices = tuple(
        Voice(id=name, name=name, language="en-US", aliases=aliases) for name, aliases in voices.items()
    )
    return engine


async def test_a_mix_goes_to_the_engine_that_has_its_voices_in_its_own_names() -> None:
    mixer = mixing(heart=("alloy",), adam=())
    voices = AutoVoice({"plain": ScriptedTts(), "mixer": mixer})
    assert voices.capabilities.blends
    assert voices.engine_for(language="en", voice="heart+adam*0.5") == "mixer"
    with pytest.raises(UnknownVoice, match="mix"):
        voices.engine_for(language="en", voice="heart+nobody")
    with pytest.raises(UnknownVoice, match="plain cannot mix"):
        voices.engine_for(language="en", voice=f"{VOICES[0].id}+{VOICES[0].id}")
    with pytest.raises(UnknownVoice, match="mixes voices of mixer and plain"):
        voices.engine_for(language="en", voice=f"heart+{VOICES[0].id}")
    with pytest.raises(BadInput, match="name\\*weight"):
        voices.engine_for(language="en", voice="heart*")


async def test_an_alias_goes_to_the_first_that_knows_it_and_speaks_the_language() -> None:
    voices = AutoVoice({"first": mixing(one=("alloy",)), "second": french(), "third": mixing(alloy=(), two=("Nova",))})
    assert voices.engine_for(language="en", voice="alloy") == "third"
    assert voices.engine_for(language="en", voice="nova") == "third"


async def test_an_alias_whose_engines_do_not_speak_the_language_stands_for_any_voice_that_does() -> None:
    second = french()
    voices = AutoVoice({"first": mixing(one=("alloy", "default")), "second": second})
    for alias in ("alloy", "Default"):
        assert voices.engine_for(language="fr", voice=alias) == "second"
        chunks = [chunk async for chunk in voices.synthesize(SpeechRequest(text="un", language="fr", voice=alias))]
        assert {chunk.engine for chunk in chunks} == {"second"}
    with pytest.raises(UnknownVoice, match="no engine has"):
        voices.engine_for(language="fr", voice="nobody")


@pytest.mark.parametrize("language", ["en_US", "EN-us", " en"])
def test_a_language_is_understood_however_its_tag_is_written(language: str) -> None:
    assert both().engine_for(language=language, voice=None) == "first"


async def test_every_chunk_says_which_engine_spoke() -> None:
    chunks = [chunk async for chunk in both().synthesize(SpeechRequest(text="hello", language="en"))]
    assert {chunk.engine for chunk in chunks} == {"first"}


async def test_a_route_names_the_engine_and_the_voice_as_both_sides_know_it() -> None:
    first, second = ScriptedTts(), french()
    voices = AutoVoice({"first": first, "second": second})
    by_default = voices.route(language="en", voice=None)
    assert (by_default.engine, by_default.voice, by_default.shown) == ("first", None, "")
    of_the_second = voices.route(language="fr", voice="second:low")
    assert (of_the_second.engine, of_the_second.voice, of_the_second.shown) == ("second", "low", "second:low")
    assert of_the_second.tts is second


async def test_a_voice_is_found_in_capitals_or_not() -> None:
    voices = both()
    assert voices.route(language="en", voice="LOW").shown == "low"
    assert voices.route(language="fr", voice="Second:Low").voice == "low"
    assert voices.language_of("Mittel") == "de-DE"


async def test_the_language_of_a_voice_is_told_but_not_of_an_alias() -> None:
    named = ScriptedTts()
    named.voices = [replace(voice, aliases=("alloy",) if voice.id == "low" else ()) for voice in VOICES]
    voices = AutoVoice({"first": named, "second": french()})
    assert voices.language_of("mittel") == "de-DE"
    assert voices.language_of("second:low") == "fr-FR"
    assert voices.language_of("mittel+low*0.5") == "de-DE"
    assert voices.language_of("alloy") is None
    assert voices.language_of("nobody") is None


def test_names_that_were_kept_are_those_of_the_same_lists_alone() -> None:
    first, second = ScriptedTts(), french()
    names = VoiceNames({"first": first.voices, "second": second.voices})
    assert names.are_of({"first": first.voices, "second": second.voices})
    assert not names.are_of({"second": second.voices, "first": first.voices})
    assert not names.are_of({"first": first.voices})
    assert not names.are_of({"first": [*first.voices], "second": second.voices})
    kept = AutoVoice({"first": first, "second": second}, names)
    assert kept.voices == AutoVoice({"first": first, "second": second}).voices
