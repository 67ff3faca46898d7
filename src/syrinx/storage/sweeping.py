"""Blobs that nobody wants are removed, and those that somebody misses are told."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from syrinx.errors import NotFound, SyrinxError
from syrinx.storage.blobs import Blobs
from syrinx.storage.database import Database
from syrinx.storage.tables import BlobRow

log = structlog.get_logger()

_AT_ONCE: Final = 500
"""So many keys are looked up in one question."""
_NAMED: Final = 5


MARK_PURPOSE: Final = "store"


class NotOurStore(SyrinxError):
    """The store is another database's, too: what has no row here may be wanted there."""

    code = "not_our_store"


async def mark_store(database: Database, blobs: Blobs) -> None:
    """Have the store know that it is this database's: by a blob with a row, made where there is none.

    Raises NotOurStore where it has the mark of a database that this one knows nothing of: of one that was here before,
    or shares it. Nothing is to be swept there.
    """
    marks = {key async for key in blobs.keys(None) if key.startswith(f"{MARK_PURPOSE}/")}
    ours = select(BlobRow.key).where(BlobRow.key >= f"{MARK_PURPOSE}/", BlobRow.key < f"{MARK_PURPOSE}0")
    async with database.reading() as session:
        known = set(await session.scalars(ours))
    if marks - known:
        raise NotOurStore(
            f"the store of blobs is not {database.shown}'s alone, but another database's, too: no orphans are swept; "
            "give each database a store of its own, or delete what lies under store/ where the other one is gone"
        )
    if not marks:
        mark = await blobs.put(b"Syrinx\n", purpose=MARK_PURPOSE, user="syrinx", media_type="text/plain")
        try:
            async with database.transaction() as session:
                await blobs.record(session, mark)
        except BaseException:
            # Without its row it would be taken for another database's.
            with suppress(SyrinxError):
                await blobs.delete(mark.key)
            raise


async def sweep(database: Database, blobs: Blobs, *, older_than_s: float = 3600) -> int:
    """Remove from the store what has no row and is as old, and say how many that were.

    Younger ones may be about to get their row. Rows whose blob is missing are told in the log: nothing here can bring
    it back. Raises DatabaseUnavailable, StoreUnavailable, DiskRefused; what was removed until then stays removed.
    """
    before = datetime.now(UTC) - timedelta(seconds=older_than_s)
    await blobs.clear(older_than_s=older_than_s)
    orphans = 0
    there: set[str] = set()
    waiting: list[str] = []
    async for key in blobs.keys():
        there.add(key)
    async for key in blobs.keys(older_than=before):
        waiting.append(key)
        if len(waiting) == _AT_ONCE:
            orphans += await _remove_unwanted(database, blobs, waiting)
            waiting.clear()
    orphans += await _remove_unwanted(database, blobs, waiting)
    missing = await _missing(database, blobs, there, before)
    if orphans:
        log.info("blobs that nobody wants were removed", blobs=orphans)
    if missing:
        log.error("blobs that are wanted are missing from the store", blobs=len(missing), some=missing[:_NAMED])
    return orphans


async def _remove_unwanted(database: Database, blobs: Blobs, keys: list[str]) -> int:
    if not keys:
        return 0
    async with database.reading() as session:
        wanted = set(await session.scalars(select(BlobRow.key).where(BlobRow.key.in_(keys))))
    unwanted = [key for key in keys if key not in wanted]
    await blobs.delete(*unwanted)
    return len(unwanted)


async def _missing(database: Database, blobs: Blobs, there: set[str], before: datetime) -> list[str]:
    """Keys of rows made before that moment whose blob is not in the store; asked for each, for what was listed ages."""
    missing: list[str] = []
    after = ""
    while True:
        page = select(BlobRow.key, BlobRow.created_at).where(BlobRow.key > after).order_by(BlobRow.key).limit(_AT_ONCE)
        async with database.reading() as session:
            rows = (await session.execute(page)).all()
        if not rows:
            return missing
        for key, created_at in rows:
            if created_at < before and key not in there:
                try:
                    await blobs.size(key)
                except NotFound:
                    missing.append(key)
        after = rows[-1][0]


__all__ = ["MARK_PURPOSE", "NotOurStore", "mark_store", "sweep"]
