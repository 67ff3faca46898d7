"""A scripted server for the page's tests: it speaks docs/protocol.md just as far as a test tells it to."""

from __future__ import annotations

import asyncio
import gzip
import json
import mimetypes
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from .mock_people import MockPeople
from .mock_speech import MockSpeech
from .mock_talks import MockTalks
from .mock_voices import MockVoices

Message = dict[str, Any]

WEB = Path(__file__).parents[2] / "web"
WAIT_S = 15.0


def character(name: str, colour: str) -> Message:
    return {
        "name": name, "description": "", "scene": "", "persona": "", "voice": None, "speed": 1.0, "colour": colour,
    }  # fmt: skip


def engine(name: str, title: str, **facts: Any) -> Message:
    about: Message = {"remote": False, "available": True, "reason": "", "remedy": "", "chosen": False}
    return {"name": name, "title": title, **about, **facts}


def model(name: str, title: str, kind: str = "stt", **facts: Any) -> Message:
    about: Message = {
        "name": name, "engine": {"stt": "whisper", "tts": "kokoro", "llm": "local"}[kind], "kind": kind,
        "title": title, "good_for": "Understands you well on most laptops.", "languages": ["en"],
        "size_bytes": 148_000_000, "memory_bytes": 400_000_000,
        "licence": {"id": "MIT", "name": "MIT licence", "url": "https://mit.example", "summary": "Free for any use."},
        "repository": f"Systran/{name}", "revision": "main", "preference": 60, "state": "available", "progress": None,
        "failure": None, "problem": "", "partial_bytes": 0, "in_use": False, "adopted": False, "ability": None,
        "measuring": False, "recommended": False,
    }  # fmt: skip
    return {**about, **facts}


