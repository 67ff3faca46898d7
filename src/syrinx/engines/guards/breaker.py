"""A circuit breaker: an engine elsewhere that keeps failing is left alone for a while, and then tried once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, TypeVar

from syrinx.errors import EngineBusy, EngineEmpty, EngineError, EngineResting, RemoteRefused, SyrinxError

T = TypeVar("T")

BreakerState = Literal["closed", "open", "probing"]
"""`closed`: requests pass. `open`: all are refused. `probing`: one is let through, its outcome decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    failures: int = 5
    """So many in a row open it."""
    cool_down_s: float = 5.0
    """It stays open for so long at first; doubles with every probe that fails."""
    longest_cool_down_s: float = 120.0
    probe_within_s: float = 30.0
    """A probe that has no outcome after that holds up no other: somebody may be speaking to it at length."""


class CircuitBreaker:
    """One engine's, kept while the engine is unloaded and loaded again. Time is the running loop's."""

    def __init__(self, *, name: str, policy: BreakerPolicy | None = None) -> None:
        self._name = name
        self._policy = policy or BreakerPolicy()
        self._failures = 0
        self._cool_down_s = self._policy.cool_down_s
        self._closed = True
        self._open_until_s = 0.0
        self._probe: object = None
        self._probe_until_s = 0.0
        self._why = ""

    @property
    def state(self) -> BreakerState:
        if self._closed:
            return "closed"
        return "open" if self._probe is None else "probing"

    def retry_after_s(self) -> float:
        """When a request may be let through; 0 when one is now."""
        if self._closed:
            return 0.0
        until_s = self._open_until_s if self._probe is None else self._probe_until_s
        return max(0.0, until_s - asyncio.get_running_loop().time())

    def refuse_while_open(self) -> None:
        """Raises EngineResting where no request is let through now."""
        wait_s = self.retry_after_s()
        if wait_s > 0:
            raise EngineResting(
                f"{self._name} failed {self._failures} times in a row and is left alone for {max(1, round(wait_s))} s;"
                f" the last time: {self._why}",
                retry_after_s=wait_s,
            )

    async def watched(self, source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The items of one request; how it goes is remembered. Raises EngineResting in place of beginning it."""
        async with aclosing(source):
            self.refuse_while_open()
            mine = None if self._closed else object()
            if mine is not None:
                self._probe = mine
                self._probe_until_s = asyncio.get_running_loop().time() + self._policy.probe_within_s
            begun = False
            try:
                async for item in source:
                    if not begun:
                        begun = True
                        if not self._closed:
                            self._close()
                    yield item
            except SyrinxError as error:
                self._judge(error, probe=mine)
                raise
            except GeneratorExit:
                if begun:
                    self._failures = 0
                raise
            else:
                self._close()
            finally:
                if mine is not None and self._probe is mine:
                    self._probe = None  # nothing was learnt: the next may try

    def _judge(self, error: SyrinxError, *, probe: object) -> None:
        if speaks_of_the_far_end(error):
            self._failures += 1
            self._why = error.message
            if self._closed and self._failures >= self._policy.failures:
                self._open(self._policy.cool_down_s)
            elif not self._closed and probe is not None and self._probe is probe:
                self._open(min(2 * self._cool_down_s, self._policy.longest_cool_down_s))
        elif isinstance(error, RemoteRefused):
            self._close()  # it has answered, though not as was wished

    def _open(self, cool_down_s: float) -> None:
        self._closed = False
        self._probe = None
        self._cool_down_s = cool_down_s
        self._open_until_s = asyncio.get_running_loop().time() + cool_down_s

    def _close(self) -> None:
        self._closed = True
        self._failures = 0
        self._probe = None
        self._cool_down_s = self._policy.cool_down_s


def speaks_of_the_far_end(error: SyrinxError) -> bool:
    """Whether it is about the service elsewhere: unreachable, too slow, broken off or failing. Not about the request,
    nor about how many there are."""
    if isinstance(error, RemoteRefused):
        return error.status >= 500
    return isinstance(error, EngineError) and error.retryable and not isinstance(error, EngineBusy | EngineEmpty)
