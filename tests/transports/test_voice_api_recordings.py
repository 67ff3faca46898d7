"""Recordings over the voice API, as its clients send them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.transports.speech_house import ScriptedHouse, ScriptedMedia, recording, until
from tests.transports.voice_api_server import refused, voice_server

from syrinx.errors import (
    BadAudio,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    SyrinxError,
    UnknownLanguage,
)
from syrinx.testing.fake_speech import ScriptedTranscriber
from syrinx.text.pronunciations import Pronunciation, Pronunciations
from syrinx.transports.http.speech_house import SpeechLimits


@pytest.fixture
async def web() -> AsyncGenerator[httpx.AsyncClient]:
    async with voice_server() as (web, _):
        yield web


HEARD = {"text": "hello there", "language": "en", "confidence": 0.9, "duration_seconds": 3.0, "model": "ear"}


async def test_a_recording_comes_as_a_form(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/voice/transcribe", files={"file": recording()}, data={"language": "en"})
    assert answer.json() == HEARD
    assert answer.headers["server-timing"].startswith("decode;dur=")


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain;charset=UTF-8", "application/octet-stream", None]
)
async def test_a_recording_comes_as_json_whatever_its_type_is_said_to_be(
    web: httpx.AsyncClient, content_type: str | None
) -> None:
    body = json.dumps({"audio_base64": base64.b64encode(recording()).decode(), "language": "en"})
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await web.post("/api/voice/transcribe", content=body, headers=headers)
    assert answer.json() == HEARD


async def test_base64_may_be_a_data_url_and_the_language_be_left_out() -> None:
    house = ScriptedHouse()
    async with voice_server(house) as (web, _):
        audio = "data:audio/webm;base64," + base64.b64encode(recording()).decode()
        assert (await web.post("/api/voice/transcribe", json={"audio_base64": audio})).status_code == 200
        assert (await web.post("/api/voice/transcribe", json={"audio_base64": audio, "language": None})).is_success
        assert (await web.post("/api/voice/transcribe", files={"file": recording()})).status_code == 200
        assert (await web.post("/api/voice/transcribe", json={"audio_base64": audio, "language": "auto"})).is_success
        assert [request.language for request in house.transcriber.requests] == [None, None, None, "auto"]


async def test_the_words_of_a_users_dictionary_are_told_to_the_ear() -> None:
    house = ScriptedHouse(pronunciations={"ada": Pronunciations((Pronunciation(written="SQL", spoken="sequel"),))})
    async with voice_server(house) as (web, _):
        await web.post("/api/voice/transcribe", files={"file": recording()}, headers={"X-Syrinx-User": "ada"})
        assert house.transcriber.requests[0].hotwords == ("SQL",)


async def test_what_an_ear_does_not_know_is_null() -> None:
    class Unsure(ScriptedTranscriber):
        def _final(self, duration_ms: float, request: Any) -> Any:
            from dataclasses import replace

            return replace(super()._final(duration_ms, request), confidence=None)

    async with voice_server(ScriptedHouse(transcriber=Unsure(words=()))) as (web, _):
        body = (await web.post("/api/voice/transcribe", files={"file": recording()})).json()
        assert body["confidence"] is None
        assert body["text"] == ""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"{", "no JSON"),
        (b"[]", "audio_base64"),
        (b"null", "audio_base64"),
        (b'"UklGRg=="', "audio_base64"),
        (b"{}", "audio_base64 is missing"),
        (b'{"audio_base64": 7}', "audio_base64 is missing"),
        (b'{"audio_base64": ""}', "empty"),
        (b'{"audio_base64": "no base64!"}', "base64"),
        (b'{"audio_base64": "UklGRg==", "language": 7}', "language"),
        (b'{"audio_base64": "UklGRg==", "language": "\\ud800"}', "language"),
        (b'{"audio_base64": "UklGRg==", "temperature": 7}', "'temperature' is not one of the fields"),
        (b'{"audio_base64": "bm8gc291bmQ="}', "no sound that can be read"),
    ],
)
async def test_json_that_holds_no_recording_is_refused_with_what_would_be_right(body: bytes, says: str) -> None:
    house = ScriptedHouse()
    async with voice_server(house) as (web, _):
        answer = await web.post("/api/voice/transcribe", content=body)
        assert answer.status_code == 400
        assert says in answer.json()["detail"]
        assert not house.transcriber.requests


async def test_a_form_without_a_file_and_a_file_without_sound_are_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/voice/transcribe", files={"audio": recording()})
    assert "'file'" in refused(answer, 400, "bad_input")
    answer = await web.post("/api/voice/transcribe", files={"language": (None, "en")})
    assert "'file'" in refused(answer, 400, "bad_input")
    answer = await web.post("/api/voice/transcribe", files={"file": b"no sound"})
    refused(answer, 400, "bad_audio")
    answer = await web.post("/api/voice/transcribe", files={"file": recording()}, data={"temperature": "1"})
    assert "'temperature'" in refused(answer, 400, "bad_input")


async def test_a_recording_that_is_too_large_is_refused_however_it_comes() -> None:
    async with voice_server(ScriptedHouse(limits=SpeechLimits(upload_bytes=50_000))) as (web, _):
        large = recording()
        refused(await web.post("/api/voice/transcribe", files={"file": large}), 413, "too_large")
        body = {"audio_base64": base64.b64encode(large).decode()}
        refused(await web.post("/api/voice/transcribe", json=body), 413, "too_large")
        small = {"audio_base64": base64.b64encode(recording(duration_ms=1000.0)).decode()}
        assert (await web.post("/api/voice/transcribe", json=small)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownLanguage("no ear understands xx"), 404),
        (EngineBusy("the ear is busy", retry_after_s=2.3), 429),
        (EngineUnavailable("no ear here"), 503),
        (EngineTimeout("the ear took too long"), 504),
        (EngineError("the ear failed"), 500),
    ],
)
async def test_an_ear_that_fails_is_told_and_nothing_stays_open(error: SyrinxError, status: int) -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(error=error))
    async with voice_server(house) as (web, _):
        answer = await web.post("/api/voice/transcribe", files={"file": recording()})
        assert refused(answer, status, error.code) == error.message
        assert answer.headers.get("retry-after") == ("3" if status == 429 else None)
        assert house.at_work == 0


async def test_damage_in_the_middle_of_a_file_is_told() -> None:
    async with voice_server(ScriptedHouse(media=ScriptedMedia(error=BadAudio("damaged")))) as (web, _):
        refused(await web.post("/api/voice/transcribe", files={"file": recording()}), 400, "bad_audio")


async def test_a_client_that_leaves_ends_the_transcription() -> None:
    house = ScriptedHouse(media=ScriptedMedia(chunk_s=0.2))
    async with voice_server(house) as (web, _):
        asking = asyncio.create_task(web.post("/api/voice/transcribe", files={"file": recording(duration_ms=60_000.0)}))
        await until(lambda: house.at_work > 0)
        asking.cancel()
        await house.nothing_left()
