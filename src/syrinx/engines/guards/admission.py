"""How many requests may run in one engine at once, how many may wait, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

from syrinx.engines.callers import CALLER
from syrinx.errors import EngineBusy

RECENT = 0.2
"""Weight of the newest request in the running mean of their durations."""
FIRST_GUESS_S = 1.0
"""How long a request is taken to last before one has ended."""
LEAST_RETRY_S = 0.5
KEPT_FREE = 4
"""One place in so many, but the only one, is not given to what lasts long."""


@dataclass(slots=True, kw_only=True)
class QueueWaits:
    """How long requests to engines waited for their places: filled as they get them."""

    first_ms: float | None = None
    """Of the first request that got a place; None as long as none has."""
    total_ms: float = 0.0

    def note(self, waited_ms: float) -> None:
        if self.first_ms is None:
            self.first_ms = waited_ms
        self.total_ms += waited_ms


_WAITS: Final[ContextVar[QueueWaits | None]] = ContextVar("syrinx_queue_waits", default=None)


@contextmanager
def noting_waits() -> Generator[QueueWaits, None, None]:
    """Requests that are begun within this, by this task or one that it begins, note there how long they waited.

    Entered and left by one task; what it gives may be read by anyone, at any time.
    """
    waits = QueueWaits()
    token = _WAITS.set(waits)
    try:
        yield waits
    finally:
        _WAITS.reset(token)


_Answer = Literal["taken", "displaced"]


@dataclass(eq=False, slots=True, kw_only=True)
class _Waiter:
    caller: str
    number: int
    """Counts arrivals."""
    lasting: bool
    answer: asyncio.Future[_Answer] = field(repr=False)


class Admission:
    """Lets `max_active` requests run, keeps `max_queued` waiting, refuses the rest.

    Places go to the callers (`engines.callers.CALLER`) in turn, and to each one's requests in order of their arrival.
    Where no more may wait, a newcomer takes the place of the newest request of the caller who has most waiting, if that
    one would still have as many as the newcomer's; so a caller's only request is never displaced.

    Requests that are `lasting`, such as an hour's recording, never hold all places: who speaks now finds one.
    """

    def __init__(self, *, name: str, max_active: int, max_queued: int) -> None:
        self._name = name
        self._max_active = max_active
        self._max_queued = max_queued
        self._waiting: dict[str, deque[_Waiter]] = {}
        """By caller, whose turn it is first; nobody is kept who has none."""
        self._arrivals = 0
        self._mean_s: float | None = None
        self._most_lasting = max(1, max_active - max(1, max_active // KEPT_FREE))
        self._lasting = 0
        self.active = 0

    @property
    def queued(self) -> int:
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, *, lasting: bool = False) -> AsyncGenerator[float, None]:
        """Wait for a place and hold it; gives the seconds waited.

        Raises EngineBusy at once when too many wait already, and later where another caller's request displaces this.
        """
        clock = asyncio.get_running_loop().time
        asked_s = clock()
        if self.active < self._max_active and self._may_run(lasting=lasting):
            self.active += 1
            self._lasting += lasting
        else:
            await self._wait_for_turn(CALLER.get(), lasting=lasting)
        begun_s = clock()
        try:
            if (waits := _WAITS.get()) is not None:
                waits.note(1000.0 * (begun_s - asked_s))
            yield begun_s - asked_s
        finally:
            self._learn(clock() - begun_s)
            self._free(lasting=lasting)

    def retry_after_s(self) -> float:
        """When a request sent now might be taken: all that wait, at the recent pace."""
        mean_s = FIRST_GUESS_S if self._mean_s is None else self._mean_s
        return max(LEAST_RETRY_S, mean_s * (self.queued + 1) / self._max_active)

    def _may_run(self, *, lasting: bool) -> bool:
        return not lasting or self._lasting < self._most_lasting

    async def _wait_for_turn(self, caller: str, *, lasting: bool) -> None:
        """Returns with a place taken."""
        if self.queued >= self._max_queued:
            self._make_room(caller)
        self._arrivals += 1
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(caller=caller, number=self._arrivals, lasting=lasting, answer=answer)
        self._waiting.setdefault(caller, deque()).append(waiter)
        try:
            outcome = await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled():
                # The place came in the same moment: it is the next one's.
                if answer.result() == "taken":
                    self._free(lasting=lasting)
            else:
                self._forget(waiter)
            raise
        if outcome == "displaced":
            raise self._busy()

    def _make_room(self, caller: str) -> None:
        """Let the newest request of the greediest caller go. Raises EngineBusy where that would not be fairer."""
        mine = len(self._waiting.get(caller, ()))
        most = max(self._waiting.values(), key=lambda waiters: (len(waiters), waiters[-1].number), default=None)
        if most is None or mine + 1 >= len(most):
            raise self._busy()
        displaced = most[-1]
        self._forget(displaced)
        if not displaced.answer.done():
            displaced.answer.set_result("displaced")

    def _free(self, *, lasting: bool) -> None:
        """Hand a place that is held to whoever's turn it is."""
        self._lasting -= lasting
        while (waiter := self._next()) is not None:
            waiters = self._waiting.pop(waiter.caller)
            waiters.remove(waiter)
            if waiters:
                self._waiting[waiter.caller] = waiters  # at the end of the round
            if not waiter.answer.done():  # else it was cancelled and has not run since
                self._lasting += waiter.lasting
                waiter.answer.set_result("taken")
                return
        self.active -= 1

    def _next(self) -> _Waiter | None:
        """Of the callers in turn, the oldest request that may run now."""
        return next(
            (each for waiters in self._waiting.values() for each in waiters if self._may_run(lasting=each.lasting)),
            None,
        )

    def _forget(self, waiter: _Waiter) -> None:
        waiters = self._waiting.get(waiter.caller)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._waiting[waiter.caller]

    def _busy(self) -> EngineBusy:
        return EngineBusy(
            f"{self._name} is busy: {self.active} requests run and {self.queued} wait, more are not taken",
            retry_after_s=self.retry_after_s(),
        )

    def _learn(self, duration_s: float) -> None:
        self._mean_s = duration_s if self._mean_s is None else self._mean_s + RECENT * (duration_s - self._mean_s)
