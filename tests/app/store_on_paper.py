"""A model store without files: what tests of its faces need, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.app.models_on_paper import ALL

from syrinx.app.store_needs import OnBytes
from syrinx.engines.models import (
    Catalogue,
    CatalogueModel,
    InstalledModel,
    LicenceNotAccepted,
    ModelState,
    ModelStatus,
    NotInstalled,
    PullProgress,
)
from syrinx.errors import SyrinxError

FOLDER = Path("/models")
STEPS = 4
STEP_S = 1.0


def available(model: CatalogueModel) -> ModelStatus:
    return ModelStatus(model=model, state="available", path=None, progress=None, failure=None, problem="")


class PaperPull:
    """Fetches a quarter a second; then raises what it was given, if anything."""

    def __init__(self, store: PaperStore, model: CatalogueModel, outcome: Exception | None) -> None:
        self._store = store
        self._model = model
        self._outcome = outcome
        self._done = 0

    def progress(self) -> PullProgress:
        size = self._model.size_bytes
        left_s = STEP_S * (STEPS - self._done)
        return PullProgress(
            stage="downloading",
            done_bytes=size * self._done // STEPS,
            total_bytes=size,
            bytes_per_s=size / STEPS / STEP_S,
            seconds_left=left_s,
        )

    async def wait(self) -> InstalledModel:
        while self._done < STEPS:
            await asyncio.sleep(STEP_S)
            self._done += 1
            if self._outcome is not None and self._done == STEPS // 2:
                raise self._outcome
        self._store.put(self._model.name, state="installed", path=FOLDER / self._model.name)
        return InstalledModel(
            model=self._model,
            path=FOLDER / self._model.name,
            revision="main",
            identity=f"{self._model.name}@main",
            adopted=False,
        )


class PaperStore:
    """Implements `app.store_needs.Store`. `outcomes` has what each model's pulls raise, in order, before one succeeds;
    `pulled` what was pulled, with the licence accepted."""

    def __init__(
        self,
        models: Sequence[CatalogueModel] = ALL,
        *,
        outcomes: Mapping[str, Sequence[Exception]] | None = None,
        problems: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._catalogue = Catalogue(models)
        self._statuses = {model.name: available(model) for model in models}
        self._outcomes = {name: list(each) for name, each in (outcomes or {}).items()}
        self._problems = problems or {}
        self.pulled: list[tuple[str, str | None]] = []
        self.removed: list[str] = []
        self.free: int | None = 52_000_000_000

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @property
    def folder(self) -> Path:
        return FOLDER

    def put(
        self,
        name: str,
        *,
        state: ModelState,
        path: Path | None = None,
        partial_bytes: int = 0,
        adopted: bool = False,
        failure: SyrinxError | None = None,
        problem: str = "",
    ) -> None:
        self._statuses[name] = replace(
            self._statuses[name],
            state=state,
            path=path,
            partial_bytes=partial_bytes,
            adopted=adopted,
            failure=failure,
            problem=problem,
        )

    def install(self, name: str) -> None:
        self.put(name, state="installed", path=FOLDER / name)

    def free_bytes(self) -> int | None:
        return self.free

    def statuses(self) -> list[ModelStatus]:
        return list(self._statuses.values())

    def status(self, name: str) -> ModelStatus:
        return self._statuses[self._catalogue.model(name).name]

    def pull(self, name: str, *, accept_licence: str | None) -> PaperPull:
        model = self._catalogue.model(name)
        if accept_licence != model.licence.id:
            raise LicenceNotAccepted(f"{model.title} comes under {model.licence.name}", licence_id=model.licence.id)
        self.pulled.append((name, accept_licence))
        outcomes = self._outcomes.get(name, [])
        return PaperPull(self, model, outcomes.pop(0) if outcomes else None)

    async def remove(self, name: str) -> int:
        status = self.status(name)
        if status.path is None and not status.partial_bytes:
            raise NotInstalled(f"{status.model.title} is not installed")
        self.removed.append(name)
        self._statuses[name] = available(status.model)
        return 0 if status.adopted else status.partial_bytes or status.model.size_bytes

    async def verify(self, name: str, *, on_bytes: OnBytes | None = None) -> tuple[str, ...]:
        status = self.status(name)
        if status.path is None:
            raise NotInstalled(f"{status.model.title} is not installed")
        if on_bytes is not None:
            on_bytes(status.model.size_bytes, status.model.size_bytes)
        return self._problems.get(name, ())

    async def adopt(self, name: str, folder: Path, *, on_bytes: OnBytes | None = None) -> InstalledModel:
        model = self._catalogue.model(name)
        if on_bytes is not None:
            on_bytes(model.size_bytes, model.size_bytes)
        self.put(name, state="installed", path=folder, adopted=True)
        return InstalledModel(model=model, path=folder, revision="", identity="as-found", adopted=True)
