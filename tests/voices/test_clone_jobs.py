from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.databases import database, sqlite_database
from tests.voices.cloning_room import AT, Clock, order

from syrinx.errors import EngineBusy, EngineError, SyrinxError
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs, open_blobs
from syrinx.voices.clone_jobs import Claim, CloneJobs, new_job
from syrinx.voices.errors import CloneCancelled, CloneInterrupted
from syrinx.voices.new_blobs import new_blobs
from syrinx.voices.profile import Advice

__all__ = ["database", "sqlite_database"]

LEASE_S = 30.0


@dataclass(kw_only=True)
class Desk:
    """The jobs of one database, as several servers see them."""

    database: Database
    blobs: Blobs
    clock: Clock

    def server(self, attempts: int = 3) -> CloneJobs:
        return CloneJobs(self.database, self.blobs, attempts=attempts, now=self.clock)

    async def begun(self, user: str = "ada") -> str:
        async with new_blobs(self.blobs, user=user) as new:
            upload = await new.put(b"a recording", purpose="uploads", media_type="audio/wav")
            row = new_job(order(user), upload_key=upload.key, upload_sha256=upload.sha256, at=self.clock())
            async with self.database.transaction() as session:
                session.add(row)
                await new.record(session)
        return row.session_id

    async def uploads(self) -> int:
        return len([key async for key in self.blobs.keys()])  # noqa: SIM118 - no mapping


@asynccontextmanager
async def open_desk(database: Database, folder: Path) -> AsyncGenerator[Desk, None]:
    async with open_blobs(folder) as blobs:
        yield Desk(database=database, blobs=blobs, clock=Clock())


