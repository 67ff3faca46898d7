"""Texts narrated in people's voices: kept and shared among those alone to whom a voice belongs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from tests.speech.narrating import TEXT, pcm, plain, told
from tests.speech.people import ADA, ADA_HZ, BEN, BEN_HZ, person

from syrinx.accounts.caller import PERSONAL_SCOPES, Caller, calling, current_caller
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.errors import EngineError, UnknownVoice
from syrinx.speech import AutoVoice, PeopleVoices, PersonVoice
from syrinx.speech.narration import Narration, NarrationRequest
from syrinx.speech.narrator import Narrator, open_narrator
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_tts import CLONING, ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_time
from syrinx.voices.profile import VoiceSettings


def caller(user: str) -> Caller:
    return Caller(user=user, scopes=PERSONAL_SCOPES, how="key")


@dataclass(kw_only=True)
class House:
    """Leases engines with the voices of whoever calls."""

    engines: dict[str, TextToSpeech] = field(default_factory=lambda: {"tones": ScriptedTts(cloning=CLONING)})
    people: dict[str, list[PersonVoice]] = field(
        default_factory=lambda: {"ada": [person()], "ben": [person(BEN, BEN_HZ)]}
    )
    """By user."""

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[PeopleVoices, None]:
        engines = {name: self.engines[name]} if name else self.engines
        yield PeopleVoices(AutoVoice(engines), self.people.get(current_caller().user, []))

    @property
    def tones(self) -> ScriptedTts:
        engine = self.engines["tones"]
        assert isinstance(engine, ScriptedTts)
        return engine


@asynccontextmanager
async def narrating(house: House) -> AsyncGenerator[Narrator, None]:
    async with open_narrator(house.lease, language="en", cache_bytes=64 * 1024 * 1024) as narrate:
        yield narrate


async def begun(narrate: Narrator, user: str, voice: str, *, text: str = TEXT) -> Narration:
    with calling(caller(user)):
        return await narrate(NarrationRequest(text=text, voice=voice))


async def heard(narrate: Narrator, user: str, voice: str, *, text: str = TEXT) -> PcmChunk:
    narration = await begun(narrate, user, voice, text=text)
    return PcmChunk(pcm=pcm(await told(narration)), sample_rate_hz=24_000)


@virtual_time
async def test_a_text_is_narrated_in_the_voice_of_whoever_asks_for_theirs() -> None:
    house = House()
    async with narrating(house) as narrate:
        narration = await begun(narrate, "ada", ADA)
        assert (narration.voice, narration.voice_match, narration.engine) == (ADA, "exact", "tones")
        assert (narration.language, narration.not_applied) == ("en", ())
        await narration.aclose()
        assert dominant_frequency_hz(await heard(narrate, "ada", ADA)) == pytest.approx(ADA_HZ, rel=0.02)
        assert dominant_frequency_hz(await heard(narrate, "ben", BEN)) == pytest.approx(BEN_HZ, rel=0.02)


@virtual_time
async def test_where_no_engine_learns_it_is_told_that_the_voice_is_only_near() -> None:
    house = House(engines={"tones": ScriptedTts()})
    house.people["ada"] = [person(settings=VoiceSettings(warmth=0.5))]
    async with narrating(house) as narrate:
        narration = await begun(narrate, "ada", ADA)
        assert (narration.voice, narration.voice_match) == (ADA, "approximate")
        assert narration.not_applied == ("warmth",)
        await narration.aclose()
        other = await narrate(plain())
        assert (other.voice, other.voice_match) == ("", "exact")
        await other.aclose()


@virtual_time
async def test_the_language_of_a_text_is_that_of_the_voice() -> None:
    house = House()
    house.people["ada"] = [person(language="de")]
    async with narrating(house) as narrate:
        narration = await begun(narrate, "ada", ADA)
        assert narration.language == "de"
        await narration.aclose()


@virtual_time
async def test_who_names_anothers_voice_gets_nothing_also_where_its_sound_is_kept_or_being_made() -> None:
    house = House()
    async with narrating(house) as narrate:
        await heard(narrate, "ada", ADA)
        assert len(narrate.cache) == 1
        unknown: list[str] = []
        for user in ("ben", "nobody"):
            with pytest.raises(UnknownVoice) as raised:
                await begun(narrate, user, ADA)
            unknown.append(raised.value.message)
        with pytest.raises(UnknownVoice) as raised:
            await begun(narrate, "ada", "voice_that_never_was")
        assert unknown[0].replace(ADA, "") == raised.value.message.replace("voice_that_never_was", "")
        house.tones.script = TtsScript(real_time_factor=1.0)
        making = await begun(narrate, "ada", ADA, text="Something else, which is being made now.")
        with pytest.raises(UnknownVoice):
            await begun(narrate, "ben", ADA, text="Something else, which is being made now.")
        await making.aclose()


@virtual_time
async def test_what_a_voice_has_spoken_is_kept_for_who_asks_again() -> None:
    house = House()
    async with narrating(house) as narrate:
        first = await heard(narrate, "ada", ADA)
        count = len(house.tones.requests)
        again = await begun(narrate, "ada", ADA)
        assert again.timing.cached
        assert again.voice == ADA
        assert pcm(await told(again)) == first.pcm
        assert len(house.tones.requests) == count


@virtual_time
async def test_the_same_id_at_two_people_is_two_voices() -> None:
    """Ids are the server's own and differ; yet nothing rests on that alone."""
    house = House()
    house.people["ben"] = [person(ADA, BEN_HZ)]
    async with narrating(house) as narrate:
        for user, pitch_hz in (("ada", ADA_HZ), ("ben", BEN_HZ)):
            assert dominant_frequency_hz(await heard(narrate, user, ADA)) == pytest.approx(pitch_hz, rel=0.02)


