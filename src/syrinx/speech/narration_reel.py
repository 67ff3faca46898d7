"""One narration as it is made, read by as many as asked for it, each at their own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from syrinx.errors import SyrinxError
from syrinx.speech.narration import NarrationEvent
from syrinx.speech.speech_cache import event_bytes

AHEAD_BYTES: Final = 256 * 1024
"""Made and read by nobody yet: five seconds of sound, so that the maker need not be woken for each piece."""
HELD_BYTES: Final = 16 * 1024 * 1024
"""Kept for those who come later, and for slow readers while others are quick: about six minutes of sound."""


class Reel:
    """Written by one task with `put` and `finish`; whoever reads it has a `ReelReader` of its own.

    All of it is kept from the beginning until that is more than `held_bytes`: so long it can be joined. Then what all
    readers have read is forgotten, and the maker waits for the slowest where `held_bytes` lie before it.
    """

    def __init__(self, *, ahead_bytes: int = AHEAD_BYTES, held_bytes: int = HELD_BYTES) -> None:
        self._ahead_bytes = ahead_bytes
        self._held_bytes = held_bytes
        self._events: deque[tuple[NarrationEvent, int]] = deque()
        """With the bytes that had been put before each."""
        self._dropped = 0
        """How many were forgotten."""
        self._put_bytes = 0
        self._dropped_bytes = 0
        self._readers: set[ReelReader] = set()
        self._maker: asyncio.Future[None] | None = None
        self.is_whole = True
        """Whether it is still there from the beginning."""
        self.done = False
        self.error: SyrinxError | None = None

    @property
    def held_bytes(self) -> int:
        return self._put_bytes - self._dropped_bytes

    @property
    def is_read(self) -> bool:
        return bool(self._readers)

    def events(self) -> tuple[NarrationEvent, ...]:
        """All that is held."""
        return tuple(event for event, _ in self._events)

    def reader(self) -> ReelReader:
        """One that begins at the beginning: only while `is_whole`."""
        reader = ReelReader(self)
        self._readers.add(reader)
        return reader

    def put(self, event: NarrationEvent) -> None:
        self._events.append((event, self._put_bytes))
        self._put_bytes += event_bytes(event)
        if self.is_whole and self._put_bytes > self._held_bytes:
            self.let_go()
        self._wake_readers()

    def let_go(self) -> None:
        """Keep the beginning no longer, for memory is wanted elsewhere."""
        self.is_whole = False
        self._forget()

    def finish(self, error: SyrinxError | None = None) -> None:
        """Nothing follows; an `error` is raised in every reader that gets so far."""
        self.done = True
        self.error = error
        self._wake_readers()

    async def room(self) -> None:
        """Wait, as the maker, until more is wanted."""
        while not self._wants_more():
            self._maker = asyncio.get_running_loop().create_future()
            try:
                await self._maker
            finally:
                self._maker = None

    def at(self, position: int) -> NarrationEvent | None:
        """The event at that position, None where it is not there yet."""
        index = position - self._dropped
        return self._events[index][0] if index < len(self._events) else None

    def moved(self) -> None:
        """A reader has read on."""
        self._forget()
        if self._maker is not None and not self._maker.done() and self._wants_more():
            self._maker.set_result(None)

    def left(self, reader: ReelReader) -> None:
        self._readers.discard(reader)
        self.moved()

    def _wants_more(self) -> bool:
        if not self._readers:
            return False
        unread_bytes = self._put_bytes - self._bytes_before(max(reader.position for reader in self._readers))
        if unread_bytes > self._ahead_bytes:
            return False
        return self.is_whole or self.held_bytes <= self._held_bytes

    def _bytes_before(self, position: int) -> int:
        index = position - self._dropped
        return self._events[index][1] if index < len(self._events) else self._put_bytes

    def _forget(self) -> None:
        if self.is_whole or not self._readers:
            return
        slowest = min(reader.position for reader in self._readers)
        while self._dropped < slowest:
            self._events.popleft()
            self._dropped += 1
        self._dropped_bytes = self._events[0][1] if self._events else self._put_bytes

    def _wake_readers(self) -> None:
        for reader in self._readers:
            reader.wake()


class ReelReader:
    """Reads a Reel from its beginning; `close` when done with it."""

    def __init__(self, reel: Reel) -> None:
        self._reel = reel
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False
        self.position = 0

    async def next(self) -> NarrationEvent | None:
        """The next event, waited for; None at the end, and once closed. Raises the error that it ended with."""
        while self._closed or (event := self._reel.at(self.position)) is None:
            if not await self._more():
                return None
        self.position += 1
        self._reel.moved()
        return event

    async def until(self, position: int) -> bool:
        """Wait, without reading, until there is an event at that position; false where it ends before. Raises as
        `next`."""
        while self._reel.at(position) is None:
            if not await self._more():
                return False
        return True

    def peek(self, position: int) -> NarrationEvent | None:
        return self._reel.at(position)

    def close(self) -> None:
        self._closed = True
        self._reel.left(self)
        self.wake()

    def wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _more(self) -> bool:
        """Wait for something to happen; false when nothing will."""
        if self._closed:
            return False
        if self._reel.done:
            if self._reel.error is not None:
                raise self._reel.error
            return False
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
        return True