def claimed(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim


async def test_of_many_servers_that_want_a_cloning_one_gets_it(database: Database, tmp_path: Path) -> None:
    async with open_desk(database, tmp_path) as desk:
        jobs = [await desk.begun() for _ in range(3)]
        servers = [desk.server() for _ in range(8)]
        claims = await asyncio.gather(*(server.claim(lease_s=LEASE_S) for server in servers))
        taken = [claim.job_id for claim in claims if claim is not None]
        # Some may have looked at the same ones and lost each: nobody gets what another has.
        assert len(taken) == len(set(taken))
        while (more := await servers[0].claim(lease_s=LEASE_S)) is not None:
            taken.append(more.job_id)
        assert sorted(taken) == sorted(jobs)


async def test_the_oldest_is_taken_up_first_with_all_that_was_ordered(database: Database, tmp_path: Path) -> None:
    async with open_desk(database, tmp_path) as desk:
        first = await desk.begun()
        desk.clock.pass_s(1)
        await desk.begun()
        claim = claimed(await desk.server().claim(lease_s=LEASE_S))
        assert claim.job_id == first
        assert claim.order == order()
        assert (claim.attempt, claim.created_at) == (1, AT)
        job = await desk.server().get("ada", first)
        assert (job.status, job.started_at) == ("processing", desk.clock())


async def test_what_a_server_left_is_taken_up_when_its_lease_is_over_and_no_longer_its_own(
    database: Database, tmp_path: Path
) -> None:
    async with open_desk(database, tmp_path) as desk:
        await desk.begun()
        dead, alive = desk.server(), desk.server()
        left = claimed(await dead.claim(lease_s=LEASE_S))
        desk.clock.pass_s(LEASE_S - 1)
        assert await dead.renew(left, lease_s=LEASE_S)
        desk.clock.pass_s(LEASE_S - 1)
        assert await alive.claim(lease_s=LEASE_S) is None
        desk.clock.pass_s(2)
        taken = claimed(await alive.claim(lease_s=LEASE_S))
        assert (taken.job_id, taken.attempt, taken.voice_id) == (left.job_id, 2, left.voice_id)
        # The other one comes to itself again: nothing that it does counts.
        assert not await dead.renew(left, lease_s=LEASE_S)
        assert not await dead.at_stage(left, "storing", 0.95)
        await dead.fail(left, EngineError("too late"))
        await dead.give_back(left)
        async with database.transaction() as session:
            assert not await dead.complete(session, left, profile_id=1)
        assert (await alive.get("ada", taken.job_id)).stage == "waiting"
        assert await alive.at_stage(taken, "storing", 0.95)


async def test_what_a_server_works_at_it_takes_up_no_second_time_nor_gives_up(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_desk(sqlite_database, tmp_path) as desk:
        job_id = await desk.begun()
        busy = desk.server(1)
        claim = claimed(await busy.claim(lease_s=LEASE_S))
        desk.clock.pass_s(LEASE_S + 1)
        assert await busy.claim(lease_s=LEASE_S, but=[job_id]) is None
        assert (await busy.get("ada", job_id)).status == "processing"
        assert await busy.renew(claim, lease_s=LEASE_S)


async def test_a_cloning_that_was_interrupted_too_often_fails_and_its_upload_goes(
    database: Database, tmp_path: Path
) -> None:
    async with open_desk(database, tmp_path) as desk:
        job_id = await desk.begun()
        for attempt in (1, 2):
            assert claimed(await desk.server(2).claim(lease_s=LEASE_S)).attempt == attempt
            desk.clock.pass_s(LEASE_S + 1)
        server = desk.server(2)
        assert await server.claim(lease_s=LEASE_S) is None
        job = await server.get("ada", job_id)
        assert (job.status, job.error_code, job.error_retryable) == ("failed", "clone_interrupted", True)
        assert isinstance(await server.error(job_id), CloneInterrupted)
        assert await desk.uploads() == 0


async def test_what_is_given_back_is_taken_up_at_once_and_counts_as_never_begun(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_desk(sqlite_database, tmp_path) as desk:
        await desk.begun()
        closing = desk.server()
        await closing.give_back(claimed(await closing.claim(lease_s=LEASE_S)))
        assert claimed(await desk.server().claim(lease_s=LEASE_S)).attempt == 1


async def test_a_cloning_that_is_to_end_is_noticed_by_whoever_works_at_it(database: Database, tmp_path: Path) -> None:
    async with open_desk(database, tmp_path) as desk:
        job_id = await desk.begun()
        here, there = desk.server(), desk.server()
        claim = claimed(await here.claim(lease_s=LEASE_S))
        assert (await there.ask_to_end("ada", job_id)).status == "processing"
        assert not await here.renew(claim, lease_s=LEASE_S)
        async with database.transaction() as session:
            assert not await here.complete(session, claim, profile_id=1)
        await here.end_cancelled(claim)
        assert (await there.get("ada", job_id)).status == "cancelled"
        assert isinstance(await there.error(job_id), CloneCancelled)
        assert await desk.uploads() == 0


async def test_a_cloning_that_was_to_end_when_its_server_died_is_ended_by_the_next(
    database: Database, tmp_path: Path
) -> None:
    async with open_desk(database, tmp_path) as desk:
        job_id = await desk.begun()
        await desk.server().claim(lease_s=LEASE_S)
        await desk.server().ask_to_end("ada", job_id)
        desk.clock.pass_s(LEASE_S + 1)
        assert await desk.server().claim(lease_s=LEASE_S) is None
        assert (await desk.server().get("ada", job_id)).status == "cancelled"
        assert await desk.uploads() == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EngineError("GPU out of memory", code="gpu_memory"), EngineError),
        (EngineBusy("so many wait", retry_after_s=3.0), EngineError),
        (SyrinxError("a fault"), SyrinxError),
    ],
)
async def test_the_error_of_a_cloning_is_told_again_elsewhere(
    sqlite_database: Database, tmp_path: Path, error: SyrinxError, kind: type[SyrinxError]
) -> None:
    advice = (Advice(code="noisy", severity="refused", message="Too much noise: record again."),)
    async with open_desk(sqlite_database, tmp_path) as desk:
        job_id = await desk.begun()
        here = desk.server()
        claim = claimed(await here.claim(lease_s=LEASE_S))
        desk.clock.pass_s(2.5)
        await here.fail(claim, error, advice=advice)
        told = await desk.server().error(job_id)
        assert type(told) is kind
        assert (told.message, told.code, told.retryable) == (error.message, error.code, error.retryable)
        job = await desk.server().get("ada", job_id)
        assert (job.status, job.advice, job.processing_time_s) == ("failed", advice, 2.5)
        assert await desk.uploads() == 0
