"""Cloning: a recording and a consent in, in a while a voice out; begun here, done wherever a server has time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio.intake import OpenMedia
from syrinx.errors import BadAudio, BadInput, RateLimited, TooLarge
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs
from syrinx.voices.clone_jobs import ENDED, CloneJobs, job_of, new_job
from syrinx.voices.clone_runner import CloneRunner
from syrinx.voices.clone_studio import CloningSettings, Studio
from syrinx.voices.clone_work import UPLOADS, CloneWork
from syrinx.voices.consent_rows import free_consent
from syrinx.voices.consents import Consents
from syrinx.voices.errors import ConsentRefused, TooManyVoices
from syrinx.voices.new_blobs import new_blobs
from syrinx.voices.profile import CloneJob, CloneOrder, VoiceProfile
from syrinx.voices.profile_checks import checked_order
from syrinx.voices.repository import Voices
from syrinx.voices.tables import VoiceCloneSessionRow, VoiceProfileRow

_RETRY_AFTER_S = 30.0

CountText = Callable[[str], Awaitable[None]]
"""Takes a text that is going to be spoken from whoever asks at this moment. Raises QuotaReached."""


async def _count_nothing(_text: str) -> None:
    pass


class VoiceCloning:
    """Made by `open_cloning`. Each user's own; another's cloning is UnknownJob, as if there were none."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        voices: Voices,
        consents: Consents,
        jobs: CloneJobs,
        runner: CloneRunner,
        *,
        studio: Studio,
        settings: CloningSettings,
        count: CountText,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._voices = voices
        self._consents = consents
        self._jobs = jobs
        self._runner = runner
        self._studio = studio
        self._settings = settings
        self._count = count
        self._now = now

    async def begin(self, recording: BinaryIO, order: CloneOrder) -> CloneJob:
        """The recording is kept until the cloning has ended; the caller closes the file.

        Refused is what can be before it is looked at: raises WrongParameter, BadAudio (nothing was sent), TooLarge,
        BadInput (nobody attests), UnknownConsent, ConsentRefused, TooManyVoices, RateLimited (so many are begun),
        EngineUnavailable, QuotaReached (by the text to be spoken with the voice), DiskRefused. Then nothing is kept.
        """
        order = checked_order(order)
        await asyncio.to_thread(_check_size, recording, self._settings.upload_bytes)
        self._check_attested(order)
        async with self._database.reading() as session:
            await self._check(session, order)
        await self._studio.cloner(order.language)
        await self._count(order.sample_text)
        async with new_blobs(self._blobs, user=order.user) as new:
            upload = await new.put(recording, purpose=UPLOADS, media_type="application/octet-stream")
            row = new_job(order, upload_key=upload.key, upload_sha256=upload.sha256, at=self._now())
            async with self._database.transaction() as session:
                await self._check(session, order)
                session.add(row)
                await new.record(session)
        self._runner.wake()
        return job_of(row)

    async def job(self, user: str | None, job_id: str) -> CloneJob:
        """None as user is for operators: whosever it is. Raises UnknownJob."""
        return await self._jobs.get(user, job_id)

    async def jobs(self, user: str) -> tuple[CloneJob, ...]:
        """The newest first."""
        return await self._jobs.list(user)

    async def cancel(self, user: str, job_id: str) -> CloneJob:
        """One that is worked at ends within a moment, wherever it is; one that has ended stays as it is.

        Raises UnknownJob.
        """
        job = await self._jobs.ask_to_end(user, job_id)
        self._runner.stop(job_id)
        return job

    async def follow(self, user: str, job_id: str) -> AsyncGenerator[CloneJob, None]:
        """As it is now, then each change that is noticed, until it has ended. Raises UnknownJob."""
        last: CloneJob | None = None
        while last is None or not last.ended:
            job = await self._jobs.get(user, job_id)
            if job != last:
                yield job
            last = job
            if not job.ended:
                await self._runner.ended.wait(self._settings.poll_s)

    async def finished(self, user: str, job_id: str) -> VoiceProfile:
        """The voice, once it is there. Raises UnknownJob, CloneCancelled, and the error by which the cloning failed.

        Who is cancelled while they wait leaves the cloning as it is.
        """
        async with aclosing(self.follow(user, job_id)) as changes:
            job = [change async for change in changes][-1]
        if job.voice_id is None:
            raise await self._jobs.error(job_id)
        return await self._voices.get(user, job.voice_id)

    async def purge(self, older_than: datetime) -> int:
        """How many clonings that had ended before then were forgotten; the voices stay. So are phrases that were to be
        read before then."""
        await self._consents.purge(older_than=older_than)
        return await self._jobs.purge(older_than=older_than)

    def _check_attested(self, order: CloneOrder) -> None:
        if order.consent_id:
            return
        if not order.attested_by:
            raise BadInput("nobody's voice is cloned without a consent: record one, or state that the speaker agrees")
        if self._settings.verified_only:
            raise _verified_wanted()

    async def _check(self, session: AsyncSession, order: CloneOrder) -> None:
        if order.consent_id:
            consent = await free_consent(session, order.user, order.consent_id)
            if self._settings.verified_only and consent.kind != "spoken":
                raise _verified_wanted()
        voices = await session.scalar(
            select(func.count()).select_from(VoiceProfileRow).where(VoiceProfileRow.user_id == order.user)
        )
        jobs = await session.scalar(
            select(func.count())
            .select_from(VoiceCloneSessionRow)
            .where(VoiceCloneSessionRow.user_id == order.user, VoiceCloneSessionRow.status.not_in(ENDED))
        )
        most = self._settings.voices_per_user
        if (voices or 0) + (jobs or 0) >= most:
            raise TooManyVoices(f"{most} voices are the most that one user may have: delete one first")
        if (jobs or 0) >= self._settings.jobs_per_user:
            raise RateLimited(
                f"{jobs} of your voices are being cloned already: wait until one is done", retry_after_s=_RETRY_AFTER_S
            )


@asynccontextmanager
async def open_cloning(
    database: Database,
    blobs: Blobs,
    voices: Voices,
    consents: Consents,
    *,
    open_media: OpenMedia,
    studio: Studio,
    settings: CloningSettings | None = None,
    count: CountText = _count_nothing,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncGenerator[VoiceCloning, None]:
    """Takes up what other servers left. `count` is asked as a cloning begins, by whose caller it is. Leaving the
    context gives back what is worked at, for the next start."""
    settings = settings or CloningSettings()
    jobs = CloneJobs(database, blobs, attempts=settings.attempts, now=now)
    work = CloneWork(database, blobs, voices, jobs, open_media=open_media, studio=studio, now=now)
    runner = CloneRunner(jobs, work, settings)
    running = asyncio.create_task(runner.run())
    try:
        yield VoiceCloning(
            database, blobs, voices, consents, jobs, runner, studio=studio, settings=settings, count=count, now=now
        )
    finally:
        running.cancel()
        await asyncio.wait({running})


def _check_size(recording: BinaryIO, most_bytes: int) -> None:
    """And put it at its beginning. Blocks."""
    size = recording.seek(0, os.SEEK_END)
    recording.seek(0)
    if not size:
        raise BadAudio("the file is empty: send a recording of the voice")
    if size > most_bytes:
        raise TooLarge(f"File too large: a recording of a voice has at most {most_bytes // (1024 * 1024)} MB")


def _verified_wanted() -> ConsentRefused:
    return ConsentRefused(
        "here a voice is cloned only where its owner has read a phrase of this server aloud: record that first "
        "(GET /api/voices/consent-phrase)"
    )
