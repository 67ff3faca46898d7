"""The voice API over a WebSocket: recordings and texts in as JSON, words and sound out, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, cast

import structlog
from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from starlette.websockets import WebSocketDisconnect

from syrinx.accounts import Caller, Door, calling
from syrinx.errors import (
    EngineBusy,
    ProtocolViolation,
    RateLimited,
    SyrinxError,
    TooLarge,
    Unauthorized,
    WrongParameter,
)
from syrinx.transports.http.access import caller_of_socket, shut_out
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.uploads import decode_base64_audio
from syrinx.transports.http.voice_transcripts import transcribed
from syrinx.transports.http.voice_wire import SynthesizeOrder
from syrinx.transports.http.whole_speech import synthesized
from syrinx.transports.limits import TokenBucket
from syrinx.transports.origins import origin_allowed
from syrinx.transports.socket_frames import (
    CLOSE_FAULT,
    CLOSE_FLOOD,
    CLOSE_NO_HELLO,
    CLOSE_REFUSED,
    CLOSE_TRY_LATER,
    SocketFrames,
    until_one_ends,
)

log = structlog.get_logger()

PATH: Final = "/api/voice/ws/chat"


_WORTH_A_THREAD: Final = 64 * 1024
"""Longer frames are read beside the loop."""
_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSocketLimits:
    """Past one, an error is sent and the message dropped; the socket lives on."""

    message_chars: int = 12 * 1024 * 1024
    """Of one message, nearly all of it base64: some 9 MB of sound. The server itself cuts sockets past 16 MiB."""
    waiting: int = 8
    """Requests that wait for those before them."""
    waiting_chars: int = 24 * 1024 * 1024
    """Of all of them together."""
    messages_per_s: float = 50.0
    messages_burst: float = 100.0
    refusals_per_s: float = 5.0
    refusals_burst: float = 100.0
    """Refused messages after which the socket is closed."""
    hello_timeout_s: float = 10.0
    sockets: int = 200
    """Open at once; more are refused."""
    send_timeout_s: float = 60.0
    """How long one answer may wait for a client that does not read."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(max_length=_LONGEST_ID)] | int | None = None
    """Of the client's own choice; what answers the message carries it."""


class Ping(_Message):
    type: Literal["ping"]
    t: Annotated[float, Field(allow_inf_nan=False)] | None = None


class Hello(_Message):
    type: Literal["hello"]
    token: str | None = None


class Transcribe(_Message):
    type: Literal["transcribe"]
    audio_base64: str
    language: str | None = None


class Synthesize(_Message, SynthesizeOrder):
    model_config = ConfigDict(extra="forbid", strict=False)

    type: Literal["synthesize"]


_KINDS: Final[dict[str, type[Ping | Hello | Transcribe | Synthesize]]] = {
    "transcribe": Transcribe,
    "synthesize": Synthesize,
    "ping": Ping,
    "hello": Hello,
}
_EXAMPLE: Final = 'a message is a JSON object like {"type": "ping"}'

ChatMessage = Ping | Hello | Transcribe | Synthesize


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """A message that cannot be used; told in its turn, so that answers keep the order of what was asked."""

    error: SyrinxError
    id: str | int | None = None


@dataclass(slots=True)
class _Waiting:
    """What is to be answered, in order, bounded in number and size."""

    queue: asyncio.Queue[tuple[ChatMessage | _Refused, int]] = field(
        default_factory=asyncio.Queue[tuple[ChatMessage | _Refused, int]]
    )
    chars: int = 0


