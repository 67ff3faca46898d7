"""The pronunciations of the person who talks, as they are now, and the words that an ear is to expect for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final

from syrinx.conversation.events import Notice
from syrinx.engines.stt.contract import DETECT
from syrinx.errors import SyrinxError
from syrinx.text.languages import base_language
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciations

READ_WITHIN_S: Final = 1.0
"""They are remembered where they are kept, so that only a disk that does not answer takes so long."""
MOST_HOTWORDS: Final = 200
"""More than an ear has room for, and few enough to be looked at for every utterance."""

ReadPronunciations = Callable[[], Awaitable[Pronunciations]]
"""Gives those that hold now; asked at every turn. May raise a SyrinxError."""


async def no_pronunciations() -> Pronunciations:
    return NO_PRONUNCIATIONS


class Dictionary:
    """Of one talk. Where it cannot be read, what was read last goes on to hold, and `tell` is called once."""

    def __init__(self, read: ReadPronunciations, *, tell: Callable[[Notice], None]) -> None:
        self._read = read
        self._tell = tell
        self._last = NO_PRONUNCIATIONS
        self._ready_for: set[str] = set()
        """Languages for which `_last` has been made ready."""
        self._failed = False

    async def now(self, language: str) -> Pronunciations:
        """As they are at this moment, made ready for texts of that language; never raises."""
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                read = await self._read()
        except TimeoutError:
            self._fail(f"they could not be read within {READ_WITHIN_S:g} s")
            return self._last
        except SyrinxError as error:
            self._fail(error.message)
            return self._last
        self._failed = False
        if read is not self._last:
            self._last = read
            self._ready_for.clear()
        if read.entries and language not in {DETECT, *self._ready_for}:
            self._ready_for.add(language)
            # Two thousand entries take some ten milliseconds to be made ready, in which others must not wait.
            await asyncio.to_thread(read.apply, "", language=language)
        return read

    async def hotwords(self, language: str) -> tuple[str, ...]:
        """What is written, and so probably said, in that language or DETECT; MOST_HOTWORDS at most; never raises."""
        entries = (await self.now(language)).entries
        base = base_language(language)
        words = (
            entry.written
            for entry in entries
            if (language == DETECT or entry.language.lower() in {"", base}) and any(map(str.isalnum, entry.written))
        )
        return tuple(islice(words, MOST_HOTWORDS))

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            message = f"Your pronunciations are not to be had, so those read before hold, if any: {reason}"
            self._tell(Notice(code="pronunciations_unread", message=message))
