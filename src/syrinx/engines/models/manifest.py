"""What is written beside a model's files when all of them are there: without it a folder is no model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    path: str
    """Below the model's folder, with /."""
    size_bytes: int
    sha256: str
    checked_against: str
    """`catalogue`, `hub` (what it declared for the commit) or `nothing` (a folder that was adopted as it was)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    model: str
    repository: str
    revision: str
    """The commit; "" for an adopted folder."""
    hub: str
    """Where the files came from; "" for an adopted folder."""
    licence: str
    """Which licence was accepted; "" for an adopted folder, whose owner has the files already."""
    licence_accepted_at: str
    """UTC, ISO 8601."""
    installed_at: str
    files: tuple[FileRecord, ...]
    folder: str = ""
    """Of an adopted one: where it lies."""
    problem: str = ""
    """What a check has found wrong since; "" when nothing."""

    @property
    def identity(self) -> str:
        """The same for the same contents under the same names."""
        contents = sorted((file.path, file.sha256) for file in self.files)
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:16]


def write_manifest(file: Path, manifest: Manifest) -> None:
    """All of it or nothing: a crash leaves the old one, or none."""
    beside = file.with_name(f"{file.name}.new")
    content = {"format": FORMAT, **dataclasses.asdict(manifest)}
    with beside.open("w", encoding="utf-8") as new:
        json.dump(content, new, ensure_ascii=False, indent=1)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(file)


def read_manifest(file: Path) -> Manifest | None:
    """None where there is none, or none that this version understands."""
    try:
        content = json.loads(file.read_text("utf-8"))
        return _manifest(content) if content["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _manifest(content: dict[str, Any]) -> Manifest:
    fields = {field.name: content[field.name] for field in dataclasses.fields(Manifest) if field.name != "files"}
    if not all(isinstance(value, str) for value in fields.values()):
        raise TypeError("every field but the files is text")
    files = tuple(_file(entry) for entry in cast("list[dict[str, Any]]", content["files"]))
    return Manifest(**fields, files=files)


def _file(entry: dict[str, Any]) -> FileRecord:
    return FileRecord(
        path=str(entry["path"]),
        size_bytes=int(entry["size_bytes"]),
        sha256=str(entry["sha256"]),
        checked_against=str(entry["checked_against"]),
    )
