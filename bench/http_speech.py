"""What speech over HTTP costs over the bare engine: first byte, throughput, a client that leaves, an hour's book.

`http_speech.py [--quick]`: the server runs in a process of its own, and so do the clients. "elsewhere" is an engine
that costs this machine nothing, as one on a GPU does: what is left of the difference is the platform's own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from syrinx.app.house import House, open_house
from syrinx.app.running import run
from syrinx.app.server import open_server
from syrinx.app.settings import Settings
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.testing.audio import sine
from syrinx.testing.providers import FakeProvider
from syrinx.text import speakable

ELSEWHERE = "elsewhere"
ENGINES = ("espeak", "flite")
CLIENTS = (1, 8, 32)
VOICE = "alloy"
STORY = (
    "the kettle sings on the old stove while rain runs down window and nobody minds how late it has become because "
    "every chair is taken story another one behind that wants to be told as well"
)
WORDS = tuple(dict.fromkeys(STORY.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    first_ms: float
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all clients got, in how long, for how many seconds of the processors in the process that speaks."""

    outcomes: list[Outcome]
    took_s: float
    worked_s: float = 0.0

    @property
    def first_ms(self) -> float:
        return p50([each.first_ms for each in self.outcomes])

    @property
    def pace(self) -> float:
        # By the sentence and not by the second of sound: the server takes the silence off their ends.
        return len(self.outcomes) / self.took_s

    @property
    def worked_ms(self) -> float:
        """For one sentence."""
        return 1000 * self.worked_s / len(self.outcomes)


