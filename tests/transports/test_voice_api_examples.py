"""The examples that were given to clients of the voice API and of the synthesis service, as they were written."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from tests.databases import sqlite_database
from tests.transports.speech_house import recording
from tests.transports.voice_house import PERSON, VoiceServer, voice_server
from websockets.asyncio.client import connect

from syrinx.audio import read_wav
from syrinx.storage import Database
from syrinx.transports.http.onboarding import onboarding_routes
from syrinx.transports.http.synthesis_service import SynthesisServiceSettings, synthesis_service_routes
from syrinx.transports.http.voice_api import voice_api_routes
from syrinx.transports.http.voice_house import VoiceHouse

__all__ = ["sqlite_database"]


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    settings = SynthesisServiceSettings(
        model_repo="coqui/XTTS-v2",
        model_dir="models",
        use_gpu=False,
        default_voice=None,
        store_folder=tmp_path / "generated",
    )

    def service(house: VoiceHouse, **trust: Any) -> APIRouter:
        return synthesis_service_routes(house, settings, **trust)

    def voice_api(house: VoiceHouse, **trust: Any) -> APIRouter:
        return voice_api_routes(house.speech, **trust)

    async with voice_server(sqlite_database, tmp_path, voice_api, service, onboarding_routes) as server:
        yield server


# curl.

TRANSCRIBE = r"""
curl -X POST http://localhost:8000/api/voice/transcribe \
  -F "file=@audio.wav" \
  -F "language=en"
"""
SYNTHESIZE = r"""
curl -X POST http://localhost:8000/api/voice/synthesize \
  -H "Content-Type: application/json" \
  -d '{
    "text": "Hello, this is a test",
    "voice": "af_heart",
    "lang_code": "a",
    "speed": 1.0
  }'
"""
STREAM = r"""
curl -X POST http://localhost:8000/api/voice/audio-stream \
  -H "Content-Type: application/json" \
  -d '{
    "text": "Hello world",
    "voice": "af_heart"
  }' \
  -o output.wav
"""
TROUBLESHOOTING = r"""
curl -X POST http://localhost:8000/api/voice/synthesize \
  -H "Content-Type: application/json" \
  -d '{"text": "Test"}' \
  | python -m json.tool
"""
SERVICE = r"""
curl -X POST http://localhost:8081/api/v1/tts/synthesize \
     -H "Content-Type: application/json" \
     -d '{
           "text": "Hello from our AI server!",
           "language": "en",
           "speaker_id": "default"
         }'
"""

CLONE = r"""
curl -X POST http://localhost:8000/api/public/voice/onboarding/clone \
  -F "audio_file=@recording.mp3" \
  -F "user_id=user123" \
  -F "voice_name=My Voice" \
  -F "sample_text=Hello, this is my cloned voice"
