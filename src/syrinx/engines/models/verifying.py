"""Whether the files of a model are still what they were when they came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from syrinx.engines.models.checksums import Summing, add_file
from syrinx.engines.models.manifest import FileRecord, Manifest


def find_problems(
    folder: Path, manifest: Manifest, *, read: Callable[[int], None], stop: threading.Event
) -> tuple[str, ...]:
    """One sentence for each file that is not as it was; reads all of them. Blocks. Raises Stopped."""
    problems = (_problem(folder, file, read, stop) for file in manifest.files)
    return tuple(problem for problem in problems if problem)


def _problem(folder: Path, file: FileRecord, read: Callable[[int], None], stop: threading.Event) -> str:
    path = folder / file.path
    try:
        size = path.stat().st_size
        if size != file.size_bytes:
            return f"{file.path} has {size} bytes instead of {file.size_bytes}."
        summing = Summing()
        add_file(summing, path, read=read, stop=stop)
    except FileNotFoundError:
        return f"{file.path} is missing."
    except OSError as error:
        return f"{file.path} cannot be read ({error.strerror})."
    return "" if summing.sha256 == file.sha256 else f"{file.path} is damaged: its checksum is not what it was."
