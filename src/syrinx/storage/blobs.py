"""Blobs: sound, and what engines made of it, under keys that the server makes; the database says which are wanted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import re
import secrets
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import obstore
from obstore.exceptions import BaseError as ObstoreError
from obstore.exceptions import PermissionDeniedError, UnauthenticatedError
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.errors import ConfigurationError, DiskRefused, NotFound
from syrinx.storage.blob_stores import BlobStore, open_local, open_s3
from syrinx.storage.errors import DamagedBlob, StoreUnavailable
from syrinx.storage.tables import BlobRow

_PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,39}/[0-9a-f]{2}/[0-9a-f]{32}")
_PART_BYTES: Final = 5 * 1024 * 1024
"""The least that S3 takes as a part of a larger whole."""
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """One that is wholly in the store; wanted once it has been recorded."""

    key: str
    sha256: str
    """Hexadecimal."""
    size_bytes: int
    media_type: str
    user: str


class Blobs:
    """Made by `open_blobs`."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._objects = store.objects

    async def put(self, content: bytes | BinaryIO, *, purpose: str, user: str, media_type: str) -> StoredBlob:
        """Keep `content`, read from where it stands to its end; it is there wholly or not at all.

        `purpose` is the beginning of its key, of small letters. Not wanted by anybody until `record`. Raises
        DiskRefused, StoreUnavailable, and what reading raises. The caller closes the file.
        """
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError(f"{purpose!r} is no purpose: small letters, digits and hyphens are")
        name = secrets.token_hex(16)
        key = f"{purpose}/{name[:2]}/{name}"
        reading = _Reading(io.BytesIO(content) if isinstance(content, bytes) else content)
        first, second = await reading.next(), await reading.next()
        attributes: dict[str, str] | None = {"Content-Type": media_type} if self._store.folder is None else None
        with self._told_plainly(reading):
            if second:
                whole = _parts(first, second, reading)
                await obstore.put_async(
                    self._objects, key, whole, attributes=attributes, chunk_size=_PART_BYTES, max_concurrency=2
                )
            else:
                await obstore.put_async(self._objects, key, first, attributes=attributes, use_multipart=False)
            try:
                await self._store.settle(key)
            except OSError as refused:
                with contextlib.suppress(OSError, ObstoreError):
                    await obstore.delete_async(self._objects, key)
                raise DiskRefused(f"{self._store.shown} could not write: {refused.strerror}") from refused
        return StoredBlob(
            key=key, sha256=reading.sha256.hexdigest(), size_bytes=reading.size, media_type=media_type, user=user
        )

    async def get(self, key: str, *, sha256: str | None = None) -> bytes:
        """All of it. Raises NotFound; DamagedBlob where `sha256` is given and it is another; StoreUnavailable."""
        self._check(key)
        with self._told_plainly():
            result = await obstore.get_async(self._objects, key)
            content = bytes(await result.bytes_async())
        if sha256 is not None and await asyncio.to_thread(_sha256, content) != sha256:
            raise DamagedBlob(f"the blob {key} is not what was kept: bring it back from a copy, or delete what has it")
        return content

    async def size(self, key: str) -> int:
        """In bytes. Raises NotFound, StoreUnavailable."""
        self._check(key)
        with self._told_plainly():
            return (await obstore.head_async(self._objects, key))["size"]

    async def delete(self, *keys: str) -> None:
        """One that is not there is as good as deleted. Raises StoreUnavailable, DiskRefused; the others are tried."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def delete_one(key: str) -> None:
            async with limit:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._objects, key)

        wanted = [key for key in dict.fromkeys(keys) if _KEY.fullmatch(key)]
        outcomes = await asyncio.gather(*(delete_one(key) for key in wanted), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                with self._told_plainly():
                    raise outcome

    async def keys(self, older_than: datetime | None = None) -> AsyncGenerator[str, None]:
        """All that are in the store, in no order; or those written before that moment. Raises StoreUnavailable."""
        with self._told_plainly():
            async for found in obstore.list(self._objects, chunk_size=500):
                for each in found:
                    if _KEY.fullmatch(each["path"]) and (older_than is None or each["last_modified"] < older_than):
                        yield each["path"]

    async def clear(self, *, older_than_s: float) -> None:
        """Remove what somebody began to write as long ago and never finished, as after a power failure."""
        with self._told_plainly():
            await self._store.clear(older_than_s=older_than_s)

    async def record(self, session: AsyncSession, blob: StoredBlob) -> None:
        """Say that it is wanted, in the transaction of what wants it."""
        session.add(
            BlobRow(
                key=blob.key,
                sha256=blob.sha256,
                size_bytes=blob.size_bytes,
                media_type=blob.media_type,
                user_id=blob.user,
                created_at=datetime.now(UTC),
            )
        )

    async def forget(self, session: AsyncSession, *keys: str) -> None:
        """Say that they are wanted no more; they are deleted once that is so for good, with `delete` or the sweep."""
        if keys:
            await session.execute(delete(BlobRow).where(BlobRow.key.in_(keys)))

    def _check(self, key: str) -> None:
        if not _KEY.fullmatch(key):
            raise NotFound(f"there is no blob {key[:80]!r}")

    @contextmanager
    def _told_plainly(self, reading: _Reading | None = None) -> Generator[None, None, None]:
        try:
            yield
        except (OSError, ObstoreError) as error:
            if reading is not None and reading.failed is not None:
                raise reading.failed from None
            if reading is None and isinstance(error, FileNotFoundError):
                raise NotFound(f"what was kept of it is not in {self._store.shown} any more") from error
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> DiskRefused | StoreUnavailable:
        if self._store.folder is not None:
            said = str(error).splitlines()[0].rpartition(": ")[2]
            return DiskRefused(f"{self._store.shown} refused: {said}; look at its disk and whom it belongs to")
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return StoreUnavailable(f"{self._store.shown} does not let us in: look at its keys", retryable=False)
        return StoreUnavailable(f"{self._store.shown} is not reached, or refuses: try again in a moment")


class _Reading:
    """A file that is read by parts, counted and hashed on the way."""

    def __init__(self, file: BinaryIO | io.BytesIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.failed: BaseException | None = None
        """What reading raised: not the store's fault."""

    async def next(self) -> bytes:
        """Some more; b"" at its end."""
        return await asyncio.to_thread(self._next)

    def _next(self) -> bytes:
        try:
            part = self._file.read(_PART_BYTES)
        except BaseException as error:
            self.failed = error
            raise
        self.sha256.update(part)
        self.size += len(part)
        return part


async def _parts(first: bytes, second: bytes, reading: _Reading) -> AsyncGenerator[bytes, None]:
    yield first
    yield second
    while part := await reading.next():
        yield part


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def open_blobs(url: str | Path, *, options: Mapping[str, str] | None = None) -> AsyncGenerator[Blobs, None]:
    """The store at `url`: a folder, or s3://bucket/prefix with `options` (endpoint, region, access_key_id,
    secret_access_key, session_token, allow_http, virtual_hosted_style_request).

    Raises ConfigurationError, DiskRefused.
    """
    place = str(url)
    scheme, divided, rest = place.partition("://")
    if divided and scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        yield Blobs(open_s3(bucket, prefix.strip("/"), options or {}))
        return
    if divided and scheme != "file":
        raise ConfigurationError(
            f"blobs are kept in a folder, or in a store s3://bucket/prefix; not in {scheme[:20]}://"
        )
    if options:
        raise ConfigurationError("options are those of a store s3://bucket/prefix: a folder has none")
    yield Blobs(await open_local(Path(rest if divided else place)))


__all__ = ["Blobs", "StoredBlob", "open_blobs"]
