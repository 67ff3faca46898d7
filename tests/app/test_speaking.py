"""A file of speech is there only when all of it is."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from syrinx.app.speaking import write_speech


def test_a_disk_that_fills_up_leaves_the_file_that_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "speech.wav"
    write_speech(file, b"first")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            write_speech(file, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.name for each in tmp_path.iterdir()] == ["speech.wav"]
    assert file.read_bytes() == b"first"


def test_where_a_link_leads_is_written(tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(tmp_path / "speech.wav")
    write_speech(link, b"sound")
    assert link.is_symlink()
    assert (tmp_path / "speech.wav").read_bytes() == b"sound"


def test_others_may_read_what_they_may_read_of_any_file_of_that_person(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    write_speech(tmp_path / "speech.wav", b"sound")
    assert (tmp_path / "speech.wav").stat().st_mode == plain.stat().st_mode
