"""Clonings in the database: begun, claimed by one server at a time, followed, ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.errors import SyrinxError
from syrinx.storage import Database, claimed
from syrinx.storage.blobs import Blobs
from syrinx.voices.clone_errors import cancelled, class_name, told_again
from syrinx.voices.errors import CloneInterrupted, no_such_job
from syrinx.voices.new_blobs import removed
from syrinx.voices.profile import Advice, CloneJob, CloneOrder
from syrinx.voices.profile_checks import is_made_here
from syrinx.voices.profile_rows import advice_from, advice_to_json
from syrinx.voices.tables import VoiceCloneSessionRow as Row

ENDED: Final = ("completed", "failed", "cancelled")
LISTED: Final = 200
_LOOKED_AT: Final = 8
"""Of the oldest that could be claimed: where several servers want the same one, each gets one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A cloning in the hands of this server, as long as it says so in time."""

    job_id: str
    voice_id: str
    """What the profile is going to be called."""
    user: str
    order: CloneOrder
    upload_key: str
    upload_sha256: str
    attempt: int
    created_at: datetime
    started_at: datetime


class CloneJobs:
    def __init__(self, database: Database, blobs: Blobs, *, attempts: int, now: Callable[[], datetime]) -> None:
        self._database = database
        self._blobs = blobs
        self._attempts = attempts
        self._now = now
        self._server = secrets.token_hex(8)

    async def get(self, user: str | None, job_id: str) -> CloneJob:
        """None as user: whosever it is. Raises UnknownJob."""
        if not is_made_here(job_id):
            raise no_such_job(job_id)
        async with self._database.reading() as session:
            row = await session.scalar(select(Row).where(Row.session_id == job_id))
        if row is None or user not in {None, row.user_id}:
            raise no_such_job(job_id)
        return job_of(row)

    async def list(self, user: str) -> tuple[CloneJob, ...]:
        """The newest first, so many at most."""
        newest = select(Row).where(Row.user_id == user).order_by(Row.id.desc()).limit(LISTED)
        async with self._database.reading() as session:
            return tuple(job_of(row) for row in await session.scalars(newest))

    async def error(self, job_id: str) -> SyrinxError:
        """By which it ended. Raises UnknownJob."""
        async with self._database.reading() as session:
            row = await session.scalar(select(Row).where(Row.session_id == job_id))
        if row is None:
            raise no_such_job(job_id)
        return told_again(
            row.error_class or "", row.error_message or "", code=row.error_code or "", retryable=row.error_retryable
        )

    async def ask_to_end(self, user: str, job_id: str) -> CloneJob:
        """One that waits has ended then; one that is worked at ends soon. Raises UnknownJob."""
        await self.get(user, job_id)
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(Row).where(Row.session_id == job_id, Row.user_id == user).with_for_update()
            )
            if row is None:
                raise no_such_job(job_id)
            keys: list[str] = []
            if row.status == "pending":
                keys = await self._end(session, row.session_id, cancelled(), status="cancelled")
            elif row.status == "processing":
                row.cancel_requested = True
                row.updated_at = self._now()
        await removed(self._blobs, keys)
        return await self.get(user, job_id)

    async def claim(self, *, lease_s: float, but: Collection[str] = ()) -> Claim | None:
        """The oldest that nobody works at, and none of `but`; None where there is none.

        `but` are those that this server works at: it may have been too busy to say so in time. On the way those are
        ended that were begun as often as they may be.
        """
        now = self._now()
        free = or_(Row.status == "pending", and_(Row.status == "processing", Row.claimed_until < now))
        others = and_(free, Row.session_id.not_in(but)) if but else free
        oldest = select(Row).where(others).order_by(Row.created_at, Row.id).limit(_LOOKED_AT)
        async with self._database.reading() as session:
            rows = list(await session.scalars(oldest))
        for row in rows:
            if row.cancel_requested or row.attempts >= self._attempts:
                await self._give_up(row, free)
                continue
            taken = (
                update(Row)
                .where(Row.session_id == row.session_id, Row.attempts == row.attempts, free)
                .values(
                    status="processing",
                    stage="waiting",
                    progress=0.0,
                    attempts=row.attempts + 1,
                    claimed_by=self._server,
                    claimed_until=now + timedelta(seconds=lease_s),
                    started_at=now,
                    updated_at=now,
                )
            )
            async with self._database.transaction() as session:
                mine = await claimed(session, taken)
            if mine:
                return _claim_of(row, started_at=now)
        return None

    async def renew(self, claim: Claim, *, lease_s: float) -> bool:
        """Whether this server may go on: nobody wants it to end, or has taken it over."""
        until = self._now() + timedelta(seconds=lease_s)
        going_on = update(Row).where(self._mine(claim), Row.cancel_requested.is_(False)).values(claimed_until=until)
        async with self._database.transaction() as session:
            return await claimed(session, going_on)

    async def at_stage(self, claim: Claim, stage: str, progress: float, **facts: Any) -> bool:
        """Whether it was still this server's; `facts` are columns."""
        here = (
            update(Row).where(self._mine(claim)).values(stage=stage, progress=progress, updated_at=self._now(), **facts)
        )
        async with self._database.transaction() as session:
            return await claimed(session, here)

    async def fail(self, claim: Claim, error: SyrinxError, *, advice: Iterable[Advice] = ()) -> None:
        """Nothing where it is no longer this server's."""
        facts: dict[str, Any] = {"advice": advice_to_json(advice)} if advice else {}
        async with self._database.transaction() as session:
            keys = await self._end(session, claim.job_id, error, self._mine(claim), **facts)
        await removed(self._blobs, keys)

    async def end_cancelled(self, claim: Claim) -> None:
        async with self._database.transaction() as session:
            keys = await self._end(
                session,
                claim.job_id,
                cancelled(),
                self._mine(claim),
                Row.cancel_requested.is_(True),
                status="cancelled",
            )
        await removed(self._blobs, keys)

    async def give_back(self, claim: Claim) -> None:
        """As if it had never been begun: for a server that closes."""
        waiting = (
            update(Row)
            .where(self._mine(claim))
            .values(
                status="pending",
                stage="waiting",
                progress=0.0,
                attempts=claim.attempt - 1,
                claimed_by=None,
                claimed_until=None,
                updated_at=self._now(),
            )
        )
        async with self._database.transaction() as session:
            await claimed(session, waiting)

    async def complete(self, session: AsyncSession, claim: Claim, *, profile_id: int) -> bool:
        """Within the transaction that keeps the profile: whether it was still this server's, and nobody wants it to
        end. The upload's row goes; its blob does with `tidy`."""
        now = self._now()
        done = (
            update(Row)
            .where(self._mine(claim), Row.cancel_requested.is_(False))
            .values(
                status="completed",
                stage="done",
                progress=1.0,
                voice_profile_id=profile_id,
                completed_at=now,
                updated_at=now,
                processing_time_seconds=(now - claim.started_at).total_seconds(),
                upload_path=None,
                claimed_by=None,
                claimed_until=None,
            )
        )
        if not await claimed(session, done):
            return False
        await self._blobs.forget(session, claim.upload_key)
        return True

    async def tidy(self, claim: Claim) -> None:
        """Delete the recording that was sent, if nobody is going to work at it any more."""
        async with self._database.reading() as session:
            wanted = await session.scalar(select(Row.upload_path).where(Row.session_id == claim.job_id))
        if wanted is None:
            await removed(self._blobs, [claim.upload_key])

    async def purge(self, *, older_than: datetime) -> int:
        """How many that ended before then were removed; voices that came of them stay."""
        async with self._database.transaction() as session:
            ended = (Row.status.in_(ENDED), Row.completed_at < older_than)
            count = await session.scalar(select(func.count()).select_from(Row).where(*ended))
            await session.execute(delete(Row).where(*ended))
            return count or 0

    async def _give_up(self, row: Row, free: ColumnElement[bool]) -> None:
        error: SyrinxError = CloneInterrupted(
            f"the server stopped, or lost its database, in the middle of this cloning, {self._attempts} times: "
            "send the recording again"
        )
        status = "failed"
        if row.cancel_requested:
            error, status = cancelled(), "cancelled"
        async with self._database.transaction() as session:
            keys = await self._end(session, row.session_id, error, free, Row.attempts == row.attempts, status=status)
        await removed(self._blobs, keys)

    async def _end(
        self,
        session: AsyncSession,
        job_id: str,
        error: SyrinxError,
        *conditions: ColumnElement[bool],
        status: str = "failed",
        **facts: Any,
    ) -> list[str]:
        """The keys of blobs to be deleted once the transaction is over; none where the conditions fail."""
        now = self._now()
        row = await session.scalar(select(Row).where(Row.session_id == job_id).with_for_update())
        ended = (
            update(Row)
            .where(Row.session_id == job_id, Row.status.not_in(ENDED), *conditions)
            .values(
                status=status,
                error_code=error.code,
                error_class=class_name(error),
                error_message=error.message,
                error_retryable=error.retryable,
                completed_at=now,
                updated_at=now,
                upload_path=None,
                claimed_by=None,
                claimed_until=None,
                **facts,
            )
        )
        if row is None or not await claimed(session, ended):
            return []
        if row.started_at is not None:
            spent = update(Row).where(Row.session_id == job_id)
            await claimed(session, spent.values(processing_time_seconds=(now - row.started_at).total_seconds()))
        keys = [row.upload_path] if row.upload_path else []
        await self._blobs.forget(session, *keys)
        return keys

    def _mine(self, claim: Claim) -> ColumnElement[bool]:
        return and_(
            Row.session_id == claim.job_id,
            Row.status == "processing",
            Row.claimed_by == self._server,
            Row.attempts == claim.attempt,
        )


