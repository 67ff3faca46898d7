"""Voices, speed, pitch and SSML come out of a narration as they were asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.speech.narrating import (
    FIRST,
    RATE_HZ,
    SAMPLES_PER_MS,
    narrating,
    pcm,
    plain,
    samples,
    sentences,
    ssml,
    told,
    tones_ms,
    words,
)

from syrinx.audio import PcmChunk
from syrinx.engines.tts.contract import Phonemes, TtsCapabilities
from syrinx.errors import BadInput
from syrinx.speech.narration import (
    NarrationEvent,
    NarrationRequest,
)
from syrinx.speech.narrator import NARRATION_RULES
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.virtual_time import virtual_time
from syrinx.text.pronunciations import Pronunciation, Pronunciations

SENTENCE = NARRATION_RULES.sentence_pause_ms


@virtual_time
async def test_a_document_is_spoken_in_the_language_that_it_names() -> None:
    tts = ScriptedTts()
    async with narrating(tts) as narrate:
        text = "<speak xml:lang='de-AT'>Guten Tag.</speak>"
        narration = await narrate(NarrationRequest(text=text, ssml=True))
        await told(narration)
        assert (narration.language, tts.requests[0].language) == ("de-AT", "de-AT")
        with pytest.raises(BadInput, match="line 1, column 1: xml:lang is 'de-AT' where 'en' is spoken"):
            await narrate(NarrationRequest(text=text, ssml=True, language="en"))


@virtual_time
async def test_without_a_language_that_of_the_voice_is_spoken() -> None:
    tts = ScriptedTts()
    async with narrating(tts) as narrate:
        narration = await narrate(NarrationRequest(text="Guten Tag, alle zusammen.", voice="MITTEL"))
        await told(narration)
    assert (narration.language, narration.voice) == ("de-DE", "mittel")
    assert tts.requests[0].voice == "mittel"


@virtual_time
async def test_instructions_go_to_engines_that_take_them_and_are_told_of_otherwise() -> None:
    plainly, described = ScriptedTts(), ScriptedTts()
    described.capabilities = replace(described.capabilities, describes=True)
    async with narrating(plainly, described) as narrate:
        request = replace(plain(FIRST), instructions="Cheerful.")
        first = await narrate(replace(request, engine="first"))
        second = await narrate(replace(request, engine="second"))
        assert (first.not_applied, second.not_applied) == (("instructions",), ())
        await told(first)
        await told(second)
    assert [each.description for each in (*plainly.requests, *described.requests)] == ["", "Cheerful."]


@virtual_time
async def test_sounds_go_to_engines_that_take_them_and_are_told_of_otherwise() -> None:
    letters, sounds = ScriptedTts(), ScriptedTts()
    sounds.capabilities = replace(sounds.capabilities, phonemes=True)
    book = Pronunciations((Pronunciation(written="tomato", ipa="təˈmɑːtəʊ"),))
    async with narrating(letters, sounds) as narrate:
        request = replace(plain("It costs $5, one tomato a day."), pronunciations=book)
        first = await narrate(replace(request, engine="first"))
        second = await narrate(replace(request, engine="second"))
        assert (first.not_applied, second.not_applied) == (("phoneme",), ())
        await told(first)
        await told(second)
    assert letters.requests[0].phonemes == ()
    asked = sounds.requests[0]
    assert [asked.text[each.start_char : each.end_char] for each in asked.phonemes] == ["tomato"]
    assert asked.phonemes[0] == Phonemes(start_char=27, end_char=33, ipa="təˈmɑːtəʊ")
    assert asked.text == "It costs five dollars, one tomato a day."


@virtual_time
async def test_speed_beyond_the_engine_is_stretched_and_its_words_with_it() -> None:
    tts = ScriptedTts()
    tts.capabilities = replace(tts.capabilities, speed=(0.5, 2.0))
    async with narrating(tts) as narrate:
        events = await told(await narrate(replace(plain(FIRST), speed=4.0)))
        usual = await told(await narrate(plain(FIRST)))
    assert [request.speed for request in tts.requests] == [2.0, 1.0]
    assert len(samples(events)) == pytest.approx(len(samples(usual)) / 4, abs=60 * SAMPLES_PER_MS)
    assert [word.text for word in words(events)] == FIRST.rstrip(".").split()
    for quick, slow in zip(words(events), words(usual), strict=True):
        assert quick.at_ms == pytest.approx(slow.at_ms / 4, abs=1.0)
    assert dominant(events) == pytest.approx(dominant(usual), rel=0.05)


@virtual_time
async def test_a_voice_of_one_pitch_is_shifted_where_others_of_its_engine_are_not() -> None:
    tts = ScriptedTts()
    low, high = tts.voices[:2]
    tts.voices = (low, replace(high, aliases=("steady",), fixed_pitch=True))
    async with narrating(tts) as narrate:
        for voice in ("low", "high", "steady"):
            await told(await narrate(replace(plain(FIRST), voice=voice, pitch_semitones=2.0)))
    assert [request.pitch_semitones for request in tts.requests] == [2.0, 0.0, 0.0]


@virtual_time
async def test_an_engine_of_one_pitch_is_shifted() -> None:
    tts = ScriptedTts()
    tts.capabilities = TtsCapabilities(sample_rate_hz=RATE_HZ, languages=("en",), word_times=True)
    async with narrating(tts) as narrate:
        high = await told(await narrate(replace(plain(FIRST), pitch_semitones=12.0)))
        usual = await told(await narrate(plain(FIRST)))
    assert [request.pitch_semitones for request in tts.requests] == [0.0, 0.0]
    assert dominant(high) == pytest.approx(2 * dominant(usual), rel=0.05)
    assert len(samples(high)) == pytest.approx(len(samples(usual)), abs=60 * SAMPLES_PER_MS)


def dominant(events: list[NarrationEvent]) -> float:
    return dominant_frequency_hz(PcmChunk(pcm=pcm(events), sample_rate_hz=RATE_HZ))


# SSML.


@virtual_time
async def test_breaks_are_as_long_as_they_are_to_be_to_the_sample() -> None:
    async with narrating(ScriptedTts()) as narrate:
        events = await told(
            await narrate(
                ssml(
                    "<break time='100ms'/>Some words here<break time='1234ms'/>and some more words."
                    "<break time='10ms'/>And a sentence.<break time='2s'/>"
                )
            )
        )
    spoken = tones_ms("Some words here", "and some more words.", "And a sentence.")
    assert len(samples(events)) == round((spoken + 100 + 1234 + SENTENCE + 2000) * SAMPLES_PER_MS)
    first, second, third = sentences(events)
    assert first.at_ms == 100.0
    assert second.at_ms == 100.0 + tones_ms("Some words here") + 1234.0
    # A break never makes a pause shorter.
    assert third.at_ms == second.at_ms + tones_ms("and some more words.") + SENTENCE
    assert not samples(events)[: 100 * SAMPLES_PER_MS].any()
    assert not samples(events)[-2000 * SAMPLES_PER_MS :].any()


@virtual_time
async def test_prosody_changes_how_its_words_are_spoken_and_no_others() -> None:
    tts = ScriptedTts()
    async with narrating(tts) as narrate:
        await told(
            await narrate(
                replace(
                    ssml("Usual words. <prosody rate='150%' pitch='+2st'>Quick words.</prosody> Usual again."),
                    speed=1.2,
                )
            )
        )
    assert [round(request.speed, 6) for request in tts.requests] == [1.2, 1.8, 1.2]
    assert [request.pitch_semitones for request in tts.requests] == [0.0, 2.0, 0.0]


@virtual_time
async def test_louder_is_louder_and_never_cut_off() -> None:
    async with narrating(ScriptedTts()) as narrate:
        loud = samples(await told(await narrate(ssml("<prosody volume='+12dB'>Words.</prosody>"))))
        usual = samples(await told(await narrate(ssml("Words."))))
    assert loud.size == usual.size
    assert np.abs(loud.astype(int)).max() < 32767
    assert np.abs(loud.astype(int)).max() > np.abs(usual.astype(int)).max()


@virtual_time
async def test_places_are_those_of_the_document() -> None:
    request = ssml("Read <sub alias='World Wide Web'>WWW</sub> &amp; go. <emphasis>Now</emphasis>, please.")
    async with narrating(ScriptedTts()) as narrate:
        events = await told(await narrate(request))
    placed = [(word.text, request.text[word.start_char : word.end_char]) for word in words(events) if word.start_char]
    assert placed[:2] == [("Read", "Read"), ("WWW", "WWW")]
    assert ("go", "go") in placed
    assert ("Now", "Now") in placed
    assert sentences(events)[0].text == "Read WWW & go."


@virtual_time
async def test_a_word_that_is_read_otherwise_is_told_once_as_it_is_written() -> None:
    book = Pronunciations((Pronunciation(written="SQL", spoken="sequel query language"),))
    request = replace(plain("We like SQL very much."), pronunciations=book)
    async with narrating(ScriptedTts()) as narrate:
        events = await told(await narrate(request))
    assert [(word.text, word.start_char) for word in words(events)] == [
        ("We", 0), ("like", 3), ("SQL", 8), ("very", 12), ("much", 17),
    ]  # fmt: skip
