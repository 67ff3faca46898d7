"""Bodies are counted as they arrive: what is longer than a route may take is refused before it fills the memory, and
so is what does not arrive, or what is too much beside the bodies of others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syrinx.errors import BadInput, EngineBusy, SyrinxError, TooLarge
from syrinx.transports.http.errors import error_response

JSON_BYTES: Final = 8 * 1024 * 1024
"""A million characters, most of them escaped, and then some."""
_RETRY_AFTER_S: Final = 5.0


class BodyStalled(BadInput):
    """The client stopped sending before the end."""

    code = "body_stalled"
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    default_bytes: int = JSON_BYTES
    by_path: Mapping[str, int]
    """Of single paths, which take recordings."""
    uncounted_bytes: int = 1024 * 1024
    """Bodies up to this size are always taken."""
    at_once_bytes: int = 1024 * 1024 * 1024
    """Of all others together, from their arrival to the end of their answers; one alone may be larger."""
    stall_s: float = 30.0
    """How long the next piece of a body is waited for."""

    def of(self, path: str) -> int:
        return self.by_path.get(path, self.default_bytes)


class LimitBodies:
    """Plain ASGI, so that bodies and answers stream through. Answers 413, 408 and 429 in the family's shape.

    Content-Length is believed where it is too large, and counted after where it is not. Frameworks turn an error in the
    middle of a body into an answer of their own, so that answer is replaced.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._held_bytes = 0
        """Of the bodies that count."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        body = _Body(most_bytes=self._limits.of(path))
        claimed = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if claimed.isdigit() and int(claimed) > body.most_bytes:
            await _closing(_refusal(body.too_large(), path))(scope, receive, send)
            return
        refused: SyrinxError | None = None
        answered = False

        async def counted() -> Message:
            nonlocal refused
            try:
                return await self._next(body, receive)
            except SyrinxError as refusal:
                refused = refusal
                raise

        async def watched(message: Message) -> None:
            nonlocal answered
            if refused is not None and not answered and message["type"] == "http.response.start":
                answered = True
                answer = _refusal(refused, path)
                await (_closing(answer) if isinstance(refused, BodyStalled) else answer)(scope, receive, send)
            elif not (refused is not None and answered):
                await send(message)

        try:
            await self._app(scope, counted, watched)
        finally:
            self._held_bytes -= body.held_bytes

    async def _next(self, body: _Body, receive: Receive) -> Message:
        """Raises BodyStalled, TooLarge, EngineBusy."""
        try:
            # What comes after the body is the client's leaving, for which there is no time.
            async with asyncio.timeout(None if body.is_whole else self._limits.stall_s):
                message = await receive()
        except TimeoutError:
            raise BodyStalled(f"nothing more of the body came for {self._limits.stall_s:g} s: send it again") from None
        body.bytes += len(message.get("body", b""))
        body.is_whole = not message.get("more_body", False)
        if body.bytes > body.most_bytes:
            raise body.too_large()
        if body.bytes > self._limits.uncounted_bytes:
            self._held_bytes += body.bytes - body.held_bytes
            body.held_bytes = body.bytes
            if self._held_bytes > max(self._limits.at_once_bytes, body.held_bytes):
                raise EngineBusy("too much is being uploaded by others: ask again", retry_after_s=_RETRY_AFTER_S)
        return message


def _refusal(error: SyrinxError, path: str) -> Response:
    return error_response(error, path, status=408 if isinstance(error, BodyStalled) else None)


def _closing(answer: Response) -> Response:
    """The rest of the body is not read. A client in the midst of sending may lose the answer by it, so it is for bodies
    that have not begun to come, or have stopped."""
    answer.headers["Connection"] = "close"
    return answer


@dataclass(slots=True, kw_only=True)
class _Body:
    most_bytes: int
    bytes: int = 0
    held_bytes: int = 0
    """What of it counts for all together."""
    is_whole: bool = False

    def too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than the {self.most_bytes} bytes that are taken here")
