"""People's voices among those of the engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest
from tests.speech.people import ADA, ADA_HZ, BEN, BEN_HZ, person, recorded

from syrinx.audio.pace import syllables_per_second
from syrinx.audio.pcm import PcmChunk, chunk_of
from syrinx.engines.tts.contract import Cloning, SpeechChunk, SpeechRequest, TextToSpeech, Voice
from syrinx.errors import BadAudio, BadInput, EngineError, SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.speech import AutoVoice, PeopleVoices, PersonVoice
from syrinx.speech.voicing import fallback_request
from syrinx.storage.errors import DatabaseUnavailable
from syrinx.testing.audio import dominant_frequency_hz, rms
from syrinx.testing.fake_tts import CLONING, PITCH_HZ, VOICES, ScriptedTts, TtsScript
from syrinx.testing.tts_conformance import TtsConformance, speak
from syrinx.voices.profile import VoiceSettings

WORDS = "Good morning, dear friend of mine."


def cloner(*, languages: tuple[str, ...] = ("de", "en"), warmth: bool = False) -> ScriptedTts:
    engine = ScriptedTts(cloning=CLONING, warmth=warmth)
    engine.capabilities = replace(engine.capabilities, languages=languages)
    return engine


def plain(*, stiff: bool = False) -> ScriptedTts:
    """An engine that learns nothing; a stiff one has one speed and pitch."""
    engine = ScriptedTts(sample_rate_hz=22_050)
    if stiff:
        engine.capabilities = replace(engine.capabilities, speed=(1.0, 1.0), pitch_semitones=(0.0, 0.0))
    return engine


def voices(
    engines: Mapping[str, TextToSpeech], *people: PersonVoice, elsewhere: Mapping[str, TextToSpeech] | None = None
) -> PeopleVoices:
    return PeopleVoices(AutoVoice(engines), people, elsewhere=elsewhere)


def said(voice: str | None, *, language: str = "en", text: str = WORDS) -> SpeechRequest:
    return SpeechRequest(text=text, language=language, voice=voice)


async def heard(tts: TextToSpeech, request: SpeechRequest) -> PcmChunk:
    return (await speak(tts, request)).audio


async def heard_hz(tts: TextToSpeech, request: SpeechRequest) -> float:
    return dominant_frequency_hz(await heard(tts, request))


class TestALearntVoiceConforms(TtsConformance):
    @pytest.fixture
    def tts(self) -> TextToSpeech:
        return voices({"tones": cloner()}, person()).route(language="en", voice=ADA).tts


class TestANearVoiceOfAStiffEngineConforms(TtsConformance):
    """Every speed and pitch is brought about afterwards."""

    @pytest.fixture
    def tts(self) -> TextToSpeech:
        return voices({"tones": plain(stiff=True)}, person()).route(language="en", voice=ADA).tts


async def test_a_person_whose_voice_is_learnt_is_heard_and_nobody_else() -> None:
    tts = voices({"plain": plain(), "tones": cloner()}, person(), person(BEN, BEN_HZ))
    assert await heard_hz(tts, said(ADA)) == pytest.approx(ADA_HZ, rel=0.02)
    assert await heard_hz(tts, said(BEN)) == pytest.approx(BEN_HZ, rel=0.02)
    assert await heard_hz(tts, said(None)) == pytest.approx(PITCH_HZ["low"], rel=0.02)
    assert tts.engine_of(ADA) == tts.engine_for(language="de", voice=ADA) == "tones"
    assert (tts.match(ADA, "en"), tts.match("low", "en")) == ("exact", "exact")


async def test_two_people_who_speak_at_once_do_not_bleed_into_each_other() -> None:
    engine = cloner()
    engine.script = TtsScript(real_time_factor=0.001)
    tts = voices({"tones": engine}, person(), person(BEN, BEN_HZ))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(heard_hz(tts, said((ADA, BEN)[turn % 2]))) for turn in range(8)]
    for turn, task in enumerate(tasks):
        assert task.result() == pytest.approx((ADA_HZ, BEN_HZ)[turn % 2], rel=0.02)
    assert engine.most_active > 1


async def test_what_was_learnt_is_learnt_once_and_given_with_each_request() -> None:
    engine, sample = cloner(), recorded(ADA_HZ)
    tts = voices({"tones": engine}, person(sample=sample, language="de"))
    for _ in range(3):
        await speak(tts, said(ADA))
    assert engine.learnt == [("so it is", "de")]
    assert {request.conditioning for request in engine.requests} == set(sample.learnt.values())
    assert {request.voice for request in engine.requests} == {None}


async def test_without_an_engine_that_learns_the_nearest_voice_speaks_as_high_as_the_person() -> None:
    tts = voices({"plain": plain()}, person(ADA, 260.0), person(BEN, 130.0))
    assert await heard_hz(tts, said(ADA)) == pytest.approx(260.0, rel=0.03)
    assert await heard_hz(tts, said(BEN)) == pytest.approx(130.0, rel=0.03)
    assert (tts.match(ADA, "en"), tts.match(BEN, "en")) == ("approximate", "approximate")
    assert [tts.nearest(each, "en") for each in (ADA, BEN)] == [VOICES[1], VOICES[0]]


async def test_no_voice_is_raised_so_far_that_it_sounds_made_up() -> None:
    tts = voices({"plain": plain()}, person(BEN, 75.0))
    assert await heard_hz(tts, said(BEN)) == pytest.approx(PITCH_HZ["low"] * 2 ** (-4 / 12), rel=0.03)


async def test_an_engine_that_learns_and_does_not_speak_the_language_leaves_it_to_the_nearest_voice() -> None:
    tts = voices({"plain": plain(), "tones": cloner(languages=("en",))}, person(ADA, 200.0))
    assert (tts.match(ADA, "en-GB"), tts.match(ADA, "de")) == ("exact", "approximate")
    assert tts.route(language="de", voice=ADA).engine == "plain"
    assert await heard_hz(tts, said(ADA, language="de")) == pytest.approx(200.0, rel=0.03)
    with pytest.raises(UnknownLanguage):
        tts.route(language="fi", voice=ADA)


async def test_a_language_of_which_no_voice_is_said_to_be_is_spoken_by_the_engines_default() -> None:
    many = plain()
    many.capabilities = replace(many.capabilities, languages=("en", "de", "fi"))
    tts = voices({"plain": many}, person())
    assert tts.nearest(ADA, "fi") is None
    assert tts.route(language="fi", voice=ADA).engine == "plain"


async def test_an_id_that_is_nobodys_here_is_an_unknown_voice() -> None:
    tts = voices({"tones": cloner()}, person())
    for stranger in (BEN, ADA.upper(), f"tones:{ADA}", f"{ADA}+low", "A person", ""):
        with pytest.raises(UnknownVoice):
            tts.route(language="en", voice=stranger)
        with pytest.raises(UnknownVoice):
            await speak(tts, said(stranger))
        assert not tts.is_person(stranger)
    with pytest.raises(KeyError):
        tts.nearest(BEN, "en")


async def test_while_people_cannot_be_read_an_unknown_id_may_be_somebodys() -> None:
    away = DatabaseUnavailable("the database does not answer")
    tts = PeopleVoices(AutoVoice({"plain": plain()}), [], unread=away)
    with pytest.raises(DatabaseUnavailable):
        tts.route(language="en", voice=ADA)
    with pytest.raises(DatabaseUnavailable):
        await heard(tts, said(ADA))
    assert (await heard(tts, said(None))).duration_ms > 0
    # An engine elsewhere may speak their language, and nobody's voice has an id like that.
    with pytest.raises(DatabaseUnavailable):
        tts.route(language="fi", voice=ADA)
    for voice, language, error in (("nobody", "en", UnknownVoice), (None, "fi", UnknownLanguage)):
        with pytest.raises(error):
            tts.route(language=language, voice=voice)


def test_while_people_cannot_be_read_each_request_is_refused_by_an_error_of_its_own() -> None:
    away = DatabaseUnavailable("the database does not answer", code="away")
    tts = PeopleVoices(AutoVoice({"plain": plain()}), [], unread=away)
    raised: list[SyrinxError] = []
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable) as refused:
            tts.route(language="en", voice=ADA)
        raised.append(refused.value)
    assert len({id(each) for each in (away, *raised)}) == 3
    assert {(each.message, each.code, each.retryable) for each in raised} == {(away.message, "away", True)}
    assert away.__traceback__ is None


def test_people_are_not_among_the_voices_that_are_offered_to_everybody() -> None:
    tts = voices({"tones": cloner()}, person())
    assert list(tts.voices) == list(VOICES)
    assert [each.voice.id for each in tts.people] == [ADA]
    assert tts.is_person(ADA)
    assert (tts.language_of(ADA), tts.language_of("mittel")) == ("en", "de-DE")


@pytest.mark.parametrize("stiff", [False, True], ids=["by the engine", "afterwards"])
async def test_pitch_and_pace_are_as_the_person_has_set_them(stiff: bool) -> None:
    settings = VoiceSettings(pitch_semitones=3.0, pace=1.5)
    engine = plain(stiff=stiff)
    usual, changed = (voices({"plain": engine}, person(ADA, 300.0, settings=each)) for each in (None, settings))
    before, after = await heard(usual, said(ADA)), await heard(changed, said(ADA))
    assert after.duration_ms == pytest.approx(before.duration_ms / 1.5, rel=0.03)
    assert dominant_frequency_hz(after) == pytest.approx(300.0 * 2 ** (3 / 12), rel=0.03)
    # What a request asks for comes on top.
    route = changed.route(language="en", voice=ADA)
    faster = await heard(route.tts, replace(said(ADA), speed=2.0, pitch_semitones=-3.0))
    assert faster.duration_ms == pytest.approx(before.duration_ms / 3.0, rel=0.05)
    assert dominant_frequency_hz(faster) == pytest.approx(300.0, rel=0.03)


async def test_a_pace_beyond_what_can_be_is_as_near_as_can_be() -> None:
    tts = voices({"plain": plain(stiff=True)}, person(ADA, 300.0, settings=VoiceSettings(pace=2.0)))
    route = tts.route(language="en", voice=ADA)
    usual = await heard(voices({"plain": plain(stiff=True)}, person(ADA, 300.0)), said(ADA))
    spoken = await heard(route.tts, replace(said(ADA), speed=4.0))
    assert spoken.duration_ms == pytest.approx(usual.duration_ms / 4.0, rel=0.05)


async def test_warmth_reaches_an_engine_that_has_it_and_is_told_of_one_that_has_not() -> None:
    warm = person(settings=VoiceSettings(warmth=1.0))
    able, unable = voices({"tones": cloner(warmth=True)}, warm), voices({"tones": cloner()}, warm)
    cool = voices({"tones": cloner(warmth=True)}, person())
    assert rms(await heard(able, said(ADA))) > 1.5 * rms(await heard(cool, said(ADA)))
    assert able.route(language="en", voice=ADA).not_applied == ()
    assert unable.route(language="en", voice=ADA).not_applied == ("warmth",)
    assert (await heard(unable, said(ADA))).sample_count


async def test_a_voice_that_takes_no_pitch_of_its_own_is_raised_afterwards() -> None:
    engine = plain()
    engine.voices = tuple(replace(each, fixed_pitch=True) for each in VOICES)
    assert await heard_hz(voices({"plain": engine}, person(ADA, 260.0)), said(ADA)) == pytest.approx(260.0, rel=0.03)
    assert {request.pitch_semitones for request in engine.requests} == {0.0}


class Syllables(ScriptedTts):
    """Speaks four syllables a second where it is asked for no other speed."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        async with aclosing(super().synthesize(request)) as chunks:
            at = 0
            async for chunk in chunks:
                samples = chunk.audio.samples().astype(np.float64)
                times_s = (at + np.arange(samples.size)) / chunk.audio.sample_rate_hz
                at += samples.size
                swelling = samples * (0.5 - 0.5 * np.cos(2.0 * np.pi * 4.0 * request.speed * times_s)) ** 2
                rate_hz = chunk.audio.sample_rate_hz
                yield replace(chunk, audio=chunk_of(np.rint(swelling).astype(np.int16), sample_rate_hz=rate_hz))


