"""The voice API over HTTP, as its clients speak it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.transports.speech_house import ScriptedHouse, until
from tests.transports.voice_api_server import TOKEN, refused, voice_server

from syrinx.audio import read_wav
from syrinx.engines.tts.contract import Voice
from syrinx.errors import (
    BadInput,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    SyrinxError,
    UnknownVoice,
)
from syrinx.speech.narration import NarrationRequest
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_speech import ScriptedNarration, ScriptedNarrator
from syrinx.transports.http.speech_house import OfferedVoice, SpeechHealth
from syrinx.transports.http.voice_stream import accepted_format


@pytest.fixture
async def web() -> AsyncGenerator[httpx.AsyncClient]:
    async with voice_server() as (web, _):
        yield web


# Speaking.

ORDER = {"text": "Hello, this is a test", "voice": "af_heart", "lang_code": "a", "speed": 1.0}


async def test_a_text_is_spoken_as_a_whole_wav(web: httpx.AsyncClient) -> None:
    body = (await web.post("/api/voice/synthesize", json=ORDER)).json()
    sound = read_wav(base64.b64decode(body.pop("audio_base64")))
    assert dominant_frequency_hz(sound) == pytest.approx(440.0, abs=2.0)
    assert sound.duration_ms == 1000.0
    assert body == {
        "audio_sample_rate": 24_000,
        "audio_duration_seconds": 1.0,
        "voice": "af_heart",
        "lang_code": "a",
        "speed": 1.0,
        "text_length": 21,
        "not_applied": [],
    }


async def test_a_text_alone_is_spoken_in_the_default_voice(web: httpx.AsyncClient) -> None:
    body = (await web.post("/api/voice/synthesize", json={"text": "Test"})).json()
    assert (body["voice"], body["lang_code"], body["speed"], body["text_length"]) == ("af_heart", "a", 1.0, 4)


@pytest.mark.parametrize(
    ("order", "voice", "language"),
    [
        ({"voice": "af_heart"}, "af_heart", None),
        ({"voice": "celeste"}, "celeste", None),
        ({"voice": "celeste", "lang_code": "f"}, "celeste", "fr-FR"),
        ({"voice": "tenor", "lang_code": "a"}, "tenor", "en-US"),
        ({"voice": "af_heart", "lang_code": "f"}, "af_heart", "fr-FR"),
        ({"voice": "celeste+alto*0.5", "lang_code": "a"}, "celeste+alto*0.5", "en-US"),
        ({"lang_code": "f"}, None, "fr-FR"),
        ({"lang_code": "z"}, None, "zh"),
        ({"voice": "mandarin", "lang_code": "z"}, "mandarin", "zh"),
    ],
)
async def test_voice_and_letter_reach_the_narrator(
    order: dict[str, Any], voice: str | None, language: str | None
) -> None:
    house = ScriptedHouse()
    house.voices.append(OfferedVoice(voice=Voice(id="mandarin", name="M", language="cmn"), engine="tones"))
    async with voice_server(house) as (web, _):
        answer = await web.post("/api/voice/synthesize", json={"text": "Bonjour", "speed": 0.5, **order})
        assert answer.status_code == 200, answer.text
        request = house.narrator.begun[0].request
        assert (request.voice, request.language, request.speed) == (voice, language, 0.5)


@pytest.mark.parametrize("path", ["synthesize", "audio-stream"])
async def test_a_letter_that_does_not_fit_the_voice_is_refused(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.post(f"/api/voice/{path}", json={"text": "Bonjour", "voice": "celeste", "lang_code": "a"})
    assert "'celeste' speaks fr-FR, lang_code 'a' is en-US" in refused(answer, 400, "bad_input")


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": 7}, "text"),
        ({"text": "x", "speed": 0}, "speed"),
        ({"text": "x", "speed": 2.01}, "speed"),
        ({"text": "x", "lang_code": "q"}, "'a', 'b', 'e', 'f', 'h', 'i', 'j', 'p' or 'z'"),
        ({"text": "x", "lang_code": "en"}, "lang_code"),
        ({"text": "x", "pitch": 1}, "pitch"),
    ],
)
@pytest.mark.parametrize("path", ["synthesize", "audio-stream", "synthesize-batch"])
async def test_orders_that_are_not_as_described_are_refused_by_name(
    web: httpx.AsyncClient, order: dict[str, Any], names: str, path: str
) -> None:
    body: Any = [{"text": "fine"}, order] if path == "synthesize-batch" else order
    assert names in refused(await web.post(f"/api/voice/{path}", json=body), 422, "bad_input")


async def test_the_longest_text_and_the_lowest_and_highest_speeds_are_taken(web: httpx.AsyncClient) -> None:
    for speed in (0.25, 2.0):
        answer = await web.post("/api/voice/synthesize", json={"text": "x" * 10_000, "speed": speed})
        assert answer.json()["text_length"] == 10_000


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("there are no words"), 400),
        (UnknownVoice("no engine has it"), 404),
        (EngineBusy("busy", retry_after_s=1.0), 429),
        (EngineUnavailable("not installed"), 503),
        (EngineTimeout("too slow"), 504),
    ],
)
@pytest.mark.parametrize("path", ["synthesize", "audio-stream", "synthesize-batch"])
async def test_what_the_narrator_refuses_is_refused_before_any_sound(
    error: SyrinxError, status: int, path: str
) -> None:
    body: Any = [ORDER, ORDER] if path == "synthesize-batch" else ORDER
    async with voice_server(ScriptedHouse(narrator=ScriptedNarrator(refusal=error))) as (web, _):
        assert refused(await web.post(f"/api/voice/{path}", json=body), status, error.code) == error.message


async def test_speech_that_breaks_off_is_no_answer() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("it broke")))
    async with voice_server(house) as (web, _):
        refused(await web.post("/api/voice/synthesize", json=ORDER), 500, "engine_failed")
        assert house.at_work == 0


async def test_a_client_that_leaves_ends_the_speech() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=1000, chunk_s=0.05))
    async with voice_server(house) as (web, _):
        for path, body in (("synthesize", ORDER), ("synthesize-batch", [ORDER] * 5)):
            asking = asyncio.create_task(web.post(f"/api/voice/{path}", json=body))
            await until(lambda: house.at_work > 0)
            asking.cancel()
            await house.nothing_left()


class Moody(ScriptedNarrator):
    """Refuses what says so; speaks the shorter texts for a longer time."""

    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        if "refuse" in request.text:
            raise UnknownVoice("no engine has it")
        if "break" in request.text:
            self.error = EngineError("it broke")
        narration = await super().__call__(request)
        self.error = None
        narration.chunk_s = 0.02 / len(request.text)
        return narration


async def test_a_batch_keeps_its_order_and_an_item_that_fails_its_place() -> None:
    house = ScriptedHouse(narrator=Moody())
    texts = ["a", "refuse this", "bb bb bb bb", "break off", "ccc ccc ccc ccc ccc"]
    async with voice_server(house) as (web, _):
        answer = await web.post("/api/voice/synthesize-batch", json=[{"text": text} for text in texts])
        body = answer.json()
        assert answer.status_code == 200
        assert [item.get("text_length") for item in body] == [1, None, 11, None, 19]
        assert body[1] == {
            "error": {"code": "unknown_voice", "message": "no engine has it", "retryable": False},
            "status": 404,
        }
        assert body[3]["error"]["code"] == "engine_failed"
        assert read_wav(base64.b64decode(body[4]["audio_base64"])).duration_ms == 1000.0


@pytest.mark.parametrize("count", [0, 11])
async def test_a_batch_has_one_to_ten_texts(web: httpx.AsyncClient, count: int) -> None:
    refused(await web.post("/api/voice/synthesize-batch", json=[ORDER] * count), 422, "bad_input")


async def test_a_batch_of_ten_is_made_a_few_at_a_time() -> None:
    most = 0

    class Counting(ScriptedNarrator):
        async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
            nonlocal most
            narration = await super().__call__(request)
            most = max(most, sum(not each.closed for each in self.begun))
            return narration

    async with voice_server(ScriptedHouse(narrator=Counting(chunk_s=0.001))) as (web, _):
        assert len((await web.post("/api/voice/synthesize-batch", json=[ORDER] * 10)).json()) == 10
    assert most == 3


async def test_a_batch_whose_first_texts_fail_begins_with_the_first_that_does_not() -> None:
    async with voice_server(ScriptedHouse(narrator=Moody())) as (web, _):
        texts = ["refuse", "refuse", "refuse", "refuse", "fine"]
        answer = await web.post("/api/voice/synthesize-batch", json=[{"text": text} for text in texts])
        assert answer.status_code == 200
        assert ["error" in item for item in answer.json()] == [True, True, True, True, False]


async def test_a_client_that_leaves_in_the_middle_of_a_batch_ends_the_rest() -> None:
    house = ScriptedHouse(narrator=Moody())
    async with voice_server(house) as (web, _):
        async with web.stream(
            "POST", "/api/voice/synthesize-batch", json=[{"text": "Hello"}] + [{"text": "a"}] * 9
        ) as answer:
            await anext(answer.aiter_raw(1000))
        await house.nothing_left()


async def test_a_stream_is_wav_unless_asked_otherwise(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/voice/audio-stream", json={"text": "Hello world", "voice": "af_heart"})
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["x-syrinx-synthetic"] == "true"
    assert read_wav(answer.content).duration_ms == 1000.0


@pytest.mark.parametrize(
    ("order", "accept", "media_type"),
    [
        ({"format": "mp3"}, "*/*", "audio/mpeg"),
        ({}, "audio/mpeg", "audio/mpeg"),
        ({"format": "flac"}, "audio/mpeg", "audio/flac"),
        ({"format": "opus"}, "", "audio/ogg"),
        ({"format": "aac"}, "", "audio/aac"),
        ({"format": "pcm"}, "", "audio/pcm;rate=24000;channels=1"),
        ({}, "text/html, */*", "audio/wav"),
    ],
)
async def test_the_format_is_that_of_the_order_and_else_what_is_accepted(
    web: httpx.AsyncClient, order: dict[str, str], accept: str, media_type: str
) -> None:
    answer = await web.post("/api/voice/audio-stream", json={"text": "Hi", **order}, headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.content


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", "wav"),
        ("audio/*", "wav"),
        ("audio/ogg;q=0.5, audio/mpeg;q=0.9, */*;q=0.1", "mp3"),
        ("audio/mpeg;q=0, audio/flac;q=0.1", "flac"),
        ("AUDIO/MPEG", "mp3"),
        ("audio/mpeg;q=nan", "wav"),
        ("audio/mp3", "mp3"),
        (";;;,,,q=", "wav"),
    ],
)
def test_what_an_accept_header_likes_best_is_taken(accept: str, wanted: str) -> None:
    assert accepted_format(accept) == wanted


async def test_an_unknown_format_is_refused_with_those_there_are(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/voice/audio-stream", json={"text": "Hi", "format": "wma"})
    assert "'mp3', 'opus', 'aac', 'flac', 'wav' or 'pcm'" in refused(answer, 422, "bad_input")


async def test_a_stream_leaves_as_it_is_made_and_its_client_may_leave() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=10_000, chunk_s=0.01))
    async with voice_server(house) as (web, _):
        async with web.stream("POST", "/api/voice/audio-stream", json=ORDER) as answer:
            pieces = answer.aiter_raw()
            assert (await anext(pieces)).startswith(b"RIFF")
            assert house.narrator.begun[0].given < 10_000
        await house.nothing_left()
        assert house.narrator.begun[0].given < 10_000


async def test_a_stream_that_breaks_off_is_cut_and_not_ended() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("it broke")))
    async with voice_server(house) as (web, _):
        with pytest.raises(httpx.RemoteProtocolError):
            await web.post("/api/voice/audio-stream", json=ORDER)
        await house.nothing_left()


# Voices and health.


async def test_the_voices_begin_with_those_that_clients_know(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/voice/voices")).json() == {
        "voices": ["af_heart", "af", "am", "bf", "bm", "alto", "tenor", "celeste"],
        "default_voice": "af_heart",
        "service": "Tones",
    }


async def test_a_voice_of_an_engine_that_bears_a_known_name_stands_once() -> None:
    house = ScriptedHouse()
    house.voices.append(OfferedVoice(voice=Voice(id="af_heart", name="Heart", language="en-US"), engine="tones"))
    async with voice_server(house) as (web, _):
        assert (await web.get("/api/voice/voices")).json()["voices"].count("af_heart") == 1


def health(*, healthy: bool, address: str = "") -> SpeechHealth:
    reason = "" if healthy else "it does not answer: start it"
    return SpeechHealth(engine="x", title="An Engine", address=address, healthy=healthy, reason=reason)


@pytest.mark.parametrize(
    ("ear", "voice", "status", "http_status"),
    [
        (True, True, "healthy", 200),
        (False, True, "degraded", 200),
        (True, False, "degraded", 200),
        (False, False, "unhealthy", 503),
    ],
)
async def test_health_tells_of_both_and_what_is_wrong(ear: bool, voice: bool, status: str, http_status: int) -> None:
    house = ScriptedHouse(
        health={"stt": health(healthy=ear, address="http://localhost:9082"), "tts": health(healthy=voice)}
    )
    async with voice_server(house) as (web, _):
        answer = await web.get("/api/voice/health")
        assert answer.status_code == http_status
        assert answer.json() == {
            "status": status,
            "sst_service": "http://localhost:9082",
            "tts_service": "An Engine",
            "sst_healthy": ear,
            "tts_healthy": voice,
            "reasons": ["it does not answer: start it"] * [ear, voice].count(False),
        }


async def test_an_engine_whose_health_cannot_be_told_is_not_well() -> None:
    async def unknown(_kind: object) -> SpeechHealth:
        raise EngineUnavailable("no such engine")

    from dataclasses import replace

    async with voice_server(opened=replace(ScriptedHouse().opened(), health=unknown)) as (web, _):
        answer = await web.get("/api/voice/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        assert answer.json()["reasons"] == ["no such engine"] * 2


# Trust.

ROUTES = [
    ("POST", "/api/voice/transcribe"),
    ("POST", "/api/voice/synthesize"),
    ("POST", "/api/voice/synthesize-batch"),
    ("POST", "/api/voice/audio-stream"),
    ("GET", "/api/voice/voices"),
    ("GET", "/api/voice/health"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_wants_the_token(method: str, path: str) -> None:
    async with voice_server(token=TOKEN) as (web, _):
        answer = await web.request(method, path)
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
        answer = await web.request(method, path, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code != 401


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
async def test_pages_of_other_origins_are_refused_and_listed_ones_not(web: httpx.AsyncClient, path: str) -> None:
    refused(await web.post(path, json={}, headers={"Origin": "https://evil.example"}), 403, "origin_refused")
    assert (await web.post(path, json={}, headers={"Origin": "https://app.example"})).status_code in {400, 422}


@pytest.mark.parametrize("path", ["synthesize", "synthesize-batch", "audio-stream"])
async def test_what_is_to_be_spoken_must_say_that_it_is_json(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.post(f"/api/voice/{path}", content=json.dumps(ORDER), headers={"Content-Type": "text/plain"})
    refused(answer, 415, "json_wanted")