"""


async def run(command: str, server: VoiceServer, folder: Path) -> bytes:
    """What a command prints; on the test server's port, and silent about its progress."""
    for port in (8000, 8081):
        command = command.replace(f"localhost:{port}", f"127.0.0.1:{server.port}")
    command = command.strip().replace("curl ", "curl --silent --show-error --noproxy '*' --max-time 20 ", 1)
    process = await asyncio.create_subprocess_shell(
        command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
class TestCurl:
    async def test_a_recording_is_transcribed(self, server: VoiceServer, tmp_path: Path) -> None:
        (tmp_path / "audio.wav").write_bytes(recording(duration_ms=1500.0))
        answer = json.loads(await run(TRANSCRIBE, server, tmp_path))
        assert set(answer) == {"text", "language", "confidence", "duration_seconds", "model"}
        assert (answer["language"], answer["duration_seconds"]) == ("en", 1.5)

    async def test_a_text_is_spoken(self, server: VoiceServer, tmp_path: Path) -> None:
        answer = json.loads(await run(SYNTHESIZE, server, tmp_path))
        assert {"audio_base64", "audio_sample_rate", "audio_duration_seconds", "voice", "speed"} <= set(answer)
        assert answer["audio_base64"].startswith("UklGR")
        assert (answer["voice"], answer["speed"]) == ("af_heart", 1.0)

    async def test_a_stream_lands_in_a_file(self, server: VoiceServer, tmp_path: Path) -> None:
        await run(STREAM, server, tmp_path)
        assert read_wav(tmp_path / "output.wav").duration_ms == 1000.0

    @pytest.mark.skipif(shutil.which("python") is None, reason="no python is on the path")
    async def test_a_text_alone_is_spoken(self, server: VoiceServer, tmp_path: Path) -> None:
        answer = json.loads(await run(TROUBLESHOOTING, server, tmp_path))
        assert answer["voice"] == "af_heart"

    async def test_the_synthesis_service_speaks(self, server: VoiceServer, tmp_path: Path) -> None:
        answer = json.loads(await run(SERVICE, server, tmp_path))
        assert {"format", "sample_rate", "audio_base64", "duration_seconds"} <= set(answer)
        assert read_wav(base64.b64decode(answer["audio_base64"])).sample_rate_hz == answer["sample_rate"]

    async def test_a_voice_is_cloned(self, server: VoiceServer, tmp_path: Path) -> None:
        # The house of this test reads WAV files alone, whatever they are called.
        (tmp_path / "recording.mp3").write_bytes(PERSON)
        answer = json.loads(await run(CLONE, server, tmp_path))
        assert (answer["success"], answer["voice_name"]) == (True, "My Voice")
        assert answer["sample_text"] == "Hello, this is my cloned voice"
        assert re.fullmatch(r"voice_[0-9a-f]{12}", answer["voice_id"])
        assert answer["sample_audio"].startswith("data:audio/mp3;base64,")
        assert (await server.voices.get("user123", answer["voice_id"])).name == "My Voice"


# JavaScript.


async def test_the_react_component_transcribes_and_speaks(server: VoiceServer) -> None:
    """`fetch` with a string for a body says text/plain, and sends the page's Origin with every POST."""
    page = {"Origin": server.address}
    # readAsDataURL of a Blob without a type.
    url = "data:application/octet-stream;base64," + base64.b64encode(recording()).decode()
    body = json.dumps({"audio_base64": url.split(",")[1], "language": "en"}, separators=(",", ":"))
    async with httpx.AsyncClient(base_url=server.address, headers=page) as browser:
        answer = await browser.post(
            "/api/voice/transcribe", content=body, headers={"Content-Type": "text/plain;charset=UTF-8"}
        )
        text = answer.json()["text"]
        assert text == "hello there"
        spoken = await browser.post(
            "/api/voice/audio-stream",
            content=json.dumps({"text": f"You said: {text}", "voice": "af_heart"}),
            headers={"Content-Type": "application/json"},
        )
        assert spoken.headers["content-type"] == "audio/wav"
        assert read_wav(spoken.content).duration_ms == 1000.0


async def test_the_socket_examples_are_answered(server: VoiceServer) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/voice/ws/chat"
    async with connect(address, origin=server.address, proxy=None, max_size=None) as ws:  # pyright: ignore[reportArgumentType]
        sound = base64.b64encode(recording()).decode()
        await ws.send(json.dumps({"type": "transcribe", "audio_base64": sound, "language": "en"}))
        data = json.loads(await ws.recv())
        assert data["type"] == "transcription"
        assert data["text"] == "hello there"

        order = {
            "type": "synthesize",
            "text": "Hello, this is a test",
            "voice": "af_heart",
            "lang_code": "a",
            "speed": 1.0,
        }
        await ws.send(json.dumps(order))
        data = json.loads(await ws.recv())
        assert data["type"] == "audio"
        assert read_wav(base64.b64decode(data["audio_base64"])).duration_ms == 1000.0 * data["duration_seconds"]

        await ws.send(json.dumps({"type": "ping"}))
        assert json.loads(await ws.recv())["type"] == "pong"


async def test_the_monitor_reads_the_health(server: VoiceServer) -> None:
    async with httpx.AsyncClient(base_url=server.address) as client:
        health = (await client.get("/api/voice/health")).json()
        assert (health["status"], health["sst_healthy"], health["tts_healthy"]) == ("healthy", True, True)
