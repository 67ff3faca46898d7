"""Prints what an open microphone costs: server CPU per 32 ms frame, from the socket to the endpointing decision.

The server runs in a process of its own with the real detector and endpointing; the ear is replaced by one that hears no
words, because recognising is not what an open microphone costs. Goal: 500 open microphones per core, which is 64 us a
frame. Run with `python bench/microphones.py [--quick]`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from syrinx.app.house import open_house
from syrinx.app.server import open_server
from syrinx.app.settings import Settings, silence_telemetry
from syrinx.app.talk_client import TalkClient, open_talk
from syrinx.audio import apply_gain, read_wav, resample, rms_dbfs
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.stt.contract import (
    HeardAudio,
    Pause,
    SpeechToText,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)

RATE_HZ = 16_000
FRAME_SAMPLES = 512
FRAMES_PER_SECOND = RATE_HZ / FRAME_SAMPLES
RECORDING = Path(__file__).parents[1] / "tests" / "data" / "LJ001-0004.wav"


class DeafEar:
    """Takes everything and hears no words."""

    capabilities = SttCapabilities(sample_rate_hz=RATE_HZ, languages=("en",), partials=False)

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        async for heard in audio:
            if isinstance(heard, Pause):
                yield Transcript(text="", settled=True)
        yield Transcript(text="", final=True)


class DeafProvider:
    info = EngineInfo(
        name="deaf", kind="stt", title="Hears no words (bench)", licence="Apache-2.0", max_active=4096, preference=100
    )

    def check(self, options: Options) -> Availability:
        return Availability(available=True)

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[SpeechToText, None]:
        yield DeafEar()


async def _serve(home: str) -> None:
    settings = Settings(port=0, home=Path(home), stt="deaf", max_talks=2000)  # pyright: ignore[reportCallIssue]
    registry = EngineRegistry([DeafProvider()])
    async with open_server(settings, opened=partial(open_house, registry=registry)) as address:
        print(address, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def _rooms() -> dict[str, bytes]:
    """Ten seconds of sound each, s16le."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(10 * RATE_HZ)
    speech = resample(read_wav(RECORDING), RATE_HZ).samples()
    talk = np.tile(speech, 3)[: 10 * RATE_HZ]
    room = (noise * 32768 * 10 ** (-55 / 20)).astype(np.int16)
    far = apply_gain(talk, -28.0 - rms_dbfs(talk))
    return {
        "a silent room (-70 dBFS)": (noise * 32768 * 10 ** (-70 / 20)).astype("<i2").tobytes(),
        "a room (-55 dBFS of noise)": room.astype("<i2").tobytes(),
        "people talking all the time": far.astype("<i2").tobytes(),
    }


async def _feed(talks: list[TalkClient], sound: bytes, *, frames_per_message: int, seconds: float) -> int:
    """Send to all talks in real time, each at its own phase; returns the frames sent."""
    size = 2 * FRAME_SAMPLES * frames_per_message
    every_s = frames_per_message / FRAMES_PER_SECOND
    sent = 0

    async def microphone(number: int, talk: TalkClient) -> None:
        nonlocal sent
        began = time.monotonic() + every_s * number / len(talks)
        at = (number * 7919 * size) % (len(sound) - size)
        at -= at % 2
        message = 0
        while message * every_s < seconds:
            await asyncio.sleep(max(0.0, began + message * every_s - time.monotonic()))
            await talk.send_sound(sound[at : at + size])
            at = (at + size) % (len(sound) - size)
            at -= at % 2
            message += 1
            sent += frames_per_message

    await asyncio.gather(*(microphone(number, talk) for number, talk in enumerate(talks)))
    return sent


async def _measure(address: str, server: psutil.Process, microphones: int, seconds: float, table: Table) -> None:
    async with AsyncExitStack() as stack:
        talks: list[TalkClient] = []
        readers: list[asyncio.Task[None]] = []
        for _ in range(microphones):
            talk = await stack.enter_async_context(open_talk(address.replace("http", "ws", 1) + "/ws"))
            await talk.send({"type": "start_listening"})
            talks.append(talk)
            readers.append(asyncio.create_task(_read(talk)))
        for name, sound in _rooms().items():
            for frames_per_message in (1, 2, 3):
                await _feed(talks, sound, frames_per_message=frames_per_message, seconds=1)
                before = sum(server.cpu_times()[:2])
                began = time.monotonic()
                frames = await _feed(talks, sound, frames_per_message=frames_per_message, seconds=seconds)
                took_s = time.monotonic() - began
                cpu_s = sum(server.cpu_times()[:2]) - before
                cost_us = 1e6 * cpu_s / frames
                table.add_row(
                    name,
                    f"{microphones}",
                    f"{frames_per_message * 32} ms",
                    f"{cost_us:.1f} us",
                    f"{1e6 / cost_us / FRAMES_PER_SECOND:.0f}",
                    f"{seconds / took_s:.2f}",
                )
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _read(talk: TalkClient) -> None:
    async for _ in talk.received():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--microphones", type=int, default=150)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    silence_telemetry()
    if arguments.serve:
        asyncio.run(_serve(arguments.serve))
        return
    table = Table(title="An open microphone, socket to endpointing decision (goal: 500 per core, 64 us a frame)")
    for column in ("what it hears", "at once", "per message", "CPU per 32 ms", "per core", "real time kept"):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SYRINX_LOG_LEVEL": "WARNING"},
        )
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            seconds = 3.0 if arguments.quick else 8.0
            asyncio.run(_measure(address, psutil.Process(server.pid), arguments.microphones, seconds, table))
        finally:
            server.terminate()
            server.wait(20)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
