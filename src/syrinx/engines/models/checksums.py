"""Checksums of files: SHA-256 for all, and git's own name of a content, by which the hub knows its small files."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Algorithm = Literal["sha256", "git-sha1"]

_BLOCK_BYTES = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Checksum:
    algorithm: Algorithm
    value: str
    """Hexadecimal, lower case."""


class Stopped(Exception):
    """Reading was given up because it was told to stop."""


class Summing:
    """SHA-256 of a content, piece by piece, and git's name of it for one whose size is given."""

    def __init__(self, *, git_size_bytes: int | None = None) -> None:
        self._sha256 = hashlib.sha256()
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: a blob is named by its header and content.
        head = b"blob %d\0" % (git_size_bytes or 0)
        self._git = None if git_size_bytes is None else hashlib.sha1(head, usedforsecurity=False)

    def add(self, piece: bytes | memoryview) -> None:
        self._sha256.update(piece)
        if self._git is not None:
            self._git.update(piece)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def fits(self, checksum: Checksum) -> bool:
        if checksum.algorithm == "sha256":
            return self.sha256 == checksum.value
        return self._git is not None and self._git.hexdigest() == checksum.value


def checksum_of_tag(tag: str | None) -> Checksum | None:
    """What an entity tag of the hub says: SHA-256 of its large files, git's SHA-1 of the small ones; else None."""
    value = (tag or "").removeprefix("W/").strip('"')
    if _SHA256.fullmatch(value):
        return Checksum("sha256", value)
    return Checksum("git-sha1", value) if _SHA1.fullmatch(value) else None


def add_file(
    summing: Summing, path: Path, *, read: Callable[[int], None] | None = None, stop: threading.Event | None = None
) -> None:
    """Add what the file holds; `read` is told of every block. Raises Stopped soon after `stop` was set."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            if stop is not None and stop.is_set():
                raise Stopped
            summing.add(block)
            if read is not None:
                read(len(block))
