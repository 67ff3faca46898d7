"""All that the house keeps of a person, as the routes about people hand it out and delete it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from syrinx.conversation.history import History
from syrinx.errors import NotFound
from syrinx.speech.pronunciation_book import DamagedPronunciations, PronunciationBook
from syrinx.storage.blobs import Blobs
from syrinx.transports.http.people_house import Belongings, KeptFile
from syrinx.voices import Voices


def belongings(*, voices: Voices, blobs: Blobs, history: History, book: PronunciationBook) -> Sequence[Belongings]:
    """Keys and the audit log are not among them: accounts have these themselves."""
    return (
        Belongings(
            name="voices",
            users=voices.users,
            files=lambda user: _of_voices(voices, blobs, user),
            delete=voices.delete_all,
        ),
        Belongings(
            name="conversations",
            users=history.users,
            files=lambda user: _of_talks(history, user),
            delete=history.delete_all,
        ),
        Belongings(
            name="pronunciations",
            users=book.users,
            files=lambda user: _of_words(book, user),
            delete=lambda user: _forget_words(book, user),
        ),
    )


async def _of_voices(voices: Voices, blobs: Blobs, user: str) -> AsyncGenerator[KeptFile, None]:
    for number, record in enumerate(await voices.export(user)):
        place = f"voices/{number:04}-{record['record']}"
        yield KeptFile(name=f"{place}.json", content=_json(record))
        for field, key in (record.get("blobs") or {}).items():
            try:
                content = await blobs.get(key)
            except NotFound as missing:
                # Deleted meanwhile, or lost: the rest is theirs all the same.
                yield KeptFile(name=f"{place}-{_as_name(field)}-missing.txt", content=missing.message.encode())
                continue
            yield KeptFile(name=f"{place}-{_as_name(field)}{_ending(content)}", content=content)


async def _of_talks(history: History, user: str) -> AsyncGenerator[KeptFile, None]:
    async with aclosing(history.export(user)) as kept:
        async for conversation in kept:
            name = _as_name(conversation.summary.conversation_id)
            yield KeptFile(name=f"conversations/{name}.json", content=_json(asdict(conversation)))


async def _of_words(book: PronunciationBook, user: str) -> AsyncGenerator[KeptFile, None]:
    try:
        pronunciations = await book.of(user)
    except DamagedPronunciations as damaged:
        yield KeptFile(name="pronunciations-damaged.txt", content=damaged.message.encode())
        return
    if pronunciations.entries:
        entries = [asdict(entry) for entry in pronunciations.entries]
        yield KeptFile(name="pronunciations.json", content=_json(entries))


async def _forget_words(book: PronunciationBook, user: str) -> int:
    try:
        number = len((await book.of(user)).entries)
    except DamagedPronunciations:
        number = 1  # a file that nobody can read
    await book.remove(user)
    return number


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()


def _as_name(text: str) -> str:
    """Letters, digits, - and _ alone: what an archive takes as a path."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in text)


def _ending(content: bytes) -> str:
    if content.startswith(b"RIFF"):
        return ".wav"
    return ".mp3" if content.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3")) else ".bin"
