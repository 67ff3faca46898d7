from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.databases import sqlite_database
from tests.voices.cloning_room import (
    QUICK,
    ScriptedStudio,
    human_sample,
    open_cloning_room,
    order,
    recording,
)

from syrinx.engines.tts.contract import Cloning
from syrinx.errors import (
    UnknownLanguage,
)
from syrinx.storage import Database, DatabaseUnavailable
from syrinx.voices.errors import CloneCancelled, UnknownJob
from syrinx.voices.profile import CloneJob, VoiceProfile
from syrinx.voices.profile_keeping import Also, NewVoice
from syrinx.voices.repository import Voices

__all__ = ["sqlite_database"]


async def test_a_recording_becomes_a_voice_with_all_that_is_known_of_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        sent = recording()
        job = await room.cloning.begin(sent, order(language="en_GB", sample_text=" Good evening. ", source="page"))
        assert (job.status, job.stage, job.progress, job.voice_id) == ("pending", "waiting", 0.0, None)
        profile = await room.cloning.finished("ada", job.job_id)
        assert profile == await room.voices.get("ada", profile.voice_id)
        assert (profile.name, profile.language, profile.source, profile.engine) == ("Ada", "en-GB", "page", "tones")
        assert profile.sample_text == "Good evening."
        assert profile.duration_ms == pytest.approx(8000.0)
        assert profile.pitch_hz is not None
        assert 150.0 < profile.pitch_hz < 260.0
        assert profile.is_active
        assert not profile.is_verified
        assert await room.voices.sample(profile) == human_sample()
        assert await room.voices.sample_audio(profile) == f"MP3 of {profile.voice_id}: Good evening.".encode()
        ended = await room.cloning.job("ada", job.job_id)
        assert (ended.status, ended.stage, ended.progress) == ("completed", "done", 1.0)
        assert ended.voice_id == profile.voice_id
        assert ended.audio_duration_s == pytest.approx(8.0)
        assert ended.advice == profile.advice
        assert room.changed == [("ada", profile.voice_id)]
        # The upload is gone; the sample, its speech and what the engine computed are there.
        await room.keeps("samples", "sample-audio", "conditionings")
        assert (await room.rows())["blobs"] == 3


async def test_where_no_engine_learns_voices_the_voice_is_kept_and_the_nearest_speaks(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, studio=ScriptedStudio(engine=None)) as room:
        profile = await room.cloned(language="de")
        assert profile.engine == ""
        assert profile.sample_text.startswith("Hallo!")
        assert room.studio.calls == ["cloner", "cloner", "speak"]
        await room.keeps("samples", "sample-audio")


@pytest.mark.parametrize("given", ["", "What she read."])
async def test_a_sample_is_listened_to_where_the_engine_wants_to_know_and_nobody_said(
    sqlite_database: Database, tmp_path: Path, given: str
) -> None:
    wants = Cloning(shortest_s=1.0, best_s=60.0, version="v1", transcript=True)
    studio = ScriptedStudio(cloning=wants, says="What was heard.")
    async with open_cloning_room(sqlite_database, tmp_path, studio=studio) as room:
        profile = await room.cloned(transcript=given)
        assert profile.transcript == (given or "What was heard.")
        assert studio.given == [(human_sample(), given or "What was heard.")]
        assert ("transcribe" in studio.calls) is not bool(given)


async def test_a_sample_that_nobody_here_understands_is_learned_all_the_same(
    sqlite_database: Database, tmp_path: Path
) -> None:
    studio = ScriptedStudio(cloning=Cloning(shortest_s=1.0, best_s=60.0, version="v1", transcript=True))
    studio.fails["transcribe"] = UnknownLanguage("nobody understands it")
    async with open_cloning_room(sqlite_database, tmp_path, studio=studio) as room:
        assert (await room.cloned()).transcript == ""
        assert studio.given == [(human_sample(), "")]


async def test_each_change_can_be_followed_to_its_end(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        held = {name: room.studio.hold(name) for name in ("learn", "speak")}
        job = await room.cloning.begin(recording(), order())
        seen: list[CloneJob] = []
        async for change in room.cloning.follow("ada", job.job_id):
            seen.append(change)
            if change.stage in {"learning", "speaking"}:
                name = change.stage.replace("ing", "")
                await held[name].wait()
                room.studio.held[name].set()
        stages = [change.stage for change in seen]
        assert [stage for stage in stages if stage in {"learning", "speaking", "done"}] == [
            "learning",
            "speaking",
            "done",
        ]
        progress = [change.progress for change in seen]
        assert progress == sorted(progress)
        assert len(set(seen)) == len(seen)
        assert seen[-1].ended


async def test_keeping_a_voice_is_not_left_half_way_however_often_it_is_cancelled(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, begun, go_on = Voices.keep, asyncio.Event(), asyncio.Event()

    async def slowly(voices: Voices, voice: NewVoice, also: Also | None = None) -> VoiceProfile:
        begun.set()
        await go_on.wait()
        return await keep(voices, voice, also)

    monkeypatch.setattr(Voices, "keep", slowly)
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, beat_s=60.0)) as room:
        job = await room.cloning.begin(recording(), order())
        await begun.wait()
        (working,) = room.cloning._runner._working.values()
        for _ in range(3):
            working.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
            assert not working.done()
        go_on.set()
        assert (await room.cloning.finished("ada", job.job_id)).name == "Ada"
        await asyncio.wait({working})
        assert working.cancelled()


