"""Who may not ask is told so before anything that they send is read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from syrinx.accounts import Door
from syrinx.errors import BadInput, SyrinxError
from syrinx.transports.http.access import CHANGES_NOTHING, bearer, caller_of, check_origin
from syrinx.transports.http.errors import error_response

_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Those that routes have besides: who sends another is told that there is no such, and nothing is read."""


class RefuseStrangers:
    """Plain ASGI. Routes ask for caller and origin as well, but only when the whole body has been read and parsed: of
    strangers that would be work and memory for nothing.

    Requests that change nothing pass, for some of what they get is everybody's. Sockets check for themselves.
    """

    def __init__(self, app: ASGIApp, *, door: Door, origins: Collection[str]) -> None:
        self._app = app
        self._door = door
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if scope["method"] in CHANGES_NOTHING:
            with suppress(SyrinxError):
                await caller_of(connection, self._door)
            await self._app(scope, receive, send)
            return
        if scope["method"] not in _METHODS:
            await self._app(scope, receive, send)
            return
        try:
            await self._let_in(connection)
            check_origin(connection.headers, listed=self._origins)
        except SyrinxError as refused:
            await error_response(refused, scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _let_in(self, connection: HTTPConnection) -> None:
        try:
            await caller_of(connection, self._door)
        except BadInput:
            # Whom they name is for the route to refuse, where there is one: who they are counts here.
            await self._door.who(bearer(connection.headers))
