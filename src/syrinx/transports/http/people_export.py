"""All that is kept of a person, as an archive that they take along."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import zipfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import IO, Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from syrinx.accounts.api_key import utc_now
from syrinx.accounts.audit import AuditEvent
from syrinx.engines.models.blocking import in_thread
from syrinx.errors import DiskRefused, RateLimited
from syrinx.transports.http.people_house import KeptFile, PeopleHouse
from syrinx.transports.http.people_wire import shown_event, shown_key

MEDIA_TYPE: Final = "application/zip"
MOST_AT_ONCE: Final = 16
"""Archives of different users that lie on the disk at the same time."""
_AGAIN_S: Final = 30.0
_PIECE_BYTES: Final = 256 * 1024
_EVENTS_AT_ONCE: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_SOUND: Final = (".wav", ".mp3", ".ogg", ".flac")
"""It does not compress."""


@asynccontextmanager
async def open_archive(house: PeopleHouse, user: str) -> AsyncGenerator[tuple[IO[bytes], int], None]:
    """A ZIP file with everything about `user`, at its beginning, and its size in bytes; gone when the context is left.

    It lies on the disk while it is made and read: recordings may be gigabytes. There is one of a user at a time.
    Raises RateLimited, DiskRefused.
    """
    if user in house.archived or len(house.archived) >= MOST_AT_ONCE:
        raise RateLimited("archives are being made or fetched: wait until that is over", retry_after_s=_AGAIN_S)
    house.archived.add(user)
    try:
        file = await _temporary_file()
        try:
            yield file, await _written(house, user, file)
        finally:
            await asyncio.to_thread(file.close)
    finally:
        house.archived.discard(user)


async def _temporary_file() -> IO[bytes]:
    try:
        return await asyncio.to_thread(tempfile.TemporaryFile)
    except OSError as error:
        raise _no_room(error) from None


async def _written(house: PeopleHouse, user: str, file: IO[bytes]) -> int:
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
    try:
        async with aclosing(_everything(house, user)) as files:
            async for each in files:
                await in_thread(partial(_add, archive, each))
        return await in_thread(partial(_closed, archive, file))
    except OSError as error:
        raise _no_room(error) from None
    finally:
        await in_thread(partial(_given_up, archive))


def _no_room(error: OSError) -> DiskRefused:
    return DiskRefused(f"the archive cannot be written ({error.strerror}): make room on the server's disk")


class ArchiveResponse(StreamingResponse):
    """Gives an open archive, and lets it go when it has been given or the client has left."""

    def __init__(self, archive: IO[bytes], size_bytes: int, user: str, opened: AsyncExitStack) -> None:
        headers = {
            "Content-Disposition": f'attachment; filename="syrinx-{user}.zip"',
            "Content-Length": str(size_bytes),
        }
        super().__init__(_pieces(archive), media_type=MEDIA_TYPE, headers=headers)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._opened:
            await super().__call__(scope, receive, send)


async def archive_response(house: PeopleHouse, user: str) -> ArchiveResponse:
    """Whether the archive can be made is known before the first byte of the answer. Raises RateLimited, DiskRefused."""
    async with AsyncExitStack() as opening:
        archive, size_bytes = await opening.enter_async_context(open_archive(house, user))
        return ArchiveResponse(archive, size_bytes, user, opening.pop_all())


async def _pieces(archive: IO[bytes]) -> AsyncGenerator[bytes, None]:
    while piece := await asyncio.to_thread(archive.read, _PIECE_BYTES):
        yield piece


async def _everything(house: PeopleHouse, user: str) -> AsyncGenerator[KeptFile, None]:
    yield _json("about.json", {"user": user, "made_at": utc_now().isoformat()})
    keys = await house.accounts.keys.list(user)
    yield _json("keys.json", [shown_key(key, utc_now()).model_dump(mode="json") for key in keys])
    yield _json("audit.json", [shown_event(event).model_dump(mode="json") for event in await _events(house, user)])
    for each in house.belongings:
        async with aclosing(each.files(user)) as files:
            async for file in files:
                yield file


async def _events(house: PeopleHouse, user: str) -> list[AuditEvent]:
    found: list[AuditEvent] = []
    while page := await house.accounts.audit.list(user, before=found[-1].id if found else None, limit=_EVENTS_AT_ONCE):
        found.extend(page)
    return found


def _json(name: str, content: Any) -> KeptFile:
    return KeptFile(name=name, content=json.dumps(content, ensure_ascii=False, indent=1).encode())


def _add(archive: zipfile.ZipFile, file: KeptFile) -> None:
    if not _NAME.fullmatch(file.name):
        raise ValueError("a file of an export is named by words and numbers, and leads nowhere else")
    stored = zipfile.ZIP_STORED if file.name.endswith(_SOUND) else zipfile.ZIP_DEFLATED
    archive.writestr(file.name, file.content, compress_type=stored)


def _closed(archive: zipfile.ZipFile, file: IO[bytes]) -> int:
    archive.close()
    size_bytes = file.tell()
    file.seek(0)
    return size_bytes


def _given_up(archive: zipfile.ZipFile) -> None:
    """One that is not whole would be finished when it is forgotten, in a file that is closed by then."""
    with suppress(OSError):
        archive.close()
