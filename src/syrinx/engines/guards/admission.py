"""How many requests may run in one engine at once, and how many may wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from syrinx.errors import EngineBusy

RECENT = 0.2
"""Weight of the newest request in the running mean of their durations."""
FIRST_GUESS_S = 1.0
"""How long a request is taken to last before one has ended."""
LEAST_RETRY_S = 0.5


class Admission:
    """Lets `max_active` requests run, keeps `max_queued` waiting in order of arrival, refuses the rest."""

    def __init__(self, *, name: str, max_active: int, max_queued: int) -> None:
        self._name = name
        self._max_active = max_active
        self._max_queued = max_queued
        self._places = asyncio.Semaphore(max_active)
        self._mean_s: float | None = None
        self.active = 0
        self.queued = 0

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None, None]:
        """Wait for a place and hold it. Raises EngineBusy at once when too many wait already."""
        if self._places.locked() and self.queued >= self._max_queued:
            raise EngineBusy(
                f"{self._name} is busy: {self.active} requests run and {self.queued} wait, more are not taken",
                retry_after_s=self.retry_after_s(),
            )
        self.queued += 1
        try:
            await self._places.acquire()
        finally:
            self.queued -= 1
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
            self._places.release()
            self._learn(clock() - begun_s)

    def retry_after_s(self) -> float:
        """When a request sent now might be taken: all that wait, at the recent pace."""
        mean_s = FIRST_GUESS_S if self._mean_s is None else self._mean_s
        return max(LEAST_RETRY_S, mean_s * (self.queued + 1) / self._max_active)

    def _learn(self, duration_s: float) -> None:
        self._mean_s = duration_s if self._mean_s is None else self._mean_s + RECENT * (duration_s - self._mean_s)