def default_models() -> list[Message]:
    return [
        model("whisper-tiny", "Whisper tiny", size_bytes=75_500_000, preference=50),
        model("whisper-base", "Whisper base", recommended=True,
              languages=["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ar", "zh", "ja"]),
        model("whisper-small", "Whisper small", size_bytes=486_000_000, preference=70),
        model("whisper-medium", "Whisper medium", size_bytes=1_530_000_000, preference=80),
        model("kokoro", "Kokoro", "tts", good_for="Speaks naturally.", recommended=True, size_bytes=354_000_000),
        model("qwen2.5-0.5b", "Qwen 2.5 0.5B", "llm", good_for="Small talk without a network.", preference=30,
              size_bytes=790_000_000),
    ]  # fmt: skip


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
        "limits": {"text_chars": 4000, "characters": 8, "input_sample_rates": [16000],
                   "speech_chars": 20_000, "upload_bytes": 100_000_000},
        "formats": ["mp3", "opus", "aac", "flac", "wav", "pcm"],
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
        self.models: Message = {
            "models": default_models(), "folder": "/home/me/.local/share/syrinx/models",
            "free_bytes": 123_000_000_000, "hub": "https://huggingface.co", "offline": False,
        }  # fmt: skip
        self.models_asked: list[tuple[str, str, Message | None]] = []
        """Method, path and body of every question about models, in order."""
        self.refusal: tuple[int, Message] | None = None
        """What the next request that would change a model is answered with."""
        self.verification: Message = {"ok": True, "problems": []}
        self.speech = MockSpeech()
        self.voices = MockVoices()
        self.people = MockPeople()
        self.talks = MockTalks()
        self.slow_to_be_ready = False
        self.new_talk = "talk-1"
        """The id of the next talk that begins."""
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

    def asked(self, method: str) -> list[tuple[str, Message | None]]:
        return [(path, body) for verb, path, body in list(self.models_asked) if verb == method]

    # --- what the test does ---

    def model(self, name: str) -> Message:
        """The model as it will be told next; change it in place."""
        return next(one for one in self.models["models"] if one["name"] == name)

    def pulling(self, name: str, done_bytes: int, stage: str = "downloading") -> None:
        total = self.model(name)["size_bytes"]
        progress = {"stage": stage, "done_bytes": done_bytes, "total_bytes": total, "bytes_per_s": 3.1e6,
                    "seconds_left": (total - done_bytes) / 3.1e6}  # fmt: skip
        self.model(name).update(state="pulling", progress=progress, partial_bytes=0)

    def stop(self, name: str, failure: Message | None = None) -> None:
        """The pull ends where it is; what was fetched stays."""
        part = self.model(name)["progress"]["done_bytes"]
        self.model(name).update(state="available", progress=None, partial_bytes=part, failure=failure)

    def install(self, name: str, **facts: Any) -> None:
        self.model(name).update(state="installed", progress=None, failure=None, **facts)

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

    def start_sound(self, turn: int, speaker: str = "Ada", **facts: Any) -> None:
        about: Message = {"format": "pcm_s16le", "sample_rate": 24_000, "channels": 1, **facts}
        self.send("audio_stream_start", turn=turn, speaker=speaker, **about)

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
                self._note(message)
                await socket.close(4004)
                return
            if self.slow_to_be_ready:
                self._note({**message, "type": "hello, unanswered"})
            while self.slow_to_be_ready:  # noqa: ASYNC110 - the test, in another thread, sets it
                await asyncio.sleep(0.02)
            await socket.send_text(json.dumps(self._ready(message)))
            self.hellos += 1
        elif message["type"] == "ping":
            await socket.send_text(json.dumps({"type": "pong", "t": message.get("t")}))
        with self._changed:
            if message["type"] == "hello":
                self._socket = socket
            self._note(message)

    def _note(self, message: Message) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def _refusal(self, hello: Message) -> str | None:
        """The error code that a server answers this hello with before it closes the socket with 4004."""
        if self.token is not None and hello.get("token") != self.token:
            return "unauthorized"
        if "resume" in hello and hello["resume"] != "secret-1":
            return "not_found"
        if "resume" not in hello and "conversation_id" in hello and self._kept(hello) is None:
            return "not_found"
        if hello.get("voice") not in {None, *(voice["id"] for voice in self.options["voices"])}:
            return "unknown_voice"
        return None

    def _kept(self, hello: Message) -> Message | None:
        """The kept talk that it wants to go on with."""
        wanted = hello.get("conversation_id")
        return next((one for one in self.talks.kept if one["conversation_id"] == wanted), None)

    def _ready(self, hello: Message) -> Message:
        resumed = hello.get("resume") == "secret-1"
        kept = None if resumed else self._kept(hello)
        if kept is not None:
            self.history = kept["messages"]
        kinds = self.options["engines"].items()
        chosen = {kind: next(one for one in engines if one["chosen"]) for kind, engines in kinds}
        told = ("name", "title", "remote", "destination")
        return {
            "type": "ready", "protocol": 1,
            "conversation_id": hello["conversation_id"] if resumed or kept else self.new_talk,
            "resume_token": "secret-1", "resumed": resumed or kept is not None,
            "resumed_from": "talk" if resumed else "history" if kept else "",
            "kept": hello.get("keep", True), "state": "idle", "listening": False, "input_sample_rate": 16_000,
            "output_sample_rate": 24_000, "language": "en-US", "voice": None,
            "characters": hello.get("characters") or self.characters, "speaker": None,
            "barge_in": hello.get("barge_in", False),
            "engines": {kind: {key: one[key] for key in told if key in one} for kind, one in chosen.items()},
            "history": self.history if resumed or kept else [],
        }  # fmt: skip

    async def _options(self, request: Request) -> JSONResponse:
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"error": "unauthorized"}, status_code=401)
        return JSONResponse(self.options)

    async def _models(self, request: Request) -> JSONResponse:
        """The models' routes; a refusal that the test has set is answered once."""
        body = await request.json() if await request.body() else None
        self.models_asked.append((request.method, request.url.path, body))
        if request.method == "GET":
            return JSONResponse(self.models)
        if self.refusal is not None:
            (status, error), self.refusal = self.refusal, None
            return JSONResponse(error, status_code=status)
        name = request.path_params["name"]
        verb = (request.method, request.url.path.rsplit("/", 1)[1])
        if verb == ("POST", "verify"):
            return JSONResponse(self.verification)
        if verb == ("POST", "pull"):
            self.pulling(name, self.model(name)["partial_bytes"])
        elif verb == ("DELETE", "pull"):
            self.stop(name)
        else:
            self.model(name).update(state="available", ability=None, in_use=False)
        return JSONResponse(self.model(name), status_code=202 if request.method == "POST" else 200)

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/ws", self._talk),
                Route("/api/talk/options", self._options),
                Route("/api/models", self._models),
                Route("/api/models/{name}", self._models, methods=["DELETE"]),
                Route("/api/models/{name}/pull", self._models, methods=["POST", "DELETE"]),
                Route("/api/models/{name}/verify", self._models, methods=["POST"]),
                *self.speech.routes(),
                *self.voices.routes(),
                *self.people.routes(),
                *self.talks.routes(),
                Route("/health", self._health),
                Mount("/", page_files),
            ],
        )


@cache
def compressed(path: str) -> bytes:
    return gzip.compress((WEB / path).read_bytes())


async def page_files(scope: Scope, receive: Receive, send: Send) -> None:
    """The page from memory: every test loads all of it."""
    path = str(scope["path"]).lstrip("/") or "index.html"
    if not (WEB / path).is_file():
        await Response(status_code=404)(scope, receive, send)
        return
    media_type = mimetypes.guess_type(path)[0]
    answer = Response(
        compressed(path), media_type=media_type, headers={"Content-Encoding": "gzip", "Cache-Control": "max-age=3600"}
    )
    await answer(scope, receive, send)


class Stage:
    """One listening server for all tests; whose mock answers is set by each."""

    def __init__(self) -> None:
        self.address = ""
        self._app: ASGIApp = page_files

    def play(self, mock: MockServer) -> None:
        mock.address = self.address
        self._app = mock.app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@contextmanager
def open_stage() -> Generator[Stage]:
    """On a free loopback port."""
    stage = Stage()
    config = uvicorn.Config(
        stage, host="127.0.0.1", port=0, log_level="warning", ws="websockets-sansio", lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + WAIT_S
    while not server.started:
        assert time.monotonic() < deadline, "the mock server did not start"
        time.sleep(0.01)
    stage.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    try:
        yield stage
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
