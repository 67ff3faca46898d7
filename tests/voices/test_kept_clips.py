from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from syrinx.voices import kept_clips
from syrinx.voices.errors import NotKept
from syrinx.voices.kept_clips import keep_clip

CLIP = b"RIFF" + bytes(range(256)) * 10


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


async def test_a_clip_is_named_by_its_content_and_kept_once(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    names = {await keep_clip(folder, CLIP) for _ in range(3)}
    assert names == {hashlib.sha256(CLIP).hexdigest()}
    assert entries(folder) == [f"{names.pop()}.wav"]
    await keep_clip(folder, CLIP + b"more")
    assert len(entries(folder)) == 2


async def test_a_disk_that_fails_leaves_no_half_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_clips.os, "fsync", failing)
    with pytest.raises(OSError, match="No space"):
        await keep_clip(tmp_path, CLIP)
    assert entries(tmp_path) == []


async def test_clips_are_kept_up_to_a_bound_and_none_is_lost_for_it(tmp_path: Path) -> None:
    names = [await keep_clip(tmp_path, CLIP + bytes([number]), most_bytes=3 * len(CLIP)) for number in range(2)]
    with pytest.raises(NotKept, match="the most"):
        await keep_clip(tmp_path, CLIP + b"2", most_bytes=3 * len(CLIP))
    assert entries(tmp_path) == sorted(f"{name}.wav" for name in names)
    # What is there already needs no room.
    assert await keep_clip(tmp_path, CLIP + b"\0", most_bytes=1) == names[0]
