"""The voice API over a WebSocket, as its clients speak it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.transports.speech_house import ScriptedHouse, ScriptedMedia, SpeechServer, recording, speech_server, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from syrinx.accounts import OPEN_CALLER, Caller, Door, door_of
from syrinx.audio import read_wav
from syrinx.errors import EngineBusy, EngineError, SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.speech.narration import NarrationRequest
from syrinx.testing.fake_speech import ScriptedNarration, ScriptedNarrator, ScriptedTranscriber
from syrinx.transports.http import access
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_chat_socket import ChatSocketLimits, voice_chat_routes

TOKEN = "sesame"
PING = '{"type": "ping"}'


class Chat:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def answer(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return json.loads(await self.socket.recv())

    async def ask(self, **message: Any) -> dict[str, Any]:
        await self.send(**message)
        return await self.answer()

    async def lives(self) -> bool:
        return await self.ask(type="ping") == {"type": "pong"}

    async def closed(self) -> int | None:
        with pytest.raises(ConnectionClosed) as closed:
            await self._read_on()
        return closed.value.rcvd.code if closed.value.rcvd else None

    async def _read_on(self) -> None:
        async with asyncio.timeout(10):
            while True:
                await self.socket.recv()


@asynccontextmanager
async def chat_server(
    house: ScriptedHouse | None = None, *, token: str | None = None, door: Door | None = None, **limits: Any
) -> AsyncGenerator[SpeechServer]:
    def routes(house: SpeechHouse) -> Any:
        return voice_chat_routes(
            house, door=door or door_of(token), origins={"https://app.example"}, limits=ChatSocketLimits(**limits)
        )

    async with speech_server(routes, house=house) as server:
        yield server


@asynccontextmanager
async def chatting(server: SpeechServer, **headers: str) -> AsyncGenerator[Chat]:
    address = f"ws://127.0.0.1:{server.port}/api/voice/ws/chat"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with connect(address, additional_headers=named, proxy=None, max_size=None) as socket:
        yield Chat(socket)


@pytest.fixture
async def chat() -> AsyncGenerator[Chat]:
    async with chat_server() as server, chatting(server) as chat:
        yield chat


def audio(**wanted: float) -> str:
    return base64.b64encode(recording(**wanted)).decode()  # pyright: ignore[reportArgumentType]


async def test_a_recording_is_answered_by_its_words(chat: Chat) -> None:
    assert await chat.ask(type="transcribe", audio_base64=audio(), language="en") == {
        "type": "transcription",
        "text": "hello there",
        "language": "en",
        "confidence": 0.9,
        "duration_seconds": 3.0,
        "model": "ear",
    }


async def test_a_text_is_answered_by_its_sound(chat: Chat) -> None:
    text = "Hello, this is a test"
    answer = await chat.ask(type="synthesize", text=text, voice="af_heart", lang_code="a", speed=1.0)
    assert read_wav(base64.b64decode(answer.pop("audio_base64"))).duration_ms == 1000.0
    assert answer == {
        "type": "audio",
        "duration_seconds": 1.0,
        "sample_rate": 24_000,
        "voice": "af_heart",
        "lang_code": "a",
        "speed": 1.0,
        "text_length": 21,
        "not_applied": [],
    }


async def test_a_ping_is_answered_by_a_pong_with_what_it_carried(chat: Chat) -> None:
    assert await chat.ask(type="ping") == {"type": "pong"}
    assert await chat.ask(type="ping", t=3.5, id="a") == {"type": "pong", "t": 3.5, "id": "a"}


async def test_answers_carry_the_id_of_what_they_answer(chat: Chat) -> None:
    assert (await chat.ask(type="synthesize", text="Hi", id="first"))["id"] == "first"
    assert (await chat.ask(type="transcribe", audio_base64=audio(), id=2))["id"] == 2
    assert (await chat.ask(type="transcribe", audio_base64="?", id=3))["id"] == 3
    assert (await chat.ask(type="synthesize", id=4))["id"] == 4
    assert (await chat.ask(type="sing", id=5))["id"] == 5


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        ("", "protocol", "JSON object"),
        ("{", "protocol", "JSON object"),
        ("[]", "protocol", "JSON object"),
        ("7", "protocol", "JSON object"),
        ('"ping"', "protocol", "JSON object"),
        ('{"type": "synthesize", "text": "x", "speed": NaN}', "protocol", "JSON object"),
        ("[" * 100_000, "protocol", "JSON object"),
        (b"\x00\x01", "protocol", "JSON object"),
        ("{}", "protocol", "transcribe, synthesize, ping, hello"),
        ('{"type": 7}', "protocol", "unknown type '7'"),
        ('{"type": "sing"}', "protocol", "unknown type 'sing'"),
        ('{"type": "synthesize"}', "bad_input", "synthesize: text"),
        ('{"type": "synthesize", "text": ""}', "bad_input", "synthesize: text"),
        ('{"type": "synthesize", "text": "x", "speed": 3}', "bad_input", "synthesize: speed"),
        ('{"type": "synthesize", "text": "x", "lang_code": "q"}', "bad_input", "synthesize: lang_code"),
        ('{"type": "synthesize", "text": "x", "pitch": 3}', "bad_input", "synthesize: pitch"),
        ('{"type": "synthesize", "text": "x", "voice": "celeste", "lang_code": "a"}', "bad_input", "fr-FR"),
        ('{"type": "transcribe"}', "bad_input", "transcribe: audio_base64"),
        ('{"type": "transcribe", "audio_base64": 7}', "bad_input", "transcribe: audio_base64"),
        ('{"type": "transcribe", "audio_base64": ""}', "bad_input", "empty"),
        ('{"type": "transcribe", "audio_base64": "??"}', "bad_input", "base64"),
        ('{"type": "transcribe", "audio_base64": "bm8gc291bmQ="}', "bad_audio", "no sound"),
        ('{"type": "transcribe", "audio_base64": "bm8=", "language": "??"}', "bad_input", "language"),
        ('{"type": "ping", "id": {}}', "bad_input", "ping: id"),
        ('{"type": "ping", "more": 1}', "bad_input", "ping: more"),
        ('{"type": "ping", "t": 1e400}', "bad_input", "ping: t"),
    ],
)
async def test_what_cannot_be_used_is_answered_by_an_error_and_the_socket_lives_on(
    chat: Chat, message: str | bytes, code: str, says: str
) -> None:
    await chat.socket.send(message)
    answer = await chat.answer()
    assert (answer["type"], answer["code"], answer["retryable"]) == ("error", code, False)
    assert says in answer["message"]
    assert await chat.lives()


async def test_a_message_that_is_too_long_is_answered_and_the_socket_lives_on() -> None:
    async with chat_server(message_chars=1000) as server, chatting(server) as chat:
        answer = await chat.ask(type="transcribe", audio_base64="A" * 1000)
        assert (answer["type"], answer["code"]) == ("error", "too_large")
        assert await chat.lives()


@pytest.mark.parametrize(
    "error", [UnknownLanguage("no xx"), EngineError("broken"), EngineBusy("busy", retry_after_s=2.0)]
)
async def test_an_ear_that_fails_is_told_and_the_socket_lives_on(error: SyrinxError) -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(error=error))
    async with chat_server(house) as server, chatting(server) as chat:
        answer = await chat.ask(type="transcribe", audio_base64=audio())
        assert (answer["type"], answer["code"], answer["message"]) == ("error", error.code, error.message)
        assert answer["retryable"] is error.retryable
        assert answer.get("retry_after_s") == (2.0 if isinstance(error, EngineBusy) else None)
        assert await chat.lives()


async def test_a_voice_that_breaks_off_is_told_and_the_socket_lives_on() -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("it broke")))
    async with chat_server(house) as server, chatting(server) as chat:
        assert (await chat.ask(type="synthesize", text="Hi"))["message"] == "it broke"
        assert await chat.lives()
        assert house.at_work == 0


class Gated(ScriptedNarrator):
    """Begins to speak when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.asked: list[str] = []

    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        self.asked.append(request.text)
        if request.text == "slow":
            await self.gate.wait()
        if request.text == "unknown":
            raise UnknownVoice("nobody")
        return await super().__call__(request)


