"""The folder of the models: where each lies, whether it is whole, and the single renames that bring and remove it.

FOLDER/NAME                   an installed model; its manifest was written before the folder got this name
FOLDER/.partial/NAME          what a pull has fetched so far
FOLDER/.adopted/NAME.json     the manifest of a model whose files lie elsewhere
FOLDER/.locks/NAME.lock       held by the process that pulls or removes the model; never deleted
FOLDER/.removed/NAME-...      renamed away, about to be deleted
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import stat
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

from syrinx.engines.models.manifest import Manifest, read_manifest, write_manifest
from syrinx.engines.models.model import CatalogueModel
from syrinx.engines.models.names import MANIFEST_NAME
from syrinx.engines.models.states import InstalledModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies on the shelf under a model's name."""

    path: Path
    manifest: Manifest | None
    adopted: bool
    problem: str
    """Why it cannot be used; "" when it can."""


class Shelf:
    """All calls block, those that look only for some stats."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._adopted = folder / ".adopted"
        self._manifests: dict[Path, tuple[tuple[int, int, int], Manifest | None]] = {}
        self._places: dict[str, tuple[Path, Path]] = {}
        """Of every model that was looked for: each request that speaks looks, and paths take longer than the disk."""

    def folder_of(self, name: str) -> Path:
        return self.folder / name

    def partial_of(self, name: str) -> Path:
        return self.folder / ".partial" / name

    def lock_of(self, name: str) -> Path:
        return self.folder / ".locks" / f"{name}.lock"

    def adoption_of(self, name: str) -> Path:
        return self._adopted / f"{name}.json"

    def names(self) -> set[str]:
        """Under which something lies here, whole or not: two looks, however many models there could be."""
        names: set[str] = set()
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            names.update(entry.name for entry in entries)
        with contextlib.suppress(OSError), os.scandir(self._adopted) as entries:
            names.update(entry.name.removesuffix(".json") for entry in entries)
        return names

    def find(self, model: CatalogueModel) -> Found | None:
        """None when there is nothing; a folder of the user's own counts only while none was pulled."""
        path, adoption = self._places.get(model.name) or self._places_of(model.name)
        if os.path.lexists(path):
            manifest = self._manifest(path / MANIFEST_NAME)
            return Found(path=path, manifest=manifest, adopted=False, problem=_problem(model, path, manifest))
        if (manifest := self._manifest(adoption)) is None:
            return None
        path = Path(manifest.folder)
        return Found(path=path, manifest=manifest, adopted=True, problem=_problem(model, path, manifest))

    def installed(self, model: CatalogueModel) -> InstalledModel | None:
        found = self.find(model)
        if found is None or found.problem or found.manifest is None:
            return None
        try:
            identity = _identity(found, found.manifest)
        except OSError:
            return None  # removed by another process since
        return InstalledModel(
            model=model,
            path=found.path,
            revision=found.manifest.revision,
            identity=identity,
            adopted=found.adopted,
        )

    def partial_bytes(self, name: str) -> int:
        """That the next pull need not fetch, before it has looked whether they are right."""
        return _bytes_below(self.partial_of(name))

    def prepare(self, name: str) -> Path:
        """The folder in which a pull gathers; a damaged model's files are looked through there, too."""
        partial, damaged = self.partial_of(name), self.folder_of(name)
        partial.parent.mkdir(parents=True, exist_ok=True)
        if partial.is_symlink():
            partial.unlink()
        if damaged.is_dir() and not damaged.is_symlink() and not partial.exists():
            damaged.rename(partial)
        partial.mkdir(exist_ok=True)
        (partial / MANIFEST_NAME).unlink(missing_ok=True)
        return partial

    def install(self, name: str, manifest: Manifest) -> None:
        """The manifest goes in last, and then the folder gets its name: a crash leaves a whole model or a part."""
        partial, path = self.partial_of(name), self.folder_of(name)
        _drop_leftovers(partial, keep={file.path for file in manifest.files})
        write_manifest(partial / MANIFEST_NAME, manifest)
        self._set_aside(path)
        partial.rename(path)
        _sync_folder(self.folder)
        self.adoption_of(name).unlink(missing_ok=True)
        self.sweep()

    def adopt(self, name: str, manifest: Manifest) -> None:
        record = self.adoption_of(name)
        record.parent.mkdir(parents=True, exist_ok=True)
        write_manifest(record, manifest)

    def mark(self, name: str, found: Found, problem: str) -> None:
        """Remember what a check has found, or with "" that it found nothing; a model that came since is not meant."""
        if found.manifest is None or found.manifest.problem == problem:
            return
        record = self.adoption_of(name) if found.adopted else found.path / MANIFEST_NAME
        if read_manifest(record) != found.manifest:
            return
        write_manifest(record, dataclasses.replace(found.manifest, problem=problem))

    def remove(self, name: str) -> int:
        """Bytes freed: the model and what a pull has left. An adopted folder only ceases to be ours."""
        before = _bytes_below(self.folder_of(name)) + _bytes_below(self.partial_of(name))
        self._set_aside(self.folder_of(name))
        self._set_aside(self.partial_of(name))
        self.adoption_of(name).unlink(missing_ok=True)
        self.sweep()
        return before

    def sweep(self) -> None:
        """Delete what was renamed away, by an earlier run too. What cannot be deleted is tried again the next time.

        The folder itself stays: another process may be about to rename something into it.
        """
        with contextlib.suppress(OSError):
            for removed in (self.folder / ".removed").iterdir():
                shutil.rmtree(removed, ignore_errors=True)

    def _set_aside(self, path: Path) -> None:
        """A link is removed as a link: what it points to is not ours."""
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            removed = self.folder / ".removed"
            removed.mkdir(parents=True, exist_ok=True)
            path.rename(removed / f"{path.name}-{uuid.uuid4().hex[:8]}")

    def _places_of(self, name: str) -> tuple[Path, Path]:
        places = self._places[name] = self.folder_of(name), self.adoption_of(name)
        return places

    def _manifest(self, file: Path) -> Manifest | None:
        try:
            seen = file.stat()
        except OSError:
            self._manifests.pop(file, None)
            return None
        key = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        known = self._manifests.get(file)
        if known is None or known[0] != key:
            known = self._manifests[file] = (key, read_manifest(file))
        return known[1]