async def test_the_nearest_voice_speaks_as_fast_as_the_person_but_no_faster_than_sounds_natural() -> None:
    engine = Syllables(sample_rate_hz=22_050)
    engine.script = TtsScript(char_ms=80.0)
    spoken = await heard(engine, said(None, text=f"{WORDS} {WORDS}"))
    pace = syllables_per_second(spoken)
    assert pace is not None
    assert pace == pytest.approx(4.0, rel=0.15)
    usual_ms = (await heard(voices({"plain": engine}, person()), said(ADA))).duration_ms
    for wanted, factor in ((0.9 * pace, 0.9), (1.15 * pace, 1.15), (9.0 * pace, 1.25), (0.1 * pace, 0.8)):
        tts = voices({"plain": engine}, person(pace=wanted))
        assert (await heard(tts, said(ADA))).duration_ms == pytest.approx(usual_ms / factor, rel=0.04)


async def test_an_engines_voice_is_measured_once() -> None:
    engine = plain()
    tts = voices({"plain": engine}, person())
    await asyncio.gather(*(speak(tts, said(ADA)) for _ in range(4)))
    assert [request.text for request in engine.requests].count(WORDS) == 4
    assert len(engine.requests) == 5


async def test_where_a_voice_cannot_be_measured_its_typical_pitch_is_taken_and_the_text_is_spoken() -> None:
    engine = plain()
    tts = voices({"plain": engine}, person(ADA, 205.0))
    engine.script = TtsScript(fail="raise")
    engine.scripts = {WORDS: TtsScript()}
    assert await heard_hz(tts, said(ADA)) == pytest.approx(PITCH_HZ["high"], rel=0.03)


