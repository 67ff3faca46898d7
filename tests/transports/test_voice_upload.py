"""The sleep stream's voice prompts, as its clients send them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.databases import sqlite_database
from tests.transports.voice_house import PERSON, PERSON_S, KeysDoor, VoiceServer, key, refused, voice_server

from syrinx.audio import wav_bytes
from syrinx.errors import EngineUnavailable
from syrinx.storage import Database
from syrinx.testing.audio import sine
from syrinx.transports.http.voice_house import VOICE_BYTES
from syrinx.transports.http.voice_upload import voice_upload_routes

__all__ = ["sqlite_database"]

PATH = "/api/voice/upload"
PACKED = base64.b64encode(PERSON).decode()
AS_URL = f"data:audio/webm;codecs=opus;base64,{PACKED}"
URL_ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    async with voice_server(sqlite_database, tmp_path, voice_upload_routes, door=KeysDoor()) as server:
        yield server


async def sent(server: VoiceServer, **request: Any) -> httpx.Response:
    headers = key("ann") | request.pop("headers", {})
    return await server.web.post(PATH, headers=headers, **request)


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"audioData": PACKED}},
        {"json": {"audioData": AS_URL}},
        {"content": f'{{"audioData": "{PACKED}"}}'},
        {"files": {"audioData": (None, AS_URL)}},
        {"files": {"audioData": ("prompt.txt", PACKED)}},
        {"files": {"audioData": ("../../prompt.webm", PERSON)}},
        {"data": {"audioData": AS_URL}},
        {"content": f"audioData={quote(PACKED, safe='+')}", "headers": URL_ENCODED},
    ],
    ids=["json", "data-url", "undeclared", "form", "form-text-file", "form-file", "urlencoded", "careless"],
)
async def test_a_prompt_becomes_a_voice_of_the_callers(server: VoiceServer, request_: dict[str, Any]) -> None:
    answer = await sent(server, **request_)
    body = answer.json()
    assert answer.status_code == 200, body
    assert set(body) == {"voicePromptPath", "message"}
    assert "approximate" in body["message"]
    assert answer.headers["x-syrinx-voice-match"] == "approximate"
    profile = await server.voices.get("ann", body["voicePromptPath"])
    assert (profile.source, profile.name, profile.language) == ("upload", "Voice prompt", "en")
    assert profile.duration_ms == pytest.approx(1000.0 * PERSON_S, abs=1.0)
    consent = await server.consents.get("ann", profile.consent_id)
    assert (consent.kind, consent.user) == ("attested", "ann")


@pytest.mark.parametrize(
    ("request_", "status", "code", "says"),
    [
        ({"json": {}}, 400, "bad_input", "audioData is missing"),
        ({"json": {"audioData": 1}}, 400, "bad_input", "audioData is missing"),
        ({"json": [PACKED]}, 400, "bad_input", "send a form, or JSON"),
        ({"json": {"audioData": "???"}}, 400, "bad_input", "base64"),
        ({"json": {"audioData": ""}}, 400, "bad_input", "empty"),
        ({"json": {"audioData": "data:audio/webm,abc"}}, 400, "bad_input", "not base64"),
        ({"json": {"audioData": PACKED, "path": "/etc"}}, 400, "bad_input", "no field 'path'"),
        ({"content": b""}, 400, "bad_input", "empty"),
        ({"content": b"{"}, 400, "bad_input", "no JSON"),
        ({"data": {"audio": PACKED}}, 400, "bad_input", "no field 'audio'"),
        ({"content": b"\xff=1", "headers": URL_ENCODED}, 400, "bad_input", "malformed"),
        ({"files": {"text": (None, "x")}}, 400, "bad_input", "no field 'text'"),
        ({"files": {"audioData": ("a.mp3", b"\x00no sound")}}, 400, "bad_audio", "no sound that can be read"),
        ({"json": {"audioData": base64.b64encode(b"x" * 100).decode()}}, 400, "bad_audio", "no sound"),
        ({"json": {"audioData": "A" * (VOICE_BYTES // 3 * 4 + 8)}}, 413, "too_large", "File too large"),
        ({"files": {"audioData": ("a.wav", b"\x00" * (VOICE_BYTES + 1))}}, 413, "too_large", "File too large"),
    ],
)
async def test_what_is_no_prompt_is_refused_and_leaves_nothing(
    server: VoiceServer, request_: dict[str, Any], status: int, code: str, says: str
) -> None:
    answer = await sent(server, **request_)
    assert says in refused(answer, status, code)
    assert says in answer.json()["message"], "which is what its clients show"
    await server.nothing_is_left()


async def test_a_prompt_that_is_too_short_leaves_nothing(server: VoiceServer) -> None:
    short = base64.b64encode(wav_bytes(sine(200.0, duration_ms=1500.0, sample_rate_hz=24_000))).decode()
    assert refused(await sent(server, json={"audioData": short}), 400, "bad_audio").startswith("Audio too short")
    await server.nothing_is_left()


async def test_a_service_that_is_missing_is_told(server: VoiceServer) -> None:
    server.studio.missing = EngineUnavailable("Chatterbox service not available: start it")
    answer = await sent(server, json={"audioData": PACKED})
    assert refused(answer, 503, "engine_unavailable").startswith("Chatterbox service not available")
    await server.nothing_is_left()


async def test_a_client_that_leaves_leaves_nothing(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    asking = asyncio.create_task(sent(server, json={"audioData": PACKED}))
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (job,) = await server.cloning.jobs("ann")
    changes = [change async for change in server.cloning.follow("ann", job.job_id)]
    assert changes[-1].status == "cancelled"
    assert (await server.left())["voices"] == 0


async def test_a_prompt_is_ones_own(server: VoiceServer) -> None:
    """ASVS 5.0 V8.2.2."""
    voice_id = (await sent(server, json={"audioData": PACKED})).json()["voicePromptPath"]
    assert [each.voice_id for each in await server.voices.list("ann")] == [voice_id]
    assert await server.voices.list("bob") == ()


async def test_strangers_and_keys_that_may_not_are_refused(server: VoiceServer) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1."""
    refused(await server.web.post(PATH, json={"audioData": PACKED}), 401, "unauthorized")
    refused(await sent(server, json={"audioData": PACKED}, headers=key("kay")), 403, "forbidden")
    foreign = {"Origin": "https://evil.example"}
    refused(await sent(server, json={"audioData": PACKED}, headers=foreign), 403, "origin_refused")
    await server.nothing_is_left()
