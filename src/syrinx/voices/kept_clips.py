"""Speech that was made, kept when that is asked for: each clip under a name made of its content, and no other."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Final

from syrinx.voices.errors import NotKept
from syrinx.whole_files import write_whole

MOST_BYTES: Final = 10_000_000_000
"""Two and a half days of sound."""
_SUFFIX: Final = ".wav"


async def keep_clip(folder: Path, wav: bytes, *, most_bytes: int = MOST_BYTES) -> str:
    """The clip's name: the SHA-256 of its bytes, in hexadecimal, whose file in `folder` ends in .wav.

    The same clip is kept once. It is there wholly or not at all. `folder` is made if need be; only its owner reads it.
    Raises NotKept where all clips would have more than `most_bytes`, OSError.
    """
    return await asyncio.to_thread(_keep, folder, wav, most_bytes)


def _keep(folder: Path, wav: bytes, most_bytes: int) -> str:
    name = hashlib.sha256(wav).hexdigest()
    kept = folder / f"{name}{_SUFFIX}"
    if kept.is_file() and kept.stat().st_size == len(wav):
        return name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _kept_bytes(folder) + len(wav) > most_bytes:
        # Never the oldest instead: whoever keeps clips to prove what was said would not know that they are gone.
        raise NotKept(
            f"{most_bytes // 1_000_000} MB of clips are kept already, which is the most: "
            "ask without store_generated_audio, or have some removed from the server's folder",
            retryable=False,
        )
    write_whole(kept, wav)
    return name


def _kept_bytes(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries if entry.name.endswith(_SUFFIX))
