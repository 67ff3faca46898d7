"""Decoders for an intake; one is kept ready after the first use, which saves the loading of its libraries."""

from __future__ import annotations

import asyncio

from syrinx.audio.intake.decoder_process import DecoderBounds, DecoderProcess


class DecoderSupply:
    """Each process serves one file. The spare one ends after `idle_s` without use, and with `aclose`."""

    def __init__(self, bounds: DecoderBounds, *, idle_s: float) -> None:
        """`idle_s` 0 keeps none ready."""
        self._bounds = bounds
        self._idle_s = idle_s
        self._spare: asyncio.Task[DecoderProcess] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self) -> DecoderProcess:
        """The caller ends it."""
        spare = self._spare
        if spare is not None and spare.done():
            self._spare = None
            self._stop_expiry()
            if spare.exception() is None:
                if spare.result().alive:
                    return spare.result()
                await spare.result().end()
        return await DecoderProcess.start(self._bounds)

    def replenish(self) -> None:
        """Have one ready for the next file."""
        if not self._idle_s:
            return
        if self._spare is None:
            self._spare = asyncio.create_task(DecoderProcess.start(self._bounds), name="spare decoder")
        self._stop_expiry()
        self._expiry = asyncio.get_running_loop().call_later(self._idle_s, self._expire)

    async def aclose(self) -> None:
        self._expire()
        if self._ending:
            await asyncio.wait(self._ending)

    def _expire(self) -> None:
        self._stop_expiry()
        spare, self._spare = self._spare, None
        if spare is not None:
            task = asyncio.create_task(_end(spare), name="ending the spare decoder")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None


async def _end(spare: asyncio.Task[DecoderProcess]) -> None:
    await asyncio.wait([spare])
    if not spare.cancelled() and spare.exception() is None:
        await spare.result().end()
