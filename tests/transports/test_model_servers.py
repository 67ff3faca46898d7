"""whisper.cpp's and Kokoro's own APIs, asked as their clients ask."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.transports.openai_client import Opened, opened, stalled_post
from tests.transports.speech_house import ScriptedHouse, recording, until

from syrinx.audio import read_wav
from syrinx.errors import BadInput, EngineBusy, EngineError, UnknownVoice
from syrinx.speech.narration import NarrationRequest
from syrinx.speech.recordings import RecordingRequest
from syrinx.testing.fake_speech import ScriptedNarration, ScriptedNarrator, ScriptedTranscriber
from syrinx.transports.http.voice_wire import LANGUAGE_OF_CODE, code_of

WAV = ("jfk.wav", recording(), "audio/wav")
USUAL = {"temperature": "0.0", "temperature_inc": "0.2", "response_format": "json"}
"""What whisper.cpp's own example of a request sends."""


@pytest.fixture
async def server() -> AsyncGenerator[Opened, None]:
    async with opened() as server:
        yield server


@pytest.fixture
async def web(server: Opened) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=server.address) as web:
        yield web


async def test_a_recording_is_transcribed_as_whisper_s_clients_ask(server: Opened, web: httpx.AsyncClient) -> None:
    answer = await web.post("/inference", files={"file": WAV}, data=USUAL)
    assert (answer.status_code, answer.json()) == (200, {"text": "hello there"})
    assert server.house.transcriber.requests == [RecordingRequest(language="en", temperature=0.0)]
    assert answer.headers["x-syrinx-not-applied"] == "temperature_inc"


async def test_a_step_of_nothing_is_what_happens_anyway(web: httpx.AsyncClient) -> None:
    answer = await web.post("/inference", files={"file": WAV}, data={**USUAL, "temperature_inc": "0"})
    assert "x-syrinx-not-applied" not in answer.headers


async def test_language_task_and_prompt_reach_the_ear(server: Opened, web: httpx.AsyncClient) -> None:
    fields = {"language": "auto", "translate": "true", "prompt": "The kettle"}
    assert (await web.post("/inference", files={"file": WAV}, data=fields)).status_code == 200
    assert server.house.transcriber.requests == [
        RecordingRequest(language=None, task="translate", prompt="The kettle")
    ], "found out where the ear can: else the server's own, as whisper.cpp's models of one language have it"


@pytest.mark.parametrize(
    ("response_format", "text"),
    [
        ("text", "hello there\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:03,000\nhello there\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\nhello there\n"),
    ],
)
async def test_words_come_without_json_too(web: httpx.AsyncClient, response_format: str, text: str) -> None:
    answer = await web.post("/inference", files={"file": WAV}, data={"response_format": response_format})
    assert answer.text == text


async def test_a_verbose_answer_has_the_words_of_each_segment(web: httpx.AsyncClient) -> None:
    answer = (await web.post("/inference", files={"file": WAV}, data={"response_format": "verbose_json"})).json()
    assert (answer["task"], answer["language"], answer["duration"]) == ("transcribe", "english", 3.0)
    (segment,) = answer["segments"]
    assert segment["words"] == [
        {"word": "hello", "start": 0.0, "end": 1.5},
        {"word": "there", "start": 1.5, "end": 3.0},
    ]


@pytest.mark.parametrize(
    "fields", [{"response_format": "lrc"}, {"beam_size": "5"}, {"temperature": "hot"}, {"translate": "maybe"}]
)
async def test_what_cannot_be_followed_is_refused_in_whisper_s_words(
    server: Opened, web: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    answer = await web.post("/inference", files={"file": WAV}, data=fields)
    assert answer.status_code == 400
    assert next(iter(fields)) in answer.json()["error"]
    assert not server.house.transcriber.requests


async def test_what_is_no_sound_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/inference", files={"file": ("a.txt", b"words", "text/plain")})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_audio")
    assert (await web.post("/inference", data={"language": "en"})).status_code == 400


async def test_an_ear_that_fails_is_told() -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(error=EngineError("the ear broke off")))
    async with opened(house) as server, httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.post("/inference", files={"file": WAV})
    assert (answer.status_code, answer.json()["error"]) == (500, "the ear broke off")


