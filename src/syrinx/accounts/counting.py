"""What accounts took lately, counted by `limits`: in this process, or in a Redis that several servers share."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import structlog
from limits.aio.storage import MemoryStorage, RedisStorage

from syrinx.errors import ConfigurationError

log = structlog.get_logger()

T = TypeVar("T")

IN_THIS_PROCESS: Final = "memory://"
_REDIS: Final = ("redis", "rediss")
PATIENCE_S: Final = 1.0
"""For Redis: a request waits for it."""
AWAY_FOR_S: Final = 10.0
"""For so long nobody waits for a Redis again that did not answer."""
_KEPT_S: Final = 25 * 3600
"""Of a day, from its first use."""
_SHORTEST_WAIT_S: Final = 0.05
"""What was refused is not taken at once, whatever the clocks say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was taken lately. What was taken in the window before counts the less the longer that is over."""

    seconds: int
    before: int
    before_for_s: float
    """Until that counts nothing any more."""
    now: int
    now_for_s: float

    @property
    def taken(self) -> int:
        return max(0, int(self.before * self.before_for_s / self.seconds) + self.now)

    @property
    def empty_in_s(self) -> float:
        """Until all that was taken counts nothing any more."""
        return self.now_for_s if self.now > 0 else self.before_for_s if self.before > 0 else 0.0

    def wait_s(self, *, cost: int, most: int) -> float:
        """Until `cost` more fit into `most`, of which it is no more, if nothing else is taken meanwhile."""
        room = most - cost
        if self.taken <= room:
            return 0.0
        # Only whole ones of the window before count: there is room as soon as they are less than one more than it.
        if self.now <= room and self.before > 0:
            return max(0.0, self.before_for_s - (room + 1 - self.now) * self.seconds / self.before)
        until_next_s = max(0.0, self.now_for_s - self.seconds)
        return until_next_s + self.seconds * max(0.0, 1 - (room + 1) / self.now)


class Counting:
    """Windows that slide, and days, by key. Where Redis is away this process counts for itself meanwhile: nobody is
    kept from working, and from each server nobody gets more than one server gives. Made by `open_counting`."""

    def __init__(self, storage: MemoryStorage | RedisStorage, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._meanwhile = MemoryStorage()
        self._clock = clock
        self._away_until_s = 0.0
        self._is_away = False

    async def take(self, key: str, *, most: int, seconds: int) -> float | None:
        """One of what there is in a window: None where it was taken; else so many seconds later it would be."""

        async def take(storage: MemoryStorage | RedisStorage) -> bool:
            return await storage.acquire_sliding_window_entry(key, most, seconds, 1)

        if await self._counted(take):
            return None
        window = await self.window(key, seconds=seconds)
        return max(_SHORTEST_WAIT_S, window.wait_s(cost=1, most=most))

    async def window(self, key: str, *, seconds: int) -> Window:
        async def look(storage: MemoryStorage | RedisStorage) -> tuple[int, float, int, float]:
            return await storage.get_sliding_window(key, seconds)

        before, before_for_s, now, now_for_s = await self._counted(look)
        return Window(seconds=seconds, before=before, before_for_s=before_for_s, now=now, now_for_s=now_for_s)

    async def take_of_day(self, key: str, amount: int, *, most: int, day: date) -> bool:
        """Whether it was taken; else nothing was. Of several at once that do not all fit none may get it."""

        async def take(storage: MemoryStorage | RedisStorage) -> bool:
            fits = await storage.incr(_of_day(key, day), _KEPT_S, amount) <= most
            if not fits:
                await storage.incr(_of_day(key, day), _KEPT_S, -amount)
            return fits

        return await self._counted(take)

    async def give_back(self, key: str, amount: int, *, day: date) -> None:
        """What was taken on that day, or before it: no day has more than all of it."""

        async def give(storage: MemoryStorage | RedisStorage) -> None:
            taken = await storage.incr(_of_day(key, day), _KEPT_S, -amount)
            if taken < 0:
                await storage.incr(_of_day(key, day), _KEPT_S, -taken)

        await self._counted(give)

    async def taken_of_day(self, key: str, *, day: date) -> int:
        async def look(storage: MemoryStorage | RedisStorage) -> int:
            return await storage.get(_of_day(key, day))

        return max(0, await self._counted(look))

    async def _counted(self, work: Callable[[MemoryStorage | RedisStorage], Awaitable[T]]) -> T:
        if self._clock() >= self._away_until_s:
            try:
                done = await work(self._storage)
            # OSError has Python's own TimeoutError in it.
            except (*_exceptions_of(self._storage), OSError) as error:
                self._away_until_s = self._clock() + AWAY_FOR_S
                if not self._is_away:
                    self._is_away = True
                    log.warning("limits are counted in this process: Redis is away", reason=type(error).__name__)
            else:
                if self._is_away:
                    self._is_away = False
                    log.info("limits are counted in Redis again")
                return done
        return await work(self._meanwhile)

    async def settled(self) -> None:
        """Waits until what the counters began in the background has ended."""
        for storage in (self._storage, self._meanwhile):
            if isinstance(storage, MemoryStorage) and storage.timer is not None:
                await storage.timer


@asynccontextmanager
async def open_counting(url: str = IN_THIS_PROCESS) -> AsyncGenerator[Counting, None]:
    """`url`: "memory://", or "redis://..." or "rediss://...". Raises ConfigurationError for another."""
    if url == IN_THIS_PROCESS:
        counting = Counting(MemoryStorage())
        try:
            yield counting
        finally:
            await counting.settled()
        return
    if urlsplit(url).scheme not in _REDIS:
        raise ConfigurationError("where limits are counted is to be memory://, or like redis://127.0.0.1:6379/0")
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 - only where it is used

    try:
        pool: Any = ConnectionPool.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    except ValueError:
        raise ConfigurationError("the address of Redis is to be like redis://127.0.0.1:6379/0") from None
    storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix="syrinx", connection_pool=pool)
    counting = Counting(storage)
    try:
        yield counting
    finally:
        await counting.settled()
        await pool.aclose()


def _of_day(key: str, day: date) -> str:
    return f"{key}/{day.isoformat()}"


def _exceptions_of(storage: MemoryStorage | RedisStorage) -> tuple[type[Exception], ...]:
    found = storage.base_exceptions
    return found if isinstance(found, tuple) else (found,)
