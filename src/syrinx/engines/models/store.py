"""The store of model files: what is installed, and pulls, removals, checks and adoptions of models."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from syrinx.engines.models.adopting import look_through
from syrinx.engines.models.blocking import in_thread
from syrinx.engines.models.catalogue import Catalogue
from syrinx.engines.models.disk_failures import disk_failure
from syrinx.engines.models.errors import (
    AlreadyInstalled,
    HubOffline,
    LicenceNotAccepted,
    NotInstalled,
    PullCancelled,
    WrongFolder,
)
from syrinx.engines.models.model import CatalogueModel
from syrinx.engines.models.progress import Meter
from syrinx.engines.models.pulling import Pull, PullWork, busy, open_lock, take
from syrinx.engines.models.shelf import Shelf, free_bytes
from syrinx.engines.models.states import HubSettings, InstalledModel, ModelState, ModelStatus
from syrinx.engines.models.verifying import find_problems

OnBytes = Callable[[int, int], None]
"""Bytes read so far, and bytes in all; called from a thread."""


class ModelStore:
    """Made by `open_model_store`. Every method that takes a name raises UnknownModel for one not in the catalogue."""

    def __init__(
        self,
        folder: Path,
        *,
        catalogue: Catalogue,
        hub: HubSettings,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        free: Callable[[Path], int | None],
    ) -> None:
        self.catalogue = catalogue
        self.folder = folder
        self.hub = hub
        self._shelf = Shelf(folder)
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._free = free
        self._pulls: dict[str, Pull] = {}
        self._tasks: set[asyncio.Task[InstalledModel]] = set()

    def free_bytes(self) -> int | None:
        """On the disk of the folder, which need not exist yet; None where the system does not tell."""
        return self._free(self.folder)

    def statuses(self) -> list[ModelStatus]:
        """Of the whole catalogue, in its order; some stats for each model."""
        return [self._status(model) for model in self.catalogue.models]

    def status(self, name: str) -> ModelStatus:
        return self._status(self.catalogue.model(name))

    def installed(self) -> tuple[InstalledModel, ...]:
        """Those that can be loaded, as they lie on the disk now; damaged ones are not among them."""
        there = self._shelf.names()  # each request that speaks asks: most models of the catalogue are not even there
        found = (self._shelf.installed(model) for model in self.catalogue.models if model.name in there)
        return tuple(model for model in found if model is not None)

    def pull(self, name: str, *, accept_licence: str | None) -> Pull:
        """Start to pull it, or join the pull that runs; an installed one is done at once.

        Raises LicenceNotAccepted unless `accept_licence` is the licence's id, and HubOffline.
        """
        model = self.catalogue.model(name)
        running = self._pulls.get(name)
        if running is None or not running.running:
            if (installed := self._shelf.installed(model)) is not None:
                return self._done(model, installed)
            running = None
        if accept_licence != model.licence.id:
            raise LicenceNotAccepted(
                f"{model.title} comes under {model.licence.name} ({model.licence.url}). {model.licence.summary} "
                f"Accept it with `syrinx models pull {name} --accept-licence`, or in the System view.",
                licence_id=model.licence.id,
            )
        if running is not None:
            return running
        if self.hub.offline:
            raise HubOffline(
                f"{name} cannot be pulled: the settings say that the hub is not to be asked. Unset HF_HUB_OFFLINE, "
                f"or use a folder that you have: `syrinx models adopt {name} FOLDER`."
            )
        return self._start(model)

    async def cancel(self, name: str) -> None:
        """End the pull that this process runs, if there is one; what was fetched stays for the next."""
        self.catalogue.model(name)
        if (pull := self._pulls.get(name)) is not None and pull.running:
            pull.cancel()
            await pull.ended()

    async def remove(self, name: str) -> int:
        """Bytes freed: the model, and what a pull has left of it. An adopted folder stays as it is.

        Raises NotInstalled when there is nothing of it, ModelBusy while it is pulled.
        """
        model = self.catalogue.model(name)
        there = await in_thread(lambda: self._shelf.find(model) is not None or self._shelf.partial_bytes(name) > 0)
        if not there:
            raise NotInstalled(f"{name} is not installed: there is nothing to remove.")
        async with self._alone(name, then=f"`syrinx models remove {name}`"):
            return await in_thread(lambda: self._shelf.remove(name))

    async def verify(self, name: str, *, on_bytes: OnBytes | None = None) -> tuple[str, ...]:
        """Read all its files and compare them with their checksums: one sentence per problem, () when all is well.

        A damaged model is remembered as such, so that a pull mends it. Raises NotInstalled.
        """
        model = self.catalogue.model(name)
        found = await in_thread(lambda: self._shelf.find(model))
        if found is None:
            raise NotInstalled(f"{name} is not installed. `syrinx models pull {name}` installs it.")
        manifest = found.manifest
        if manifest is None:
            return (found.problem,)
        read, stop = _counted(on_bytes, sum(file.size_bytes for file in manifest.files)), threading.Event()
        problems = await in_thread(lambda: find_problems(found.path, manifest, read=read, stop=stop), stop=stop)
        # Where it cannot be remembered, for example on a disk that is full, it is told at least.
        with contextlib.suppress(OSError):
            await in_thread(lambda: self._shelf.mark(name, found, " ".join(problems)))
        return problems

    async def adopt(self, name: str, folder: Path, *, on_bytes: OnBytes | None = None) -> InstalledModel:
        """Use a folder where it lies. It is read once for its checksums, and never written or deleted.

        Raises WrongFolder, AlreadyInstalled when the model was pulled, ModelBusy while it is.
        """
        model = self.catalogue.model(name)
        place = await in_thread(lambda: folder.expanduser().absolute())
        if place.is_relative_to(self.folder.absolute()):
            raise WrongFolder(f"{place} is in the folder of the store itself. Give one that is your own.")
        found = await in_thread(lambda: self._shelf.find(model))
        if found is not None and not found.adopted:
            raise AlreadyInstalled(f"{name} is installed already. `syrinx models remove {name}` makes way.")
        read, stop = _counted(on_bytes, model.size_bytes), threading.Event()
        manifest = await in_thread(lambda: look_through(model, place, now=self._now(), read=read, stop=stop), stop=stop)
        async with self._alone(name, then=f"`syrinx models adopt {name} {place}`"):
            await in_thread(lambda: self._shelf.adopt(name, manifest))
        installed = self._shelf.installed(model)
        if installed is None:
            raise WrongFolder(f"{place} changed while it was looked through. Try again when nothing writes there.")
        return installed

    async def close(self) -> None:
        """Cancel all pulls and wait until they have ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @asynccontextmanager
    async def _alone(self, name: str, *, then: str) -> AsyncGenerator[None, None]:
        """While no other process pulls or removes the model; raises ModelBusy, and what the disk's errors mean."""
        try:
            lock = await in_thread(lambda: open_lock(self._shelf, name))
            if not take(lock):
                raise busy(name)
            try:
                yield
            finally:
                lock.release()
        except OSError as error:
            raise disk_failure(error, folder=self.folder, then=then) from error

    def _status(self, model: CatalogueModel) -> ModelStatus:
        pull = self._pulls.get(model.name)
        running = pull is not None and pull.running
        found = self._shelf.find(model)
        state: ModelState = "available"
        if running:
            state = "pulling"
        elif found is not None:
            state = "damaged" if found.problem else "installed"
        failure = pull.failure if pull is not None and state != "installed" else None
        return ModelStatus(
            model=model,
            state=state,
            path=found.path if found is not None else None,
            progress=pull.progress() if pull is not None and running else None,
            failure=None if isinstance(failure, PullCancelled) else failure,
            problem=found.problem if found is not None and state == "damaged" else "",
            partial_bytes=0 if state == "installed" else self._shelf.partial_bytes(model.name),
            adopted=found is not None and found.adopted,
        )

    def _start(self, model: CatalogueModel) -> Pull:
        meter = Meter(self._clock, total_bytes=model.size_bytes)
        work = PullWork(
            model=model,
            shelf=self._shelf,
            hub=self.hub,
            meter=meter,
            free_bytes=self.free_bytes,
            accepted_at=self._now(),
            now=self._now,
            sleep=self._sleep,
        )
        pull = self._pulls[model.name] = Pull(model.name, meter.progress)
        task = asyncio.create_task(work.run(), name=f"pull of {model.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        pull.watch(task)
        return pull

    def _done(self, model: CatalogueModel, installed: InstalledModel) -> Pull:
        meter = Meter(self._clock, total_bytes=model.size_bytes)
        meter.found(model.size_bytes)
        pull = Pull(model.name, meter.progress)
        pull.end_with(installed)
        return pull


def _counted(on_bytes: OnBytes | None, total: int) -> Callable[[int], None]:
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        if on_bytes is not None:
            on_bytes(done, total)

    return read


@asynccontextmanager
async def open_model_store(
    folder: Path,
    *,
    catalogue: Catalogue,
    hub: HubSettings,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    free: Callable[[Path], int | None] = free_bytes,
) -> AsyncGenerator[ModelStore, None]:
    """The store in `folder`, which is made by the first pull. Nothing is fetched before `pull` is called.

    Leaving cancels pulls; what they have fetched stays for a resume. `clock` measures speed, `now` dates what is
    installed, `sleep` waits between tries, `free` tells the room on a disk.
    """
    store = ModelStore(folder, catalogue=catalogue, hub=hub, clock=clock, now=now, sleep=sleep, free=free)
    await in_thread(Shelf(folder).sweep)
    try:
        yield store
    finally:
        await store.close()
