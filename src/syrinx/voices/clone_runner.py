"""Takes up clonings one after the other, so many at once, and sees to it that each comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from syrinx.engines.freed_memory import give_back_freed_memory
from syrinx.errors import EngineTimeout, SyrinxError
from syrinx.storage import DatabaseUnavailable
from syrinx.voices.cancellation import heed_cancellation
from syrinx.voices.clone_jobs import Claim, CloneJobs
from syrinx.voices.clone_studio import CloningSettings
from syrinx.voices.clone_work import CloneWork, NoLongerOurs, SampleRefused

log = structlog.get_logger()

_AGAIN_S: Final = 1.0
"""After that much time work that was cancelled is cancelled again."""
_BROKEN: Final = "the cloning broke off by a fault of this server, whose log tells more: nothing of it is kept"


class Pulse:
    """Lets those who wait know that something changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def beat(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, at_most_s: float) -> None:
        """Until the next beat, or as long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._next.wait()


class CloneRunner:
    def __init__(self, jobs: CloneJobs, work: CloneWork, settings: CloningSettings) -> None:
        self._jobs = jobs
        self._work = work
        self._settings = settings
        self._places = asyncio.Semaphore(settings.at_once)
        self._more = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working: dict[str, asyncio.Task[None]] = {}
        self.ended = Pulse()
        """Beats whenever a cloning of this server has ended."""

    def wake(self) -> None:
        """There is something to do."""
        self._more.set()

    def stop(self, job_id: str) -> None:
        """End the work at it, if it is here and was asked to end; without, it is noticed a moment later."""
        if (working := self._working.get(job_id)) is not None:
            working.cancel()

    async def run(self) -> None:
        """Until it is cancelled; what is worked at then is given back, for the next server or start."""
        try:
            while True:
                await self._places.acquire()
                self._more.clear()
                claim = await self._claimed()
                if claim is not None:
                    task = asyncio.create_task(self._do(claim))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                    # It is under way from here on, so that whoever cancels it has it given back.
                    await asyncio.sleep(0)
                else:
                    self._places.release()
                heed_cancellation()
                if claim is None:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._settings.look_s):
                            await self._more.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def _claimed(self) -> Claim | None:
        try:
            return await self._jobs.claim(lease_s=self._settings.lease_s, but=tuple(self._working))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may find it gone
            log.warning("no cloning could be taken up", reason=_reason(error))
            return None

    async def _do(self, claim: Claim) -> None:
        """Owns the work at one cloning, and ends what becomes of it."""
        working = asyncio.create_task(self._work.do(claim))
        self._working[claim.job_id] = working
        try:
            slow = await self._watched(claim, working)
        except asyncio.CancelledError:
            with contextlib.suppress(SyrinxError):
                await self._jobs.give_back(claim)
                await self._jobs.tidy(claim)
            raise
        else:
            await self._told(claim, _outcome(working, slow=slow))
        finally:
            del self._working[claim.job_id], working
            self._places.release()
            self.ended.beat()
        # Five minutes of sound are hundreds of megabytes while they are looked at.
        await asyncio.to_thread(give_back_freed_memory)

    async def _watched(self, claim: Claim, working: asyncio.Task[None]) -> bool:
        """Whether it took too long. The work has ended when this returns, or raises."""
        clock = asyncio.get_running_loop().time
        begun = renewed = clock()
        try:
            while True:
                done, _ = await asyncio.wait({working}, timeout=self._settings.beat_s)
                if done:
                    return False
                if clock() - begun > self._settings.longest_s:
                    return True
                try:
                    if not await self._jobs.renew(claim, lease_s=self._settings.lease_s):
                        return False
                    renewed = clock()
                    heed_cancellation()
                except SyrinxError:
                    # The database may be back before anybody else could take this up.
                    if clock() - renewed > self._settings.lease_s:
                        return False
        finally:
            while not working.done():
                working.cancel()
                await asyncio.wait({working}, timeout=_AGAIN_S)

    async def _told(self, claim: Claim, error: BaseException | None) -> None:
        try:
            match error:
                case None:
                    pass
                case NoLongerOurs() | asyncio.CancelledError():
                    await self._jobs.end_cancelled(claim)
                case DatabaseUnavailable():
                    # Not the recording's fault: once the lease is over it is taken up again.
                    log.warning("a cloning waits for the database", job=claim.job_id, reason=_reason(error))
                case SampleRefused():
                    await self._jobs.fail(claim, error, advice=error.advice)
                case SyrinxError():
                    await self._jobs.fail(claim, error)
                case _:
                    log.error("a cloning broke off", job=claim.job_id, reason=_reason(error), exc_info=error)
                    await self._jobs.fail(claim, SyrinxError(_BROKEN))
            await self._jobs.tidy(claim)
        except SyrinxError as unkept:
            # It is taken up again once nobody claims it.
            log.warning("the end of a cloning could not be kept", job=claim.job_id, code=unkept.code)


def _outcome(working: asyncio.Task[None], *, slow: bool) -> BaseException | None:
    if working.cancelled():
        return EngineTimeout("the cloning took too long: try a shorter recording") if slow else asyncio.CancelledError()
    return working.exception()


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, SyrinxError) else type(error).__name__
