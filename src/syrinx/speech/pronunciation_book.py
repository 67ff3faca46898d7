"""The pronunciations that each user has asked for, kept in a folder from one start to the next."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

from syrinx.errors import BadInput, DiskRefused, SyrinxError
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciation, Pronunciations
from syrinx.whole_files import write_whole

VERSION: Final = 1
MOST_USERS: Final = 10_000
REMEMBERED_USERS: Final = 256
DAMAGED_SUFFIX: Final = ".damaged"


class DamagedPronunciations(SyrinxError):
    """A user's file does not hold what this module writes; it stays as it is."""

    code = "pronunciations_damaged"


class PronunciationsNotKept(DiskRefused):
    """The folder cannot be written to."""

    code = "pronunciations_not_kept"
    retryable = True


class PronunciationBook:
    """Made by `open_pronunciation_book`; used from one event loop.

    What was read or written is remembered, so that only one process may write to the folder. A file is replaced as a
    whole, so no other reader ever sees half of one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: OrderedDict[str, Pronunciations] = OrderedDict()
        # One change at a time, and none while a file is read: what is remembered is what the file says.
        self._changing = asyncio.Lock()

    async def of(self, user: str) -> Pronunciations:
        """Those of that user, none where there are none. Raises DamagedPronunciations."""
        known = self._known.get(user)
        if known is not None:
            self._known.move_to_end(user)
            return known
        async with self._changing:
            return self._remember(user, await asyncio.to_thread(_read, self._file(user)))

    async def put(self, user: str, entries: Sequence[Pronunciation]) -> Pronunciations:
        """Keep these, in place of all that the user had.

        A damaged file is set aside beside the new one. Raises BadInput for entries that cannot be together and where
        too many users have theirs, PronunciationsNotKept where the disk refuses; then the old ones stay.
        """
        kept = Pronunciations(tuple(entries))
        async with self._changing:
            # Forgotten first: whoever is cancelled while the thread writes leaves nothing remembered that is not so.
            self._known.pop(user, None)
            await asyncio.to_thread(_kept, _write, self._file(user), user, kept)
            return self._remember(user, kept)

    async def remove(self, user: str) -> None:
        """Forget all of that user, damaged files too. Raises PronunciationsNotKept where the disk refuses."""
        async with self._changing:
            self._known.pop(user, None)
            await asyncio.to_thread(_kept, _remove, self._file(user))
            self._remember(user, NO_PRONUNCIATIONS)

    async def users(self) -> tuple[str, ...]:
        """Who has some; of a damaged file nobody can tell."""
        return await asyncio.to_thread(_users, self._folder)

    def _remember(self, user: str, pronunciations: Pronunciations) -> Pronunciations:
        self._known[user] = pronunciations
        self._known.move_to_end(user)
        while len(self._known) > REMEMBERED_USERS:
            self._known.popitem(last=False)
        return pronunciations

    def _file(self, user: str) -> Path:
        # A name that came from outside is never part of a path.
        return self._folder / f"{hashlib.sha256(user.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def open_pronunciation_book(folder: Path) -> PronunciationBook:
    """The book in this folder, which is made when the first user keeps something."""
    return PronunciationBook(folder)


def _read(file: Path) -> Pronunciations:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return NO_PRONUNCIATIONS
    except OSError as error:
        raise DamagedPronunciations(f"the pronunciations in {file.name} cannot be read: {error.strerror}") from error
    return _parsed(raw, file.name)


def _users(folder: Path) -> tuple[str, ...]:
    found: list[str] = []
    for file in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.append(str(json.loads(file.read_bytes())["user"]))
    return tuple(found)


def _parsed(raw: bytes, name: str) -> Pronunciations:
    try:
        content = cast("object", json.loads(raw))
        if not isinstance(content, dict) or cast("dict[str, object]", content).get("version") != VERSION:
            raise _damaged(name, f"an object with version {VERSION} should stand there")
        listed = cast("dict[str, object]", content).get("entries")
        if not isinstance(listed, list):
            raise _damaged(name, "a list of entries should stand there")
        # Fields that there are not, or of another type, are a TypeError.
        return Pronunciations(tuple(_entry(each) for each in cast("list[object]", listed)))
    except (ValueError, TypeError, BadInput) as error:
        raise _damaged(name, str(error)) from error


def _entry(listed: object) -> Pronunciation:
    if not isinstance(listed, dict):
        raise TypeError(f"{str(listed)[:40]!r} is no entry")
    fields = cast("dict[str, object]", listed)
    for name, value in fields.items():
        if not isinstance(value, bool if name == "case_sensitive" else str):
            raise TypeError(f"{name} is {str(value)[:40]!r}")
    return Pronunciation(**fields)  # pyright: ignore[reportArgumentType]


def _damaged(name: str, why: str) -> DamagedPronunciations:
    return DamagedPronunciations(
        f"the pronunciations kept in {name} are damaged ({why}): mend the file, or replace them to have it set aside"
    )


def _kept(change: Callable[..., None], file: Path, *what: object) -> None:
    try:
        change(file, *what)
    except OSError as error:
        raise PronunciationsNotKept(
            f"the pronunciations cannot be kept ({error.strerror}): make their folder writable, with room on its disk"
        ) from error


def _write(file: Path, user: str, pronunciations: Pronunciations) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists():
        _set_aside_if_damaged(file)
    elif sum(1 for _ in file.parent.glob("*.json")) >= MOST_USERS:
        raise BadInput(f"{MOST_USERS} users have their pronunciations kept already: have some removed first")
    entries = [asdict(entry) for entry in pronunciations.entries]
    written = json.dumps({"version": VERSION, "user": user, "entries": entries}, ensure_ascii=False, indent=1)
    write_whole(file, f"{written}\n".encode())


def _remove(file: Path) -> None:
    for aside in file.parent.glob(f"{file.name}{DAMAGED_SUFFIX}*"):
        aside.unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def _set_aside_if_damaged(file: Path) -> None:
    try:
        _read(file)
    except DamagedPronunciations:
        aside = file.with_name(file.name + DAMAGED_SUFFIX)
        number = 1
        while aside.exists():
            number += 1
            aside = file.with_name(f"{file.name}{DAMAGED_SUFFIX}{number}")
        file.rename(aside)
