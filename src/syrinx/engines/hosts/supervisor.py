"""Keeps one worker running: starts it, starts it again after a crash, gives up for a while when it keeps crashing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from syrinx.errors import EngineUnavailable


class Worker(Protocol):
    """What is supervised."""

    @property
    def alive(self) -> bool: ...

    def epitaph(self) -> str: ...

    async def stop(self, *, patience_s: float = ...) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """The first crash is mended at once; after each further one within the window the wait doubles."""

    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0
    crashes: int = 5
    """So many within the window are a loop."""
    window_s: float = 120.0
    rest_s: float = 30.0
    """How long a worker that crashes in a loop is left alone; then one start is tried."""


WorkerT = TypeVar("WorkerT", bound=Worker)


class Supervisor(Generic[WorkerT]):
    """Holds the worker of one engine. Time is the running loop's; `aclose` ends the worker and any start under way."""

    def __init__(
        self, start: Callable[[], Awaitable[WorkerT]], *, name: str, policy: RestartPolicy | None = None
    ) -> None:
        self._start = start
        self._name = name
        self._policy = policy or RestartPolicy()
        self._worker: WorkerT | None = None
        self._starting: asyncio.Task[WorkerT] | None = None
        self._crashes_s: deque[float] = deque(maxlen=self._policy.crashes)
        self._last_words = ""
        self._closed = False
        self._log = structlog.get_logger(__name__).bind(engine=name)

    @property
    def worker(self) -> WorkerT | None:
        """The worker, when one is alive."""
        return self._worker if self._worker is not None and self._worker.alive else None

    async def running(self) -> WorkerT:
        """A live worker; started, once for all who wait, when there is none.

        Raises EngineUnavailable when it crashes in a loop or has been closed, and what starting it raises. A caller
        that is cancelled leaves the start to the others and to those who come next.
        """
        if self._closed:
            raise EngineUnavailable(f"{self._name} has been closed: open it again")
        if self._worker is not None and self._worker.alive:
            return self._worker
        if self._starting is None:
            self._starting = asyncio.create_task(self._replace(), name=f"start of the worker of {self._name}")
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    async def aclose(self) -> None:
        self._closed = True
        starting = self._starting
        if starting is not None:
            starting.cancel()
            await asyncio.wait([starting])
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.stop()

    def _started(self, starting: asyncio.Task[WorkerT]) -> None:
        self._starting = None
        if not starting.cancelled():
            starting.exception()  # those who waited have it; with none waiting it is in the log

    async def _replace(self) -> WorkerT:
        if self._worker is not None:
            dead, self._worker = self._worker, None
            await dead.stop(patience_s=0.0)
            self._note_crash(dead.epitaph())
        await asyncio.sleep(self._wait_s())
        try:
            worker = await self._start()
        except Exception as error:
            self._note_crash(str(error))
            raise
        self._worker = worker
        return worker

    def _note_crash(self, last_words: str) -> None:
        self._crashes_s.append(self._now_s())
        self._last_words = last_words
        self._log.error("worker failed", failures=len(self._recent_s()), last_words=last_words[-1000:])

    def _recent_s(self) -> list[float]:
        return [at_s for at_s in self._crashes_s if self._now_s() - at_s <= self._policy.window_s]

    def _wait_s(self) -> float:
        """Seconds until the next start. Raises EngineUnavailable in a crash loop."""
        recent_s = self._recent_s()
        if not recent_s:
            return 0.0
        since_s = self._now_s() - recent_s[-1]
        if len(recent_s) >= self._policy.crashes:
            if since_s < self._policy.rest_s:
                raise EngineUnavailable(
                    f"{self._name} failed {len(recent_s)} times within {self._policy.window_s:g} s, it is tried again "
                    f"in {self._policy.rest_s - since_s:.0f} s: {self._last_words}"
                )
            return 0.0
        doublings = len(recent_s) - 2
        wait_s = 0.0 if doublings < 0 else min(self._policy.first_wait_s * 2**doublings, self._policy.longest_wait_s)
        return max(0.0, wait_s - since_s)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
