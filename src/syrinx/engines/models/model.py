"""What a model of the catalogue is: its files on the hub, its licence and what it is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ModelKind = Literal["stt", "tts", "llm"]
MODEL_KINDS: tuple[ModelKind, ...] = ("stt", "tts", "llm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a repository on the hub."""

    path: str
    """Where it lies in the repository."""
    size_bytes: int
    """For planning; what the hub declares for the revision is what a pull fetches."""
    sha256: str | None = None
    """None trusts what the hub declares for the model's revision."""
    save_as: str = ""
    """Where it lies in the model's folder; the repository's own path unless something else is given."""
    repository: str = ""
    """Where it is not in the model's own repository: the one that has it."""
    revision: str = ""
    """Of that repository."""
    url: str = ""
    """Where it is not on the hub at all: its address. `size_bytes` and `sha256` are binding then."""

    def __post_init__(self) -> None:
        if not self.save_as:
            object.__setattr__(self, "save_as", self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    id: str
    """SPDX identifier, or LicenseRef-... where SPDX has none."""
    name: str
    url: str
    summary: str
    """What it allows and asks, in one or two sentences that a person understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueModel:
    name: str
    """What people type: lower case, no spaces. Also the name of its folder."""
    engine: str
    """The entry point of the engine that loads it."""
    kind: ModelKind
    title: str
    good_for: str
    """One sentence."""
    languages: tuple[str, ...]
    """BCP 47 primary tags."""
    licence: Licence
    repository: str
    """`owner/name` on the hub."""
    revision: str
    """A commit, or a branch: then the commit that it names when the pull begins is used for all files."""
    files: tuple[ModelFile, ...]
    memory_bytes: int
    """About what it needs when it is loaded as its engine loads it by default, on the CPU."""
    preference: int
    """`auto` takes the installed one with the highest that the machine can run."""

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)
