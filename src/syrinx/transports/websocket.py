"""The realtime protocol (docs/protocol.md) over a WebSocket: frames in, frames out, and nothing decided here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from syrinx.accounts import Caller, Door, OpenDoor, calling
from syrinx.audio import StreamResampler
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.conversation import CloseReason, Conversation, Conversations, ConversationSettings, TakenOver
from syrinx.conversation.events import AudioOut
from syrinx.errors import BadAudio, ProtocolViolation, RateLimited, SyrinxError, TooLarge
from syrinx.transports import messages
from syrinx.transports.http.access import caller_of_socket, shut_out
from syrinx.transports.limits import TokenBucket
from syrinx.transports.origins import origin_allowed
from syrinx.transports.ready import ResumedFrom, conversation_settings, ready_message, settings_change
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

HEARING_RATE_HZ: Final = 16_000

CLOSE_STOPPING: Final = 4000
CLOSE_TAKEN_OVER: Final = 4001
CLOSE_IDLE: Final = 4003


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Bounds of docs/protocol.md; past one, an error is sent and the frame dropped."""

    text_bytes: int = 64 * 1024
    sound_bytes: int = 64 * 1024
    sound_speed: float = 2.0
    """Seconds of sound allowed per second, on average."""
    sound_burst_s: float = 10.0
    messages_per_s: float = 50.0
    messages_burst: float = 100.0
    refusals_per_s: float = 5.0
    refusals_burst: float = 100.0
    """Refused frames after which the socket is closed."""
    hello_timeout_s: float = 10.0
    send_timeout_s: float = 20.0
    """How long one frame may wait for a client that does not read; the talk is left then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkHouse:
    """What the socket needs of the house; wired by the app."""

    conversations: Conversations
    begin: Callable[[ConversationSettings, str], Awaitable[Conversation]]
    """Opens a conversation of that user; raises what keeps it from being opened."""
    go_on: Callable[[ConversationSettings, str, str], Awaitable[Conversation]] | None = None
    """Likewise, one that goes on with that user's kept conversation of that id; NotFound where there is none. None
    where nothing is kept."""
    engines_in_use: Callable[[Conversation], Awaitable[dict[str, Any]]]
    """What `ready` says of the engines."""
    language: str = "en"
    """Of conversations whose hello names none."""
    door: Door = field(default_factory=OpenDoor)
    origins: Collection[str] = ()
    limits: SocketLimits = field(default_factory=SocketLimits)


def talk_routes(house: TalkHouse) -> APIRouter:
    router = APIRouter()
    holders: dict[str, _Talk] = {}

    @router.websocket("/ws")
    async def talk(socket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        if not origin_allowed(socket.headers, listed=house.origins):
            log.warning("socket refused", reason="origin")
            await socket.close(CLOSE_REFUSED, "this page's origin is not listed in SYRINX_ORIGINS")
            return
        await socket.accept()
        await _Talk(house, socket, holders).run()

    return router


class _Talk:
    """One socket, from its hello to its end.

    `holders` knows, by conversation, the socket that has it now: one that dies after another has taken its
    conversation over must not end it for that other.
    """

    def __init__(self, house: TalkHouse, socket: WebSocket, holders: dict[str, _Talk]) -> None:
        limits = house.limits
        self._house = house
        self._socket = socket
        self._frames = SocketFrames(socket, send_timeout_s=limits.send_timeout_s)
        self._holders = holders
        self._limits = limits
        self._messages = TokenBucket(rate_per_s=limits.messages_per_s, burst=limits.messages_burst)
        self._sound_s = TokenBucket(rate_per_s=limits.sound_speed, burst=limits.sound_burst_s)
        self._refusals = TokenBucket(rate_per_s=limits.refusals_per_s, burst=limits.refusals_burst)
        self._input_rate_hz = HEARING_RATE_HZ
        self._resampler: StreamResampler | None = None

    async def run(self) -> None:
        """Serve until the socket is closed by either side; the conversation is then left, so that it may be resumed."""
        try:
            hello = await self._hello()
            caller = await self._caller(hello) if hello else None
            if hello is None or caller is None:
                return
            # Here and in the conversation's own tasks, which begin here, all is on behalf of whoever says hello.
            with calling(caller):
                await self._serve(hello, caller)
        except WebSocketDisconnect as gone:
            log.debug("socket closed", code=gone.code)
        except Exception:
            await self._frames.close(CLOSE_FAULT, "a fault in the server")
            raise

    async def _serve(self, hello: messages.Hello, caller: Caller) -> None:
        try:
            conversation, resumed_from = await self._taken_up(hello, caller)
        except SyrinxError as refusal:
            await self._turn_away(refusal)
            return
        self._holders[conversation.id] = self
        try:
            if await self._greet(conversation, hello, resumed_from):
                await self._talk(conversation, caller)
        finally:
            if self._holders.get(conversation.id) is self:
                del self._holders[conversation.id]
                self._house.conversations.leave(conversation)

    async def _talk(self, conversation: Conversation, caller: Caller) -> None:
        """Pass on both ways until one way ends, or the caller's time is over, and raise what ended it."""
        await until_one_ends(self._send_events(conversation), self._receive(conversation), self._until_shut_out(caller))

    # Hello.

    async def _hello(self) -> messages.Hello | None:
        """The first acceptable message; None when none came in time and the socket was closed."""
        try:
            async with asyncio.timeout(self._limits.hello_timeout_s):
                while True:
                    frame = await self._frame()
                    try:
                        if isinstance(frame, bytes):
                            raise ProtocolViolation('sound before hello: send {"type": "hello"} first')
                        message = self._read(frame)
                        if isinstance(message, messages.Hello):
                            return message
                        raise ProtocolViolation(f'{message.type} before hello: send {{"type": "hello"}} first')
                    except SyrinxError as refusal:
                        if not await self._refuse(refusal):
                            return None
        except TimeoutError:
            await self._frames.send(messages.error_message(ProtocolViolation("no hello came in time: send it first")))
            await self._frames.close(CLOSE_NO_HELLO, "no hello")
            return None

    async def _caller(self, hello: messages.Hello) -> Caller | None:
        """Who says hello; None when they were refused and the socket closed."""
        try:
            caller = await caller_of_socket(self._socket, self._house.door, hello.token)
            caller.need("talk")
        except SyrinxError as refusal:
            await self._turn_away(refusal)
            return None
        return caller

    async def _taken_up(self, hello: messages.Hello, caller: Caller) -> tuple[Conversation, ResumedFrom]:
        house, wanted = self._house, hello.conversation_id
        if hello.resume or (wanted and house.go_on is None):
            return house.conversations.resume(wanted or "", hello.resume or "", user=caller.user), "talk"
        present = house.conversations.resume_kept(wanted, user=caller.user) if wanted else None
        if present is not None:
            return present, "talk"
        settings = conversation_settings(hello, language=house.language)
        if wanted and house.go_on is not None:
            return await house.go_on(settings, caller.user, wanted), "history"
        return await house.begin(settings, caller.user), ""

    async def _greet(self, conversation: Conversation, hello: messages.Hello, resumed_from: ResumedFrom) -> bool:
        """Answer `ready`; False when what hello wants changed was refused and the socket closed."""
        try:
            change = settings_change(hello) if resumed_from == "talk" else None
            if change is not None:
                await conversation.change(change)
            engines = await self._house.engines_in_use(conversation)
        except SyrinxError as refusal:
            await self._turn_away(refusal)
            return False
        self._input_rate_hz = hello.input_sample_rate
        if hello.input_sample_rate != HEARING_RATE_HZ:
            self._resampler = StreamResampler(hello.input_sample_rate, HEARING_RATE_HZ)
        rate_hz = self._input_rate_hz
        ready = ready_message(conversation, engines=engines, input_rate_hz=rate_hz, resumed_from=resumed_from)
        await self._frames.send(ready)
        return True

    async def _until_shut_out(self, caller: Caller) -> None:
        await self._turn_away(await shut_out(caller, self._house.door))

    async def _turn_away(self, refusal: SyrinxError) -> None:
        await self._frames.send(messages.error_message(refusal))
        await self._frames.close(CLOSE_TRY_LATER if refusal.retryable else CLOSE_REFUSED, refusal.code)

    # From the client.

    async def _receive(self, conversation: Conversation) -> None:
        while True:
            frame = await self._frame()
            try:
                if isinstance(frame, bytes):
                    self._hear(conversation, frame)
                else:
                    await self._do(conversation, frame)
            except SyrinxError as refusal:
                if not await self._refuse(refusal):
                    return

    async def _frame(self) -> str | bytes:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        sound: bytes | None = received.get("bytes")
        return sound if sound is not None else received["text"]

    def _hear(self, conversation: Conversation, sound: bytes) -> None:
        if len(sound) > self._limits.sound_bytes:
            raise TooLarge(f"{len(sound)} bytes of sound in one frame: send at most {self._limits.sound_bytes}")
        if len(sound) % BYTES_PER_SAMPLE:
            raise BadAudio(f"{len(sound)} bytes hold half a sample: send s16le PCM, 2 bytes per sample")
        if not self._sound_s.take(len(sound) / BYTES_PER_SAMPLE / self._input_rate_hz):
            raise RateLimited(
                f"sound comes faster than {self._limits.sound_speed:g} times real time: send it as it is made"
            )
        chunk = PcmChunk(pcm=sound, sample_rate_hz=self._input_rate_hz)
        conversation.hear(chunk if self._resampler is None else self._resampler.feed(chunk))

    def _read(self, text: str) -> messages.ClientMessage:
        # A cheap bound first: characters are at most bytes.
        if len(text) > self._limits.text_bytes or len(text.encode()) > self._limits.text_bytes:
            raise TooLarge(f"a message of {len(text)} characters: send at most {self._limits.text_bytes} bytes")
        if not self._messages.take():
            raise RateLimited(f"more than {self._limits.messages_per_s:g} messages a second: send fewer")
        return messages.read_message(text)

    async def _do(self, conversation: Conversation, text: str) -> None:
        message = self._read(text)
        match message:
            case messages.Playback():
                conversation.played(message.turn, message.played_ms)
            case messages.StartListening():
                conversation.start_listening()
            case messages.StopListening():
                conversation.stop_listening()
            case messages.Text():
                conversation.say(message.text)
            case messages.Interrupt():
                conversation.interrupt()
            case messages.Set():
                change = settings_change(message)
                if change is not None:
                    await conversation.change(change)
            case messages.Reset():
                conversation.reset(message.what)
            case messages.Ping():
                await self._frames.send({"type": "pong", "t": message.t})
            case messages.Hello():
                raise ProtocolViolation("hello comes once, as the first message: use set to change something")

    # To the client.

    async def _send_events(self, conversation: Conversation) -> None:
        """Send what happens until the conversation ends or goes on elsewhere, and close the socket then."""
        try:
            async with aclosing(conversation.events()) as events:
                async for event in events:
                    if isinstance(event, AudioOut):
                        await self._frames.send_sound(event.chunk.pcm)
                    elif (message := messages.event_message(event)) is not None:
                        await self._frames.send(message)
            code, reason = _CLOSINGS.get(conversation.close_reason or "asked", (CLOSE_STOPPING, "closed"))
        except TakenOver:
            code, reason = CLOSE_TAKEN_OVER, "the conversation goes on in another window"
        await self._frames.close(code, reason)

    async def _refuse(self, refusal: SyrinxError) -> bool:
        """Answer a frame that was dropped; False when there were too many of them and the socket was closed."""
        if self._refusals.take():
            await self._frames.send(messages.error_message(refusal))
            return True
        await self._frames.close(CLOSE_FLOOD, "too many refused messages")
        return False


_CLOSINGS: dict[CloseReason, tuple[int, str]] = {
    "asked": (1000, "closed"),
    "idle": (CLOSE_IDLE, "idle"),
    "expired": (CLOSE_IDLE, "idle"),
    "overrun": (CLOSE_TRY_LATER, "the client does not read what is sent"),
    "stopping": (CLOSE_STOPPING, "the server is stopping"),
}
