"""One pull from the first question to the hub to the installed model; and what those who wait for it hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock

from syrinx.engines.models.blocking import in_thread
from syrinx.engines.models.disk_failures import disk_failure
from syrinx.engines.models.errors import DiskFull, ModelBusy, PullCancelled, PullFailed
from syrinx.engines.models.fetching import Fetcher
from syrinx.engines.models.hub import Content, Hub, open_hub
from syrinx.engines.models.manifest import FileRecord, Manifest
from syrinx.engines.models.model import CatalogueModel
from syrinx.engines.models.progress import Meter
from syrinx.engines.models.shelf import Shelf
from syrinx.engines.models.states import HubSettings, InstalledModel, PullProgress
from syrinx.errors import SyrinxError

SPARE_BYTES = 64 * 1024 * 1024
"""Left free on the disk by a pull that is begun: for the manifest, and for everybody else."""

_LOCK_POLL_S = 0.25


class Pull:
    """A pull that runs, or has ended; several may hold the same one."""

    def __init__(self, name: str, progress: Callable[[], PullProgress]) -> None:
        self.name = name
        self.progress = progress
        self.failure: SyrinxError | None = None
        """Once it has ended without the model."""
        self._installed: InstalledModel | None = None
        self._ended = asyncio.Event()
        self._task: asyncio.Task[InstalledModel] | None = None

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    async def wait(self) -> InstalledModel:
        """Raises the failure: PullCancelled, or another PullFailed. A cancelled waiter does not end the pull."""
        await self._ended.wait()
        if self._installed is None:
            raise self.failure or PullFailed(f"The pull of {self.name} ended without a reason.")
        return self._installed

    async def ended(self) -> None:
        """However it ends."""
        await self._ended.wait()

    def cancel(self) -> None:
        """Ends the transfer at once; what was fetched stays for the next pull. Nothing happens when it has ended."""
        if self._task is not None:
            self._task.cancel()

    def watch(self, task: asyncio.Task[InstalledModel]) -> None:
        """End as this task does."""
        self._task = task
        task.add_done_callback(self._end)

    def end_with(self, installed: InstalledModel) -> None:
        self._installed = installed
        self._ended.set()

    def _end(self, task: asyncio.Task[InstalledModel]) -> None:
        if task.cancelled():
            self.failure = PullCancelled(
                f"The pull of {self.name} was cancelled. `syrinx models pull {self.name}` goes on where it was."
            )
        elif (error := task.exception()) is not None:
            self.failure = error if isinstance(error, SyrinxError) else _unforeseen(self.name, error)
        else:
            self._installed = task.result()
        self._ended.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWork:
    """What a pull needs to know and to reach."""

    model: CatalogueModel
    shelf: Shelf
    hub: HubSettings
    meter: Meter
    free_bytes: Callable[[], int | None]
    accepted_at: datetime
    """When the licence was accepted."""
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> InstalledModel:
        """Raises PullFailed and its kinds. Cancelling it stops the transfer and leaves what was fetched."""
        try:
            async with self._lock():
                # Another process may have pulled it while this one waited.
                if (installed := await in_thread(lambda: self.shelf.installed(self.model))) is not None:
                    return installed
                async with open_hub(self.hub) as hub:
                    await self._fetch_all(hub)
                installed = await in_thread(lambda: self.shelf.installed(self.model))
        except OSError as error:
            then = f"`syrinx models pull {self.model.name}`"
            raise disk_failure(error, folder=self.shelf.folder, then=then) from error
        if installed is None:
            raise PullFailed(f"{self.model.name} was removed while it was pulled.", retryable=True)
        return installed

    async def _fetch_all(self, hub: Hub) -> None:
        contents = await self._contents(hub)
        self.meter.total_bytes = sum(content.size_bytes for content in contents)
        partial = await in_thread(lambda: self.shelf.prepare(self.model.name))
        await self._check_room(partial)
        fetcher = Fetcher(
            hub=hub, model=self.model, folder=partial, meter=self.meter, settings=self.hub, sleep=self.sleep
        )
        records = [await fetcher.fetch(content) for content in contents]
        manifest = self._manifest(contents, records)
        await in_thread(lambda: self.shelf.install(self.model.name, manifest))

    async def _contents(self, hub: Hub) -> list[Content]:
        """All files of a repository are taken at the commit that its first one was seen at."""
        commits: dict[tuple[str, str], str] = {}
        contents: list[Content] = []
        for file in self.model.files:
            source = (file.repository, file.revision)
            content = await hub.content(self.model, file, commit=commits.get(source, ""))
            if content.on_hub:
                commits.setdefault(source, content.commit)
            contents.append(content)
        return contents

    async def _check_room(self, partial: Path) -> None:
        free = await in_thread(self.free_bytes)
        here = await in_thread(lambda: self.shelf.partial_bytes(self.model.name))
        needed = max(0, self.meter.total_bytes - here)
        if free is not None and needed + SPARE_BYTES > free:
            raise DiskFull(
                f"{self.model.title} needs {_size(needed + SPARE_BYTES)} more on the disk of {partial.parent.parent}, "
                f"and {_size(free)} are free. Make room, or set another folder, then "
                f"`syrinx models pull {self.model.name}`."
            )

    def _manifest(self, contents: list[Content], records: list[FileRecord]) -> Manifest:
        own = [content.commit for content in contents if not content.file.repository]
        return Manifest(
            model=self.model.name,
            repository=self.model.repository,
            revision=own[0] if own else self.model.revision,
            hub=self.hub.shown_endpoint,
            licence=self.model.licence.id,
            licence_accepted_at=self.accepted_at.isoformat(timespec="seconds"),
            installed_at=self.now().isoformat(timespec="seconds"),
            files=tuple(records),
        )

    @asynccontextmanager
    async def _lock(self) -> AsyncGenerator[None, None]:
        """Wait for the other process that pulls or removes this model."""
        lock = open_lock(self.shelf, self.model.name)
        while not take(lock):
            await self.sleep(_LOCK_POLL_S)
        try:
            yield
        finally:
            lock.release()


def open_lock(shelf: Shelf, name: str) -> filelock.FileLock:
    """Held by one pull or removal of a model, of whatever process; the system lets go of a dead one's."""
    file = shelf.lock_of(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(file, blocking=False, thread_local=False)


def take(lock: filelock.FileLock) -> bool:
    """False when another holds it."""
    try:
        lock.acquire()
    except filelock.Timeout:
        return False
    return True


def busy(name: str) -> ModelBusy:
    return ModelBusy(
        f"{name} is being pulled or removed at the moment, here or by another process. Wait until that has ended, or "
        "cancel it."
    )


def _unforeseen(name: str, error: BaseException) -> PullFailed:
    failure = PullFailed(f"The pull of {name} failed ({type(error).__name__}: {error}). Please report this.")
    failure.__cause__ = error
    return failure


def _size(count: int) -> str:
    mega = count / 1_000_000
    return f"{mega / 1000:.1f} GB" if mega >= 1000 else f"{mega:.0f} MB"
