"""The sweep: what nobody wants goes, what somebody may be about to want stays, what is missing is told."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.databases import database

from syrinx.storage import Blobs, Database, StoredBlob, open_blobs, open_database, sweep
from syrinx.storage.errors import DatabaseUnavailable
from syrinx.storage.sweeping import NotOurStore, mark_store
from syrinx.storage.tables import BlobRow

__all__ = ["database"]


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncGenerator[Blobs, None]:
    async with open_blobs(tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


async def put(blobs: Blobs, folder: Path, *, hours_ago: float = 0) -> StoredBlob:
    stored = await blobs.put(b"sound", purpose="sample", user="ann", media_type="audio/wav")
    then = time.time() - 3600 * hours_ago
    os.utime(folder / stored.key, (then, then))
    return stored


async def test_only_what_is_old_and_has_no_row_is_removed(database: Database, blobs: Blobs, folder: Path) -> None:
    wanted, orphan, young = [await put(blobs, folder, hours_ago=hours) for hours in (2, 2, 0.5)]
    forgotten = await put(blobs, folder, hours_ago=3)
    async with database.transaction() as session:
        await blobs.record(session, wanted)
        await blobs.record(session, forgotten)
    async with database.transaction() as session:
        await blobs.forget(session, forgotten.key)
    assert await sweep(database, blobs) == 2
    assert {key async for key in blobs.keys(None)} == {wanted.key, young.key}
    assert orphan.key not in {wanted.key, young.key}
    assert await sweep(database, blobs) == 0


async def test_a_row_has_what_is_known_of_its_blob(database: Database, blobs: Blobs, folder: Path) -> None:
    stored = await put(blobs, folder)
    async with database.transaction() as session:
        await blobs.record(session, stored)
    async with database.reading() as session:
        row = (await session.scalars(select(BlobRow))).one()
    assert (row.key, row.sha256, row.size_bytes) == (stored.key, stored.sha256, 5)
    assert (row.media_type, row.user_id) == ("audio/wav", "ann")


async def test_rows_whose_blob_is_missing_are_told_and_stay(database: Database, blobs: Blobs, folder: Path) -> None:
    lost, kept = await put(blobs, folder), await put(blobs, folder)
    async with database.transaction() as session:
        await blobs.record(session, lost)
        await blobs.record(session, kept)
    await blobs.delete(lost.key)
    with capture_logs() as logs:
        assert await sweep(database, blobs, older_than_s=-1) == 0
    [told] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (told["blobs"], told["some"]) == (1, [lost.key])
    async with database.reading() as session:
        assert len((await session.scalars(select(BlobRow))).all()) == 2


async def test_a_store_that_another_database_knows_is_not_swept(
    database: Database, blobs: Blobs, folder: Path, tmp_path: Path
) -> None:
    """As where an address was changed, or a bucket is shared: what has no row here is somebody's samples there."""
    await mark_store(database, blobs)
    await mark_store(database, blobs)
    assert len([key async for key in blobs.keys(None)]) == 1
    os.utime(folder / (await anext(blobs.keys(None))), (0, 0))
    await put(blobs, folder, hours_ago=2)
    async with open_database(f"sqlite:///{tmp_path / 'another.db'}") as another:
        with pytest.raises(NotOurStore, match="no orphans are swept"):
            await mark_store(another, blobs)
    assert await sweep(database, blobs) == 1
    assert [key.partition("/")[0] async for key in blobs.keys(None)] == ["store"]


async def test_a_store_whose_mark_was_lost_is_marked_again(database: Database, blobs: Blobs, tmp_path: Path) -> None:
    await mark_store(database, blobs)
    await blobs.delete(await anext(blobs.keys(None)))
    await mark_store(database, blobs)
    async with open_database(f"sqlite:///{tmp_path / 'another.db'}") as another:
        with pytest.raises(NotOurStore):
            await mark_store(another, blobs)


async def test_a_mark_that_could_not_be_recorded_does_not_stay(
    database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise DatabaseUnavailable("it is away")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "record", fails)
        with pytest.raises(DatabaseUnavailable):
            await mark_store(database, blobs)
    assert [key async for key in blobs.keys(None)] == []
    await mark_store(database, blobs)
