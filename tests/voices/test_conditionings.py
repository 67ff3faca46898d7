from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.databases import database, sqlite_database
from tests.voices.cloning_room import CLONING, CloningRoom, ScriptedStudio, human_sample, open_cloning_room
from tests.voices.test_repository import new_voice

from syrinx.audio import PcmChunk
from syrinx.errors import BadAudio, EngineError, UnknownVoice
from syrinx.storage import Database
from syrinx.voices import conditionings
from syrinx.voices.profile import VoiceProfile

__all__ = ["database", "sqlite_database"]


async def learned(room: CloningRoom, voice: VoiceProfile, engine: str = "tones", version: str = "v1") -> bytes:
    cloning = replace(CLONING, version=version)
    return await room.voices.conditioning(voice, engine=engine, cloning=cloning, make=room.studio.make)


async def test_a_voice_is_learned_once_for_each_engine_and_version(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        first = await learned(room, voice)
        assert await learned(room, voice) == first
        assert len(room.studio.given) == 1
        await learned(room, voice, engine="bells")
        await learned(room, voice, version="v2")
        assert len(room.studio.given) == 3
        assert (await room.rows())["voice_conditionings"] == 3
    async with open_cloning_room(database, tmp_path) as room:
        assert await learned(room, voice) == first
        assert room.studio.given == []


async def test_however_many_ask_at_once_it_is_learned_once(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        reached = room.studio.hold("make")
        asking = [asyncio.create_task(learned(room, voice)) for _ in range(8)]
        await reached.wait()
        room.studio.held["make"].set()
        assert len(set(await asyncio.gather(*asking))) == 1
        assert len(room.studio.given) == 1


async def test_two_servers_that_learn_it_at_once_keep_it_once(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as here, open_cloning_room(database, tmp_path) as there:
        voice = await here.voices.keep(new_voice())
        reached = [room.studio.hold("make") for room in (here, there)]
        asking = [asyncio.create_task(learned(room, voice)) for room in (here, there)]
        for each in reached:
            await each.wait()
        for room in (here, there):
            room.studio.held["make"].set()
        assert len(set(await asyncio.gather(*asking))) == 1
        assert (await here.rows())["voice_conditionings"] == 1
        assert len(await here.blob_keys()) == 3


async def test_when_the_first_who_asks_leaves_the_next_one_learns_it(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        reached = room.studio.hold("make")
        first, second = asyncio.create_task(learned(room, voice)), asyncio.create_task(learned(room, voice))
        await reached.wait()
        first.cancel()
        room.studio.held["make"].set()
        assert await second
        assert first.cancelled()
        assert (await room.rows())["voice_conditionings"] == 1


async def test_an_engine_gets_the_best_seconds_that_it_wants(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        await learned(room, voice)
        ((seconds, transcript),) = room.studio.given
        assert 1000.0 <= seconds.duration_ms <= 4000.0
        # What is known of the whole is not what is said in a part of it.
        assert transcript == ""
        assert room.studio.calls == ["make"]


async def test_a_part_of_a_sample_is_listened_to_where_the_engine_wants_to_know(
    sqlite_database: Database, tmp_path: Path
) -> None:
    studio = ScriptedStudio(cloning=replace(CLONING, transcript=True), says="a part")
    async with open_cloning_room(sqlite_database, tmp_path, studio=studio) as room:
        voice = await room.voices.keep(new_voice())
        await room.voices.conditioning(voice, engine="tones", cloning=studio.cloning, make=studio.make)
        assert studio.given[0][1] == "a part"
        whole = replace(studio.cloning, best_s=60.0, version="v2")
        await room.voices.conditioning(voice, engine="tones", cloning=whole, make=studio.make)
        assert studio.given[1] == (human_sample(), voice.transcript)
        assert studio.calls.count("transcribe") == 1


async def test_a_sample_too_short_for_an_engine_is_refused_before_it_is_asked(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        cloning = replace(CLONING, shortest_s=9.0, best_s=20.0)
        with pytest.raises(BadAudio, match=r"Audio too short: 8\.0 s .* needs 9 seconds"):
            await room.voices.conditioning(voice, engine="tones", cloning=cloning, make=room.studio.make)
        assert room.studio.given == []


async def test_an_engine_that_fails_leaves_nothing_and_is_asked_again(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        room.studio.fails["make"] = EngineError("GPU out of memory", code="gpu_memory")
        with pytest.raises(EngineError, match="GPU"):
            await learned(room, voice)
        assert "voice_conditionings" not in await room.rows()
        room.studio.fails.clear()
        assert await learned(room, voice)


async def _revoke(room: CloningRoom, voice: VoiceProfile) -> None:
    await room.consents.revoke("ada", voice.consent_id)


async def _delete(room: CloningRoom, voice: VoiceProfile) -> None:
    await room.voices.delete("ada", voice.voice_id)


@pytest.mark.parametrize("gone", [_revoke, _delete])
async def test_a_voice_that_is_gone_is_learned_by_nobody_though_it_was_asked_for_before(
    sqlite_database: Database, tmp_path: Path, gone: Callable[[CloningRoom, VoiceProfile], Awaitable[None]]
) -> None:
    async with (
        open_cloning_room(sqlite_database, tmp_path) as room,
        open_cloning_room(sqlite_database, tmp_path) as elsewhere,
    ):
        voice = await room.voices.keep(new_voice())
        assert await learned(room, voice) == await learned(elsewhere, voice)
        await gone(room, voice)
        for each in (room, elsewhere):
            with pytest.raises(UnknownVoice):
                await learned(each, voice)


@pytest.mark.parametrize("gone", [_revoke, _delete])
async def test_what_is_learned_of_a_voice_that_goes_meanwhile_is_not_kept(
    database: Database, tmp_path: Path, gone: Callable[[CloningRoom, VoiceProfile], Awaitable[None]]
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())
        reached = room.studio.hold("make")
        asking = asyncio.create_task(learned(room, voice))
        await reached.wait()
        await gone(room, voice)
        keys = await room.blob_keys()
        room.studio.held["make"].set()
        with pytest.raises(UnknownVoice):
            await asking
        assert await room.blob_keys() == keys
        assert "voice_conditionings" not in await room.rows()


async def test_a_draft_is_learned_in_memory_and_nowhere_else(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        profile = new_voice().profile
        async with room.voices.drafting(profile.voice_id, human_sample()) as draft:
            made = await learned(room, profile)
            assert await learned(room, profile) == made
            assert list(draft.learned.values()) == [made]
            assert await room.voices.sample(profile) == human_sample()
        assert len(room.studio.given) == 1
        assert await room.nothing_is_left()
        with pytest.raises(UnknownVoice):
            await learned(room, profile)


async def test_only_so_much_is_remembered(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditionings, "REMEMBERED_BYTES", 100)
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.voices.keep(new_voice())

        async def make(_sample: PcmChunk, _transcript: str) -> bytes:
            return bytes(60)

        for engine in ("one", "two", "one"):
            kept = await room.voices.conditioning(voice, engine=engine, cloning=CLONING, make=make)
            assert kept == bytes(60)
        assert len(room.voices._conditionings._remembered) == 1
