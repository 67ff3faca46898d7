"""One conversation's microphone: an ear that is opened when it is wanted, and the sound that waits until it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final

from syrinx.audio.pcm import PcmChunk
from syrinx.conversation.ear import Ear, OpenEar
from syrinx.conversation.settings import Engines
from syrinx.errors import SyrinxError
from syrinx.speech import EndpointingRules
from syrinx.speech.events import HearingEvent

MAX_WAITING_MS: Final = 5_000.0
"""Sound kept while the engines that hear are being opened; past it the oldest is dropped."""


class Microphone:
    """Used from one event loop; `close` cancels the task that runs `listen`."""

    def __init__(self, *, open_ear: OpenEar, engines: Engines, rules: EndpointingRules) -> None:
        self.open = False
        self._open_ear = open_ear
        self._engines = engines
        self._rules = rules
        self._ear: Ear | None = None
        self._waiting: deque[PcmChunk] = deque()
        self._waiting_ms = 0.0
        self._listening = 0
        self._task: asyncio.Task[None] | None = None

    def feed(self, chunk: PcmChunk) -> None:
        """Raises what `Listener.feed` raises."""
        if self._ear is not None:
            self._ear.feed(chunk)
        elif self.open:
            self._waiting.append(chunk)
            self._waiting_ms += chunk.duration_ms
            while self._waiting_ms > MAX_WAITING_MS:
                self._waiting_ms -= self._waiting.popleft().duration_ms

    def release(self) -> None:
        if self._ear is not None:
            self._ear.release()

    def discard(self) -> None:
        self._drop_waiting()
        if self._ear is not None:
            self._ear.discard()

    def close(self) -> None:
        """Stop hearing: nothing more is told, the engines are given back."""
        self.open = False
        self._listening += 1
        self._ear = None
        self._drop_waiting()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def begun(self, task: asyncio.Task[None]) -> None:
        """The task that runs `listen`."""
        self._task = task

    def listen(
        self,
        stt_name: str,
        *,
        language: Callable[[], str],
        hotwords: Callable[[], Awaitable[tuple[str, ...]]],
        tell: Callable[[HearingEvent], None],
        failed: Callable[[SyrinxError], None],
    ) -> Coroutine[Any, Any, None]:
        """Open at once for sound; the returned coroutine, run as a task, hears it until `close`.

        `tell` gets what is heard. `failed` gets the error that ended the hearing, or kept it from beginning.
        """
        self.open = True
        self._listening += 1

        async def hear(number: int) -> None:
            if number != self._listening:
                return
            try:
                opened = self._open_ear(
                    self._engines, stt_name, language=language, hotwords=hotwords, rules=self._rules
                )
                async with opened as ear, aclosing(ear.events()) as events:
                    self._take_up(ear)
                    async for event in events:
                        tell(event)
            except SyrinxError as error:
                if number == self._listening:
                    self.open = False
                    self._ear = None
                    self._drop_waiting()
                    self._task = None
                    failed(error)

        return hear(self._listening)

    def _take_up(self, ear: Ear) -> None:
        self._ear = ear
        for chunk in self._waiting:
            ear.feed(chunk)
        self._drop_waiting()

    def _drop_waiting(self) -> None:
        self._waiting.clear()
        self._waiting_ms = 0.0
