"""A real server on a loopback socket over scripted engines, and what a test asks of it afterwards."""

from __future__ import annotations

import asyncio
import atexit
import gc
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from syrinx.app import server
from syrinx.app.house import House, open_house
from syrinx.app.server import open_server
from syrinx.app.settings import DATABASE_FILE, Settings
from syrinx.app.talk_client import ConnectionLost, Received, Sound, TalkClient
from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.contract import Provider
from syrinx.engines.llm.contract import ReplyRequest
from syrinx.engines.registry import EngineRegistry
from syrinx.storage import open_database
from syrinx.testing.audio import sine
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider
from syrinx.transports.websocket import SocketLimits, TalkHouse

QUICK = TtsScript(char_ms=8.0)
"""Sentences of a quarter of a second or so: a turn is over soon."""


def echoing(request: ReplyRequest) -> LlmScript:
    """Answer with what was said last, so that every talk has a reply of its own."""
    return saying(f"You said {request.messages[-1].text}.")


class Engines:
    """The scripted engines of a server, each behind a provider that counts how often it is open."""

    def __init__(
        self,
        *,
        llm: ScriptedLlm | None = None,
        tts: ScriptedTts | None = None,
        stt: ScriptedStt | None = None,
        more: tuple[Provider[object], ...] = (),
    ) -> None:
        self.llm = llm or ScriptedLlm(echoing)
        self.tts = tts or ScriptedTts(QUICK)
        self.stt = stt or ScriptedStt((SttScript(text="hello there"),))
        self.vad = ScriptedVad()
        self.providers: list[Provider[object]] = [
            FakeProvider("llm", "scripted", lambda _: self.llm, max_active=64),
            FakeProvider("tts", "tones", lambda _: self.tts, max_active=200),
            FakeProvider("stt", "ear", lambda _: self.stt, max_active=64),
            FakeProvider("vad", "silero", lambda _: self.vad),
            *more,
        ]

    @property
    def at_work(self) -> dict[str, int]:
        """Generators and streams that are open."""
        return {
            "llm": self.llm.active,
            "tts": self.tts.active,
            "stt": self.stt.active,
            "vad": self.vad.open_streams,
        }