async def test_answers_come_in_order_and_a_slow_one_holds_up_no_ping() -> None:
    narrator = Gated()
    async with chat_server(ScriptedHouse(narrator=narrator)) as server, chatting(server) as chat:
        for place, text in enumerate(("slow", "quick", "unknown", "")):
            await chat.send(type="synthesize", text=text, id=place)
        await chat.send(type="transcribe", audio_base64=audio(), id=4)
        assert await chat.ask(type="ping", id="ping") == {"type": "pong", "id": "ping"}
        assert narrator.asked == ["slow"]
        narrator.gate.set()
        answers = [await chat.answer() for _ in range(5)]
        assert [answer["id"] for answer in answers] == [0, 1, 2, 3, 4]
        assert [answer["type"] for answer in answers] == ["audio", "audio", "error", "error", "transcription"]


async def test_no_more_waits_than_is_allowed() -> None:
    narrator = Gated()
    async with chat_server(ScriptedHouse(narrator=narrator), waiting=2) as server, chatting(server) as chat:
        await chat.send(type="synthesize", text="slow", id=0)
        await until(lambda: bool(narrator.asked))
        for place in (1, 2, 3):
            await chat.send(type="synthesize", text="quick", id=place)
        answer = await chat.answer()
        assert (answer["id"], answer["code"], answer["retryable"]) == (3, "rate_limited", True)
        narrator.gate.set()
        assert [(await chat.answer())["id"] for _ in range(3)] == [0, 1, 2]
        assert (await chat.ask(type="synthesize", text="quick", id=4))["type"] == "audio"


