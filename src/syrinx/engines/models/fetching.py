"""One file of a model: what is here already is kept, the rest is fetched, and the whole is checked."""

from __future__ import annotations

import asyncio
import glob
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from urllib.parse import urlsplit

from syrinx.engines.models.blocking import in_thread
from syrinx.engines.models.checksums import Summing, add_file
from syrinx.engines.models.errors import CorruptDownload, PullFailed
from syrinx.engines.models.hub import Content, Hub, Interrupted, RangeUnusable
from syrinx.engines.models.manifest import FileRecord
from syrinx.engines.models.model import CatalogueModel
from syrinx.engines.models.names import PART_SUFFIX
from syrinx.engines.models.progress import Meter
from syrinx.engines.models.states import HubSettings

_WRITE_BYTES = 256 * 1024
_FETCHES = 2
"""A content that is wrong twice is not a disturbance of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches into one folder."""

    hub: Hub
    model: CatalogueModel
    folder: Path
    meter: Meter
    settings: HubSettings
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def fetch(self, content: Content) -> FileRecord:
        """Raises PullFailed and its kinds, and OSError of the disk; what was fetched stays.

        Only a file that is complete and wrong is thrown away, and fetched once more; then CorruptDownload.
        """
        target = self._target(content)
        if (summing := await self._look(content, target)) is None:
            part = target.with_name(f"{target.name}.{content.checksum.value[:16]}{PART_SUFFIX}")
            await in_thread(lambda: _make_way(target, part))
            summing = await self._fetch_right(content, part)
            await in_thread(lambda: part.replace(target))
        self.meter.end_file()
        return FileRecord(
            path=content.file.save_as,
            size_bytes=content.size_bytes,
            sha256=summing.sha256,
            checked_against=content.source,
        )

    def _target(self, content: Content) -> Path:
        target = self.folder / content.file.save_as
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(self.folder.resolve()):
            raise PullFailed(f"{target.parent} leads out of the model's folder: remove that link.")
        return target

    async def _look(self, content: Content, target: Path) -> Summing | None:
        """The sums of a file that is here and right."""
        if not await in_thread(lambda: _is_file_of(target, content.size_bytes)):
            return None
        summing = await self._sum(content, target)
        return summing if summing.fits(content.checksum) else None

    async def _fetch_right(self, content: Content, part: Path) -> Summing:
        for _ in range(_FETCHES):
            summing = await self._complete(content, part)
            if summing is not None and summing.fits(content.checksum):
                return summing
            await in_thread(lambda: part.unlink(missing_ok=True))
        raise CorruptDownload(
            f"{content.file.path} of {self.model.name} came damaged from {_host(content)}, twice: it does not have "
            f"the checksum that the {content.source} declares. Try `syrinx models pull {self.model.name}` later, or "
            "another mirror (HF_ENDPOINT)."
        )

    async def _complete(self, content: Content, part: Path) -> Summing | None:
        """Fetch what the part lacks, taking a broken transfer up again; None when more came than there should be.

        A break counts against `retries` unless bytes came since the one before.
        """
        breaks, largest = 0, _size_of(part)
        while True:
            try:
                return await self._append(content, part)
            except RangeUnusable:
                await in_thread(lambda: part.unlink(missing_ok=True))
                reason: Exception = PullFailed(
                    f"{_host(content)} cannot send {content.file.path} of {self.model.name}. Use another mirror "
                    f"(HF_ENDPOINT), then `syrinx models pull {self.model.name}`."
                )
            except Interrupted as broken:
                reason = broken.reason
            if (size := _size_of(part)) > largest:
                breaks, largest = 0, size
            breaks += 1
            if breaks > self.settings.retries:
                raise reason
            await self.sleep(self.settings.retry_wait_s * 2 ** (breaks - 1))

    async def _append(self, content: Content, part: Path) -> Summing | None:
        """One transfer, from the part's end to the file's."""
        here = _size_of(part)
        if here > content.size_bytes:
            raise RangeUnusable
        summing = await self._sum(content, part) if here else _summing_for(content)
        if here and here == content.size_bytes:
            return summing
        async with self.hub.body(self.model, content, first_byte=here) as (first, pieces):
            if first not in {0, here}:
                raise RangeUnusable
            if first != here:
                summing = _summing_for(content)
            if not first:
                self.meter.begin_file()
            self.meter.enter("downloading")
            writer = _Writer(part, first, summing)
            try:
                async for piece in pieces:
                    if writer.size_bytes + len(piece) > content.size_bytes:
                        return None
                    await writer.add(piece)
                    self.meter.arrived(len(piece))
            finally:
                await writer.close()
        if writer.size_bytes < content.size_bytes:
            raise Interrupted(
                PullFailed(
                    f"{_host(content)} ended {content.file.path} of {self.model.name} before it was complete. "
                    f"`syrinx models pull {self.model.name}` goes on where it was.",
                    retryable=True,
                )
            )
        return summing

    async def _sum(self, content: Content, path: Path) -> Summing:
        """Of what is here, counted as found."""
        self.meter.enter("checking")
        self.meter.begin_file()
        summing, stop = _summing_for(content), threading.Event()
        await in_thread(lambda: add_file(summing, path, read=self.meter.found, stop=stop), stop=stop)
        return summing


class _Writer:
    """Writes and sums in a thread, some pieces at a time; what has come is written even when the transfer breaks."""

    def __init__(self, part: Path, first_byte: int, summing: Summing) -> None:
        self.size_bytes = first_byte
        """Together with what still waits to be written."""
        self._file = FileIO(part, "r+" if part.exists() else "w")
        self._file.truncate(first_byte)
        self._file.seek(first_byte)
        self._summing = summing
        self._waiting = bytearray()

    async def add(self, piece: bytes) -> None:
        self._waiting += piece
        self.size_bytes += len(piece)
        if len(self._waiting) >= _WRITE_BYTES:
            await self._write()

    async def close(self) -> None:
        try:
            await self._write()
        finally:
            await in_thread(self._sync_and_close)

    async def _write(self) -> None:
        pieces, self._waiting = bytes(self._waiting), bytearray()
        await in_thread(lambda: self._write_all(pieces))

    def _write_all(self, pieces: bytes) -> None:
        rest = memoryview(pieces)
        while rest:
            written = self.write(rest)
            self._summing.add(rest[:written])
            rest = rest[written:]

    def write(self, piece: memoryview) -> int:
        return self._file.write(piece)

    def _sync_and_close(self) -> None:
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def _summing_for(content: Content) -> Summing:
    return Summing(git_size_bytes=content.size_bytes if content.checksum.algorithm == "git-sha1" else None)


def _make_way(target: Path, part: Path) -> None:
    """Away with what is wrong, with parts of another content, and with links: nothing is written through one."""
    if os.path.lexists(target):
        target.unlink()
    for other in target.parent.glob(f"{glob.escape(target.name)}.*{PART_SUFFIX}"):
        if other != part or other.is_symlink():
            other.unlink()


def _is_file_of(target: Path, size_bytes: int) -> bool:
    return target.is_file() and not target.is_symlink() and target.stat().st_size == size_bytes


def _size_of(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _host(content: Content) -> str:
    """A name and password in the address are not repeated."""
    return urlsplit(content.url).netloc.rpartition("@")[2]
