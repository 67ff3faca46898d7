"""What the disk's errors mean to a person, and what to do about them."""

from __future__ import annotations

import errno
from pathlib import Path

from syrinx.engines.models.errors import DiskFull, FolderNotWritable, PullFailed

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})


def disk_failure(error: OSError, *, folder: Path, then: str) -> PullFailed:
    """`then` is the command that goes on when the disk is in order."""
    if error.errno in _FULL:
        return DiskFull(f"The disk of {folder} is full. What was fetched is kept: make room, then {then}.")
    if error.errno in _FORBIDDEN:
        return FolderNotWritable(
            f"{error.filename or folder} cannot be written ({error.strerror}). "
            f"Give yourself the right to, or set another folder (SYRINX_MODELS), then {then}."
        )
    return PullFailed(f"The disk of {folder} failed ({error.strerror or error}). Try {then} again.", retryable=True)
