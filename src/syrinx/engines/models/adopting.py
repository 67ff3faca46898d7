"""A folder of the user's own, looked through so that it can be used where it lies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from syrinx.engines.models.checksums import Summing, add_file
from syrinx.engines.models.errors import WrongFolder
from syrinx.engines.models.manifest import FileRecord, Manifest
from syrinx.engines.models.model import CatalogueModel, ModelFile


def look_through(
    model: CatalogueModel, folder: Path, *, now: datetime, read: Callable[[int], None], stop: threading.Event
) -> Manifest:
    """What lies there, with checksums, so that a later change can be told. Blocks; nothing is written.

    The files may be others than the catalogue's, for example somebody's own fine-tuned model, but must be all there.
    Raises WrongFolder.
    """
    if not folder.is_dir():
        raise WrongFolder(f"{folder} is no folder. Give the one in which {_names(model.files)} lie.")
    missing = [file for file in model.files if not _holds(folder / file.save_as)]
    if missing:
        raise WrongFolder(f"{folder} is no folder of {model.name}: {_names(missing)} missing there, or empty.")
    return Manifest(
        model=model.name,
        repository=model.repository,
        revision="",
        hub="",
        licence="",
        licence_accepted_at="",
        installed_at=now.isoformat(timespec="seconds"),
        files=tuple(_record(folder, file, read, stop) for file in model.files),
        folder=str(folder),
    )


def _holds(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def _record(folder: Path, file: ModelFile, read: Callable[[int], None], stop: threading.Event) -> FileRecord:
    path = folder / file.save_as
    size = path.stat().st_size
    summing = Summing()
    try:
        add_file(summing, path, read=read, stop=stop)
    except OSError as error:
        raise WrongFolder(f"{path} cannot be read ({error.strerror}). Give yourself the right to.") from error
    as_listed = summing.sha256 == file.sha256
    return FileRecord(
        path=file.save_as,
        size_bytes=size,
        sha256=summing.sha256,
        checked_against="catalogue" if as_listed else "nothing",
    )


def _names(files: tuple[ModelFile, ...] | list[ModelFile]) -> str:
    names = [file.save_as for file in files]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
