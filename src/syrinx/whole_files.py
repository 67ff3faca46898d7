"""Files that are there wholly or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
"""Only its owner can read it."""
USUAL: Final = 0o666
"""As any file of that person's: their umask takes away what others may not."""


def write_whole(file: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Written beside the old file, which is there until the new one is on the disk.

    Blocks. Raises OSError, and then nothing new is left behind. The folder is there already.
    """
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
