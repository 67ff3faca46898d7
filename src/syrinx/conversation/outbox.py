"""The events on their way to whoever reads a conversation, bounded, and handed to one reader at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from syrinx.conversation.events import AudioOut, ConversationEvent
from syrinx.errors import SyrinxError

MAX_WAITING: Final = 4000
"""Events besides sound that may wait unread: some minutes of talk."""


class TakenOver(SyrinxError):
    """Another reader has taken the conversation over."""

    code = "taken_over"


class Outbox:
    """Sound is bounded by its sender, which watches `audio_ms`; of the rest at most `max_waiting` events wait."""

    def __init__(self, *, max_waiting: int = MAX_WAITING) -> None:
        self.audio_ms = 0.0
        """Sound that waits unread."""
        self.overrun = False
        """Set when more was waiting than may: the reader does not read."""
        self._max_waiting = max_waiting
        self._waiting: deque[ConversationEvent] = deque()
        self._audio_count = 0
        self._reader = 0
        self._open = True
        self._attached = True
        self._wake: asyncio.Future[None] | None = None

    def put(self, event: ConversationEvent) -> None:
        """Hand an event over; nobody is there to read it while detached, so it is dropped then."""
        if not self._attached or not self._open:
            return
        if isinstance(event, AudioOut):
            self.audio_ms += event.chunk.duration_ms
            self._audio_count += 1
        elif len(self._waiting) - self._audio_count >= self._max_waiting:
            self.overrun = True
            return
        self._waiting.append(event)
        self._wake_reader()

    def detach(self) -> None:
        """Nobody reads any more: drop what waits and end the reader."""
        self._attached = False
        self._clear()
        self._reader += 1
        self._wake_reader()

    def attach(self) -> None:
        """Keep what comes from now on for a new reader; the one before, if any, gets TakenOver."""
        self.detach()
        self._attached = True

    def close(self) -> None:
        """What waits may still be read, then the reading ends."""
        self._open = False
        self._wake_reader()

    def events(self) -> AsyncGenerator[ConversationEvent, None]:
        """Read for this attachment. Raises TakenOver once it was detached, or another reading has begun."""
        self._reader += 1
        self._wake_reader()
        return self._read(self._reader)

    async def _read(self, reader: int) -> AsyncGenerator[ConversationEvent, None]:
        while True:
            while self._waiting and reader == self._reader:
                event = self._waiting.popleft()
                if isinstance(event, AudioOut):
                    self.audio_ms -= event.chunk.duration_ms
                    self._audio_count -= 1
                yield event
            if reader != self._reader:
                raise TakenOver("the conversation goes on elsewhere: this reader gets no more of it")
            if not self._open:
                return
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _clear(self) -> None:
        self._waiting.clear()
        self.audio_ms = 0.0
        self._audio_count = 0

    def drop_audio(self) -> None:
        """Throw away the sound that waits unread: it is not going to be played."""
        if self._audio_count:
            self._waiting = deque(event for event in self._waiting if not isinstance(event, AudioOut))
            self.audio_ms = 0.0
            self._audio_count = 0

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
