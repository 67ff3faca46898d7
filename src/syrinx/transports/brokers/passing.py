"""One request passed on: its body as it arrives, the answer as it comes, and both ended when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from typing import Final, cast

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from syrinx.errors import BadInput, EngineError
from syrinx.transports.brokers.remote import RemoteClient, authorization, failures
from syrinx.transports.http.leaving import ClientLeft, while_connected

log = structlog.get_logger()

# Of one connection only (RFC 9110, section 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Meant for the broker: its name, its token, its consent to send a body, and what a browser keeps for it.
_FOR_THE_BROKER: Final = frozenset({"host", "authorization", "expect", "cookie"})
# A server writes its own.
_OF_THE_SERVER: Final = frozenset({"server", "date"})


class UploadStalled(BadInput):
    """The client began a body and stopped sending it."""

    code = "upload_stalled"


class PassedOn(Response):
    """The remote server's answer, with its status and headers.

    `content` is the request's body where that has been read already; otherwise it is passed on as it arrives, never
    held as a whole. Until the answer's first bytes are there, failures are raised, to be answered in the family's
    shape; afterwards they cut the connection: a clean end would pass off half an answer as a whole one.
    """

    def __init__(self, remote: RemoteClient, request: Request, *, content: bytes | None = None) -> None:
        self.status_code = 200
        self.background = None
        self._remote = remote
        self._request = request
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body_read = asyncio.Event()

        async def after_body() -> Message:
            await body_read.wait()
            return await receive()

        if self._content is None:
            content = self._arriving(receive, body_read)
        else:
            content = self._content
            body_read.set()
        with suppress(ClientLeft):
            async with while_connected(after_body):
                with failures(self._remote.server):
                    answer = await self._remote.http.send(self._outgoing(content), stream=True)
                try:
                    # A server may answer before it has read everything.
                    body_read.set()
                    await self._send(answer, send)
                finally:
                    await answer.aclose()

    async def _arriving(self, receive: Receive, body_read: asyncio.Event) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                try:
                    async with asyncio.timeout(self._remote.server.timeout_s):
                        message = await receive()
                except TimeoutError:
                    raise UploadStalled("the body stopped before its end: send it without long pauses") from None
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                if piece := message.get("body"):
                    yield piece
                if not message.get("more_body"):
                    return
        finally:
            body_read.set()

    def _outgoing(self, content: AsyncGenerator[bytes, None] | bytes) -> httpx.Request:
        request = self._request
        kept = _end_to_end(request.headers.items(), without=_FOR_THE_BROKER)
        outgoing = httpx.Request(
            request.method,
            f"{self._remote.server.url}{request.url.path}{'?' if request.url.query else ''}{request.url.query}",
            headers=[*kept, *authorization(self._remote.server).items()],
            content=content,
        )
        # The answer's bytes go to the client as they are: it must not be offered what the client did not ask for.
        outgoing.headers.setdefault("accept-encoding", "identity")
        return outgoing

    async def _send(self, answer: httpx.Response, send: Send) -> None:
        server = self._remote.server
        async with aclosing(cast("AsyncGenerator[bytes, None]", answer.aiter_raw())) as pieces:
            # The head waits for the first bytes: a server that falls silent between them can still be answered for.
            with failures(server):
                first = await anext(pieces, b"")
            headers = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in _end_to_end(answer.headers.multi_items(), without=_OF_THE_SERVER)
            ]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            try:
                with failures(server):
                    async for piece in pieces:
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            except EngineError as error:
                # The server cuts the connection of an answer that is left unfinished.
                log.warning("answer broke off", path=self._request.url.path, code=error.code)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _end_to_end(headers: Iterable[tuple[str, str]], *, without: frozenset[str]) -> list[tuple[str, str]]:
    listed = [(name.lower(), value) for name, value in headers]
    named = {name.strip().lower() for field, value in listed if field == "connection" for name in value.split(",")}
    left_out = _HOP_BY_HOP | without | named
    return [(name, value) for name, value in listed if name not in left_out]