@pytest.mark.parametrize("name", ["whisper-base", "models/ggml-base.bin", "C:\\models\\ggml-base.bin", "ggml-base.bin"])
@pytest.mark.parametrize("as_json", [True, False])
async def test_a_model_that_is_loaded_understands_what_follows(
    server: Opened, web: httpx.AsyncClient, name: str, as_json: bool
) -> None:
    body: dict[str, Any] = {"json": {"model_path": name}} if as_json else {"files": {"model": (None, name)}}
    answer = await web.post("/load", **body)
    assert (answer.status_code, answer.json()) == (200, {"model": "whisper-base", "title": "Whisper-Base"})
    await web.post("/inference", files={"file": WAV})
    await server.client.audio.transcriptions.create(file=WAV, model="whisper-1")
    assert [each.engine for each in server.house.transcriber.requests] == ["whisper-base", ""]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"model_path": "/etc/passwd"}}, 404),
        ({"json": {"model_path": "tones"}}, 404),
        ({"json": {"model_path": 7}}, 400),
        ({"json": ["whisper-base"]}, 400),
        ({"json": {}}, 400),
        ({"content": b"not json"}, 400),
        ({"files": {"model": (None, "")}}, 400),
    ],
)
async def test_what_is_no_model_here_is_not_loaded(
    server: Opened, web: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    answer = await web.post("/load", **body)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "code", "retryable"})
    await web.post("/inference", files={"file": WAV})
    assert server.house.transcriber.requests[0].engine == ""


async def test_a_model_that_cannot_be_opened_is_not_loaded(server: Opened, web: httpx.AsyncClient) -> None:
    ear = server.house.engines[-1]
    server.house.engines[-1] = type(ear)(
        kind="stt", name="whisper-large", title="Large", available=False, in_use=False, remote=False, languages=()
    )
    answer = await web.post("/load", json={"model_path": "ggml-large.bin"})
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_installed")


async def test_a_text_is_spoken_as_kokoro_s_clients_ask(server: Opened, web: httpx.AsyncClient) -> None:
    order = {"text": "Hello, this is a test", "voice": "af_heart", "lang_code": "a", "speed": 1.0}
    answer = await web.post("/synthesize", json=order)
    assert answer.status_code == 200
    told = answer.json()
    sound = read_wav(base64.b64decode(told.pop("audio_base64")))
    assert (sound.sample_rate_hz, sound.duration_ms) == (24_000, 1000.0)
    assert told == {
        "audio_sample_rate": 24_000,
        "audio_duration_seconds": 1.0,
        "voice": "af_heart",
        "lang_code": "a",
        "speed": 1.0,
        "text_length": 21,
        "not_applied": [],
    }
    request = server.house.narrator.begun[0].request
    assert (request.text, request.voice, request.language) == ("Hello, this is a test", "af_heart", "en-US")


async def test_a_text_alone_is_enough(server: Opened, web: httpx.AsyncClient) -> None:
    assert (await web.post("/synthesize", json={"text": "Test"})).json()["voice"] == "af_heart"
    request = server.house.narrator.begun[0].request
    assert (request.voice, request.language, request.speed) == ("af_heart", None, 1.0)


async def test_a_letter_alone_takes_that_language_s_own_voice(server: Opened, web: httpx.AsyncClient) -> None:
    told = (await web.post("/synthesize", json={"text": "Bonjour", "lang_code": "f"})).json()
    assert (told["lang_code"], told["voice"]) == ("f", "")
    request = server.house.narrator.begun[0].request
    assert (request.voice, request.language) == (None, "fr-FR")


@pytest.mark.parametrize(("code", "tag"), LANGUAGE_OF_CODE.items())
def test_each_letter_has_a_language_and_each_language_its_letter(code: str, tag: str) -> None:
    assert code_of(tag) == code


def test_a_language_without_a_letter_has_the_first() -> None:
    assert [code_of(tag) for tag in ("en", "pt-PT", "fr_CA", "de")] == ["a", "p", "f", "a"]