def new_job(order: CloneOrder, *, upload_key: str, upload_sha256: str, at: datetime) -> Row:
    """A row that waits."""
    return Row(
        session_id=f"job_{secrets.token_hex(8)}",
        voice_profile_id=None,
        status="pending",
        error_message=None,
        started_at=None,
        completed_at=None,
        processing_time_seconds=None,
        audio_duration_seconds=None,
        user_id=order.user,
        error_code=None,
        error_class=None,
        error_retryable=False,
        created_at=at,
        updated_at=at,
        stage="waiting",
        progress=0.0,
        order=asdict(order) | {"upload_sha256": upload_sha256},
        advice=[],
        upload_path=upload_key,
        voice_id=f"voice_{secrets.token_hex(6)}",
        attempts=0,
        claimed_by=None,
        claimed_until=None,
        cancel_requested=False,
    )


def job_of(row: Row) -> CloneJob:
    return CloneJob(
        job_id=row.session_id,
        user=row.user_id,
        status=row.status,  # pyright: ignore[reportArgumentType] - as it was written
        stage=row.stage,
        progress=row.progress,
        voice_id=row.voice_id if row.status == "completed" else None,
        error_code=row.error_code or "",
        error_message=row.error_message or "",
        error_retryable=row.error_retryable,
        created_at=row.created_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        audio_duration_s=row.audio_duration_seconds,
        processing_time_s=row.processing_time_seconds,
        advice=advice_from(row.advice),
    )


def _claim_of(row: Row, *, started_at: datetime) -> Claim:
    order: dict[str, Any] = dict(row.order)
    upload_sha256 = str(order.pop("upload_sha256"))
    return Claim(
        job_id=row.session_id,
        voice_id=row.voice_id,
        user=row.user_id,
        order=CloneOrder(**order),
        upload_key=row.upload_path or "",
        upload_sha256=upload_sha256,
        attempt=row.attempts + 1,
        created_at=row.created_at,
        started_at=started_at,
    )