def drawn(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - draws sentences, hides nothing


def sentence(rng: random.Random) -> str:
    """About ten words that nobody has asked for before, so that nothing comes out of the cache."""
    words = rng.sample(WORDS, 10)
    return f"{words[0].capitalize()} {' '.join(words[1:])} {rng.randrange(10**6)}."


# An engine that works somewhere else.


class Elsewhere:
    """Waits, and gives a tone that was made before: 100 ms of it at a time, twenty times as fast as it is heard."""

    FIRST_S = 0.08
    REAL_TIME_FACTOR = 0.05
    CHUNK_MS = 100.0
    CHAR_MS = 50.0

    def __init__(self) -> None:
        self.capabilities = TtsCapabilities(
            sample_rate_hz=24_000, languages=("en",), word_times=False, speed=(0.5, 3.0), pitch_semitones=(-5.0, 5.0)
        )
        self.voices: Sequence[Voice] = (Voice(id=VOICE, name="Alloy", language="en-US", gender="neutral"),)
        self._chunk: PcmChunk = sine(220.0, duration_ms=self.CHUNK_MS, sample_rate_hz=24_000)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        for number in range(max(1, round(len(request.text) * self.CHAR_MS / self.CHUNK_MS))):
            # By the clock: a loop that wakes late does not make it slower.
            due_s = begun_s + self.FIRST_S + number * self.REAL_TIME_FACTOR * self.CHUNK_MS / 1000
            await asyncio.sleep(max(0.0, due_s - clock()))
            yield SpeechChunk(audio=self._chunk)


def registry_with(name: str) -> EngineRegistry:
    if name != ELSEWHERE:
        return EngineRegistry()
    return EngineRegistry([FakeProvider("tts", ELSEWHERE, lambda _: Elsewhere(), max_active=64)])


async def serve_elsewhere() -> None:
    """The server as it is, with that engine beside the others; until it is ended."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncGenerator[House, None]:
        async with open_house(settings, registry=registry_with(ELSEWHERE)) as house:
            yield house

    async with open_server(Settings(), opened=opened) as address:
        print(address, flush=True)
        await asyncio.Event().wait()


# The bare engine.


async def raw(engine: TextToSpeech, text: str) -> Outcome:
    # The server gives the engine words for figures, and so must we: else it has other work to do.
    request = SpeechRequest(text=speakable(text, language="en"), voice=VOICE)
    begun = time.perf_counter()
    first_ms = 0.0
    async with aclosing(engine.synthesize(request)) as chunks:
        async for _ in chunks:
            first_ms = first_ms or 1000 * (time.perf_counter() - begun)
    return Outcome(first_ms=first_ms, took_s=time.perf_counter() - begun)


async def bare(name: str, clients: int, each: int, seed: int) -> Run:
    pool = EnginePool(registry_with(name), PoolSettings())
    async with AsyncExitStack() as closing:
        closing.push_async_callback(pool.aclose)
        engine = await closing.enter_async_context(pool.lease("tts", name))
        await raw(engine, "Warm.")

        async def client(number: int) -> list[Outcome]:
            rng = drawn(seed + number)
            return [await raw(engine, sentence(rng)) for _ in range(each)]

        worked_s, begun = time.process_time(), time.perf_counter()
        found = await asyncio.gather(*(client(number) for number in range(clients)))
        return Run(
            outcomes=[outcome for outcomes in found for outcome in outcomes],
            took_s=time.perf_counter() - begun,
            worked_s=time.process_time() - worked_s,
        )


# Over HTTP.


@asynccontextmanager
async def connection(port: int) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


def order(text: str, *, model: str, audio_format: str = "pcm") -> bytes:
    body = json.dumps({"model": model, "input": text, "voice": VOICE, "response_format": audio_format}).encode()
    head = (
        "POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def spoken(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, *, model: str, audio_format: str = "pcm"
) -> Outcome:
    begun = time.perf_counter()
    writer.write(order(text, model=model, audio_format=audio_format))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if not head.startswith("HTTP/1.1 200"):
        raise SystemExit(f"the server said {head.splitlines()[0]}")
    first_ms = 0.0
    while (length := int(await reader.readline(), 16)) > 0:
        first_ms = first_ms or 1000 * (time.perf_counter() - begun)
        await reader.readexactly(length + 2)
    await reader.readexactly(2)
    return Outcome(first_ms=first_ms, took_s=time.perf_counter() - begun)


async def over_http(port: int, serving: psutil.Process, name: str, clients: int, each: int, seed: int) -> Run:
    async def client(number: int) -> list[Outcome]:
        rng = drawn(seed + number)
        async with connection(port) as (reader, writer):
            return [await spoken(reader, writer, sentence(rng), model=name) for _ in range(each)]

    async with connection(port) as (reader, writer):
        await spoken(reader, writer, "Warm.", model=name)
    worked_s, begun = worked(serving), time.perf_counter()
    found = await asyncio.gather(*(client(number) for number in range(clients)))
    return Run(
        outcomes=[outcome for outcomes in found for outcome in outcomes],
        took_s=time.perf_counter() - begun,
        worked_s=worked(serving) - worked_s,
    )


def worked(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def in_a_process(kind: str, *arguments: object) -> Run:
    """Run one measurement in a process of its own, so that neither side waits for the other's interpreter."""
    command = [sys.executable, __file__, "--measure", kind, *map(str, arguments)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    outcomes = [Outcome(**each) for each in found["outcomes"]]
    return Run(outcomes=outcomes, took_s=found["took_s"], worked_s=found["worked_s"])


async def measured(arguments: Sequence[str]) -> None:
    kind, *rest = arguments
    if kind == "serve":
        await serve_elsewhere()
        return
    name, clients, each, seed = rest[-4], *map(int, rest[-3:])
    measure = bare if kind == "bare" else partial(over_http, int(rest[0]), psutil.Process(int(rest[1])))
    print(json.dumps(asdict(await measure(name, clients, each, seed))))


@asynccontextmanager
async def server(folder: Path, *command: str) -> AsyncGenerator[tuple[int, psutil.Process], None]:
    environment = {
        **os.environ, "SYRINX_PORT": "0", "SYRINX_HOME": str(folder / "home"), "OLLAMA_HOST": "127.0.0.1:9",
        "SYRINX_SPEECH_CACHE_MB": "8",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, *(command or ("-m", "syrinx.app.cli", "serve")),
        cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        found = re.search(r":(\d+)\s*$", line.strip())
        if found is None:
            raise SystemExit(f"the server did not start: {line}")
        yield int(found.group(1)), psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


# A client that leaves.


async def active(port: int, engine: str) -> float:
    async with connection(port) as (reader, writer):
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        text = (await reader.read()).decode()
    found = re.search(rf'syrinx_engine_active{{engine="{engine}",kind="tts"}} (\S+)', text)
    return float(found.group(1)) if found else 0.0


async def freed_ms(port: int) -> list[float]:
    """From the moment in which a client leaves in the middle of a long text to the engine's place being free."""
    rng = drawn(3)
    found: list[float] = []
    for _ in range(20):
        text = " ".join(sentence(rng) for _ in range(2000))
        async with connection(port) as (reader, writer):
            writer.write(order(text, model="flite"))
            await reader.readuntil(b"\r\n\r\n")
            await reader.read(4096)
        left = time.perf_counter()
        while await active(port, "flite"):  # noqa: ASYNC110 - another process tells nobody when it changes
            await asyncio.sleep(0.002)
        found.append(1000 * (time.perf_counter() - left))
    return found


# A book.


async def book(port: int, process: psutil.Process, hours: float) -> list[tuple[float, float]]:
    """Minutes of sound given and MB that the server then holds, its workers not counted."""
    rng = drawn(4)
    text = " ".join(sentence(rng) + ("\n\n" if number % 7 == 6 else "") for number in range(round(hours * 3600 / 4.2)))
    seen: list[tuple[float, float]] = [(0.0, process.memory_info().rss / 1e6)]
    async with connection(port) as (reader, writer):
        writer.write(order(text, model="espeak"))
        await reader.readuntil(b"\r\n\r\n")
        size, step = 0, 1
        while (length := int(await reader.readline(), 16)) > 0:
            size += len(await reader.readexactly(length))
            await reader.readexactly(2)
            if size / 48_000 / 60 >= 10 * step:
                seen.append((size / 48_000 / 60, process.memory_info().rss / 1e6))
                step += 1
    return [*seen, (size / 48_000 / 60, process.memory_info().rss / 1e6)]


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def row(name: str, clients: int, port: int, process: psutil.Process, *, quick: bool) -> list[str]:
    each = max(3, (40 if quick else 200) // clients)
    # The same sentences for both, and others each time: the server keeps what it has spoken.
    order = (name, clients, each, 1000 * clients)
    alone, http = in_a_process("bare", *order), in_a_process("http", port, process.pid, *order)
    return [
        name, str(clients), f"{alone.first_ms:.1f} ms", f"{http.first_ms:.1f} ms",
        f"{http.first_ms - alone.first_ms:+.1f} ms", f"{alone.pace:.1f}", f"{http.pace:.1f}",
        f"{100 * http.pace / alone.pace:.0f} %", f"{alone.worked_ms:.1f} ms", f"{http.worked_ms:.1f} ms",
    ]  # fmt: skip


async def main(*, quick: bool) -> None:
    console = Console(width=118)
    table = Table(title="POST /v1/audio/speech, pcm, sentences never asked before; bare: the engine in a process alone")
    for column in (
        "engine", "clients", "bare first", "HTTP first", "over", "bare /s", "HTTP /s", "share", "bare work", "HTTP work"
    ):  # fmt: skip
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        async with server(Path(folder), __file__, "--measure", "serve") as (port, process):
            for clients in CLIENTS:
                table.add_row(*await asyncio.to_thread(row, ELSEWHERE, clients, port, process, quick=quick))
        async with server(Path(folder)) as (port, process):
            for name in ENGINES:
                for clients in CLIENTS:
                    table.add_row(*await asyncio.to_thread(row, name, clients, port, process, quick=quick))
            console.print(table)
            console.print(
                f"{ELSEWHERE}: first sound after {1000 * Elsewhere.FIRST_S:.0f} ms, then {Elsewhere.CHUNK_MS:.0f} ms "
                f"every {Elsewhere.REAL_TIME_FACTOR * Elsewhere.CHUNK_MS:.0f} ms, without work here. first: p50. "
                "/s: sentences a second. work: of the processors, for one sentence, in the process that speaks; the "
                "server's clients share its processors, and work besides."
            )
            console.print("Goals: first byte at most 5 ms over the engine's own; 95 % of its pace.")
            freed = await freed_ms(port)
            console.print(
                f"A client leaves in the middle (flite): its place is free after p50 {p50(freed):.0f} ms, "
                f"slowest {max(freed):.0f} ms of {len(freed)} (goal 100 ms)."
            )
            held = await book(port, process, 0.2 if quick else 1.0)
            console.print(
                "A book (espeak), MB that the server holds after so many minutes of sound: "
                + ", ".join(f"{minutes:.0f} min {megabytes:.0f}" for minutes, megabytes in held)
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--measure", nargs="+")
    given = parser.parse_args()
    # On the server's own loop, so that the bare engine waits by the same clock.
    run(measured(given.measure) if given.measure else main(quick=given.quick))
