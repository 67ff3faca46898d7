"""The decoders of one opened ear: lent to one utterance each, loaded on demand, freed when they have been idle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from syrinx.engines.stt.sphinx_pass import SphinxDecoder

_RECORDING_WAITS_S: Final = 15.0
"""A piece of a recording that has waited so long goes before those who speak, so that it is not left out for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    place: asyncio.Future[None]
    since_s: float


class Decoders:
    """Lends at most `limit` decoders at once; a further borrower waits for its turn.

    People who speak go first. Recordings, which borrow piece by piece, get all decoders but one at the most (the only
    one, where there is one), each in its turn. The decoder that `warm_up` loaded stays; others are freed (91 MB each)
    after `idle_s` seconds without use. `load` blocks (0.3 s) and runs in `executor`.
    """

    def __init__(
        self, load: Callable[[], SphinxDecoder], *, limit: int, executor: Executor, idle_s: float = 60.0
    ) -> None:
        self._load = load
        self._executor = executor
        self._limit = limit
        self._waiting: deque[_Waiting] = deque()
        self._recordings_waiting: deque[_Waiting] = deque()
        self._idle: list[SphinxDecoder] = []
        self._idle_s = idle_s
        self._freeing: asyncio.TimerHandle | None = None
        self._closed = False
        self._to_recordings = 0
        self.lent = 0
        """Decoders in use: 0 when nothing was left behind."""

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def warm_up(self) -> None:
        """Have one decoder ready."""
        async with self.lend():
            pass

    @asynccontextmanager
    async def lend(self, *, recording: bool = False) -> AsyncGenerator[SphinxDecoder, None]:
        """A decoder for one utterance, or one piece of a recording; it is given back between them, not inside one."""
        await self._place(recording=recording)
        self._stop_freeing()
        decoder: SphinxDecoder | None = None
        try:
            # Recordings take from the one end: the search that they need holds memory in each decoder that has had it.
            decoder = self._idle.pop(0 if recording else -1) if self._idle else await self._loaded()
            yield decoder
        finally:
            if decoder is not None and not self._closed:
                self._idle.insert(0 if recording else len(self._idle), decoder)
            self._leave(recording=recording)
            if len(self._idle) > 1:
                self._stop_freeing()
                self._freeing = asyncio.get_running_loop().call_later(self._idle_s, self._free)

    async def _place(self, *, recording: bool) -> None:
        loop = asyncio.get_running_loop()
        queue = self._recordings_waiting if recording else self._waiting
        waiting = _Waiting(place=loop.create_future(), since_s=loop.time())
        queue.append(waiting)
        self._serve(loop.time())
        try:
            await waiting.place
        except asyncio.CancelledError:
            if waiting in queue:
                queue.remove(waiting)
            elif not waiting.place.cancelled():
                self._leave(recording=recording)
            raise

    def _leave(self, *, recording: bool) -> None:
        self.lent -= 1
        self._to_recordings -= recording
        self._serve(asyncio.get_running_loop().time())

    def _serve(self, now_s: float) -> None:
        while self.lent < self._limit and (queue := self._next(now_s)) is not None:
            waiting = queue.popleft()
            if waiting.place.done():
                continue
            self.lent += 1
            self._to_recordings += queue is self._recordings_waiting
            waiting.place.set_result(None)

    def _next(self, now_s: float) -> deque[_Waiting] | None:
        recordings = self._recordings_waiting if self._to_recordings < max(1, self._limit - 1) else None
        if recordings and (not self._waiting or now_s - recordings[0].since_s >= _RECORDING_WAITS_S):
            return recordings
        return self._waiting or None

    async def _loaded(self) -> SphinxDecoder:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._load)

    def _free(self) -> None:
        self._freeing = None
        del self._idle[1:]

    def _stop_freeing(self) -> None:
        if self._freeing is not None:
            self._freeing.cancel()
            self._freeing = None

    def close(self) -> None:
        """Free all of them; one that is lent is freed when it is given back."""
        self._closed = True
        self._stop_freeing()
        self._idle.clear()
