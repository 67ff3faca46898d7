"""A server of the synthesis service alone, over a scripted house and an internet of one address."""

from __future__ import annotations

import asyncio
import base64
import io
import shutil
import tempfile
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import numpy as np
from fastapi import APIRouter
from tests.transports.speech_house import ScriptedHouse
from tests.transports.voice_house import PERSON, VoiceServer, voice_server

from syrinx.accounts import Door, door_of
from syrinx.audio import PcmChunk, chunk_of, wav_bytes
from syrinx.storage import open_database
from syrinx.transports.http.synthesis_service import SynthesisServiceSettings, synthesis_service_routes
from syrinx.transports.http.voice_house import VoiceHouse
from syrinx.voices import AddressRefused, FetchFailed

TOKEN = "sesame"
ORDER = {"text": "Hello from our AI server!", "language": "en", "speaker_id": "default"}


def buzz(pitch_hz: float, *, duration_ms: float = 2500.0) -> PcmChunk:
    """What a pitch can be measured of."""
    times = np.arange(round(duration_ms * 24)) / 24_000
    wave = np.add.reduce([np.sin(2 * np.pi * n * pitch_hz * times) / n for n in range(1, 15)])
    return chunk_of(np.rint(wave * 6000).astype(np.int16), sample_rate_hz=24_000)


def packed(sound: PcmChunk) -> str:
    return base64.b64encode(wav_bytes(sound)).decode()


LOW, HIGH = packed(buzz(110.0)), packed(buzz(220.0))
"""Of a certain pitch, but nobody's voice."""
SPOKEN = base64.b64encode(PERSON).decode()


@dataclass
class Fetching:
    """Stands for the guarded fetch: knows one address."""

    there: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[str] = field(default_factory=list[str])
    wait: bool = False

    @asynccontextmanager
    async def fetched(self, address: str) -> AsyncGenerator[BinaryIO]:
        self.asked.append(address)
        if self.wait:
            await asyncio.Event().wait()
        if "inside" in address:
            raise AddressRefused("that address is not one of the public internet: only those are fetched")
        if address not in self.there:
            raise FetchFailed("that address answers with 404: it must give the file itself")
        yield io.BytesIO(self.there[address])


@dataclass(kw_only=True)
class Service:
    web: httpx.AsyncClient
    house: ScriptedHouse
    fetch: Fetching
    server: VoiceServer
    folder: Path

    @property
    def kept(self) -> list[Path]:
        """Clips; what there is of voices is told by `server.left()`."""
        return sorted(path for path in (self.folder / "generated").rglob("*") if path.is_file())

    async def speak(self, **order: Any) -> httpx.Response:
        return await self.web.post("/api/v1/tts/synthesize", json={"text": "Hello", **order})

    async def register(self, **order: Any) -> httpx.Response:
        return await self.web.post("/api/v1/tts/voices", json=order)


@asynccontextmanager
async def service(
    folder: Path,
    house: ScriptedHouse | None = None,
    *,
    token: str | None = None,
    door: Door | None = None,
    default_voice: Path | None = None,
) -> AsyncGenerator[Service]:
    house = house or ScriptedHouse()
    fetch = Fetching({"https://example.com/ada.wav": PERSON})
    settings = SynthesisServiceSettings(
        model_repo="coqui/XTTS-v2",
        model_dir="/srv/models/coqui_xtts_v2",
        use_gpu=True,
        default_voice=default_voice,
        store_folder=folder / "generated",
    )

    def routes(made: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
        return synthesis_service_routes(made, settings, door=door, origins=origins, fetch=fetch)

    database = folder / "syrinx.db"
    await asyncio.to_thread(_make_ready, await empty_database(), database)
    async with (
        open_database(f"sqlite:///{database}", migrate=False) as opened,
        voice_server(opened, folder, routes, door=door or door_of(token), speech=house) as server,
    ):
        yield Service(web=server.web, house=house, fetch=fetch, server=server, folder=folder)


def _make_ready(empty: Path, database: Path) -> None:
    database.parent.mkdir(exist_ok=True)
    if not database.exists():
        shutil.copyfile(empty, database)


_EMPTY = tempfile.TemporaryDirectory(prefix="syrinx_test_")


async def empty_database() -> Path:
    """A file with all tables and nothing in them, made once, to be copied."""
    file = Path(_EMPTY.name) / "empty.db"
    if not file.exists():
        async with open_database(f"sqlite:///{file}"):
            pass
    return file


def refused(answer: httpx.Response, status: int, code: str) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) == {"detail", "code", "retryable"}
    return body["detail"]
