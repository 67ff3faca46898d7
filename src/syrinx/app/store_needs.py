"""What the faces of the model store need of it: the commands and the pull at the server's start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from syrinx.engines.models import Catalogue, InstalledModel, ModelStatus, PullProgress

OnBytes = Callable[[int, int], None]
"""Bytes read so far, and bytes in all; called from a thread."""


class RunningPull(Protocol):
    """What is needed of `engines.models.Pull`."""

    def progress(self) -> PullProgress: ...

    async def wait(self) -> InstalledModel: ...


class Store(Protocol):
    """What is needed of `engines.models.ModelStore`."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def folder(self) -> Path: ...

    def free_bytes(self) -> int | None: ...

    def statuses(self) -> Sequence[ModelStatus]: ...

    def status(self, name: str) -> ModelStatus: ...

    def pull(self, name: str, *, accept_licence: str | None) -> RunningPull: ...

    async def remove(self, name: str) -> int: ...

    async def verify(self, name: str, *, on_bytes: OnBytes | None = None) -> tuple[str, ...]: ...

    async def adopt(self, name: str, folder: Path, *, on_bytes: OnBytes | None = None) -> InstalledModel: ...
