"""People's voices in the whole house: learnt or nearest, by the operator's rules, and forgotten when deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.scripted_house import by, scripted_house, scripted_server
from tests.voices.cloning_room import order, recording
from tests.voices.test_registered_import import VOICE_ID, register
from tests.voices.test_repository import new_voice

from syrinx.accounts import calling
from syrinx.app.house import House
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import BadInput, ConfigurationError, SyrinxError, UnknownVoice
from syrinx.testing.fake_tts import CLONING
from syrinx.testing.tts_conformance import speak
from syrinx.transports.http.voice_house import SpokenBy
from syrinx.voices.errors import ConsentRefused, TooManyVoices
from syrinx.voices.profile import VoiceProfile

pytestmark = pytest.mark.usefixtures("clean_environment")


async def cloned(house: House, user: str = "ada") -> VoiceProfile:
    with calling(by(user)):
        job = await house.people.cloning.begin(recording(), order(user))
    return await house.people.cloning.finished(user, job.job_id)


async def spoken(house: House, voice: str, user: str) -> float:
    with calling(by(user)):
        async with house.engines.tts("") as voices:
            return (await speak(voices, SpeechRequest(text="good morning", voice=voice))).audio.duration_ms


async def test_a_voice_is_cloned_heard_by_its_owner_alone_and_gone_when_deleted(tmp_path: Path) -> None:
    async with scripted_house(tmp_path, cloning=CLONING) as house:
        voice = await cloned(house)
        assert voice.engine == "tones"
        assert await house.people.house.match(voice, "en") == SpokenBy(match="exact", nearest=None)
        assert await spoken(house, voice.voice_id, "ada") > 100
        with pytest.raises(UnknownVoice):
            await spoken(house, voice.voice_id, "bob")
        await house.people.voices.delete("ada", voice.voice_id)
        with pytest.raises(UnknownVoice):
            await spoken(house, voice.voice_id, "ada")


async def test_where_nothing_learns_the_nearest_voice_speaks_and_says_so(tmp_path: Path) -> None:
    async with scripted_house(tmp_path) as house:
        voice = await cloned(house)
        assert voice.engine == ""
        found = await house.people.house.match(voice, "en")
        assert found.match == "approximate"
        assert found.nearest in {"low", "high"}
        assert await spoken(house, voice.voice_id, "ada") > 100


async def test_a_voice_that_speaks_nowhere_any_more_has_no_nearest(tmp_path: Path) -> None:
    async with scripted_house(tmp_path) as house:
        voice = await house.people.voices.keep(new_voice())
        await house.people.voices.change("ada", voice.voice_id, is_active=False)
        assert await house.people.house.match(voice, "en") == SpokenBy(match="approximate", nearest=None)


async def test_a_voice_whose_language_nobody_speaks_any_more_is_listed_with_the_others(tmp_path: Path) -> None:
    async with scripted_house(tmp_path) as house:
        able, silent = new_voice(1, user="local"), new_voice(2, user="local")
        await house.people.voices.keep(able)
        lost = await house.people.voices.keep(replace(silent, profile=replace(silent.profile, language="fi")))
        assert await house.people.house.match(lost, "fi") == SpokenBy(match="approximate", nearest=None)
    async with scripted_server(tmp_path) as address, httpx.AsyncClient(base_url=address) as web:
        answer = await web.get("/api/voices")
        assert answer.status_code == 200, answer.text
        listed = {each["language"]: (each["voice_match"], each["nearest_voice"]) for each in answer.json()["voices"]}
        assert listed == {"en-GB": ("approximate", "high"), "fi": ("approximate", None)}


async def test_the_operators_rules_reach_cloning(tmp_path: Path) -> None:
    phrase = "I, {name}, agree: {words}."
    given: dict[str, Any] = {"voices_per_user": 1, "consent": "attested", "consent_phrase": phrase}
    async with scripted_house(tmp_path / "one", **given) as house:
        assert not house.people.house.verified_only
        asked = await house.people.consents.phrase("ada", language="en", speaker_name="Ada")
        assert asked.phrase.startswith("I, Ada, agree: ")
        await cloned(house)
        with pytest.raises(TooManyVoices):
            await cloned(house)
        await cloned(house, "bob")
    async with scripted_house(tmp_path / "two", consent="spoken") as house:
        assert house.people.house.verified_only
        with pytest.raises((BadInput, ConsentRefused), match="read"):
            await cloned(house)


async def test_the_engine_that_learns_is_the_one_that_is_named(tmp_path: Path) -> None:
    async with scripted_house(tmp_path / "named", cloning=CLONING, clone="tones") as house:
        assert (await cloned(house)).engine == "tones"
    with pytest.raises(ConfigurationError, match=r"SYRINX_CLONE is 'nobody'.*there are tones"):
        async with scripted_house(tmp_path / "none", clone="nobody"):
            raise AssertionError("it opened")
    async with scripted_house(tmp_path / "unable", clone="tones") as house:
        with pytest.raises(SyrinxError, match="tones"):
            await cloned(house)


async def test_voices_that_were_kept_as_files_are_taken_in_at_the_start(tmp_path: Path) -> None:
    register(tmp_path / "voices")
    for _ in range(2):  # once
        async with scripted_house(tmp_path) as house:
            assert [voice.voice_id for voice in await house.people.voices.list("local")] == [VOICE_ID]


async def test_a_command_leaves_voices_that_were_kept_as_files_to_servers(tmp_path: Path) -> None:
    entry = register(tmp_path / "voices")
    async with scripted_house(tmp_path, serving=False) as house:
        assert await house.people.voices.list("local") == ()
    assert entry.is_dir()


async def test_a_command_leaves_clonings_to_servers(tmp_path: Path) -> None:
    async with scripted_house(tmp_path, cloning=CLONING, serving=False) as house:
        with calling(by("ada")):
            job = await house.people.cloning.begin(recording(), order("ada"))
        await asyncio.sleep(0.3)
        assert (await house.people.cloning.job("ada", job.job_id)).status == "pending"
    async with scripted_house(tmp_path, cloning=CLONING) as house:
        assert (await house.people.cloning.finished("ada", job.job_id)).name == "Ada"
