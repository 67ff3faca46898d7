"""Prints what an open microphone costs: server CPU per 32 ms frame, from the socket to the endpointing decision.

The server runs in a process of its own with the real detector and endpointing; the ear is replaced by one that hears no
words, because recognising is not what an open microphone costs. Goal: 500 open microphones per core, which is 64 us a
frame. Run with `python bench/microphones.py [--quick]`.

A quiet room is measured once the detector has known it for 3 s; before that, and while somebody speaks, every frame
goes through its model, which alone takes some 55 us. `behind` is how long the server was still at work when all had
been sent: its work until then is counted.
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
import uvloop
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
from syrinx.testing.human_clips import RECORDINGS

RATE_HZ = 16_000
FRAME_SAMPLES = 512
FRAMES_PER_SECOND = RATE_HZ / FRAME_SAMPLES
GOAL_US = 64.0
RECORDING = RECORDINGS / "LJ001-0004.wav"


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


def _messages(sound: bytes, frames_per_message: int) -> list[bytes]:
    """The sound as WebSocket frames ready to be written (RFC 6455: final, binary, masked with zeros)."""
    size = 2 * FRAME_SAMPLES * frames_per_message
    head = b"\x82\xfe" + size.to_bytes(2, "big") + bytes(4)
    return [head + sound[at : at + size] for at in range(0, len(sound) - size + 1, size)]


async def _feed(talks: list[TalkClient], sound: bytes, *, frames_per_message: int, seconds: float) -> int:
    """Send to all talks in real time, each at its own phase and place in the sound; returns the frames sent.

    Written past the client library, which would cost more than the server that is measured.
    """
    every_s = frames_per_message / FRAMES_PER_SECOND
    messages = _messages(sound, frames_per_message)
    began = time.monotonic()
    rounds = int(seconds / every_s)
    for round_number in range(rounds):
        for number, talk in enumerate(talks):
            wait_s = began + every_s * (round_number + number / len(talks)) - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            talk.socket.transport.write(messages[(round_number + 37 * number) % len(messages)])
    return rounds * len(talks) * frames_per_message


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
                # Long enough for the detector's quiet gate to know the room.
                await _feed(talks, sound, frames_per_message=frames_per_message, seconds=3)
                before = sum(server.cpu_times()[:2])
                began = time.monotonic()
                frames = await _feed(talks, sound, frames_per_message=frames_per_message, seconds=seconds)
                took_s = time.monotonic() - began
                behind_s = await _until_idle(server)
                cpu_s = sum(server.cpu_times()[:2]) - before
                cost_us = 1e6 * cpu_s / frames
                table.add_row(
                    name,
                    f"{microphones}",
                    f"{frames_per_message * 32} ms",
                    f"{cost_us:.1f} us",
                    f"{1e6 / cost_us / FRAMES_PER_SECOND:.0f}",
                    f"{seconds / took_s:.2f}",
                    f"{behind_s:.1f} s",
                    "met" if cost_us <= GOAL_US else "MISSED",
                )
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _until_idle(server: psutil.Process) -> float:
    """Wait until the server has nothing left to do, so that its work on all that was sent is counted; gives seconds."""
    began = time.monotonic()
    before_s = sum(server.cpu_times()[:2])
    while True:
        await asyncio.sleep(0.1)
        now_s = sum(server.cpu_times()[:2])
        if now_s - before_s <= 0.02:
            return max(0.0, time.monotonic() - began - 0.1)
        before_s = now_s


async def _read(talk: TalkClient) -> None:
    async for _ in talk.received():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--microphones", type=int, default=300)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    silence_telemetry()
    if arguments.serve:
        uvloop.run(_serve(arguments.serve))
        return
    table = Table(title="An open microphone, socket to endpointing decision (goal: 500 per core, 64 us a frame)")
    for column in (
        "what it hears",
        "at once",
        "per message",
        "CPU per 32 ms",
        "per core",
        "real time kept",
        "behind",
        "goal",
    ):
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
