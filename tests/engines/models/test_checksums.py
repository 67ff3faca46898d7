"""Checksums are those of sha256sum and of git hash-object."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from syrinx.engines.models.checksums import Checksum, Stopped, Summing, add_file, checksum_of_tag


def test_both_sums_of_a_known_content(tmp_path: Path) -> None:
    file = tmp_path / "hello"
    file.write_bytes(b"hello\n")
    read: list[int] = []
    summing = Summing(git_size_bytes=6)
    add_file(summing, file, read=read.append)
    assert read == [6]
    # printf 'hello\n' | git hash-object --stdin; printf 'hello\n' | sha256sum
    assert summing.fits(Checksum("git-sha1", "ce013625030ba8dba906f756967f9e9ca394464a"))
    assert summing.fits(Checksum("sha256", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"))
    assert not summing.fits(Checksum("sha256", "0" * 64))


def test_reading_ends_when_it_is_told_to_stop(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(3 * 1024 * 1024))
    stop, read = threading.Event(), list[int]()

    def after_the_first(count: int) -> None:
        read.append(count)
        stop.set()

    with pytest.raises(Stopped):
        add_file(Summing(), file, read=after_the_first, stop=stop)
    assert len(read) == 1


@pytest.mark.parametrize(
    ("tag", "checksum"),
    [
        (f'"{"a" * 64}"', Checksum("sha256", "a" * 64)),
        (f'W/"{"b" * 40}"', Checksum("git-sha1", "b" * 40)),
        ('"5f3c-1"', None),
        ("", None),
        (None, None),
    ],
)
def test_an_entity_tag_is_a_checksum_where_it_looks_like_one(tag: str | None, checksum: Checksum | None) -> None:
    assert checksum_of_tag(tag) == checksum
