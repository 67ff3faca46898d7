"""Blobs that are put before the rows that want them: with the rows they are kept, without them they go again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import BinaryIO

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.errors import SyrinxError
from syrinx.storage.blobs import Blobs, StoredBlob

log = structlog.get_logger()


class NewBlobs:
    """Made by `new_blobs`."""

    def __init__(self, blobs: Blobs, user: str) -> None:
        self._blobs = blobs
        self._user = user
        self._put: list[StoredBlob] = []
        self._recorded = False

    async def put(self, content: bytes | BinaryIO, *, purpose: str, media_type: str) -> StoredBlob:
        """Raises DiskRefused, StoreUnavailable."""
        stored = await self._blobs.put(content, purpose=purpose, user=self._user, media_type=media_type)
        self._put.append(stored)
        return stored

    async def record(self, session: AsyncSession) -> None:
        """Add the rows of all of them: the last thing that is done in a transaction.

        Whether a commit that is broken off took place nobody knows. From here on they stay, therefore, and the sweep
        of the store takes those that turn out to have no row.
        """
        for stored in self._put:
            await self._blobs.record(session, stored)
        await session.flush()
        self._recorded = True

    async def undo(self) -> None:
        """Remove them, unless they are recorded."""
        if not self._recorded:
            await removed(self._blobs, [stored.key for stored in self._put])


@asynccontextmanager
async def new_blobs(blobs: Blobs, *, user: str) -> AsyncGenerator[NewBlobs, None]:
    """What is put within it is removed again where it is left by an error before `record`."""
    new = NewBlobs(blobs, user)
    try:
        yield new
    except BaseException:
        await new.undo()
        raise


async def removed(blobs: Blobs, keys: Sequence[str]) -> None:
    """Delete what nobody wants any more; where the store refuses, its sweep does it later."""
    if not keys:
        return
    try:
        await blobs.delete(*keys)
    except SyrinxError as error:
        log.warning("blobs are left for the sweep", blobs=len(keys), code=error.code)
