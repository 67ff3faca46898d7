"""A narration as the body of a response: encoded and sent as it is made, ended when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from syrinx.audio import PcmChunk
from syrinx.audio.encoding import MEDIA_TYPES, AudioEncoder, AudioFormat, load_codec, open_encoder
from syrinx.audio.synthetic_mark import mark_tags
from syrinx.speech.narration import Narrate, NarratedSound, Narration, NarrationEvent, NarrationRequest
from syrinx.transports.http.leaving import ClientLeft, while_connected

INLINE_MS: Final = 25.0
"""So little sound is encoded where it is: handing it to a thread costs more."""


async def begun(narrate: Narrate, wanted: NarrationRequest, receive: Receive) -> Narration:
    """The narration once it sounds, for its caller to close; raises ClientLeft where the client goes before that.

    `receive` is the request's, whose body must have been read. A queue may be long: who has left waits in it no longer.
    """
    narration: Narration | None = None
    try:
        async with while_connected(receive):
            narration = await narrate(wanted)
    except BaseException:
        # The client may leave at the very moment at which it begins.
        if narration is not None:
            await narration.aclose()
        raise
    return narration


MATCH_HEADER: Final = "X-Syrinx-Voice-Match"

SPEECH_HEADERS: Final[Mapping[str, Any]] = {
    name: {"description": description, "schema": {"type": "string"}}
    for name, description in {
        "Server-Timing": "How long it waited for a place and for the first sound.",
        "X-Syrinx-Engine": "Which engine spoke.",
        "X-Syrinx-Voice": "Which voice; empty where it is the engine's default.",
        "X-Syrinx-Synthetic": "true: the voice is synthetic.",
        MATCH_HEADER: "exact, or approximate where the engine's voice that comes nearest speaks for somebody's.",
        "X-Syrinx-Not-Applied": "What was asked for and this engine cannot do.",
    }.items()
}
"""How `speech_headers` are described."""


def speech_headers(narration: Narration) -> dict[str, str]:
    """What every answer with speech says about it beside its sound."""
    timing = narration.timing
    headers = {
        "Server-Timing": ", ".join(
            (
                f"queue;dur={timing.queued_ms:.1f}",
                f"first;dur={timing.first_sound_ms:.1f}",
                f'cache;desc="{"hit" if timing.cached else "miss"}"',
            )
        ),
        "X-Syrinx-Engine": _latin(narration.engine),
        "X-Syrinx-Voice": _latin(narration.voice),
        "X-Syrinx-Synthetic": "true",
        MATCH_HEADER: narration.voice_match,
    }
    if narration.not_applied:
        headers["X-Syrinx-Not-Applied"] = ", ".join(narration.not_applied)
    return headers


def _latin(text: str) -> str:
    return text.encode("ascii", "replace").decode()


class Sounding(Protocol):
    """A narration as far as an encoder needs it."""

    def events(self) -> AsyncGenerator[NarrationEvent, None]: ...


async def encoded(narration: Sounding, encoder: AudioEncoder) -> AsyncGenerator[bytes, None]:
    """The sound of a narration through an encoder, which is closed at the end; the caller closes the narration."""
    try:
        async with aclosing(narration.events()) as events:
            async for event in events:
                if isinstance(event, NarratedSound) and (piece := await _worked(encoder, event.chunk)):
                    yield piece
        rest = await _left_alone(asyncio.to_thread(encoder.finish)) if encoder.blocks else encoder.finish()
        if rest:
            yield rest
    finally:
        encoder.close()


async def _worked(encoder: AudioEncoder, chunk: PcmChunk) -> bytes:
    if not encoder.blocks or chunk.duration_ms <= INLINE_MS:
        return encoder.encode(chunk)
    return await _left_alone(asyncio.to_thread(encoder.encode, chunk))


async def _left_alone(working: Coroutine[None, None, bytes]) -> bytes:
    """Not cancelled half-way: an encoder is closed only when its thread has left it."""
    work = asyncio.ensure_future(working)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


class StreamedBody(Response):
    """Bytes sent as they are made; when the client leaves, their source is closed at once.

    `on_end` is awaited whatever happened, even before anything was sent.
    Starlette's own response leaves a source that waits to be asked until it is collected, and an engine with it. An
    error after the headers cuts the connection: a clean end would pass off half a text as a whole one.
    """

    def __init__(
        self,
        source: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        on_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self._source = source
        self._on_end = on_end
        # Already compressed sound gains nothing from gzip, which would hold it back.
        self.init_headers({"Cache-Control": "no-store", "Content-Encoding": "identity", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with suppress(ClientLeft):
                async with while_connected(receive):
                    await self._send(send)
        finally:
            if self._on_end is not None:
                await self._on_end()

    async def _send(self, send: Send) -> None:
        async with aclosing(self._source):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in self._source:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def encoder_for(narration: Narration, audio_format: AudioFormat) -> AudioEncoder:
    """One for all of its sound; where none can be opened, the narration is closed."""
    try:
        await load_codec(audio_format)
        tags = mark_tags(engine=narration.engine)
        return open_encoder(audio_format, sample_rate_hz=narration.sample_rate_hz, tags=tags)
    except BaseException:
        await narration.aclose()
        raise


async def sound_response(
    narration: Narration, audio_format: AudioFormat, *, headers: Mapping[str, str] | None = None
) -> Response:
    """The narration's sound as a streamed response, which closes it."""
    encoder = await encoder_for(narration, audio_format)
    media_type = MEDIA_TYPES[audio_format]
    if audio_format == "pcm":
        media_type = f"{media_type};rate={narration.sample_rate_hz};channels=1"

    async def end() -> None:
        encoder.close()
        await narration.aclose()

    return StreamedBody(
        encoded(narration, encoder),
        media_type=media_type,
        headers={**speech_headers(narration), **(headers or {})},
        on_end=end,
    )
