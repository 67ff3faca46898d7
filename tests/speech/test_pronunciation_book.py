"""A user's pronunciations are kept whole, apart from others', and never lost."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from syrinx.errors import BadInput
from syrinx.speech import pronunciation_book
from syrinx.speech.pronunciation_book import DamagedPronunciations, PronunciationsNotKept, open_pronunciation_book
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciation

SQL = Pronunciation(written="SQL", spoken="sequel", case_sensitive=True)
TOMATO = Pronunciation(written="tomato", ipa="təˈmɑːtoʊ", language="en")


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_what_is_put_is_there_after_another_start(tmp_path: Path) -> None:
    book = open_pronunciation_book(tmp_path / "book")
    assert await book.of("ann") == NO_PRONUNCIATIONS
    kept = await book.put("ann", [SQL, TOMATO])
    assert kept.entries == (SQL, TOMATO)
    assert await book.of("ann") is kept
    again = open_pronunciation_book(tmp_path / "book")
    assert (await again.of("ann")).entries == (SQL, TOMATO)
    assert await again.of("bob") == NO_PRONUNCIATIONS


async def test_what_is_removed_is_gone(tmp_path: Path) -> None:
    book = open_pronunciation_book(tmp_path)
    await book.put("ann", [SQL])
    await book.put("bob", [TOMATO])
    await book.remove("ann")
    await book.remove("nobody")
    assert await book.of("ann") == NO_PRONUNCIATIONS
    assert (await open_pronunciation_book(tmp_path).of("bob")).entries == (TOMATO,)
    assert await open_pronunciation_book(tmp_path).of("ann") == NO_PRONUNCIATIONS


async def test_names_of_users_are_never_paths(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "book"
    book = open_pronunciation_book(folder)
    for user in ("../../evil", "/etc/passwd", "a/b", "..", "\0", "x" * 5000, "Ann", "ann", "\ud800"):
        if user != "\ud800":
            await book.put(user, [SQL])
        assert (await book.of(user)).entries == ((SQL,) if user != "\ud800" else ())
    assert [path.name for path in files_in(tmp_path)] == ["deep"]
    files = files_in(folder)
    assert len(files) == 8
    assert all(len(file.name) == 64 + len(".json") for file in files)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2, "entries": []}',
        b'{"version": 1, "entries": 3}',
        b'{"version": 1, "entries": [3]}',
        b'{"version": 1, "entries": [{"written": "a"}]}',
        b'{"version": 1, "entries": [{"written": 3, "spoken": "x"}]}',
        b'{"version": 1, "entries": [{"written": "a", "spoken": "b", "more": "c"}]}',
    ],
)
async def test_a_damaged_file_is_told_and_set_aside_before_it_is_replaced(tmp_path: Path, content: bytes) -> None:
    await open_pronunciation_book(tmp_path).put("ann", [SQL])
    (file,) = files_in(tmp_path)
    file.write_bytes(content)
    book = open_pronunciation_book(tmp_path)
    with pytest.raises(DamagedPronunciations, match="damaged"):
        await book.of("ann")
    assert file.read_bytes() == content
    await book.put("ann", [TOMATO])
    assert (await book.of("ann")).entries == (TOMATO,)
    assert {path.read_bytes() for path in files_in(tmp_path) if path != file} == {content}
    file.write_bytes(b"again")
    await book.remove("ann")
    assert not files_in(tmp_path)


async def test_a_refused_or_failed_change_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = open_pronunciation_book(tmp_path)
    await book.put("ann", [SQL])
    with pytest.raises(BadInput, match="two entries"):
        await book.put("ann", [TOMATO, TOMATO])

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PronunciationsNotKept, match="No space"):
        await book.put("ann", [TOMATO])
    monkeypatch.undo()
    assert (await book.of("ann")).entries == (SQL,)
    assert len(files_in(tmp_path)) == 1, "nothing half-written stays"


async def test_there_is_a_bound_on_users_kept_and_on_users_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pronunciation_book, "MOST_USERS", 3)
    monkeypatch.setattr(pronunciation_book, "REMEMBERED_USERS", 2)
    book = open_pronunciation_book(tmp_path)
    for user in ("a", "b", "c"):
        await book.put(user, [SQL])
    with pytest.raises(BadInput, match="3 users"):
        await book.put("d", [SQL])
    await book.put("a", [TOMATO])
    for user in ("a", "b", "c", "d", "a"):
        assert bool((await book.of(user)).entries) == (user != "d")
    assert (await book.of("a")).entries == (TOMATO,)


async def test_many_changes_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    book = open_pronunciation_book(tmp_path)
    wanted = [Pronunciation(written=f"word{index}", spoken="x") for index in range(20)]
    async with asyncio.TaskGroup() as group:
        for entry in wanted:
            group.create_task(book.put("ann", [entry]))
            group.create_task(book.of("ann"))
    kept = await book.of("ann")
    assert kept.entries[0] in wanted
    assert (await open_pronunciation_book(tmp_path).of("ann")) == kept
    assert len(files_in(tmp_path)) == 1
