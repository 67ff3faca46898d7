"""A client of the realtime protocol: holds one talk over a WebSocket, for the command line, benches and journeys."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Origin

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import BadInput, SyrinxError

FRAME_MS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Reply audio as it arrived; `turn` is the stream it belongs to."""

    turn: int
    chunk: PcmChunk


Received = dict[str, Any] | Sound


class ConnectionLost(SyrinxError):
    """The server cannot be reached or closed the socket; the message has its close code and reason."""

    code = "connection_lost"
    retryable = True


@dataclass(slots=True)
class _Playing:
    """A simulated player: sound plays in real time from its arrival, as a browser's would, gaplessly."""

    turn: int
    sample_rate_hz: int
    received_ms: float = 0.0
    played_ms: float = 0.0
    running_since: float | None = None
    held: bool = False

    def advance(self, now: float) -> None:
        if self.running_since is not None and not self.held:
            self.played_ms = min(self.received_ms, self.played_ms + 1000 * (now - self.running_since))
        self.running_since = now


@dataclass(slots=True)
class TalkClient:
    """One open talk. Read `received()` all the while: sound counts as playing from when it was read."""

    socket: ClientConnection
    ready: dict[str, Any]
    input_sample_rate_hz: int
    _playing: _Playing | None = None

    async def send(self, message: dict[str, Any]) -> None:
        """Raises ConnectionLost when the socket is closed."""
        await self._send(json.dumps(message))

    async def send_sound(self, pcm: bytes) -> None:
        """Microphone audio, s16le mono at `input_sample_rate_hz`. Raises ConnectionLost when the socket is closed."""
        await self._send(pcm)

    async def _send(self, frame: str | bytes) -> None:
        try:
            await self.socket.send(frame)
        except ConnectionClosed as closed:
            raise _lost(closed) from closed

    async def speak(self, clip: PcmChunk, *, then_silence_ms: float = 0) -> None:
        """Send a clip at the pace of a microphone, 32 ms frames, followed by silence."""
        frame_bytes = 2 * self.input_sample_rate_hz * FRAME_MS // 1000
        quiet = bytes(2 * round(then_silence_ms * self.input_sample_rate_hz / 1000))
        pcm = clip.pcm + quiet
        began = time.monotonic()
        for number, start in enumerate(range(0, len(pcm), frame_bytes)):
            await self.send_sound(pcm[start : start + frame_bytes])
            await asyncio.sleep(max(0.0, began + (number + 1) * FRAME_MS / 1000 - time.monotonic()))

    async def received(self) -> AsyncGenerator[Received, None]:
        """Everything that the server sends. Raises ConnectionLost when the socket closes."""
        try:
            async for frame in self.socket:
                if isinstance(frame, bytes):
                    playing = self._playing
                    if playing is None:
                        continue  # sound of a stream that has been stopped
                    chunk = PcmChunk(pcm=frame, sample_rate_hz=playing.sample_rate_hz)
                    playing.advance(time.monotonic())
                    playing.received_ms += chunk.duration_ms
                    yield Sound(turn=playing.turn, chunk=chunk)
                    continue
                message: dict[str, Any] = json.loads(frame)
                self._follow(message)
                yield message
        except ConnectionClosed as closed:
            raise _lost(closed) from closed
        raise ConnectionLost("the server closed the talk")

    def _follow(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "audio_stream_start":
                self._playing = _Playing(turn=message["turn"], sample_rate_hz=message["sample_rate"])
            case "audio_stream_stop":
                self._playing = None
            case "audio_stream_pause" if self._playing is not None:
                self._playing.advance(time.monotonic())
                self._playing.held = True
            case "audio_stream_resume" if self._playing is not None:
                self._playing.advance(time.monotonic())
                self._playing.held = False
            case _:
                pass

    async def report_playback(self) -> None:
        """Tell the server ten times a second how far the sound has played, until cancelled or the socket closes."""
        while True:
            await asyncio.sleep(0.1)
            playing = self._playing
            if playing is not None and not playing.held:
                playing.advance(time.monotonic())
                await self.send({"type": "playback", "turn": playing.turn, "played_ms": round(playing.played_ms, 1)})


@asynccontextmanager
async def open_talk(address: str, *, origin: str | None = None, **hello: Any) -> AsyncGenerator[TalkClient, None]:
    """Connect to `address` (ws://host:port/ws), say hello with these fields and wait for `ready`.

    Raises BadInput when that is no such address, ConnectionLost when the server cannot be reached or closes, and
    SyrinxError with the server's code when it refuses.
    """
    # No proxy stands between us and this machine, whatever the environment says.
    proxy = None if urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"} else True
    try:
        socket = await connect(address, max_size=None, origin=cast("Origin | None", origin), proxy=proxy)
    except InvalidURI:
        raise BadInput(f"{address!r} is no address of a server: one is http://127.0.0.1:8000") from None
    except (OSError, InvalidHandshake) as unreachable:
        raise ConnectionLost(f"{address} cannot be reached: {unreachable}") from unreachable
    async with socket:
        talk = await _greeted(socket, hello)
        reporting = asyncio.create_task(talk.report_playback())
        try:
            yield talk
        finally:
            reporting.cancel()
            # It may have found the socket closed, which `received` has reported.
            await asyncio.gather(reporting, return_exceptions=True)


async def _greeted(socket: ClientConnection, hello: dict[str, Any]) -> TalkClient:
    try:
        await socket.send(json.dumps({"type": "hello", **hello}))
        first: dict[str, Any] = json.loads(await socket.recv())
    except ConnectionClosed as closed:
        raise _lost(closed) from closed
    if first["type"] == "error":
        raise SyrinxError(first["message"], code=first["code"], retryable=first["retryable"])
    return TalkClient(socket=socket, ready=first, input_sample_rate_hz=int(hello.get("input_sample_rate", 16_000)))


def _lost(closed: ConnectionClosed) -> ConnectionLost:
    code = closed.rcvd.code if closed.rcvd else 1006
    reason = closed.rcvd.reason if closed.rcvd else ""
    return ConnectionLost(f"the server closed the talk ({code}{': ' + reason if reason else ''})")
