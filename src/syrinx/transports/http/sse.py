"""Server-sent events: how one looks on the wire, and a stream of them as a response."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response

from syrinx.errors import EngineBusy, SyrinxError
from syrinx.transports.http.sounding import StreamedBody

MEDIA_TYPE = "text/event-stream"
EVENT_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string", "description": "JSON."}},
}
"""Of each event of a stream; tools that read our description take the events apart before they compare."""

Event = tuple[str, Mapping[str, Any]]
"""Its name and its data; an event with an empty name has only data."""


def event_bytes(name: str, data: Mapping[str, Any]) -> bytes:
    """One event (HTML Standard, 9.2): JSON has no line breaks of its own, so one `data` line holds it."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def event_response(
    events: AsyncGenerator[Event, None],
    *,
    on_end: Callable[[], Awaitable[None]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Events as they come; an error after the first is told as an `error` event, for the status has been sent."""
    return StreamedBody(_told(events), media_type=MEDIA_TYPE, headers=headers, on_end=on_end)


async def _told(events: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(events):
        try:
            async for name, data in events:
                yield event_bytes(name, data)
        except SyrinxError as error:
            told: dict[str, Any] = {"code": error.code, "message": error.message, "retryable": error.retryable}
            if isinstance(error, EngineBusy):
                told["retry_after_s"] = error.retry_after_s
            yield event_bytes("error", told)


def wants_events(accept: str) -> bool:
    """Whether an Accept header asks for events by name."""
    return any(part.partition(";")[0].strip().lower() == MEDIA_TYPE for part in accept.split(","))