async def test_a_cloning_that_lost_its_database_is_taken_up_again(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        room.studio.fails["speak"] = DatabaseUnavailable("the database is not reached")
        job = await room.cloning.begin(recording(), order())
        await room.ended_work()
        assert (await room.cloning.job("ada", job.job_id)).status == "processing"
        room.studio.fails.clear()
        room.clock.pass_s(31)
        assert (await room.cloning.finished("ada", job.job_id)).is_active
        await room.keeps("samples", "sample-audio", "conditionings")


@pytest.mark.parametrize("method", ["learn", "speak"])
async def test_a_cloning_is_cancelled_in_the_middle_of_a_stage(
    sqlite_database: Database, tmp_path: Path, method: str
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        reached = room.studio.hold(method)
        job = await room.cloning.begin(recording(), order())
        await reached.wait()
        assert not (await room.cloning.cancel("ada", job.job_id)).ended
        assert (await room.ended("ada", job.job_id)).status == "cancelled"
        with pytest.raises(CloneCancelled):
            await room.cloning.finished("ada", job.job_id)
        await room.comes_to(rows={"voice_clone_sessions": 1}, keys=set())
        assert (await room.cloning.cancel("ada", job.job_id)).status == "cancelled"


async def test_a_cloning_that_waits_is_cancelled_at_once(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, at_once=1)) as room:
        reached = room.studio.hold("learn")
        first = await room.cloning.begin(recording(), order())
        await reached.wait()
        second = await room.cloning.begin(recording(), order())
        assert (await room.cloning.cancel("ada", second.job_id)).status == "cancelled"
        room.studio.held["learn"].set()
        assert (await room.ended("ada", first.job_id)).status == "completed"
        assert (await room.rows())["voice_profiles"] == 1


async def test_a_voice_that_is_there_is_not_cancelled(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        job = await room.cloning.begin(recording(), order())
        profile = await room.cloning.finished("ada", job.job_id)
        assert (await room.cloning.cancel("ada", job.job_id)).status == "completed"
        assert await room.voices.get("ada", profile.voice_id) == profile


async def test_only_so_many_are_cloned_at_once_and_all_come_to_their_end(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, at_once=2)) as room:
        reached = room.studio.hold("learn")
        jobs = [await room.cloning.begin(recording(), order(name=f"Voice {n}")) for n in range(4)]
        await reached.wait()
        async for job in room.cloning.follow("ada", jobs[1].job_id):
            if job.stage == "learning":
                break
        assert [job.status for job in await room.cloning.jobs("ada")] == ["pending"] * 2 + ["processing"] * 2
        room.studio.held["learn"].set()
        names = [(await room.cloning.finished("ada", job.job_id)).name for job in jobs]
        assert names == ["Voice 0", "Voice 1", "Voice 2", "Voice 3"]
        assert [job.job_id for job in await room.cloning.jobs("ada")] == [job.job_id for job in reversed(jobs)]


async def test_another_users_cloning_is_refused_in_the_words_of_none(sqlite_database: Database, tmp_path: Path) -> None:
    """ASVS 5.0 V8.2.2: who names another's cloning learns not even that there is one."""
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        job = await room.cloning.begin(recording(), order())
        for job_id in (job.job_id, "job_0000000000000000"):
            for attempt in (room.cloning.job, room.cloning.cancel, room.cloning.finished):
                with pytest.raises(UnknownJob, match=f"no cloning '{job_id}' is among yours"):
                    await attempt("eve", job_id)
            with pytest.raises(UnknownJob):
                await anext(room.cloning.follow("eve", job_id))
        assert await room.cloning.jobs("eve") == ()
        assert (await room.ended("ada", job.job_id)).status == "completed"
        assert (await room.cloning.job(None, job.job_id)).user == "ada"


async def test_clonings_that_ended_long_ago_are_forgotten_and_their_voices_stay(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        old = await room.cloned()
        await room.consents.phrase("ada", language="en")
        room.clock.pass_s(86_400)
        new = await room.cloned()
        assert await room.cloning.purge(room.clock() - timedelta(hours=1)) == 1
        assert len(await room.cloning.jobs("ada")) == 1
        assert set(await room.voices.list("ada")) == {old, new}
        assert "voice_consent_phrases" not in await room.rows()
