"""Every request is counted once, by how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from prometheus_client import CollectorRegistry

from syrinx.engines.metrics import EngineMetrics
from syrinx.errors import EngineTimeout
from syrinx.testing.virtual_time import virtual_time

OF_ESPEAK = {"kind": "tts", "engine": "espeak"}


async def items(error: Exception | None = None) -> AsyncGenerator[int, None]:
    await asyncio.sleep(0.4)
    yield 1
    await asyncio.sleep(1.6)
    if error is not None:
        raise error
    yield 2


def value(metrics: EngineMetrics, name: str, **labels: str) -> float | None:
    return metrics.collectors.get_sample_value(name, OF_ESPEAK | labels)


@virtual_time
async def test_a_request_is_timed_to_its_first_item_and_to_its_end():
    metrics = EngineMetrics(CollectorRegistry())
    assert [item async for item in metrics.metered(items(), kind="tts", engine="espeak")] == [1, 2]
    assert value(metrics, "syrinx_engine_requests_total", outcome="ok") == 1
    assert value(metrics, "syrinx_engine_first_item_seconds_sum") == pytest.approx(0.4)
    assert value(metrics, "syrinx_engine_duration_seconds_sum") == pytest.approx(2.0)


@virtual_time
async def test_an_error_is_counted_under_its_code_and_an_early_close_as_closed():
    metrics = EngineMetrics()
    with pytest.raises(EngineTimeout):
        _ = [item async for item in metrics.metered(items(EngineTimeout("slow")), kind="tts", engine="espeak")]
    async with aclosing(metrics.metered(items(), kind="tts", engine="espeak")) as stream:
        await anext(stream)
    assert value(metrics, "syrinx_engine_requests_total", outcome="engine_timeout") == 1
    assert value(metrics, "syrinx_engine_requests_total", outcome="closed") == 1
    assert value(metrics, "syrinx_engine_requests_total", outcome="ok") is None


def test_the_gauges_ask_when_they_are_read():
    metrics = EngineMetrics()
    running = [3]
    metrics.watch("tts", "espeak", active=lambda: running[0], queued=lambda: 7)
    running[0] = 5
    assert value(metrics, "syrinx_engine_active") == 5
    assert value(metrics, "syrinx_engine_queued") == 7
