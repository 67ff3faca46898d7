"""The decoders of one opened ear: lent to one utterance each, loaded on demand, freed when they have been idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager

from syrinx.engines.stt.sphinx_pass import SphinxDecoder


class Decoders:
    """Lends at most `limit` decoders at once; a further borrower waits for its turn.

    The one that `warm_up` loaded stays; others are freed (91 MB each) after `idle_s` seconds without use.
    `load` blocks (0.3 s) and runs in `executor`.
    """

    def __init__(
        self, load: Callable[[], SphinxDecoder], *, limit: int, executor: Executor, idle_s: float = 60.0
    ) -> None:
        self._load = load
        self._executor = executor
        self._places = asyncio.Semaphore(limit)
        self._idle: list[SphinxDecoder] = []
        self._idle_s = idle_s
        self._freeing: asyncio.TimerHandle | None = None
        self._closed = False
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
    async def lend(self) -> AsyncGenerator[SphinxDecoder, None]:
        """A decoder for one utterance. The borrower gives it back between utterances, not inside one."""
        async with self._places:
            self._stop_freeing()
            self.lent += 1
            decoder: SphinxDecoder | None = None
            try:
                decoder = self._idle.pop() if self._idle else await self._loaded()
                yield decoder
            finally:
                self.lent -= 1
                if decoder is not None and not self._closed:
                    self._idle.append(decoder)
                if len(self._idle) > 1:
                    self._stop_freeing()
                    self._freeing = asyncio.get_running_loop().call_later(self._idle_s, self._free)

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