async def test_no_larger_recordings_wait_than_is_allowed() -> None:
    narrator = Gated()
    sound = audio(duration_ms=1000.0)
    async with (
        chat_server(ScriptedHouse(narrator=narrator), waiting_chars=round(2.5 * len(sound))) as server,
        chatting(server) as chat,
    ):
        await chat.send(type="synthesize", text="slow", id=0)
        for place in (1, 2, 3):
            await chat.send(type="transcribe", audio_base64=sound, id=place)
        assert (await chat.answer())["id"] == 3
        narrator.gate.set()
        assert [(await chat.answer())["id"] for _ in range(3)] == [0, 1, 2]
        assert (await chat.ask(type="transcribe", audio_base64=sound, id=4))["type"] == "transcription"


@pytest.mark.parametrize("kind", ["synthesize", "transcribe"])
async def test_a_client_that_leaves_ends_what_is_being_made(kind: str) -> None:
    house = ScriptedHouse(
        narrator=ScriptedNarrator(chunks=10_000, chunk_s=0.01), media=ScriptedMedia(chunk_ms=10.0, chunk_s=0.05)
    )
    fields = {"text": "Hi"} if kind == "synthesize" else {"audio_base64": audio()}
    async with chat_server(house) as server:
        async with chatting(server) as chat:
            await chat.send(type=kind, **fields)
            await until(lambda: house.at_work > 0)
        await house.nothing_left()


async def test_who_sends_nothing_but_nonsense_is_closed() -> None:
    async with chat_server(refusals_burst=3.0, refusals_per_s=0.001) as server, chatting(server) as chat:
        for _ in range(5):
            await chat.socket.send("nonsense")
        assert await chat.closed() == 4008


async def test_who_sends_too_fast_is_told() -> None:
    async with chat_server(messages_burst=2.0, messages_per_s=0.001) as server, chatting(server) as chat:
        assert await chat.lives()
        assert await chat.lives()
        answer = await chat.ask(type="ping")
        assert (answer["type"], answer["code"], answer["retryable"]) == ("error", "rate_limited", True)


# Trust.


async def test_the_token_comes_in_a_header() -> None:
    async with chat_server(token=TOKEN) as server, chatting(server, Authorization=f"Bearer {TOKEN}") as chat:
        assert await chat.lives()


async def test_pages_send_the_token_in_a_first_message() -> None:
    async with chat_server(token=TOKEN) as server, chatting(server) as chat:
        for message in (PING, '{"type": "synthesize", "text": "Hi"}', '{"type": "hello", "token": "wrong"}', "{"):
            await chat.socket.send(message)
            assert (await chat.answer())["type"] == "error"
        assert not server.house.narrator.begun
        assert await chat.ask(type="hello", token=TOKEN) == {"type": "ready"}
        assert (await chat.ask(type="synthesize", text="Hi"))["type"] == "audio"


async def test_who_shows_no_token_in_time_is_closed() -> None:
    async with chat_server(token=TOKEN, hello_timeout_s=0.05) as server, chatting(server) as chat:
        assert (await chat.answer())["code"] == "unauthorized"
        assert await chat.closed() == 4002


async def test_a_hello_is_welcome_where_no_token_is_wanted(chat: Chat) -> None:
    assert await chat.ask(type="hello", id=1) == {"type": "ready", "id": 1}


async def test_pages_of_other_origins_are_refused_and_listed_ones_not() -> None:
    async with chat_server() as server:
        with pytest.raises(InvalidStatus):
            async with chatting(server, Origin="https://evil.example"):
                pass
        async with chatting(server, Origin="https://app.example") as chat:
            assert await chat.lives()


async def test_a_user_that_cannot_be_one_is_refused() -> None:
    async with chat_server() as server, chatting(server, X_Syrinx_User="no/user") as chat:
        assert (await chat.answer())["code"] == "bad_input"
        assert await chat.closed() == 4004


async def test_no_more_sockets_are_open_than_is_allowed_and_one_that_closes_makes_room() -> None:
    async with chat_server(sockets=1) as server:
        async with chatting(server) as first:
            assert await first.lives()
            async with chatting(server) as second:
                assert (await second.answer())["code"] == "rate_limited"
                assert await second.closed() == 1013
            assert await first.lives()
        await until(lambda: server.house.at_work == 0)
        async with asyncio.timeout(10):
            while True:
                async with chatting(server) as third:
                    if (await third.ask(type="ping")) == {"type": "pong"}:
                        break


class _DoorThatCloses:
    """Lets everybody in, and would not again."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        del credential, on_behalf_of
        return OPEN_CALLER

    async def still_opens(self, caller: Caller) -> bool:
        return caller != OPEN_CALLER


async def test_it_ends_with_the_key_that_it_was_opened_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOKED_AGAIN_S", 0.05)
    async with chat_server(door=_DoorThatCloses()) as server, chatting(server) as chat:
        refused = await chat.answer()
        assert (refused["type"], refused["code"]) == ("error", "unauthorized")
        assert await chat.closed() == 4004
