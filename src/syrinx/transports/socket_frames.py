"""What all our WebSockets do: frames on their way to the client, none of which waits for ever, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, Final

import structlog
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

log = structlog.get_logger()

CLOSE_NO_HELLO: Final = 4002
CLOSE_REFUSED: Final = 4004
CLOSE_FLOOD: Final = 4008
CLOSE_FAULT: Final = 1011
CLOSE_TRY_LATER: Final = 1013


class SocketFrames:
    """Sending raises WebSocketDisconnect when the socket is closed or nobody reads it within `send_timeout_s`."""

    def __init__(self, socket: WebSocket, *, send_timeout_s: float) -> None:
        self._socket = socket
        self._send_timeout_s = send_timeout_s

    async def send(self, message: dict[str, Any]) -> None:
        await self._pass(self._socket.send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":"))))

    async def send_sound(self, pcm: bytes) -> None:
        await self._pass(self._socket.send_bytes(pcm))

    async def close(self, code: int, reason: str) -> None:
        """Never raises on a socket that is closed already."""
        with suppress(WebSocketDisconnect):
            await self._pass(self._socket.close(code, reason))

    async def _pass(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await sending
        except TimeoutError:
            log.info("a client does not read what is sent to it", waited_s=self._send_timeout_s)
            raise WebSocketDisconnect(CLOSE_TRY_LATER) from None
        except RuntimeError as closed:
            # So the server under us tells of a socket that either side has closed in the meantime.
            raise WebSocketDisconnect(1006) from closed


async def until_one_ends(*ways: Coroutine[Any, Any, None]) -> None:
    """Go all of a socket's ways at once until one ends, end the others, and raise what went wrong: before all else what
    is not that the client left."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    failures = [failure for task in tasks if not task.cancelled() and (failure := task.exception())]
    for failure in sorted(failures, key=lambda each: isinstance(each, WebSocketDisconnect)):
        raise failure