async def test_the_engine_that_is_preferred_learns_first_and_who_wants_a_longer_sample_is_passed_over() -> None:
    greedy = ScriptedTts(cloning=Cloning(shortest_s=6.0, best_s=20.0, version="greedy"))
    engines = {"first": cloner(), "second": cloner(), "greedy": greedy}
    for preferred, sample_s, expected in (
        ((), None, "first"),
        (("second",), None, "second"),
        (("gone", "greedy"), 9.0, "greedy"),
        (("greedy", "second"), 4.0, "second"),
    ):
        tts = PeopleVoices(AutoVoice(engines), [person(sample_s=sample_s)], cloners=preferred)
        assert tts.engine_for(language="en", voice=ADA) == expected
    only = PeopleVoices(AutoVoice({"greedy": greedy}), [person(sample_s=4.0)])
    assert only.match(ADA, "en") == "approximate"


async def test_an_engine_elsewhere_speaks_peoples_voices_and_nothing_else() -> None:
    far = cloner(languages=("en", "fi"))
    far.voices = (Voice(id="distant", name="Distant", language="en"),)
    tts = voices({"plain": plain()}, person(), elsewhere={"far": far})
    assert tts.engine_for(language="en", voice=ADA) == tts.engine_for(language="fi", voice=ADA) == "far"
    assert tts.engine_for(language="en", voice=None) == "plain"
    with pytest.raises(UnknownVoice):
        tts.route(language="en", voice="distant")
    with pytest.raises(UnknownLanguage):
        tts.route(language="fi", voice=None)
    assert await heard_hz(tts, said(ADA)) == pytest.approx(ADA_HZ, rel=0.02)


