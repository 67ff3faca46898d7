"""HTTP as uvicorn speaks it, with an end to what a client may send, and to how long it may take, before its request is
known."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 64 * 1024
"""Of the request line and all headers; as much as uvicorn's other implementation takes."""
HEAD_S: Final = 30.0
"""From the first moment of a connection, or the first byte of a further request, to the end of its headers."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    """The parser below keeps whatever headers come, behind a body as well, and waits for them for ever."""

    _patience: asyncio.TimerHandle | None = None
    _head_bytes = 0
    """Read since something came of it: a whole head, or a piece of a body."""
    _came_to_something = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._came_to_something = False
        super().data_received(data)
        self._head_bytes = 0 if self._came_to_something else self._head_bytes + len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._came_to_something = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._came_to_something = True
        super().on_body(body)

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
