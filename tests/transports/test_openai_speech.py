"""OpenAI's speech route, driven by OpenAI's own client."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import openai
import pytest
from tests.transports.openai_client import Opened, chatting, opened, stalled_post
from tests.transports.speech_house import ScriptedHouse

from syrinx.audio import PcmChunk, read_wav
from syrinx.audio.encoding import AUDIO_FORMATS, AudioFormat
from syrinx.audio.synthetic_mark import read_mark
from syrinx.errors import (
    BadInput,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    RemoteRefused,
    SyrinxError,
    UnknownLanguage,
    UnknownVoice,
)
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_speech import RATE_HZ, ScriptedNarrator
from syrinx.text.pronunciations import Pronunciation, Pronunciations

TEXT = "The kettle is on."
MEDIA = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": f"audio/pcm;rate={RATE_HZ};channels=1",
}
MAGIC = {"mp3": (b"\xff", b"ID3"), "opus": (b"OggS",), "aac": (b"\xff", b"ID3"), "flac": (b"fLaC",), "wav": (b"RIFF",)}


@pytest.fixture
async def server() -> AsyncGenerator[Opened, None]:
    async with opened() as server:
        yield server


async def test_speech_is_the_whole_sound_in_wav(server: Opened) -> None:
    answer = await server.client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="wav")
    sound = read_wav(answer.content)
    assert (sound.sample_rate_hz, sound.duration_ms) == (RATE_HZ, 1000.0)
    assert dominant_frequency_hz(sound) == pytest.approx(440.0, abs=2.0)


@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
async def test_every_format_says_what_it_is(server: Opened, audio_format: AudioFormat) -> None:
    answer = await server.client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=audio_format
    )
    assert answer.response.headers["content-type"] == MEDIA[audio_format]
    assert answer.content.startswith(MAGIC.get(audio_format, (b"",)))
    assert len(answer.content) > 1000
    if audio_format != "pcm":  # which has no room for it
        assert read_mark(io.BytesIO(answer.content)) is not None


async def test_mp3_is_what_is_given_when_no_format_is_asked_for(server: Opened) -> None:
    answer = await server.client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert answer.response.headers["content-type"] == "audio/mpeg"


async def test_what_is_asked_for_reaches_the_narrator(server: Opened) -> None:
    server.house.pronunciations["ann"] = Pronunciations((Pronunciation(written="SQL", spoken="sequel"),))
    await server.client.audio.speech.create(
        model="bells",
        voice={"id": "celeste"},
        input="<speak>Bonjour</speak>",
        response_format="pcm",
        speed=1.5,
        instructions="Whisper.",
        extra_body={"language": "fr", "input_type": "ssml"},
        extra_headers={"X-Syrinx-User": "ann"},
    )
    request = server.house.narrator.begun[0].request
    assert (request.text, request.ssml, request.language) == ("<speak>Bonjour</speak>", True, "fr")
    assert (request.voice, request.engine, request.speed) == ("celeste", "bells", 1.5)
    assert request.instructions == "Whisper."
    assert request.pronunciations == server.house.pronunciations["ann"]


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "auto", ""])
async def test_openai_s_names_leave_the_choice_to_the_house(server: Opened, model: str) -> None:
    await server.client.audio.speech.create(model=model, voice="alloy", input=TEXT, response_format="pcm")
    assert server.house.narrator.begun[0].request.engine == ""


async def test_the_sound_is_sent_while_it_is_made(server: Opened) -> None:
    server.house.narrator.chunk_s = 0.05
    asking = server.client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
    )
    async with asking as answer:
        pieces = answer.iter_bytes()
        first = await anext(pieces)
        given = server.house.narrator.begun[0].given
        rest = b"".join([piece async for piece in pieces])
    assert first
    assert given < 10
    assert PcmChunk(pcm=first + rest, sample_rate_hz=RATE_HZ).duration_ms == 1000.0


async def test_the_headers_tell_how_it_was_made() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(not_applied=("instructions",)))
    async with opened(house) as server:
        answer = await server.client.audio.speech.create(model="tts-1", voice="alto", input=TEXT, instructions="Sing.")
    headers = answer.response.headers
    assert headers["server-timing"] == 'queue;dur=1.0, first;dur=2.0, cache;desc="miss"'
    assert (headers["x-syrinx-engine"], headers["x-syrinx-voice"]) == ("tones", "alto")
    assert headers["x-syrinx-not-applied"] == "instructions"
    assert headers["x-syrinx-synthetic"] == "true"
    assert headers["x-request-id"].startswith("req_")


async def events_of(server: Opened, **more: Any) -> list[dict[str, Any]]:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "stream_format": "sse", **more}
    async with chatting(server) as web, web.stream("POST", "/v1/audio/speech", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line[6:]) async for line in answer.aiter_lines() if line.startswith("data: ")]


async def test_events_put_together_are_the_file(server: Opened) -> None:
    *deltas, done = await events_of(server, response_format="wav")
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    assert read_wav(b"".join(base64.b64decode(each["audio"]) for each in deltas)).duration_ms == 1000.0
    assert done["type"] == "speech.audio.done"
    assert done["usage"] == {
        "input_tokens": 4,
        "output_tokens": 4,
        "total_tokens": 8,
        "unit": "words",
        "seconds": 1.0,
    }


async def test_events_that_break_off_end_with_an_error() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("the engine broke off")))
    async with opened(house) as server:
        *_, last = await events_of(server, response_format="pcm")
    assert last == {
        "type": "error",
        "error": {
            "message": "the engine broke off",
            "type": "server_error",
            "param": None,
            "code": "engine_failed",
        },
    }


async def test_sound_that_breaks_off_cuts_the_connection() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("the engine broke off")))
    async with opened(house) as server, chatting(server) as web:
        body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm"}
        with pytest.raises(httpx.RemoteProtocolError):
            await web.post("/v1/audio/speech", json=body)


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
async def test_a_client_that_leaves_ends_the_narration(stream_format: str) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=1000, chunk_s=0.02))
    async with opened(house) as server:
        body = {"input": TEXT, "response_format": "pcm", "stream_format": stream_format}
        reader, writer = await stalled_post(server, "/v1/audio/speech", json.dumps(body).encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(100)
        writer.close()
        await house.nothing_left()
        given = house.narrator.begun[0].given
        await asyncio.sleep(0.1)
        assert house.narrator.begun[0].given == given < 1000


REFUSALS: list[tuple[SyrinxError, type[openai.APIStatusError], int, str, str | None]] = [
    (UnknownVoice("no voice is called 'alfred'"), openai.BadRequestError, 400, "unknown_voice", "voice"),
    (UnknownLanguage("nobody speaks 'xx'"), openai.BadRequestError, 400, "unknown_language", "language"),
    (BadInput("there are no words to speak"), openai.BadRequestError, 400, "bad_input", "input"),
    (EngineBusy("busy", retry_after_s=2.5), openai.RateLimitError, 429, "engine_busy", None),
    (EngineUnavailable("not installed"), openai.InternalServerError, 503, "engine_unavailable", None),
    (RemoteRefused("far failed", status=500, retryable=True), openai.InternalServerError, 502, "remote_refused", None),
    (RemoteRefused("far waited", status=504, retryable=True), openai.InternalServerError, 504, "remote_refused", None),
    (EngineTimeout("too slow"), openai.InternalServerError, 504, "engine_timeout", None),
]


@pytest.mark.parametrize(("error", "kind", "status", "code", "parameter"), REFUSALS)
@pytest.mark.parametrize("stream_format", ["audio", "sse"])
async def test_a_refusal_comes_before_any_sound(
    error: SyrinxError,
    kind: type[openai.APIStatusError],
    status: int,
    code: str,
    parameter: str | None,
    stream_format: Any,
) -> None:
    async with opened(ScriptedHouse(narrator=ScriptedNarrator(refusal=error))) as server:
        with pytest.raises(kind) as caught:
            await server.client.audio.speech.create(
                model="tts-1", voice="alfred", input=TEXT, stream_format=stream_format
            )
    assert (caught.value.status_code, caught.value.code, caught.value.param) == (status, code, parameter)
    assert error.message in caught.value.message
    assert caught.value.request_id
    assert caught.value.response.headers.get("retry-after") == ("3" if status == 429 else None)


async def test_an_unknown_voice_is_told_where_the_voices_are() -> None:
    async with opened(ScriptedHouse(narrator=ScriptedNarrator(refusal=UnknownVoice("no voice 'x'")))) as server:
        with pytest.raises(openai.BadRequestError, match="GET /v1/audio/voices"):
            await server.client.audio.speech.create(model="tts-1", voice="x", input=TEXT)


async def test_a_model_that_listens_cannot_speak(server: Opened) -> None:
    with pytest.raises(openai.NotFoundError, match="others are bells, far, tones") as caught:
        await server.client.audio.speech.create(model="ear", voice="alloy", input=TEXT)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert not server.house.narrator.begun


@pytest.mark.parametrize(
    ("more", "parameter"),
    [
        ({"speed": 5}, "speed"),
        ({"speed": 0.1}, "speed"),
        ({"response_format": "ogg"}, "response_format"),
        ({"input": ""}, "input"),
        ({"stream_format": "hls"}, "stream_format"),
        ({"input_type": "markdown"}, "input_type"),
        ({"volume": 11}, "volume"),
        ({"voice": {"id": "a", "style": "b"}}, "voice"),
        ({"voice": {"name": "a"}}, "voice"),
        ({"voice": {"id": 7}}, "voice"),
        ({"voice": ["alloy"]}, "voice"),
        ({"voice": "a" * 401}, "voice"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_name(server: Opened, more: dict[str, Any], parameter: str) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, **more}
    async with chatting(server) as web:
        answer = await web.post("/v1/audio/speech", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["param"] == parameter
    assert parameter in answer.json()["error"]["message"]
    assert not server.house.narrator.begun


async def test_a_text_past_the_limit_is_refused() -> None:
    house = ScriptedHouse()
    async with opened(house) as server:
        long = "word " * (house.limits.text_chars // 5 + 1)
        with pytest.raises(openai.APIStatusError) as caught:
            await server.client.audio.speech.create(model="tts-1", voice="alloy", input=long)
    assert caught.value.status_code == 413


async def test_without_the_token_nothing_is_said() -> None:
    async with opened(token="secret") as server:
        with pytest.raises(openai.AuthenticationError) as caught:
            await server.client.with_options(api_key="wrong").audio.speech.create(
                model="tts-1", voice="alloy", input=TEXT
            )
        assert caught.value.code == "unauthorized"
        assert (await server.client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)).content


async def test_a_page_of_another_origin_may_not_ask(server: Opened) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        await server.client.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, extra_headers={"Origin": "http://elsewhere.example"}
        )