def free_bytes(folder: Path) -> int | None:
    """On the disk where the folder is, or will be; None where the system does not tell."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def _problem(model: CatalogueModel, path: Path, manifest: Manifest | None) -> str:
    again = f"`syrinx models pull {model.name}` mends it"
    if manifest is None:
        return f"{path} holds no whole model; {again}."
    if manifest.problem:
        return f"{manifest.problem} {again[0].upper()}{again[1:]}."
    sizes = {file.path: file.size_bytes for file in manifest.files}
    for wanted in model.files:
        if wanted.save_as not in sizes:
            return f"{path} lacks {wanted.save_as}, which this version needs; {again}."
    for name, size in sizes.items():
        try:
            here = (path / name).stat().st_size
        except OSError:
            return f"{name} is missing in {path}; {again}."
        if here != size:
            return f"{name} in {path} has {here} bytes instead of {size}; {again}."
    return ""


def _identity(found: Found, manifest: Manifest) -> str:
    if not found.adopted:
        return manifest.identity
    # Somebody else's folder: a file may be replaced by another of its size without our being told.
    changed = [(found.path / file.path).stat().st_mtime_ns for file in manifest.files]
    return f"{manifest.identity}-{zlib.crc32(repr(changed).encode()):08x}"


def _bytes_below(folder: Path) -> int:
    """Files come and go while they are counted: a pull renames them."""
    if folder.is_symlink():
        return 0
    return sum(_size_if_file(path) for path in folder.rglob("*"))


def _size_if_file(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _drop_leftovers(folder: Path, *, keep: set[str]) -> None:
    for path in [*folder.rglob("*")]:
        if not path.is_dir() and path.relative_to(folder).as_posix() not in keep:
            path.unlink()


def _sync_folder(folder: Path) -> None:
    """So that a rename outlives a loss of power, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
