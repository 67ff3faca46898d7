"""Our own dialect: speech as bytes, as events and as marks; recordings as events."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from tests.transports.speech_house import ScriptedHouse, recording, speech_server, until

from syrinx.accounts import OpenDoor
from syrinx.audio.synthetic_mark import read_mark
from syrinx.errors import EngineBusy, EngineError, UnknownVoice
from syrinx.transports.http.speech import speech_routes
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.transcripts import transcript_routes

TEXT = "The kettle is on."


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, json.loads(data)) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)]


@pytest.fixture
def house() -> ScriptedHouse:
    return ScriptedHouse()


@asynccontextmanager
async def served(house: ScriptedHouse) -> AsyncGenerator[httpx.AsyncClient, None]:
    def spoken(opened: SpeechHouse) -> APIRouter:
        return speech_routes(opened, door=OpenDoor(), origins=())

    def heard(opened: SpeechHouse) -> APIRouter:
        return transcript_routes(opened, door=OpenDoor(), origins=())

    async with (
        speech_server(spoken, heard, house=house) as server,
        httpx.AsyncClient(base_url=server.address, trust_env=False) as web,
    ):
        yield web


async def test_speech_comes_in_the_format_asked_for_and_tells_who_spoke(house: ScriptedHouse) -> None:
    async with served(house) as web:
        answer = await web.post("/api/speech", json={"text": TEXT, "voice": "low", "format": "wav", "speed": 1.5})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["x-syrinx-engine"] == "tones"
        assert answer.headers["x-syrinx-synthetic"] == "true"
        assert answer.content[:4] == b"RIFF"
        assert read_mark(io.BytesIO(answer.content)) is not None
        asked = house.narrator.begun[0].request
        assert (asked.text, asked.voice, asked.speed) == (TEXT, "low", 1.5)
        assert house.narrator.begun[0].closed


async def test_events_tell_sentence_words_and_sound_in_their_order(house: ScriptedHouse) -> None:
    async with served(house) as web:
        answer = await web.post("/api/speech", json={"text": TEXT}, headers={"Accept": "text/event-stream"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events(answer.text)
        assert [name for name, _ in found][:3] == ["begun", "sentence", "words"]
        assert found[0][1]["sample_rate"] == 24_000
        assert [word["text"] for word in found[2][1]["words"]] == TEXT.split()
        pcm = b"".join(base64.b64decode(data["pcm"]) for name, data in found if name == "sound")
        assert found[-1] == ("done", {"duration_ms": 1000.0, "characters": len(TEXT)})
        assert len(pcm) == 48_000


async def test_speech_that_breaks_off_says_so_in_an_event(house: ScriptedHouse) -> None:
    house.narrator.error = EngineError("the voice is gone")
    async with served(house) as web:
        answer = await web.post("/api/speech", json={"text": TEXT}, headers={"Accept": "text/event-stream"})
        found = events(answer.text)
        assert found[-1] == (
            "error",
            {"code": "engine_failed", "message": "the voice is gone", "retryable": True},
        )
        assert "done" not in dict(found)


async def test_sound_that_breaks_off_is_no_whole_file(house: ScriptedHouse) -> None:
    house.narrator.error = EngineError("the voice is gone")
    async with served(house) as web:
        with pytest.raises(httpx.RemoteProtocolError):
            await web.post("/api/speech", json={"text": TEXT, "format": "wav"})


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (UnknownVoice("no engine has a voice 'x'"), 404),
        (EngineBusy("the voice is busy", retry_after_s=2.2), 429),
        (EngineError("it failed"), 500),
    ],
)
async def test_what_is_refused_has_a_status_and_our_shape(
    house: ScriptedHouse, refusal: EngineError, status: int
) -> None:
    house.narrator.refusal = refusal
    async with served(house) as web:
        answer = await web.post("/api/speech", json={"text": TEXT})
        assert answer.status_code == status
        assert answer.json()["code"] == refusal.code
        if status == 429:
            assert answer.headers["retry-after"] == "3"


async def test_a_client_that_leaves_ends_the_narration(house: ScriptedHouse) -> None:
    house.narrator.chunks, house.narrator.chunk_s = 1000, 0.01
    async with served(house) as web:
        async with web.stream("POST", "/api/speech", json={"text": TEXT, "format": "pcm"}) as answer:
            async for _ in answer.aiter_bytes():
                break
        for _ in range(200):
            if house.narrator.begun[0].closed:
                break
            await asyncio.sleep(0.01)
        assert house.narrator.begun[0].closed
        assert house.narrator.begun[0].given < 100


async def test_a_client_that_leaves_its_marks_ends_the_narration(house: ScriptedHouse) -> None:
    house.narrator.chunks, house.narrator.chunk_s = 1000, 0.01
    async with served(house) as web:
        asking = asyncio.create_task(web.post("/api/speech/marks", json={"text": TEXT}))
        await until(lambda: bool(house.narrator.begun))
        asking.cancel()
        await until(lambda: house.narrator.begun[0].closed)
        assert house.narrator.begun[0].given < 900


@pytest.mark.parametrize(
    ("marks", "media_type", "begins"),
    [
        ("json", "application/json", '{"engine":"tones"'),
        ("srt", "application/x-subrip", "1\n00:00:00,000 --> 00:00:01,000\nThe kettle is on.\n"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n"),
    ],
)
async def test_marks_come_as_json_or_as_subtitles(
    house: ScriptedHouse, marks: str, media_type: str, begins: str
) -> None:
    async with served(house) as web:
        answer = await web.post("/api/speech/marks", json={"text": TEXT, "marks": marks})
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.text.startswith(begins)
        assert house.narrator.begun[0].closed


async def test_a_recording_is_told_as_it_is_understood(house: ScriptedHouse) -> None:
    sound = recording(duration_ms=2500.0)
    async with served(house) as web:
        answer = await web.post("/api/transcripts", files={"file": ("a.wav", sound)}, data={"language": "en"})
        found = events(answer.text)
        assert found[0] == ("begun", {"container": "wav", "duration_ms": 2500.0})
        assert found[-1][0] == "done"
        assert found[-1][1]["text"] == "hello there"
        assert [word["text"] for word in found[-1][1]["words"]] == ["hello", "there"]
        assert any(name == "heard" for name, _ in found)
    assert house.transcriber.active == 0


@pytest.mark.parametrize(
    ("data", "told"),
    [({"task": "sing"}, "transcribe or translate"), ({"langauge": "en"}, "there is no field 'langauge'")],
)
async def test_a_wrong_field_is_refused_by_its_name(house: ScriptedHouse, data: dict[str, str], told: str) -> None:
    async with served(house) as web:
        answer = await web.post("/api/transcripts", files={"file": ("a.wav", b"RIFF")}, data=data)
        assert answer.status_code == 400
        assert told in answer.json()["message"]


async def test_a_file_that_is_no_sound_is_a_status_and_not_an_event(house: ScriptedHouse) -> None:
    async with served(house) as web:
        answer = await web.post("/api/transcripts", files={"file": ("a.wav", b"this is no sound")})
        assert answer.status_code == 400
        assert answer.json()["code"] == "bad_audio"


async def test_an_ear_that_breaks_off_says_so_in_an_event(house: ScriptedHouse) -> None:
    house.transcriber.error = EngineError("the ear is gone")
    async with served(house) as web:
        answer = await web.post("/api/transcripts", files={"file": ("a.wav", recording())})
        assert events(answer.text)[-1][1]["message"] == "the ear is gone"
