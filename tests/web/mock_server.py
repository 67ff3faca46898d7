"""A scripted server for the page's tests: it speaks docs/protocol.md just as far as a test tells it to."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

Message = dict[str, Any]

WEB = Path(__file__).parents[2] / "web"
WAIT_S = 5.0


def character(name: str, colour: str) -> Message:
    return {
        "name": name, "description": "", "scene": "", "persona": "", "voice": None, "speed": 1.0, "colour": colour,
    }  # fmt: skip


def engine(name: str, title: str, **facts: Any) -> Message:
    about: Message = {"remote": False, "available": True, "reason": "", "remedy": "", "chosen": False}
    return {"name": name, "title": title, **about, **facts}


def default_options() -> Message:
    return {
        "version": "0.1.0",
        "voices": [
            {"id": "espeak:en-US+f3", "name": "English (America), f3", "language": "en-US", "gender": "female",
             "engine": "espeak"},
            {"id": "espeak:en-GB", "name": "English (Great Britain)", "language": "en-GB", "gender": "male",
             "engine": "espeak"},
            {"id": "flite:slt", "name": "slt", "language": "en-US", "gender": "female", "engine": "flite"},
            {"id": "espeak:de", "name": "German", "language": "de", "gender": "male", "engine": "espeak"},
            {"id": "espeak:ar", "name": "Arabic", "language": "ar", "gender": "male", "engine": "espeak"},
        ],
        "languages": [
            {"id": "en-US", "hears": True, "speaks": True},
            {"id": "en-GB", "hears": True, "speaks": True},
            {"id": "de", "hears": False, "speaks": True},
            {"id": "ar", "hears": False, "speaks": True},
        ],
        "engines": {
            "stt": [
                engine("pocketsphinx", "PocketSphinx (basic, built in)", chosen=True),
                engine("faster-whisper", "faster-whisper", available=False,
                       reason="The package faster-whisper is not installed.",
                       remedy="syrinx engines install faster-whisper"),
            ],
            "llm": [
                engine("companion", "Companion (a simple script, built in)", chosen=True),
                engine("openai", "OpenRouter", remote=True, destination="openrouter.ai", available=False,
                       reason="No key is set.", remedy="SYRINX_LLM_KEY"),
                engine("ollama", "Ollama on this machine"),
            ],
            "tts": [
                engine("flite", "flite (basic, English)", chosen=True),
                engine("espeak", "espeak-ng (basic, built in)"),
            ],
        },
        "defaults": {"language": "en-US", "voice": None, "tts": "auto", "stt": "auto", "llm": "auto"},
        "limits": {"text_chars": 4000, "characters": 8, "input_sample_rates": [16000]},
    }  # fmt: skip


class MockServer:
    """Runs in a thread of its own; all methods are called from the test's thread.

    Hello is answered with `ready` or refused, and ping is answered with pong; everything else is the test's.
    """

    def __init__(self) -> None:
        self.address = ""
        self.options = default_options()
        self.characters = [character("Ada", "#2f8f76"), character("Ben", "#b8618f")]
        self.token: str | None = None
        self.accept = True
        self.history: list[Message] = []
        self.messages: list[Message] = []
        self.sound: list[tuple[float, bytes]] = []
        self.hellos = 0
        self._socket: WebSocket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = threading.Condition()

    # --- what the test sees ---

    def received(self, kind: str) -> list[Message]:
        with self._changed:
            return [message for message in self.messages if message["type"] == kind]

    def wait_for(self, kind: str, *, count: int = 1, within_s: float = WAIT_S) -> Message:
        """The `count`-th message of that type; fails when it does not come in time."""
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: sum(message["type"] == kind for message in self.messages) >= count, within_s
            )
            kinds = [message["type"] for message in self.messages]
        assert arrived, f"no {kind} number {count} within {within_s} s; there came {kinds}"
        return self.received(kind)[count - 1]

    def sound_frames(self) -> int:
        return len(self.sound)

    # --- what the test does ---

    def send(self, kind: str, **fields: Any) -> None:
        self._do(self._connected().send_text(json.dumps({"type": kind, **fields})))

    def send_sound(self, pcm: bytes) -> None:
        self._do(self._connected().send_bytes(pcm))

    def close(self, code: int) -> None:
        socket = self._connected()
        self._socket = None
        self._do(socket.close(code))

    def state(self, state: str, *, listening: bool) -> None:
        self.send("state", state=state, listening=listening)

    def start_sound(self, turn: int, speaker: str = "Ada") -> None:
        self.send(
            "audio_stream_start", turn=turn, speaker=speaker, format="pcm_s16le", sample_rate=24_000, channels=1
        )  # fmt: skip

    def sentence(
        self, turn: int, index: int, text: str, *, at_ms: float, spoken: bool = True, speaker: str = "Ada"
    ) -> None:
        self.send("sentence", turn=turn, index=index, speaker=speaker, text=text, at_ms=at_ms, spoken=spoken)

    def stop_sound(self, turn: int, reason: str = "finished", *, played_ms: float = 0.0, heard: str = "") -> None:
        self.send("audio_stream_stop", turn=turn, reason=reason, played_ms=played_ms, heard=heard)

    # --- the server itself ---

    def _connected(self) -> WebSocket:
        with self._changed:
            assert self._changed.wait_for(lambda: self._socket is not None, WAIT_S), "the page has not connected"
            assert self._socket is not None
            return self._socket

    def _do(self, coroutine: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S)

    async def _talk(self, socket: WebSocket) -> None:
        self._loop = asyncio.get_running_loop()
        if not self.accept:
            await socket.close(1013)
            return
        await socket.accept()
        try:
            while True:
                frame = await socket.receive()
                if frame["type"] == "websocket.disconnect":
                    break
                if frame.get("bytes") is not None:
                    self.sound.append((time.monotonic(), frame["bytes"]))
                else:
                    await self._take(socket, json.loads(frame["text"]))
        except (WebSocketDisconnect, RuntimeError):
            pass  # the test closed it in between
        with self._changed:
            if self._socket is socket:
                self._socket = None

    async def _take(self, socket: WebSocket, message: Message) -> None:
        if message["type"] == "hello":
            refusal = self._refusal(message)
            if refusal is not None:
                error: Message = {"type": "error", "code": refusal, "message": f"{refusal} it is", "retryable": False}
                await socket.send_text(json.dumps(error))
                with self._changed:
                    self.messages.append(message)
                    self._changed.notify_all()
                await socket.close(4004)
                return
            await socket.send_text(json.dumps(self._ready(message)))
            self.hellos += 1
        elif message["type"] == "ping":
            await socket.send_text(json.dumps({"type": "pong", "t": message.get("t")}))
        with self._changed:
            self.messages.append(message)
            if message["type"] == "hello":
                self._socket = socket
            self._changed.notify_all()

    def _refusal(self, hello: Message) -> str | None:
        """The error code that a server answers this hello with before it closes the socket with 4004."""
        if self.token is not None and hello.get("token") != self.token:
            return "unauthorized"
        if "resume" in hello and hello["resume"] != "secret-1":
            return "not_found"
        if hello.get("voice") not in {None, *(voice["id"] for voice in self.options["voices"])}:
            return "unknown_voice"
        return None

    def _ready(self, hello: Message) -> Message:
        resumed = hello.get("resume") == "secret-1"
        kinds = self.options["engines"].items()
        chosen = {kind: next(one for one in engines if one["chosen"]) for kind, engines in kinds}
        told = ("name", "title", "remote", "destination")
        return {
            "type": "ready", "protocol": 1, "conversation_id": "talk-1", "resume_token": "secret-1",
            "resumed": resumed, "state": "idle", "listening": False, "input_sample_rate": 16_000,
            "output_sample_rate": 24_000, "language": "en-US", "voice": None,
            "characters": hello.get("characters") or self.characters, "speaker": None,
            "barge_in": hello.get("barge_in", False),
            "engines": {kind: {key: one[key] for key in told if key in one} for kind, one in chosen.items()},
            "history": self.history if resumed else [],
        }  # fmt: skip

    async def _options(self, request: Request) -> JSONResponse:
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"error": "unauthorized"}, status_code=401)
        return JSONResponse(self.options)

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/ws", self._talk),
                Route("/api/talk/options", self._options),
                Route("/health", self._health),
                Mount("/", StaticFiles(directory=WEB, html=True)),
            ],
            middleware=[Middleware(GZipMiddleware)],
        )


@contextmanager
def serve(mock: MockServer) -> Generator[str]:
    """Run it on a free loopback port; yields the page's address."""
    config = uvicorn.Config(
        mock.app(), host="127.0.0.1", port=0, log_level="warning", ws="websockets-sansio", lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + WAIT_S
    while not server.started:
        assert time.monotonic() < deadline, "the mock server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
