"""OpenAI's `/v1/audio/speech`: a text in, its sound out as it is made, as bytes or as events."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.responses import Response

from syrinx.accounts import Door
from syrinx.audio.encoding import MEDIA_TYPES, AudioEncoder, AudioFormat
from syrinx.errors import SyrinxError, TooLarge
from syrinx.speech.narration import NarratedSound, NarratedWords, Narration, NarrationEvent, NarrationRequest
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.errors import openai_shape, status_of
from syrinx.transports.http.openai_names import WORK_REFUSALS, blamed, engine_of, refusal
from syrinx.transports.http.sounding import (
    SPEECH_HEADERS,
    StreamedBody,
    begun,
    encoded,
    encoder_for,
    sound_response,
    speech_headers,
)
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.sse import EVENT_SCHEMA, MEDIA_TYPE, event_bytes

_EXAMPLE: Final[dict[str, Any]] = {
    "model": "tts-1",
    "input": "The kettle is on. Tea in five minutes.",
    "voice": "alloy",
    "response_format": "mp3",
    "speed": 1.0,
}
_EVENTS: Final = (
    'data: {"type":"speech.audio.delta","audio":"//PkxABh..."}\n\n'
    'data: {"type":"speech.audio.done","usage":{"input_tokens":8,"output_tokens":8,"total_tokens":16,'
    '"unit":"words","seconds":2.31},"not_applied":[]}\n\n'
)
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    **WORK_REFUSALS,
    400: refusal(
        "Something asked for cannot be done.",
        "unknown_voice",
        "no engine has a voice 'alfred': ... (GET /v1/audio/voices)",
        kind="invalid_request_error",
        param="voice",
    ),
    413: refusal("The text is too long.", "too_large", "the text has ... characters", kind="invalid_request_error"),
    415: refusal(
        "The body is not declared as JSON.",
        "json_wanted",
        "... send JSON as application/json",
        kind="invalid_request_error",
    ),
}


_LONGEST_VOICE: Final = 400
"""Of a name; mixes of voices have long ones."""


def _voice_name(given: object) -> object:
    """OpenAI's SDK sends a voice as its name or as `{"id": name}`."""
    named = cast("dict[object, object]", given) if isinstance(given, dict) else {}
    return named["id"] if set(named) == {"id"} else given


VoiceName = Annotated[
    str,
    Field(max_length=_LONGEST_VOICE),
    BeforeValidator(_voice_name),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": _LONGEST_VOICE},
                {
                    "type": "object",
                    "required": ["id"],
                    "additionalProperties": False,
                    "properties": {"id": {"type": "string", "maxLength": _LONGEST_VOICE}},
                },
            ]
        }
    ),
]