@virtual_time
async def test_a_voice_that_has_changed_is_heard_as_it_is_now() -> None:
    house = House()
    async with narrating(house) as narrate:
        await heard(narrate, "ada", ADA)
        house.people["ada"] = [person(settings=VoiceSettings(pitch_semitones=4.0), revision="2")]
        changed = await heard(narrate, "ada", ADA)
        assert dominant_frequency_hz(changed) == pytest.approx(ADA_HZ * 2 ** (4 / 12), rel=0.02)


@virtual_time
async def test_a_voice_that_is_gone_is_gone_at_once_and_so_is_what_it_has_spoken() -> None:
    house = House()
    async with narrating(house) as narrate:
        await heard(narrate, "ada", ADA)
        await heard(narrate, "ada", "low")
        house.people["ada"] = []
        with pytest.raises(UnknownVoice):
            await begun(narrate, "ada", ADA)
        narrate.forget(ADA)
        assert len(narrate.cache) == 1
        house.people["ada"] = [person()]
        assert not (await begun(narrate, "ada", ADA)).timing.cached


@virtual_time
async def test_what_is_being_spoken_as_a_voice_is_deleted_is_heard_to_its_end_and_not_kept() -> None:
    house = House()
    house.tones.script = TtsScript(real_time_factor=0.5)
    async with narrating(house) as narrate:
        narration = await begun(narrate, "ada", ADA)
        narrate.forget(ADA)
        joined = await begun(narrate, "ada", ADA)
        assert not joined.timing.cached
        events = await asyncio.gather(told(narration), told(joined))
        assert pcm(events[0]) == pcm(events[1])
        narrate.forget(ADA)
        assert len(narrate.cache) == 0


class Changing(House):
    """The voice is changed between being chosen and being spoken with."""

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[PeopleVoices, None]:
        async with super().lease(name) as voices:
            yield voices
        self.people["ada"] = [replace(each, revision=each.revision + "+") for each in self.people["ada"]]


@virtual_time
async def test_nothing_is_kept_as_what_it_is_not_where_a_voice_changes_that_very_moment() -> None:
    async with narrating(Changing()) as narrate:
        with pytest.raises(EngineError, match="ask again") as raised:
            await begun(narrate, "ada", ADA)
        assert raised.value.retryable
        assert len(narrate.cache) == 0