def voice_chat_routes(
    house: SpeechHouse, *, door: Door, origins: Collection[str], limits: ChatSocketLimits | None = None
) -> APIRouter:
    """A token is sent as `Authorization: Bearer ...` or, by pages, which cannot, in a first message
    `{"type": "hello", "token": ...}`."""
    router = APIRouter()
    bounds = limits or ChatSocketLimits()
    places = asyncio.Semaphore(bounds.sockets)

    @router.websocket(PATH)
    async def chat(socket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        if not origin_allowed(socket.headers, listed=origins):
            log.warning("socket refused", reason="origin")
            await socket.close(CLOSE_REFUSED, "this page's origin is not listed in SYRINX_ORIGINS")
            return
        await socket.accept()
        chat = _Chat(house, socket, door, bounds)
        if places.locked():
            await chat.turn_away()
            return
        async with places:
            await chat.run()

    return router


class _Chat:
    """One socket: a task that reads and one that works, so that a long answer holds up no ping."""

    def __init__(self, house: SpeechHouse, socket: WebSocket, door: Door, limits: ChatSocketLimits) -> None:
        self._house = house
        self._socket = socket
        self._frames = SocketFrames(socket, send_timeout_s=limits.send_timeout_s)
        self._door = door
        self._limits = limits
        self._waiting = _Waiting()
        self._messages = TokenBucket(rate_per_s=limits.messages_per_s, burst=limits.messages_burst)
        self._refusals = TokenBucket(rate_per_s=limits.refusals_per_s, burst=limits.refusals_burst)

    async def turn_away(self) -> None:
        """Say that there are too many of these sockets, and close this one."""
        full = RateLimited(f"{self._limits.sockets} sockets are open, more are not taken: come back later")
        with suppress(WebSocketDisconnect):
            await self._frames.send(_error(full, None))
        await self._frames.close(CLOSE_TRY_LATER, "too many sockets")

    async def run(self) -> None:
        """Serve until either side closes; what is being made then is ended."""
        try:
            caller = await self._let_in()
            if caller is not None:
                # What is begun for this socket is on its behalf.
                with calling(caller):
                    await self._serve(caller)
        except WebSocketDisconnect as gone:
            log.debug("socket closed", code=gone.code)
        except Exception:
            await self._frames.close(CLOSE_FAULT, "a fault in the server")
            raise

    async def _serve(self, caller: Caller) -> None:
        """Read and work until one of both ends, or the caller's time is over, and raise what ended it."""
        await until_one_ends(self._read(), self._work(caller), self._until_shut_out(caller))

    async def _let_in(self) -> Caller | None:
        """Who asks; None when that was not shown in time, or may not ask, and the socket was closed."""
        try:
            return await caller_of_socket(self._socket, self._door)
        except Unauthorized:
            pass  # pages cannot send the header: they say it in a first message
        except SyrinxError as refusal:
            await self._frames.send(_error(refusal, None))
            await self._frames.close(CLOSE_TRY_LATER if refusal.retryable else CLOSE_REFUSED, refusal.code)
            return None
        missing = Unauthorized('this server wants a key or token: send {"type": "hello", "token": ...} first')
        try:
            async with asyncio.timeout(self._limits.hello_timeout_s):
                while True:
                    message = await self._message(await self._frame())
                    refused = message if isinstance(message, _Refused) else _Refused(error=missing, id=message.id)
                    if isinstance(message, Hello):
                        try:
                            caller = await caller_of_socket(self._socket, self._door, message.token)
                        except SyrinxError as refusal:
                            refused = _Refused(error=refusal, id=message.id)
                        else:
                            await self._greet(message)
                            return caller
                    if not await self._refuse(refused):
                        return None
        except TimeoutError:
            await self._frames.send(_error(missing, None))
            await self._frames.close(CLOSE_NO_HELLO, "no hello")
            return None

    async def _until_shut_out(self, caller: Caller) -> None:
        over = await shut_out(caller, self._door)
        await self._frames.send(_error(over, None))
        await self._frames.close(CLOSE_REFUSED, over.code)

    async def _greet(self, hello: Hello) -> None:
        await self._frames.send(_named({"type": "ready"}, hello.id))

    # What comes.

    async def _read(self) -> None:
        while True:
            frame = await self._frame()
            message = await self._message(frame)
            match message:
                case Ping():
                    pong = {"type": "pong"} if message.t is None else {"type": "pong", "t": message.t}
                    await self._frames.send(_named(pong, message.id))
                case Hello():
                    await self._greet(message)
                case _:
                    if not await self._queue(message, len(frame)):
                        return

    async def _queue(self, message: Transcribe | Synthesize | _Refused, chars: int) -> bool:
        """Leave it to the other task; False when there were too many refusals and the socket was closed."""
        waiting = self._waiting
        too_many = waiting.queue.qsize() >= self._limits.waiting
        # Of what was refused nothing is kept but the words that say why.
        kept = 0 if isinstance(message, _Refused) else chars
        if too_many or (waiting.chars and waiting.chars + kept > self._limits.waiting_chars):
            busy = RateLimited("too much waits for an answer on this socket: send more when answers have come")
            return await self._refuse(_Refused(error=busy, id=message.id))
        waiting.chars += kept
        waiting.queue.put_nowait((message, kept))
        return True

    async def _frame(self) -> str:
        """Of a binary frame nothing is read: what it would be answered by is the same for all."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text: str | None = received.get("text")
        return "" if text is None else text

    async def _message(self, frame: str) -> ChatMessage | _Refused:
        if len(frame) > self._limits.message_chars:
            most = self._limits.message_chars // (1024 * 1024)
            return _Refused(error=TooLarge(f"a message has at most {most} MiB: send longer recordings over HTTP"))
        if not self._messages.take():
            rate = self._limits.messages_per_s
            return _Refused(error=RateLimited(f"more than {rate:g} messages a second: send fewer"))
        if len(frame) > _WORTH_A_THREAD:
            return await asyncio.to_thread(_understood, frame)
        return _understood(frame)

    # What goes.

    async def _work(self, caller: Caller) -> None:
        while True:
            message, chars = await self._waiting.queue.get()
            try:
                if isinstance(message, _Refused):
                    if not await self._refuse(message):
                        return
                    continue
                answer = await self._answered(message, caller)
            except SyrinxError as error:
                answer = _error(error, message.id)
            finally:
                self._waiting.chars -= chars
            await self._frames.send(answer)

    async def _answered(self, message: ChatMessage, caller: Caller) -> dict[str, Any]:
        match message:
            case Transcribe():
                caller.need("listen")
                most = self._limits.message_chars
                audio = message.audio_base64
                with await asyncio.to_thread(decode_base64_audio, audio, largest_bytes=most) as file:
                    heard = await transcribed(self._house, file, language=message.language or "", user=caller.user)
                return _named({"type": "transcription", **heard.body.model_dump()}, message.id)
            case Synthesize():
                caller.need("speak")
                spoken = await synthesized(self._house, message, user=caller.user)
                facts = spoken.facts
                answer = {
                    "type": "audio",
                    "audio_base64": await asyncio.to_thread(spoken.audio_base64),
                    "duration_seconds": facts.audio_duration_seconds,
                    "sample_rate": facts.audio_sample_rate,
                    **facts.model_dump(include={"voice", "lang_code", "speed", "text_length", "not_applied"}),
                }
                return _named(answer, message.id)
            case _:
                raise ProtocolViolation(f"{message.type} is answered at once")

    async def _refuse(self, refused: _Refused) -> bool:
        if self._refusals.take():
            await self._frames.send(_error(refused.error, refused.id))
            return True
        await self._frames.close(CLOSE_FLOOD, "too many refused messages")
        return False


def _understood(frame: str) -> ChatMessage | _Refused:
    try:
        # Strict where Python's own parser is not: no NaN, no half of a surrogate pair, no bottomless nesting.
        parsed: object = from_json(frame, allow_inf_nan=False)
    except ValueError:
        return _Refused(error=ProtocolViolation(_EXAMPLE))
    if not isinstance(parsed, dict):
        return _Refused(error=ProtocolViolation(_EXAMPLE))
    fields = cast("dict[str, object]", parsed)
    sent_id = fields.get("id")
    known_id = sent_id if isinstance(sent_id, str | int) and len(str(sent_id)) <= _LONGEST_ID else None
    kind = fields.get("type")
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        known = ", ".join(_KINDS)
        return _Refused(error=ProtocolViolation(f"unknown type {str(kind)[:40]!r}: known are {known}"), id=known_id)
    try:
        return model.model_validate(fields)
    except ValidationError as invalid:
        findings = invalid.errors(include_url=False, include_context=False, include_input=False)
        places = [".".join(str(part) for part in finding["loc"])[:60] for finding in findings]
        told = "; ".join(f"{place}: {each['msg']}" for place, each in zip(places[:3], findings, strict=False))
        return _Refused(error=WrongParameter(f"{kind}: {told}", parameter=places[0]), id=known_id)


def _error(error: SyrinxError, message_id: str | int | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "error",
        "message": error.message,
        "code": error.code,
        "retryable": error.retryable,
    }
    if isinstance(error, EngineBusy):
        told["retry_after_s"] = round(error.retry_after_s, 1)
    return _named(told, message_id)


def _named(message: dict[str, Any], message_id: str | int | None) -> dict[str, Any]:
    return message if message_id is None else {**message, "id": message_id}