class OpenAiSpeechOrder(BaseModel):
    """What OpenAI's API does not know is refused there and here: no field is accepted and ignored."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    model: str = Field(
        default="",
        max_length=200,
        description="One of OpenAI's names, `auto` or nothing: the engine in use. Else an engine or model of GET "
        "/v1/models.",
    )
    input: str = Field(min_length=1, description="What to say; of any length up to the server's limit.")
    voice: VoiceName | None = Field(
        default=None,
        description="A voice's id or alias (OpenAI's names are aliases), as it is or as `{id}`. Without one the "
        "engine's default speaks.",
    )
    response_format: AudioFormat = "mp3"
    speed: float = Field(default=1.0, ge=0.25, le=4.0, allow_inf_nan=False)
    instructions: str | None = Field(
        default=None,
        max_length=4096,
        description="How to speak, for engines that take it; else `X-Syrinx-Not-Applied` says so.",
    )
    stream_format: Literal["audio", "sse"] = Field(
        default="audio", description="Bytes as they are made, or events with pieces of them in base64."
    )
    language: str | None = Field(
        default=None, max_length=35, description="Not OpenAI's: BCP 47. Without one it is the voice's own."
    )
    input_type: Literal["text", "ssml"] = Field(
        default="text", description="Not OpenAI's: whether `input` is plain text or an SSML document."
    )


def openai_speech_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["openai"],
        dependencies=[Depends(needs("speak", door)), Depends(only_from_known_pages(origins))],
        responses=_REFUSALS,
    )
    sound = {each: {"schema": {"type": "string", "format": "binary"}} for each in sorted(set(MEDIA_TYPES.values()))}

    @router.post(
        "/v1/audio/speech",
        summary="Speak a text (OpenAI)",
        response_class=Response,
        responses={
            200: {
                "description": "The sound, or events, as it is made.",
                "content": {**sound, MEDIA_TYPE: {"schema": EVENT_SCHEMA, "example": _EVENTS}},
                "headers": SPEECH_HEADERS,
            }
        },
    )
    async def speech(  # pyright: ignore[reportUnusedFunction]
        order: OpenAiSpeechOrder, user: Annotated[str, Depends(user_of)], request: Request
    ) -> Response:
        """Sound in the format asked for, sent as it is made; all that can be refused is refused before.

        With `stream_format: "sse"`: `speech.audio.delta` with encoded bytes, which put together are the same file, and
        `speech.audio.done`; or an `error` where it breaks off. No engine here counts tokens: `usage` counts words, as
        its `unit` says, those of the input and those spoken. `pcm` is s16le mono at the rate that its Content-Type
        tells.
        """
        narration = await _begun(house, order, user, request)
        if order.stream_format == "audio":
            return await sound_response(narration, order.response_format)
        encoder = await encoder_for(narration, order.response_format)

        async def end() -> None:
            encoder.close()
            await narration.aclose()

        return StreamedBody(
            _as_events(narration, encoder, input_words=len(order.input.split())),
            media_type=MEDIA_TYPE,
            headers=speech_headers(narration),
            on_end=end,
        )

    return router


async def _begun(house: SpeechHouse, order: OpenAiSpeechOrder, user: str, request: Request) -> Narration:
    most = house.limits.text_chars
    if len(order.input) > most:
        raise TooLarge(f"the text has {len(order.input)} characters: at most {most} are taken at once")
    wanted = NarrationRequest(
        text=order.input,
        ssml=order.input_type == "ssml",
        language=order.language or None,
        voice=order.voice or None,
        engine=engine_of(house, "tts", order.model),
        speed=order.speed,
        instructions=order.instructions or "",
        pronunciations=await house.pronunciations(user),
    )
    try:
        return await begun(house.narrate, wanted, request.receive)
    except SyrinxError as error:
        raise blamed(error, on="input") from error


class _Counted:
    """A narration that counts what has passed: words and sound."""

    def __init__(self, narration: Narration) -> None:
        self._narration = narration
        self.words = 0
        self.duration_ms = 0.0

    async def events(self) -> AsyncGenerator[NarrationEvent, None]:
        async with aclosing(self._narration.events()) as events:
            async for event in events:
                if isinstance(event, NarratedWords):
                    self.words += len(event.words)
                elif isinstance(event, NarratedSound):
                    self.duration_ms += event.chunk.duration_ms
                yield event


async def _as_events(narration: Narration, encoder: AudioEncoder, *, input_words: int) -> AsyncGenerator[bytes, None]:
    passed = _Counted(narration)
    try:
        async with aclosing(encoded(passed, encoder)) as pieces:
            async for piece in pieces:
                yield event_bytes("", {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    except SyrinxError as error:
        yield event_bytes("", {"type": "error", **openai_shape(error, status_of(error))})
        return
    usage = {
        "input_tokens": input_words,
        "output_tokens": passed.words,
        "total_tokens": input_words + passed.words,
        "unit": "words",
        "seconds": round(passed.duration_ms / 1000.0, 3),
    }
    yield event_bytes("", {"type": "speech.audio.done", "usage": usage, "not_applied": list(narration.not_applied)})
