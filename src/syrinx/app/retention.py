"""Deletes what has been kept for as long as it was to be, once an hour."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from syrinx.app.kept_house import Kept
from syrinx.app.people_house import People
from syrinx.app.settings import Settings
from syrinx.errors import SyrinxError
from syrinx.storage.sweeping import mark_store, sweep

log = structlog.get_logger()

EVERY_S: Final = 3600.0
FIRST_AFTER_S: Final = 300.0
"""A server that has just started has better things to do."""


async def keep_no_longer(
    settings: Settings, kept: Kept, people: People, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Runs until it is cancelled. What cannot be deleted now is tried again an hour later."""
    await sleep(FIRST_AFTER_S)
    while True:
        await delete_old(settings, kept, people, now=now())
        await sleep(EVERY_S)


async def delete_old(settings: Settings, kept: Kept, people: People, *, now: datetime) -> None:
    """Each kind by itself: one that fails is logged and keeps no other from being deleted."""

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    work: dict[str, Callable[[], Awaitable[int]]] = {
        "audit events": lambda: kept.accounts.audit.purge(older_than=before(settings.audit_days)),
        # Whose names the log may hold.
        "keys": lambda: kept.accounts.keys.purge(older_than=before(settings.audit_days)),
        "clonings": lambda: people.cloning.purge(before(settings.jobs_days)),
        "blobs": lambda: _swept(kept),
    }
    if settings.conversations_days:
        work["conversations"] = lambda: kept.history.purge(before(settings.conversations_days))
    if settings.voices_days:
        work["voices"] = lambda: people.voices.purge_unused(before(settings.voices_days))
        work["consents"] = lambda: people.consents.purge_unused(before(settings.voices_days))
    for what, delete in work.items():
        try:
            deleted = await delete()
        except SyrinxError as error:
            log.warning("what is old could not be deleted", what=what, code=error.code, reason=error.message)
        except Exception:
            log.exception("what is old could not be deleted", what=what)
        else:
            if deleted:
                log.info("old ones were deleted", what=what, number=deleted)


async def _swept(kept: Kept) -> int:
    """Only where the store is this database's alone: elsewhere others' blobs would be taken for orphans."""
    await mark_store(kept.database, kept.blobs)
    return await sweep(kept.database, kept.blobs)
