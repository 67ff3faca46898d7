"""espeak-ng: the conformance suite, and what is its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from syrinx.audio import PcmChunk, rms_dbfs
from syrinx.engines.tts.contract import Phonemes, SpeechRequest
from syrinx.engines.tts.espeak import EspeakEngine, provider
from syrinx.errors import ConfigurationError, EngineError, UnknownVoice
from syrinx.testing.tts_conformance import TtsConformance, likeness, speak

HELLO = "Hello there, my friend, how are you today?"


@pytest.fixture
async def tts() -> AsyncGenerator[EspeakEngine, None]:
    async with provider.open({}) as engine:
        yield engine


class TestEspeakConforms(TtsConformance):
    repeats = True


class TestEspeakConformsInGerman(TtsConformance):
    language = "de"
    repeats = True
    words = ("Morgen", "Garten", "Wasser", "sieben", "Fenster", "gelbe", "Gebirge", "Papier", "Winter", "Sommer")


def pitch_hz(chunk: PcmChunk) -> float:
    """The median fundamental frequency of the voiced stretches, by autocorrelation."""
    samples, rate = chunk.samples().astype(np.float64), chunk.sample_rate_hz
    size, low, high = rate // 25, rate // 400, rate // 55
    found: list[float] = []
    for start in range(0, samples.size - size, size // 2):
        window = samples[start : start + size] - samples[start : start + size].mean()
        if np.sqrt(np.mean(window**2)) < 500:
            continue
        likeness_at = np.correlate(window, window, "full")[size - 1 :]
        best = low + int(np.argmax(likeness_at[low:high]))
        if likeness_at[best] > 0.5 * likeness_at[0]:
            found.append(rate / best)
    return float(np.median(found))


async def test_english_voices_sound_like_women_and_men(tts: EspeakEngine) -> None:
    pitches: dict[str, list[float]] = {"female": [], "male": []}
    for voice in tts.voices[:7]:
        assert voice.language.startswith("en-")
        spoken = await speak(tts, SpeechRequest(text=HELLO, voice=voice.id))
        pitches[voice.gender].append(pitch_hz(spoken.audio))
    assert len(pitches["female"]) >= 3
    assert len(pitches["male"]) >= 3
    assert min(pitches["female"]) > max(pitches["male"]) * 1.3


async def test_pitch_rises_by_about_the_semitones_asked_for(tts: EspeakEngine) -> None:
    usual = pitch_hz((await speak(tts, SpeechRequest(text=HELLO))).audio)
    for semitones in (-4.0, 4.0, 7.0):
        spoken = await speak(tts, SpeechRequest(text=HELLO, pitch_semitones=semitones))
        assert 12 * np.log2(pitch_hz(spoken.audio) / usual) == pytest.approx(semitones, abs=1.5)


@pytest.mark.parametrize("speed", [0.5, 0.7, 1.3, 2.0, 2.8])
async def test_speed_is_the_speed_heard(tts: EspeakEngine, speed: float) -> None:
    text = f"{HELLO} The quick brown fox jumps over the lazy dog near the river bank. " * 2
    usual = await speak(tts, SpeechRequest(text=text))
    spoken = await speak(tts, SpeechRequest(text=text, speed=speed))
    assert usual.audio.duration_ms / spoken.audio.duration_ms == pytest.approx(speed, rel=0.1)


async def test_every_voice_of_the_list_speaks(tts: EspeakEngine) -> None:
    silent: list[str] = []
    for voice in tts.voices:
        spoken = await speak(tts, SpeechRequest(text="hello world", voice=voice.id))
        if rms_dbfs(spoken.audio.samples()) < -40:
            silent.append(voice.id)
    assert not silent


async def test_words_of_other_scripts_stand_where_they_say(tts: EspeakEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text="\U0001f600 Ça va très bien, où êtes-vous ?", language="fr"))
    assert [word.text for word in spoken.words][-6:] == ["Ça", "va", "très", "bien", "où", "êtes-vous"]
    assert spoken.words[-1].start_char == 22
    text = "你好世界，今天天气很好。"
    spoken = await speak(tts, SpeechRequest(text=text, language="zh-CN"))
    assert len(spoken.words) >= 7
    assert all(text[word.start_char :].startswith(word.text) for word in spoken.words)


async def test_numbers_and_compounds_are_one_word_each(tts: EspeakEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text="The state-of-the-art costs 1,234.50 or 3.5 apples."))
    assert [word.text for word in spoken.words] == [
        "The",
        "state-of-the-art",
        "costs",
        "1,234.50",
        "or",
        "3.5",
        "apples",
    ]


async def test_users_cannot_write_phonemes_or_markup(tts: EspeakEngine) -> None:
    spelled = await speak(tts, SpeechRequest(text="[[h@l'oU]] there"))
    phonemes = await speak(tts, SpeechRequest(text="hello there"))
    assert spelled.audio.duration_ms > 1.5 * phonemes.audio.duration_ms
    tagged = await speak(tts, SpeechRequest(text="one <b>two</b>"))
    assert len(tagged.words) > 2


async def test_users_cannot_write_phonemes_beside_given_ones(tts: EspeakEngine) -> None:
    given = (Phonemes(start_char=11, end_char=16, ipa="ðɛɹ"),)
    spelled = await speak(tts, SpeechRequest(text="[[h@l'oU]] there", phonemes=given))
    plain = await speak(tts, SpeechRequest(text="hello there"))
    assert spelled.audio.duration_ms > 1.5 * plain.audio.duration_ms


async def test_given_sounds_are_heard_instead_of_the_letters(tts: EspeakEngine) -> None:
    written = await speak(tts, SpeechRequest(text="hello there"))
    sounds = (Phonemes(start_char=0, end_char=3, ipa="həˈloʊ"),)
    said = await speak(tts, SpeechRequest(text="xyz there", phonemes=sounds))
    assert said.audio == written.audio
    assert [(word.text, word.start_char) for word in said.words] == [("xyz", 0), ("there", 4)]


async def test_words_of_a_phrase_with_sounds_and_an_owner_are_words_of_the_text(tts: EspeakEngine) -> None:
    text = "I like New York's parks"
    sounds = (Phonemes(start_char=7, end_char=15, ipa="ˈnuː ˈjɔːɹk"),)
    said = await speak(tts, SpeechRequest(text=text, phonemes=sounds))
    assert [word.text for word in said.words] == ["I", "like", "New", "York's", "parks"]
    written = await speak(tts, SpeechRequest(text=text))
    assert said.audio.duration_ms == pytest.approx(written.audio.duration_ms, rel=0.1)


async def test_the_names_that_clients_send_are_voices_of_that_gender(tts: EspeakEngine) -> None:
    genders = {alias: voice.gender for voice in tts.voices for alias in voice.aliases}
    languages = {alias: voice.language[:5] for voice in tts.voices for alias in voice.aliases}
    women = {"alloy", "coral", "marin", "nova", "sage", "shimmer"}
    openai = women | {"ash", "ballad", "cedar", "echo", "fable", "onyx", "verse"}
    assert openai | {"af_heart", "af", "am", "bf", "bm", "default"} <= set(genders)
    assert {name for name in openai if genders[name] == "female"} == women
    assert (genders["af"], genders["am"], genders["bf"], genders["bm"]) == ("female", "male", "female", "male")
    assert (languages["af"], languages["am"], languages["bf"], languages["bm"]) == ("en-US", "en-US", "en-GB", "en-GB")
    voices = {voice.id for voice in tts.voices if openai & set(voice.aliases)}
    assert len(voices) == len(openai), "no two of them sound the same"


async def test_a_voice_with_a_name_speaks_other_languages_with_their_sounds(tts: EspeakEngine) -> None:
    text = "Guten Morgen, schöne Welt"
    named = await speak(tts, SpeechRequest(text=text, language="de", voice="Alloy"))
    assert named.audio == (await speak(tts, SpeechRequest(text=text, language="de", voice="gmw/de+shelby"))).audio
    usual = await speak(tts, SpeechRequest(text=text, language="de"))
    assert (await speak(tts, SpeechRequest(text=text, language="de", voice="default"))).audio == usual.audio


async def test_a_voice_is_found_by_any_of_its_names(tts: EspeakEngine) -> None:
    by_identifier = await speak(tts, SpeechRequest(text=HELLO, voice="roa/fr"))
    for name in ("fr", "FR-fr", "Roa/FR"):
        spoken = await speak(tts, SpeechRequest(text=HELLO, voice=name))
        assert likeness(spoken.audio, by_identifier.audio) > 0.95
    english = await speak(tts, SpeechRequest(text=HELLO, voice="en"))
    assert likeness(english.audio, by_identifier.audio) < 0.9
    assert pitch_hz((await speak(tts, SpeechRequest(text=HELLO, voice="en-gb+f2"))).audio) > 150


@pytest.mark.parametrize("voice", ["roa/fr+nobody", "+f2", "gmw/en-US+../../f2", "en-us+"])
async def test_variants_that_do_not_exist_are_refused(tts: EspeakEngine, voice: str) -> None:
    with pytest.raises(UnknownVoice, match="list of voices"):
        await speak(tts, SpeechRequest(text=HELLO, voice=voice))


@pytest.mark.parametrize("language", ["en", "en-AU", "EN_us", "zh", "zh-HK", "no", "pt-BR", "es-MX", "sr", "vi-VN"])
async def test_regions_fall_back_to_their_language(tts: EspeakEngine, language: str) -> None:
    assert (await speak(tts, SpeechRequest(text="1, 2, 3", language=language))).chunks


async def test_two_engines_at_once_do_not_disturb_each_other(tts: EspeakEngine) -> None:
    expected = await speak(tts, SpeechRequest(text=HELLO, voice="annie"))
    async with provider.open({"copies": "1"}) as other:
        async with asyncio.TaskGroup() as group:
            mine = [group.create_task(speak(tts, SpeechRequest(text=HELLO, voice="annie"))) for _ in range(10)]
            for _ in range(10):
                group.create_task(speak(other, SpeechRequest(text=HELLO, voice="roa/fr", speed=2.0)))
        assert all(likeness(task.result().audio, expected.audio) > 0.95 for task in mine)


async def test_a_closed_engine_refuses_and_leaves_no_thread() -> None:
    async with provider.open({}) as engine:
        chunks = engine.synthesize(SpeechRequest(text=f"{HELLO} " * 50))
        await anext(chunks)
    with pytest.raises(EngineError, match="closed"):
        async for _ in chunks:
            pass
    with pytest.raises(EngineError, match="closed"):
        await speak(engine, SpeechRequest(text=HELLO))
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("espeak")]


async def test_opening_again_and_again_works() -> None:
    for _ in range(10):
        async with provider.open({}) as engine:
            assert (await speak(engine, SpeechRequest(text="hello"))).chunks


@pytest.mark.parametrize(
    "options", [{"copies": "0"}, {"copies": "many"}, {"copies": "99"}, {"copies": "9" * 5000}, {"speed": "2"}]
)
async def test_impossible_options_are_refused(options: dict[str, str]) -> None:
    assert not provider.check(options).available
    with pytest.raises(ConfigurationError, match="copies"):
        async with provider.open(options):
            pass


def test_the_check_names_what_it_found() -> None:
    availability = provider.check({})
    assert availability.available
    assert availability.facts["espeakng-loader"]
