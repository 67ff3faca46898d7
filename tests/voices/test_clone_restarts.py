"""Servers that stop in the middle of a cloning: closed in peace, or killed."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.databases import sqlite_database
from tests.voices import cloning_room
from tests.voices.cloning_room import (
    QUICK,
    CloningRoom,
    ScriptedStudio,
    human_sample,
    open_cloning_room,
    order,
    recording,
)

from syrinx.storage import Database, open_database
from syrinx.voices.clone_jobs import CloneJobs
from syrinx.voices.clone_studio import CloningSettings
from syrinx.voices.errors import CloneInterrupted

__all__ = ["sqlite_database"]

SHORT_LEASE = replace(QUICK, lease_s=0.5)

KILLED = """
import asyncio, sys
from pathlib import Path
from tests.voices.test_clone_restarts import clone_until_killed

asyncio.run(clone_until_killed(sys.argv[1], Path(sys.argv[2])))
"""


class RealClock(cloning_room.Clock):
    """Leases of a killed server run out by themselves."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def clone_until_killed(url: str, blobs: Path) -> None:
    """In a process of its own: stands in the middle of learning, says so, and never goes on."""
    studio = ScriptedStudio()
    reached = studio.hold("make")
    async with (
        open_database(url, migrate=False) as database,
        open_cloning_room(database, blobs, studio=studio, settings=SHORT_LEASE, clock=RealClock()) as room,
    ):
        job = await room.cloning.begin(recording(), order())
        await reached.wait()
        sys.stdout.write(f"{job.job_id}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def kill_while_learning(url: str, blobs: Path) -> str:
    """The id of the cloning that the killed server was at. Blocks."""
    command = [sys.executable, "-c", KILLED, url, str(blobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        try:
            return process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGKILL)


@asynccontextmanager
async def open_after_kill(folder: Path, settings: CloningSettings) -> AsyncGenerator[CloningRoom, None]:
    async with (
        open_database(f"sqlite:///{folder / 'syrinx.db'}", migrate=False) as database,
        open_cloning_room(database, folder / "blobs", settings=settings, clock=RealClock()) as room,
    ):
        yield room


async def test_a_server_that_closes_gives_back_what_it_works_at_and_the_next_one_does_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        reached = room.studio.hold("learn")
        job = await room.cloning.begin(recording(), order())
        await reached.wait()
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        # Its lease has not run out: it was given back.
        profile = await room.cloning.finished("ada", job.job_id)
        assert await room.voices.sample(profile) == human_sample()
        await room.keeps("samples", "sample-audio", "conditionings")


async def test_a_server_closes_though_its_database_swallows_the_cancellation(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, swallowed = asyncio.Event(), asyncio.Event()

    async def swallowing(_jobs: CloneJobs, *, lease_s: float, but: Collection[str]) -> None:
        assert lease_s > 0
        assert not but
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()

    monkeypatch.setattr(CloneJobs, "claim", swallowing)
    async with asyncio.timeout(5):
        async with open_cloning_room(sqlite_database, tmp_path):
            await asked.wait()
    assert swallowed.is_set()


async def test_a_server_that_was_too_busy_to_renew_its_lease_goes_on_with_what_it_has(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings = replace(QUICK, beat_s=60.0)
    async with open_cloning_room(sqlite_database, tmp_path, settings=settings) as room, asyncio.timeout(20):
        reached = room.studio.hold("speak")
        first = await room.cloning.begin(recording(), order())
        await reached.wait()
        room.clock.pass_s(settings.lease_s + 1)
        # The next one is taken up in the other place, which the lapsed one is older than.
        second = await room.cloning.begin(recording(), order("bob"))
        async for change in room.cloning.follow("bob", second.job_id):
            if change.stage == "speaking":
                break
        room.studio.held["speak"].set()
        for user, job in (("ada", first), ("bob", second)):
            await room.cloning.finished(user, job.job_id)
        assert room.studio.calls.count("speak") == 2
        for _ in range(settings.at_once + 1):  # places are free again
            await room.cloned("eve")


async def test_a_cloning_begun_at_one_server_is_followed_at_another(sqlite_database: Database, tmp_path: Path) -> None:
    settings = replace(QUICK, at_once=1)
    async with (
        open_cloning_room(sqlite_database, tmp_path, settings=settings) as here,
        open_cloning_room(sqlite_database, tmp_path, settings=settings) as there,
    ):
        job = await here.cloning.begin(recording(), order())
        profile = await there.cloning.finished("ada", job.job_id)
        assert await here.voices.get("ada", profile.voice_id) == profile


async def test_a_cloning_is_cancelled_at_another_server_than_the_one_that_works_at_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as here:
        reached = here.studio.hold("speak")
        job = await here.cloning.begin(recording(), order())
        await reached.wait()
        async with open_cloning_room(sqlite_database, tmp_path) as there:
            await there.cloning.cancel("ada", job.job_id)
            assert (await there.ended("ada", job.job_id)).status == "cancelled"
        await here.comes_to(rows={"voice_clone_sessions": 1}, keys=set())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_a_server_killed_in_the_middle_of_a_cloning_leaves_no_half_voice_and_the_next_one_does_it_or_gives_up(
    sqlite_database: Database, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    await asyncio.to_thread(kept.mkdir)
    await asyncio.to_thread(shutil.copyfile, tmp_path / "syrinx.db", kept / "syrinx.db")
    job_id = await asyncio.to_thread(kill_while_learning, f"sqlite:///{kept / 'syrinx.db'}", kept / "blobs")
    copy = tmp_path / "copy"
    await asyncio.to_thread(shutil.copytree, kept, copy)
    async with open_after_kill(kept, SHORT_LEASE) as room:
        assert await room.voices.list("ada", inactive=True) == ()
        profile = await room.cloning.finished("ada", job_id)
        assert profile == await room.voices.get("ada", profile.voice_id)
        assert await room.voices.sample(profile) == human_sample()
        rows = await room.rows()
        assert (rows["voice_profiles"], rows["voice_consents"], rows["voice_conditionings"]) == (1, 1, 1)
        assert rows["blobs"] == 3
        await room.keeps("samples", "sample-audio", "conditionings")
    async with open_after_kill(copy, replace(SHORT_LEASE, attempts=1)) as room:
        with pytest.raises(CloneInterrupted, match="send the recording again"):
            await room.cloning.finished("ada", job_id)
        await room.comes_to(rows={"voice_clone_sessions": 1}, keys=set())
