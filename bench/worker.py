"""What a worker process costs over running the same engine in this process: start, first chunk, throughput, memory."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AbstractAsyncContextManager, aclosing
from typing import cast

from rich.console import Console
from rich.table import Table

from syrinx.engines.contract import Provider
from syrinx.engines.hosts.in_process import open_in_process
from syrinx.engines.hosts.worker import WorkerConnection, WorkerSettings, open_in_worker
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.testing import worker_engines

FIRST_CHUNKS = 200
CHUNKS = 5000


def in_process() -> AbstractAsyncContextManager[TextToSpeech]:
    return open_in_process(cast("Provider[TextToSpeech]", worker_engines.tts), {})


def in_worker() -> AbstractAsyncContextManager[TextToSpeech]:
    return open_in_worker("tts", "obedient", {}, WorkerSettings(provider="syrinx.testing.worker_engines:tts"))


async def first_chunk_ms(engine: TextToSpeech) -> list[float]:
    taken: list[float] = []
    for _ in range(FIRST_CHUNKS):
        begun_s = time.perf_counter()
        async with aclosing(engine.synthesize(SpeechRequest(text="one"))) as chunks:
            await anext(chunks)
            taken.append(1000 * (time.perf_counter() - begun_s))
    return sorted(taken)


async def throughput(engine: TextToSpeech) -> tuple[float, float]:
    """Chunks and megabytes a second."""
    begun_s, size = time.perf_counter(), 0
    async with aclosing(engine.synthesize(SpeechRequest(text="word " * CHUNKS))) as chunks:
        async for chunk in chunks:
            size += len(chunk.audio.pcm)
    taken_s = time.perf_counter() - begun_s
    return CHUNKS / taken_s, size / taken_s / 1e6


async def main() -> None:
    table = Table(title=f"worker host over in process: chunks of {worker_engines.CHUNK_MS:g} ms at 24 kHz")
    columns = ("host", "start ms", "first chunk p50 ms", "p95 ms", "chunks/s", "MB/s", "idle worker MB")
    for column in columns:
        table.add_column(column, justify="left" if column == "host" else "right")
    for name, opened in (("process", in_process), ("worker", in_worker)):
        begun_s = time.perf_counter()
        async with opened() as engine:
            start_ms = 1000 * (time.perf_counter() - begun_s)
            worker = cast("WorkerConnection | None", getattr(engine, "worker", None))
            memory = None if worker is None else worker.memory_bytes()
            first_ms = await first_chunk_ms(engine)
            chunks_per_s, megabytes_per_s = await throughput(engine)
        table.add_row(
            name,
            f"{start_ms:.0f}",
            f"{statistics.median(first_ms):.2f}",
            f"{first_ms[int(0.95 * len(first_ms))]:.2f}",
            f"{chunks_per_s:.0f}",
            f"{megabytes_per_s:.0f}",
            "-" if memory is None else f"{memory / 1e6:.0f}",
        )
    Console().print(table)


asyncio.run(main())
