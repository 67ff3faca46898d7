"""The sleep stream's voice prompts: a recording as base64 becomes a voice, of which the answer gives the opaque id."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Caller, Door
from syrinx.errors import BadInput, WrongParameter
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.refusals import refusal
from syrinx.transports.http.sounding import MATCH_HEADER
from syrinx.transports.http.uploads import decode_base64_audio, read_body, read_form, read_json, too_large
from syrinx.transports.http.voice_house import (
    VOICE_BASE64_BYTES,
    VOICE_BYTES,
    VoiceHouse,
    attestation_of,
)
from syrinx.transports.http.waited_cloning import cloned
from syrinx.voices.profile import CloneOrder

UPLOAD_PATH: Final = "/api/voice/upload"

_AUDIO: Final = "audioData"
_NAME: Final = "Voice prompt"
_LOOK_BYTES: Final = 4096
_BASE64: Final = re.compile(rb"(?:data:[^,]{0,200},)?[A-Za-z0-9+/=_\s-]*")

_EXAMPLE: Final[dict[str, Any]] = {_AUDIO: "data:audio/webm;base64,GkXfo59ChoEB..."}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": [_AUDIO],
    "properties": {
        _AUDIO: {
            "type": "string",
            "description": "The recording as base64, bare or as a data: URL; in a form also as a file. 2 s to 5 min.",
        }
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": _SCHEMA, "example": _EXAMPLE}
            for kind in ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
        },
    }
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: refusal("No sound that a voice can be learned from.", "bad_audio", "Audio too short: 1.2 s, ..."),
    401: refusal("No key, or a wrong one.", "unauthorized", "this server wants a key or token: ..."),
    403: refusal("Not for this key, or a web page of another origin.", "forbidden", "this key may not do that: ..."),
    413: refusal("The recording is too large.", "too_large", "File too large: ..."),
    422: refusal("Not as described here.", "bad_input", "X-Syrinx-User: ..."),
    429: refusal("Too many wait; Retry-After tells when.", "engine_busy", "flite is busy: ...", retryable=True),
    500: refusal("The engine failed.", "engine_failed", "the engine broke off: ..."),
    503: refusal("The engine cannot be opened.", "engine_unavailable", "Chatterbox service not available: ..."),
}


class UploadedPrompt(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"voicePromptPath": "voice_a1b2c3d4e5f6", "message": "The voice is kept."}}
    )

    voicePromptPath: str = Field(description="The voice's id, to be named as `voicePrompt`: no path of the server.")  # noqa: N815
    message: str


def voice_upload_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["sleep"],
        dependencies=[Depends(needs("voices", door)), Depends(only_from_known_pages(origins, json_only=False))],
    )

    @router.post(UPLOAD_PATH, summary="Keep a voice prompt", responses=_REFUSALS, openapi_extra=_BODY)
    async def upload(  # pyright: ignore[reportUnusedFunction]
        request: Request, response: Response, caller: Annotated[Caller, Depends(the_caller)]
    ) -> UploadedPrompt:
        """Makes a voice of the caller's, as any other. Whoever sends one states by it, under the published terms, that
        the speaker agrees."""
        order = CloneOrder(
            user=caller.user,
            name=_NAME,
            language=house.speech.language,
            source="upload",
            attested_by=attestation_of(caller),
        )
        async with (
            _recording(request) as recording,
            cloned(house, recording, order, caller=caller, request=request) as profile,
        ):
            by = await house.match(profile, profile.language)
            response.headers[MATCH_HEADER] = by.match
            told = (
                "The voice is kept."
                if by.match == "exact"
                else "The voice is kept; the engine's voice that comes nearest speaks for it (approximate)."
            )
            return UploadedPrompt(voicePromptPath=profile.voice_id, message=told)

    return router


@asynccontextmanager
async def _recording(request: Request) -> AsyncGenerator[BinaryIO, None]:
    """What is in `audioData`, for as long as the context lasts. Raises BadInput, TooLarge, WrongParameter."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        # As a file or as a text: a recording in base64 is longer than texts of forms may be.
        async with read_form(request, largest_bytes=VOICE_BASE64_BYTES, file_fields=(_AUDIO,)) as form:
            only_fields(form.texts, (_AUDIO,))
            sent = form.file(_AUDIO)
            with await asyncio.to_thread(_unpacked, sent) as file:
                yield file
        return
    if media_type == "application/x-www-form-urlencoded":
        fields = await asyncio.to_thread(_url_encoded, await read_body(request, largest_bytes=VOICE_BASE64_BYTES))
    else:
        body: object = await read_json(request, largest_bytes=VOICE_BASE64_BYTES)
        if not isinstance(body, dict):
            raise WrongParameter(f'send a form, or JSON: {{"{_AUDIO}": ...}}', parameter=None)
        fields: dict[str, object] = body  # pyright: ignore[reportUnknownVariableType]
    only_fields(fields, (_AUDIO,))
    audio = fields.get(_AUDIO)
    if not isinstance(audio, str):
        raise WrongParameter(f"{_AUDIO} is missing: send the recording as base64", parameter=_AUDIO)
    with await asyncio.to_thread(decode_base64_audio, audio, largest_bytes=VOICE_BYTES) as file:
        yield file


def _unpacked(sent: BinaryIO) -> BinaryIO:
    """The recording in a form's field, which clients send as it is or as base64. To be closed; `sent` stays open."""
    beginning = sent.read(_LOOK_BYTES)
    sent.seek(0)
    content = sent.read()
    if _BASE64.fullmatch(beginning) is None:
        if len(content) > VOICE_BYTES:
            raise too_large(VOICE_BYTES)
        return io.BytesIO(content)
    return decode_base64_audio(content.decode("ascii", "replace"), largest_bytes=VOICE_BYTES)


def _url_encoded(body: bytes) -> dict[str, object]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise BadInput("the form is malformed: send its fields URL-encoded") from error
    # A plus that a client forgot to encode has become a space.
    return {name: value.replace(" ", "+") for name, value in pairs}
