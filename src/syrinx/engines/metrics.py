"""What is counted and timed about requests to engines, for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from syrinx.engines.contract import Kind
from syrinx.errors import SyrinxError

T = TypeVar("T")

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets: finest where a listener notices."""

TIMES_REAL_TIME = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0)
"""Upper bounds of the buckets; above 1 an engine does not keep up with speech."""

LABELS = ("kind", "engine")


class EngineMetrics:
    """The metrics of all engines, registered in `collectors` (None: a registry of their own)."""

    def __init__(self, collectors: CollectorRegistry | None = None) -> None:
        self.collectors = CollectorRegistry() if collectors is None else collectors
        self._requests = Counter(
            "syrinx_engine_requests",
            "Requests that ended; outcome is ok, closed (by the reader, early) or the error's code.",
            (*LABELS, "outcome"),
            registry=self.collectors,
        )
        self._first_item = Histogram(
            "syrinx_engine_first_item_seconds",
            "From the request, waiting for a place included, to its first item.",
            LABELS,
            buckets=SECONDS,
            registry=self.collectors,
        )
        self._duration = Histogram(
            "syrinx_engine_duration_seconds",
            "From the request, waiting for a place included, to its end.",
            LABELS,
            buckets=SECONDS,
            registry=self.collectors,
        )
        self._queue = Histogram(
            "syrinx_engine_queue_seconds",
            "How long a request waited for a place in the engine.",
            LABELS,
            buckets=SECONDS,
            registry=self.collectors,
        )
        self._real_time_factor = Histogram(
            "syrinx_engine_real_time_factor",
            "Seconds of work per second of sound, of each speech that was made and each recording that was heard.",
            LABELS,
            buckets=TIMES_REAL_TIME,
            registry=self.collectors,
        )
        self._learning = Histogram(
            "syrinx_engine_learning_seconds",
            "How long an engine took to learn a voice from a sample, waiting for a place included.",
            ("engine", "outcome"),
            buckets=SECONDS,
            registry=self.collectors,
        )
        self._resting = Gauge(
            "syrinx_engine_resting",
            "1 while an engine elsewhere is left alone because it kept failing, 0.5 while one request tries it.",
            LABELS,
            registry=self.collectors,
        )
        self._active = Gauge("syrinx_engine_active", "Requests running now.", LABELS, registry=self.collectors)
        self._queued = Gauge(
            "syrinx_engine_queued", "Requests waiting for a place now.", LABELS, registry=self.collectors
        )

    def watch(self, kind: Kind, engine: str, *, active: Callable[[], int], queued: Callable[[], int]) -> None:
        """Let the gauges of this engine ask these functions from now on."""
        self._active.labels(kind, engine).set_function(active)
        self._queued.labels(kind, engine).set_function(queued)

    def watch_breaker(self, kind: Kind, engine: str, *, resting: Callable[[], float]) -> None:
        """Let the gauge of this engine's circuit breaker ask this function from now on."""
        self._resting.labels(kind, engine).set_function(resting)

    def observe_queue(self, kind: Kind, engine: str, waited_s: float) -> None:
        self._queue.labels(kind, engine).observe(waited_s)

    def observe_real_time_factor(self, kind: Kind, engine: str, factor: float) -> None:
        self._real_time_factor.labels(kind, engine).observe(factor)

    async def timed_learning(self, source: AsyncGenerator[T, None], *, engine: str) -> AsyncGenerator[T, None]:
        """Pass on what was learnt of a voice; time it, apart from the requests of those who listen."""
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        outcome = "closed"
        try:
            async with aclosing(source):
                async for item in source:
                    yield item
            outcome = "ok"
        except SyrinxError as error:
            outcome = error.code
            raise
        finally:
            self._learning.labels(engine, outcome).observe(clock() - begun_s)

    async def metered(self, source: AsyncGenerator[T, None], *, kind: Kind, engine: str) -> AsyncGenerator[T, None]:
        """Pass the items on; count and time the request that they belong to."""
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        outcome = "closed"
        try:
            async with aclosing(source):
                first = True
                async for item in source:
                    if first:
                        first = False
                        self._first_item.labels(kind, engine).observe(clock() - begun_s)
                    yield item
            outcome = "ok"
        except SyrinxError as error:
            outcome = error.code
            raise
        finally:
            self._requests.labels(kind, engine, outcome).inc()
            self._duration.labels(kind, engine).observe(clock() - begun_s)