async def eventually(true: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Wait until it is; for what tells nobody when it changes."""
    for _ in range(round(within_s / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    assert true()


@dataclass(slots=True, kw_only=True)
class TalkServer:
    address: str
    house: House
    engines: Engines

    @property
    def socket(self) -> str:
        return self.address.replace("http", "ws", 1) + "/ws"

    async def nothing_left(self, *, open_talks: int = 0) -> None:
        """Wait until no engine is leased or at work and no more talks are open than these."""
        await eventually(lambda: not self._left(open_talks))

    def _left(self, open_talks: int) -> bool:
        leased = any(status.leases or status.active or status.queued for status in self.house.pool.status())
        return leased or any(self.engines.at_work.values()) or len(self.house.conversations) > open_talks


@asynccontextmanager
async def talk_server(
    engines: Engines | None = None,
    *,
    limits: SocketLimits | None = None,
    idle_ms: float | None = None,
    **settings: Any,
) -> AsyncGenerator[TalkServer, None]:
    """A server for as long as the context lasts; afterwards no task is left that was not there before.

    `limits` replaces those of the protocol, `idle_ms` the time after which a quiet talk is closed.
    """
    with tempfile.TemporaryDirectory() as home:
        await asyncio.to_thread(shutil.copyfile, await _empty_database(), Path(home) / DATABASE_FILE)
        async with _talk_server(engines or Engines(), limits, idle_ms, {"home": Path(home), **settings}) as running:
            yield running


_EMPTY: list[Path] = []


async def _empty_database() -> Path:
    """One with all tables, made once: migrating takes longer than most tests."""
    if not _EMPTY:
        folder = Path(tempfile.mkdtemp(prefix="syrinx_test_"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        async with open_database(f"sqlite:///{folder / DATABASE_FILE}"):
            pass  # closed by the last connection, it is one file without a log beside it
        _EMPTY.append(folder / DATABASE_FILE)
    return _EMPTY[0]


@asynccontextmanager
async def _talk_server(
    engines: Engines, limits: SocketLimits | None, idle_ms: float | None, settings: dict[str, Any]
) -> AsyncGenerator[TalkServer, None]:
    wanted: dict[str, Any] = {
        "llm": "scripted",
        "tts": "auto",
        "host": "127.0.0.1",
        "port": 0,
        "_env_file": None,
        **settings,
    }
    registry = EngineRegistry(engines.providers, entry_points_=())
    houses: list[House] = []

    @asynccontextmanager
    async def opened(given: Settings) -> AsyncGenerator[House, None]:
        async with open_house(given, registry=registry) as house:
            turns = house.rules.turns if idle_ms is None else replace(house.rules.turns, idle_ms=idle_ms)
            houses.append(replace(house, rules=replace(house.rules, turns=turns)))
            yield houses[0]

    before = asyncio.all_tasks()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENROUTER_API_KEY", "OPENAI_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setattr(server, "TalkHouse", _house_with(limits or SocketLimits()))
        async with open_server(Settings(**wanted), opened=opened) as address:
            running = TalkServer(address=address, house=houses[0], engines=engines)
            yield running
            # What clients have just left is on its way out; what stays is a leak.
            await running.nothing_left(open_talks=len(running.house.conversations))
    await eventually(lambda: not asyncio.all_tasks() - before, within_s=2.0)
    gc.collect()  # an abandoned generator would complain now
    assert not any(engines.at_work.values())


def _house_with(limits: SocketLimits) -> Callable[..., TalkHouse]:
    def make(**wired: Any) -> TalkHouse:
        return TalkHouse(**wired, limits=limits)

    return make


class Listener:
    """Reads all that a talk is sent, and waits for what a test is about."""

    def __init__(self, client: TalkClient) -> None:
        self.client = client
        self.all: list[Received] = []
        self.lost: ConnectionLost | None = None
        self._came = asyncio.Condition()

    async def read(self) -> None:
        try:
            async for received in self.client.received():
                await self._add(received)
        except ConnectionLost as lost:
            self.lost = lost
        finally:
            async with self._came:
                self._came.notify_all()

    async def _add(self, received: Received) -> None:
        async with self._came:
            self.all.append(received)
            self._came.notify_all()

    @property
    def sound(self) -> list[Sound]:
        return [received for received in self.all if isinstance(received, Sound)]

    def messages(self, type_: str, **fields: Any) -> list[dict[str, Any]]:
        return [
            received
            for received in self.all
            if not isinstance(received, Sound)
            and received["type"] == type_
            and all(received.get(name) == value for name, value in fields.items())
        ]

    async def until(self, type_: str, *, number: int = 1, **fields: Any) -> dict[str, Any]:
        """The `number`th message of that type with these fields. Fails after 10 s or when the talk ends."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.messages(type_, **fields)) >= number or self.lost)
        found = self.messages(type_, **fields)
        assert len(found) >= number, f"no {type_} {fields}; {self.lost}; {self.kinds}"
        return found[number - 1]

    async def until_sound(self, *, ms: float = 0.0) -> None:
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: sum(sound.chunk.duration_ms for sound in self.sound) > ms or self.lost)
        assert self.sound

    async def until_lost(self) -> int:
        """The code that the server closed the socket with."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: self.lost is not None)
        assert self.lost is not None
        found = re.search(r"\((\d+)", self.lost.message)
        assert found, self.lost.message
        return int(found.group(1))

    @property
    def kinds(self) -> list[str]:
        return ["sound" if isinstance(received, Sound) else received["type"] for received in self.all]


@asynccontextmanager
async def listening(client: TalkClient) -> AsyncGenerator[Listener, None]:
    listener = Listener(client)
    reading = asyncio.create_task(listener.read())
    try:
        yield listener
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def words(frequency_hz: float = 220.0, *, duration_ms: float = 400.0) -> PcmChunk:
    """Something loud, which the scripted detector takes for speech."""
    return sine(frequency_hz, duration_ms=duration_ms, sample_rate_hz=16_000)


async def say(client: TalkClient, clip: PcmChunk, *, then_silence_ms: float = 900.0) -> None:
    """Send speech and the silence after it in one go: its time is counted in audio."""
    quiet = silence(duration_ms=then_silence_ms, sample_rate_hz=clip.sample_rate_hz)
    pcm = clip.pcm + quiet.pcm
    for start in range(0, len(pcm), 6400):
        await client.send_sound(pcm[start : start + 6400])
