"""Files that are there wholly or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syrinx.whole_files import write_whole


def test_the_new_file_takes_the_old_ones_place(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_whole(file, b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_whole(file, b"mine")
    assert file.stat().st_mode & 0o077 == 0


def test_where_the_disk_refuses_the_old_file_stays_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kept.json"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
