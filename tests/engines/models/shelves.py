"""Models of a few kilobytes, a hub that has them, and stores that pull them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from syrinx.engines.models import (
    Catalogue,
    CatalogueModel,
    HubSettings,
    Licence,
    ModelFile,
    ModelStore,
    open_model_store,
)

REPOSITORY = "people/whisper-tiny"
CONFIG = b'{"kind": "tiny"}'
WEIGHTS = bytes(range(256)) * 4000
MIT = Licence(id="MIT", name="MIT licence", url="https://spdx.org/licenses/MIT.html", summary="Free for all.")


def write_repository(folder: Path) -> Path:
    """What the hub holds: a small file, and a large one that it keeps in its storage."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "model.bin").write_bytes(WEIGHTS)
    return folder


def tiny(**changes: Any) -> CatalogueModel:
    values: dict[str, Any] = {
        "name": "tiny",
        "engine": "whisper",
        "kind": "stt",
        "title": "Tiny",
        "good_for": "Tests.",
        "languages": ("en",),
        "licence": MIT,
        "repository": REPOSITORY,
        "revision": "main",
        "files": (
            ModelFile(path="config.json", size_bytes=len(CONFIG)),
            ModelFile(path="model.bin", size_bytes=len(WEIGHTS)),
        ),
        "memory_bytes": 1000,
        "preference": 50,
    }
    return CatalogueModel(**{**values, **changes})


def open_store(
    folder: Path, url: str, *, models: Sequence[CatalogueModel] | None = None, free: int | None = None, **settings: Any
) -> AbstractAsyncContextManager[ModelStore]:
    """A store that loses no time between tries."""
    values: dict[str, Any] = {"endpoint": url, "retry_wait_s": 0.0, "timeout_s": 5.0, **settings}
    hub = HubSettings(**values)
    catalogue = Catalogue(models if models is not None else [tiny()])
    if free is None:
        return open_model_store(folder, catalogue=catalogue, hub=hub)
    return open_model_store(folder, catalogue=catalogue, hub=hub, free=lambda _: free)


async def pull_tiny(store: ModelStore) -> None:
    await store.pull("tiny", accept_licence="MIT").wait()


async def until(happened: Callable[[], bool]) -> None:
    """Let everything else run until it has: the hub and the disk work in threads of their own."""
    for _ in range(1_000_000):
        if happened():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def is_there(path: Path) -> bool:
    return path.exists()
