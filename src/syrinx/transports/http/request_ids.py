"""A name for every answer, by which a client and a log can speak of the same request."""

from __future__ import annotations

import re
import uuid
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "x-request-id"
"""Where OpenAI's SDKs look for it."""
_USABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class RequestIds:
    """Middleware: puts `x-request-id` on every answer, errors included: the one that the client sent, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = next((value for name, value in scope["headers"] if name == HEADER.encode()), b"")
        request_id = sent if _USABLE.fullmatch(sent) else f"req_{uuid.uuid4().hex}".encode()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (HEADER.encode(), request_id)]
            await send(message)

        await self._app(scope, receive, named)
