"""Spoken messages: understood, answered, spoken and kept, as clients of the voice chat guide send and read them."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

import httpx
import pytest
from tests.databases import sqlite_database
from tests.transports.kept_talks import KeptTalks, KeyDoor, kept_talks, key, talking_engines
from tests.transports.speech_house import ScriptedHouse, recording, until
from tests.transports.test_openapi import has_example, operations

from syrinx.audio import read_wav
from syrinx.audio.synthetic_mark import read_mark
from syrinx.errors import EngineBusy, EngineError, EngineUnavailable
from syrinx.storage import Database
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_speech import ScriptedNarrator, ScriptedTranscriber

__all__ = ["sqlite_database"]

PATH = "/api/messages/voice"
FIELDS = {
    "id", "conversation_id", "kept_as", "user_id", "role", "message_type", "text", "created_at", "metadata",
    "assistant_response", "assistant_audio", "assistant_audio_sample_rate", "assistant_audio_duration_seconds",
    "assistant_voice", "assistant_voice_match",
}  # fmt: skip


async def send(server: KeptTalks, *, sound: bytes | None = None, headers: Any = None, **query: str) -> httpx.Response:
    files = {"file": ("message.wav", recording() if sound is None else sound, "audio/wav")}
    return await server.web.post(PATH, params=query, files=files, headers=headers)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"detail", "code", "retryable"}
    assert body["code"] == code
    return body["detail"]


def heard_by_the_model(server: KeptTalks) -> list[str]:
    return [message.text for message in server.engines.llm_engine.requests[-1].messages][1:]


async def test_a_message_is_answered_in_writing_and_in_sound_and_kept(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        answer = await send(server, language="en")
        assert answer.status_code == 200
        message = answer.json()
        assert set(message) == FIELDS
        assert (message["role"], message["message_type"], message["text"]) == ("user", "voice", "hello there")
        transcription = message["metadata"]["transcription"]
        assert set(transcription) == {"text", "language", "confidence", "duration_seconds", "model"}
        assert transcription["duration_seconds"] == pytest.approx(3.0, abs=0.05)
        assert message["assistant_response"]["text"] == "You said hello there."
        assert message["assistant_response"]["is_language_model"] is True
        assert read_mark(io.BytesIO(base64.b64decode(message["assistant_audio"]))) is not None
        clip = read_wav(base64.b64decode(message["assistant_audio"]))
        assert clip.sample_rate_hz == message["assistant_audio_sample_rate"]
        assert clip.duration_ms == pytest.approx(1000 * message["assistant_audio_duration_seconds"], abs=1)
        assert clip.duration_ms == pytest.approx(1000, abs=1)
        assert answer.headers["x-syrinx-synthetic"] == "true"
        (narrated,) = server.house.narrator.begun
        assert (narrated.request.text, narrated.request.language) == ("You said hello there.", "en")
        kept = (await server.web.get(f"/api/conversations/{message['conversation_id']}")).json()
        assert [(each["message_id"], each["text"], each["heard"]) for each in kept["messages"]] == [
            (message["id"], "hello there", "hello there"),
            (message["assistant_response"]["id"], "You said hello there.", "You said hello there."),
        ]
        assert kept["title"] == "hello there"


async def test_the_next_message_is_answered_by_what_is_remembered(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        first = (await send(server)).json()
        second = (await send(server, conversation_id=first["conversation_id"])).json()
        assert second["conversation_id"] == second["kept_as"] == first["conversation_id"]
        assert heard_by_the_model(server) == ["hello there", "You said hello there.", "hello there"]
        assert [each[:2] for each in await server.said(first["conversation_id"])] == [
            (1, "user"),
            (1, "assistant"),
            (2, "user"),
            (2, "assistant"),
        ]


async def test_clients_may_call_their_conversations_as_they_like(sqlite_database: Database) -> None:
    """ASVS 5.0 V8.2.2: the same name is another conversation for another user, and tells nothing of theirs."""
    async with kept_talks(sqlite_database, door=KeyDoor()) as server:
        anns = [(await send(server, headers=key("ann"), conversation_id="chat 42/a")).json() for _ in range(2)]
        assert {each["conversation_id"] for each in anns} == {"chat 42/a"}
        (listed,) = await server.list(headers=key("ann"))
        assert (listed["conversation_id"], listed["message_count"]) == (anns[0]["kept_as"], 4)
        for named in ("chat 42/a", listed["conversation_id"]):
            bobs = (await send(server, headers=key("bob"), conversation_id=named)).json()
            assert heard_by_the_model(server) == ["hello there"]
            assert bobs["kept_as"] != listed["conversation_id"]
        assert (await server.list(headers=key("ann")))[0]["message_count"] == 4
        by_id = (await send(server, headers=key("ann"), conversation_id=listed["conversation_id"])).json()
        assert by_id["kept_as"] == listed["conversation_id"]


async def test_only_an_operator_sends_messages_for_another(sqlite_database: Database) -> None:
    """ASVS 5.0 V8.3.1: who may act for whom is decided by the server, not by what a request says."""
    async with kept_talks(sqlite_database, door=KeyDoor()) as server:
        assert (await send(server, headers=key("ann"), user_id="ann")).json()["user_id"] == "ann"
        told = refused(await send(server, headers=key("bob"), user_id="ann"), 403, "forbidden")
        assert "user_id" in told
        assert (await send(server, headers=key("root"), user_id="ann")).json()["user_id"] == "ann"
        assert len(await server.list(headers=key("ann"))) == 2
        assert await server.list(headers=key("root")) == await server.list(headers=key("bob")) == []
        refused(await send(server, headers=key("root"), user_id="../x"), 400, "bad_input")
        refused(await send(server), 401, "unauthorized")
        refused(await send(server, headers=key("ear")), 403, "forbidden")


async def test_nothing_understood_is_a_422_and_keeps_nothing(sqlite_database: Database) -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(words=()))
    async with kept_talks(sqlite_database, house=house) as server:
        told = refused(await send(server), 422, "nothing_understood")
        assert "no words were understood" in told
        assert await server.list() == []
        assert server.engines.llm_engine.requests == []


async def test_where_the_language_model_fails_what_was_said_is_kept(sqlite_database: Database) -> None:
    engines = talking_engines()
    engines.llm_engine = ScriptedLlm((LlmScript(failure="raises"), saying("Yes.")))
    async with kept_talks(sqlite_database, engines=engines) as server:
        refused(await send(server, conversation_id="mine"), 500, "engine_failed")
        (listed,) = await server.list()
        assert await server.said(listed["conversation_id"]) == [(1, "user", "hello there")]
        engines.unavailable["llm"] = EngineUnavailable("no model is configured")
        refused(await send(server, conversation_id="mine"), 503, "engine_unavailable")
        engines.unavailable.clear()
        assert (await send(server, conversation_id="mine")).status_code == 200
        assert heard_by_the_model(server) == ["hello there\nhello there\nhello there"]


async def test_an_empty_reply_is_an_error(sqlite_database: Database) -> None:
    engines = talking_engines()
    engines.llm_engine = ScriptedLlm((saying(" \n "),))
    async with kept_talks(sqlite_database, engines=engines) as server:
        assert "answered nothing" in refused(await send(server), 500, "engine_empty")


async def test_a_reply_that_could_not_be_spoken_is_kept_and_not_taken_for_heard(sqlite_database: Database) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("the voice broke off")))
    async with kept_talks(sqlite_database, house=house) as server:
        refused(await send(server, conversation_id="mine"), 500, "engine_failed")
        house.narrator.error = None
        house.narrator.refusal = EngineBusy("tones is busy", retry_after_s=3.0)
        busy = await send(server, conversation_id="mine")
        refused(busy, 429, "engine_busy")
        assert busy.headers["retry-after"] == "3"
        (listed,) = await server.list()
        assert [each[1:] for each in await server.said(listed["conversation_id"])] == [
            ("user", "hello there"),
            ("assistant", ""),
        ] * 2
        assert heard_by_the_model(server) == ["hello there\nhello there"]


async def test_a_reply_ends_with_the_sentence_that_makes_it_long(sqlite_database: Database) -> None:
    engines = talking_engines()
    engines.llm_engine = ScriptedLlm((saying("[Syrinx] " + "This is one of very many sentences. " * 1000),))
    async with kept_talks(sqlite_database, engines=engines) as server:
        text = (await send(server)).json()["assistant_response"]["text"]
        assert 2000 <= len(text) < 2300
        assert text.startswith("This is one")
        assert text.endswith("sentences.")


@pytest.mark.parametrize("leaves_while", ["hearing", "thinking", "speaking"])
async def test_a_client_that_leaves_ends_the_work_and_what_it_said_is_kept(
    sqlite_database: Database, leaves_while: str
) -> None:
    house, engines = ScriptedHouse(), talking_engines()
    match leaves_while:
        case "hearing":
            house.media.chunk_s = 0.2
        case "thinking":
            engines.llm_engine = ScriptedLlm((LlmScript(failure="hangs"),))
        case _:
            house.narrator.chunk_s = 5.0

    def busy() -> int:
        return {
            "hearing": house.transcriber.active,
            "thinking": engines.llm_engine.active,
            "speaking": len(house.narrator.begun),
        }[leaves_while]

    async with kept_talks(sqlite_database, house=house, engines=engines) as server:
        sending = asyncio.create_task(send(server, conversation_id="mine"))
        await until(lambda: bool(busy()))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await house.nothing_left()
        await until(lambda: not engines.leases)
        listed = await server.list()
        kept = await server.said(listed[0]["conversation_id"]) if listed else []
        assert [each[1:] for each in kept] == {
            "hearing": [],
            "thinking": [("user", "hello there")],
            "speaking": [("user", "hello there"), ("assistant", "")],
        }[leaves_while]


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"files": {"file": ("x.wav", b"no sound at all")}}, 400, "no sound that can be read"),
        ({"files": {"audio": ("x.wav", b"RIFF")}}, 400, "'file'"),
        ({"files": {"file": ("x.wav", b"RIFF")}, "data": {"language": "en"}}, 400, "there is no field 'language'"),
        ({"json": {"audio_base64": "UklGRg"}}, 400, "multipart/form-data"),
        ({"files": {"file": ("x.wav", recording())}, "params": {"language": "en us!"}}, 400, "language"),
        ({"files": {"file": ("x.wav", recording())}, "params": {"conversation_id": ""}}, 422, "conversation_id"),
        ({"files": {"file": ("x.wav", recording())}, "params": {"conversation_id": "x" * 201}}, 422, "conversation_id"),
        ({"files": {"file": ("x.wav", recording())}, "headers": {"Origin": "https://evil.example"}}, 403, "evil"),
    ],
)
async def test_what_cannot_be_is_refused_and_keeps_nothing(
    sqlite_database: Database, sent: dict[str, Any], status: int, told: str
) -> None:
    async with kept_talks(sqlite_database) as server:
        answer = await server.web.post(PATH, **sent)
        assert answer.status_code == status
        assert told in answer.json()["detail"]
        assert await server.list() == []


async def test_a_voice_that_is_named_answers(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        message = (await send(server, voice="tenor")).json()
        assert message["assistant_voice"] == "tenor"
        assert server.house.narrator.begun[0].request.language is None


@pytest.mark.docs
async def test_the_route_shows_what_it_answers(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        document = (await server.web.get("/openapi.json")).json()
    operation = dict(operations(document))[f"POST {PATH}"]
    for status, answer in operation["responses"].items():
        for media in answer.get("content", {}).values():
            assert status == "422" or has_example(document, media), status
