"""A provider made of a name and a way to make the engine, for registries in tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Generic

from syrinx.engines.contract import Availability, EngineInfo, EngineT_co, Kind, Options


class FakeProvider(Generic[EngineT_co]):
    """Opens what `factory(options)` returns; what it raises is raised by `open`. Counts how often it is open."""

    def __init__(
        self,
        kind: Kind,
        name: str,
        factory: Callable[[Options], EngineT_co],
        *,
        max_active: int = 4,
        max_queued: int = 64,
    ) -> None:
        self._factory = factory
        self.info = EngineInfo(
            name=name,
            kind=kind,
            title=f"{name} (for tests)",
            licence="Apache-2.0",
            max_active=max_active,
            max_queued=max_queued,
        )
        self.availability = Availability(available=True)
        self.opened = 0
        self.closed = 0

    def check(self, options: Options) -> Availability:
        return self.availability

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[EngineT_co, None]:
        self.opened += 1
        try:
            yield self._factory(options)
        finally:
            self.closed += 1
