"""How many requests each account sends, and from where: counted before they reach a route."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syrinx.accounts import Caller
from syrinx.accounts.addresses import asking_from
from syrinx.accounts.limits import MINUTE_S, Left, Limits
from syrinx.errors import RateLimited
from syrinx.transports.http.access import CALLER_IN_SCOPE
from syrinx.transports.http.errors import error_response

COUNTED_PATHS: Final = ("/api/", "/v1/", "/synthesize", "/audio-stream", "/inference", "/load")
"""What is asked there is work; the page's own files and /health are not."""


class LimitRequests:
    """Plain ASGI, behind what knows the caller (`RefuseStrangers`). Answers tell what is left, as in the IETF's
    draft "RateLimit header fields for HTTP" (10); what is too much is answered with 429 and Retry-After.

    Sockets pass: what is said through them is bounded there.
    """

    def __init__(self, app: ASGIApp, *, limits: Callable[[], Limits]) -> None:
        """`limits` are asked for with each request: the house opens after this was put before it."""
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = scope.get(CALLER_IN_SCOPE)
        if scope["type"] != "http" or not isinstance(caller, Caller) or not scope["path"].startswith(COUNTED_PATHS):
            await self._app(scope, receive, send)
            return
        limits = self._limits()
        try:
            left = await limits.request(caller)
        except RateLimited as refused:
            answer = error_response(refused, scope["path"])
            most = limits.of(caller).requests_per_minute or 0
            for name, value in _headers(Left(most=most, left=0, full_again_s=refused.retry_after_s or 0.0)):
                answer.headers[name.decode()] = value.decode()
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send if left is None else _telling(left, send))


class TellAddress:
    """Plain ASGI, before the door is asked: where requests and sockets come from, for those who count wrong keys."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with asking_from((scope.get("client") or ("",))[0]):
            await self._app(scope, receive, send)


def _telling(left: Left, send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_headers(left)]
        await send(message)

    return told


def _headers(left: Left) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-policy", f'"requests";q={left.most};w={MINUTE_S}'.encode()),
        (b"ratelimit", f'"requests";r={left.left};t={math.ceil(left.full_again_s)}'.encode()),
    ]