@pytest.mark.parametrize(
    "order",
    [{}, {"text": ""}, {"text": "x" * 10_001}, {"speed": 0.0}, {"speed": 2.1}, {"lang_code": "q"}, {"pitch": 2}],
)
async def test_what_cannot_be_spoken_is_refused_in_kokoro_s_words(
    server: Opened, web: httpx.AsyncClient, order: dict[str, Any]
) -> None:
    body = order if not order else {"text": "Test", **order}
    answer = await web.post("/synthesize", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not server.house.narrator.begun


class Picky(ScriptedNarrator):
    """Speaks everything but what says "bad"; the first text takes longest."""

    most: int = 0

    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        if "bad" in request.text:
            raise UnknownVoice("no voice can say that")
        self.most = max(self.most, sum(not each.closed for each in self.begun) + 1)
        narration = await super().__call__(request)
        narration.chunk_s = 0.02 if request.text.startswith("first") else 0.002
        return narration


async def test_a_batch_keeps_its_order_and_a_failure_its_place() -> None:
    narrator = Picky(chunks=3)
    orders = [{"text": text} for text in ("first", "second one", "bad", "and the fourth", "five", "six")]
    async with opened(ScriptedHouse(narrator=narrator)) as server, httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.post("/synthesize-batch", json=orders)
    assert answer.status_code == 200
    assert [each.get("text_length") for each in answer.json()] == [5, 10, None, 14, 4, 3]
    assert answer.json()[2] == {
        "error": {"code": "unknown_voice", "message": "no voice can say that", "retryable": False},
        "status": 404,
    }
    assert narrator.most <= 3


async def test_a_batch_of_failures_is_a_failure() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(refusal=EngineBusy("busy", retry_after_s=4.0)))
    async with opened(house) as server, httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.post("/synthesize-batch", json=[{"text": "a"}, {"text": "b"}])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "4")


@pytest.mark.parametrize("count", [0, 11])
async def test_a_batch_has_one_to_ten_texts(web: httpx.AsyncClient, count: int) -> None:
    assert (await web.post("/synthesize-batch", json=[{"text": "a"}] * count)).status_code == 422
    assert (await web.post("/synthesize-batch", json=[{"text": "a"}] * 10)).status_code == 200


@pytest.mark.parametrize("path", ["/synthesize", "/synthesize-batch", "/audio-stream"])
async def test_a_client_that_leaves_ends_the_speech(path: str) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=1000, chunk_s=0.02))
    order = {"text": "A long one."}
    async with opened(house) as server:
        body = json.dumps([order] * 5 if path == "/synthesize-batch" else order).encode()
        _, writer = await stalled_post(server, path, body)
        await until(lambda: bool(house.narrator.begun))
        writer.close()
        await house.nothing_left()
        assert len(house.narrator.begun) <= 3


@pytest.mark.parametrize("path", ["/synthesize", "/audio-stream"])
async def test_a_refusal_names_the_reason(path: str) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(refusal=BadInput("no words")))
    async with opened(house) as server, httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.post(path, json={"text": "..."})
    assert (answer.status_code, answer.json()["detail"]) == (400, "no words")


async def test_a_text_is_streamed_in_the_format_asked_for(server: Opened, web: httpx.AsyncClient) -> None:
    asked: list[tuple[dict[str, str], str, str]] = [
        ({}, "*/*", "audio/wav"),
        ({}, "audio/mpeg", "audio/mpeg"),
        ({"format": "flac"}, "audio/mpeg", "audio/flac"),
    ]
    for order, accept, media_type in asked:
        answer = await web.post("/audio-stream", json={"text": "Hello", **order}, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.content
    assert [narration.request.voice for narration in server.house.narrator.begun] == ["af_heart"] * 3
    refused = await web.post("/audio-stream", json={"text": "Hello", "format": "wma"})
    assert (refused.status_code, set(refused.json())) == (422, {"detail", "code", "retryable"})


async def test_a_stream_leaves_as_it_is_made() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=10_000, chunk_s=0.01))
    async with opened(house) as server, httpx.AsyncClient(base_url=server.address) as web:
        async with web.stream("POST", "/audio-stream", json={"text": "A long one."}) as answer:
            assert (await anext(answer.aiter_raw())).startswith(b"RIFF")
            assert house.narrator.begun[0].given < 10_000
        await house.nothing_left()


@pytest.mark.parametrize("path", ["/inference", "/load", "/synthesize", "/synthesize-batch", "/audio-stream"])
async def test_the_token_is_asked_for_everywhere(path: str) -> None:
    async with opened(token="secret") as server, httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.post(path, json={"text": "Test", "model_path": "ear"})
    assert answer.status_code == 401