async def test_a_voice_that_cannot_be_learnt_is_refused_before_any_sound() -> None:
    engine = cloner()
    tts = voices({"tones": engine}, person(sample=recorded(ADA_HZ, seconds=0.4)))
    with pytest.raises(BadAudio, match="too short"):
        await speak(tts, said(ADA))
    engine.script = TtsScript(fail="raise", error=EngineError("GPU out of memory: wait", code="gpu_memory"))
    with pytest.raises(EngineError, match="GPU out of memory"):
        await speak(voices({"tones": engine}, person()), said(ADA))
    assert not engine.active


async def test_what_no_voice_can_do_is_refused_of_a_persons_voice_too() -> None:
    tts = voices({"tones": cloner()}, person())
    for wrong in (replace(said(ADA), speed=9.0), said(ADA, text="..."), replace(said(ADA), conditioning=b"mine")):
        with pytest.raises(BadInput):
            await speak(tts, wrong)


async def test_whoever_leaves_stops_the_engine_also_while_its_sound_is_stretched() -> None:
    engine = plain(stiff=True)
    engine.script = TtsScript(real_time_factor=0.001)
    tts = voices({"plain": engine}, person(settings=VoiceSettings(pace=0.5)))
    async with aclosing(tts.synthesize(said(ADA, text=f"{WORDS} " * 20))) as chunks:
        await anext(chunks)
        assert engine.active == 1
    assert engine.active == 0


async def test_each_sentence_that_a_voice_speaks_is_told_of() -> None:
    told: list[str] = []
    tts = voices({"tones": cloner()}, replace(person(), used=lambda: told.append(ADA)))
    await speak(tts, said("low"))
    assert told == []
    await speak(tts, said(ADA))
    assert told == [ADA]


def test_what_is_heard_of_a_voice_has_one_revision_and_what_is_not_the_same_another() -> None:
    def revision(tts: PeopleVoices, language: str = "en") -> str:
        return tts.route(language=language, voice=ADA).revision

    learnt = voices({"tones": cloner()}, person())
    assert revision(learnt) == revision(voices({"plain": plain(), "tones": cloner()}, person()))
    near = voices({"plain": plain()}, person())
    renewed = voices({"tones": cloner()}, person(revision="2"))
    assert len({revision(learnt), revision(near), revision(near, "de"), revision(renewed)}) == 4


def test_where_an_engine_fails_a_voice_of_the_same_gender_takes_over() -> None:
    tts = voices({"tones": cloner()}, person(), person(BEN, BEN_HZ))
    assert fallback_request(said(ADA), tts, ScriptedTts()).voice == "high"
    assert fallback_request(said(BEN), tts, ScriptedTts()).voice == "low"
