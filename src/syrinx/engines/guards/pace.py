"""How long an engine works for how much sound: the real-time factor of one request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import HeardAudio

T = TypeVar("T")


class Pace:
    """Counts the seconds in which one request's engine is waited for, and those of the sound that it makes or hears.

    Neither the time that a reader takes over an item counts nor that in which the engine waits for audio.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._work_s = 0.0
        self._sound_s = 0.0

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work per second of sound; None where there was no sound."""
        return max(0.0, self._work_s) / self._sound_s if self._sound_s else None

    async def working(
        self, source: AsyncGenerator[T, None], *, sound_ms: Callable[[T], float] | None = None
    ) -> AsyncGenerator[T, None]:
        """The engine's items; `sound_ms` tells how much sound is in each, None where they hold none."""
        async with aclosing(source):
            asked_s = self._clock()
            async for item in source:
                self._work_s += self._clock() - asked_s
                if sound_ms is not None:
                    self._sound_s += sound_ms(item) / 1000
                yield item
                asked_s = self._clock()
            self._work_s += self._clock() - asked_s

    async def heard(self, audio: AsyncIterator[HeardAudio]) -> AsyncGenerator[HeardAudio, None]:
        """The audio on its way to the engine."""
        asked_s = self._clock()
        async for item in audio:
            self._work_s -= self._clock() - asked_s
            if isinstance(item, PcmChunk):
                self._sound_s += item.duration_ms / 1000
            yield item
            asked_s = self._clock()
        self._work_s -= self._clock() - asked_s
