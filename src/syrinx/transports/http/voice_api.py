"""The voice API: recordings to words and words to sound, for clients that had whisper.cpp and Kokoro behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Annotated, Any, Final, Literal

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Door
from syrinx.errors import SyrinxError, WrongParameter
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.detail_errors import detail_refusals
from syrinx.transports.http.joining import joined
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.speech_house import SpeechHealth, SpeechHouse, SpeechKind
from syrinx.transports.http.uploads import RECORDING_FILE, decode_base64_audio, read_form, read_json
from syrinx.transports.http.voice_batch import answered_batch
from syrinx.transports.http.voice_chat_socket import voice_chat_routes
from syrinx.transports.http.voice_stream import STREAM_ANSWER, StreamOrder, answered_stream
from syrinx.transports.http.voice_transcripts import TranscribedSpeech, transcribed
from syrinx.transports.http.voice_wire import (
    BATCH_ANSWER,
    DEFAULT_VOICE,
    KOKOROS_VOICES,
    FailedSpeech,
    SynthesizedSpeech,
    SynthesizeOrder,
    SynthesizeOrders,
)
from syrinx.transports.http.whole_speech import answered

log = structlog.get_logger()

TRANSCRIBE_PATH: Final = "/api/voice/transcribe"
BASE64_SHARE: Final = 1.4
"""How much longer a recording is as base64 in JSON: by a third, and line ends."""

_VOICES: dict[str, Any] = {
    "voices": [*KOKOROS_VOICES, "slt", "gmw/en-US"],
    "default_voice": DEFAULT_VOICE,
    "service": "Flite, espeak-ng (basic, built in)",
}
_HEALTH: dict[str, Any] = {
    "status": "degraded",
    "sst_service": "http://localhost:9082",
    "tts_service": "espeak-ng (basic, built in)",
    "sst_healthy": False,
    "tts_healthy": True,
    "reasons": ["the STT broker at http://localhost:9082 does not answer"],
}
_RECORDING: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": RECORDING_FILE,
                        "language": {
                            "type": "string",
                            "default": "",
                            "description": "BCP 47, or `auto`. Empty: found out where the ear can.",
                        },
                    },
                },
                "example": {"file": "(bytes)", "language": "en"},
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["audio_base64"],
                    "properties": {
                        "audio_base64": {"type": "string", "description": "Such a file; a data: URL will do."},
                        "language": {"type": ["string", "null"], "default": ""},
                    },
                },
                "example": {"audio_base64": "UklGRiY...", "language": "en"},
            },
        },
    }
}


class VoiceNames(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _VOICES})

    voices: list[str] = Field(description="Kokoro's usual names, which always work, and then all voices there are.")
    default_voice: str
    service: str = Field(description="What speaks here.")


class VoiceHealth(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _HEALTH})

    status: Literal["healthy", "degraded", "unhealthy"] = Field(description="Both work, one does, or none.")
    sst_service: str = Field(description="Where the ear in use is, or what it is when it is in this house.")
    tts_service: str
    sst_healthy: bool
    tts_healthy: bool
    reasons: list[str] = Field(description="What is wrong and what to do; empty when healthy.")


def voice_api_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """Its socket included; `origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(tags=["voice api"], dependencies=[Depends(needs(None, door))])
    json_only = [Depends(needs("speak", door)), Depends(only_from_known_pages(origins))]
    spoken = detail_refusals(400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504)

    @router.post(
        TRANSCRIBE_PATH,
        summary="Transcribe a recording",
        dependencies=[Depends(needs("listen", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=detail_refusals(400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504),
        openapi_extra=_RECORDING,
    )
    async def transcribe(  # pyright: ignore[reportUnusedFunction]
        request: Request, response: Response, user: Annotated[str, Depends(user_of)]
    ) -> TranscribedSpeech:
        """A form with a `file`, or JSON with `audio_base64`, whatever its Content-Type says."""
        most = house.limits.upload_bytes
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        async with AsyncExitStack() as resources:
            if media_type == "multipart/form-data":
                form = await resources.enter_async_context(read_form(request, largest_bytes=most))
                _check_known(set(form.texts), {"language"})
                file, language = form.file("file"), form.field("language")
            else:
                body: object = await read_json(request, largest_bytes=round(most * BASE64_SHARE))
                audio, language = recording_in(body)
                decoded = await asyncio.to_thread(decode_base64_audio, audio, largest_bytes=most)
                file = resources.enter_context(decoded)
            async with while_connected(request.receive):
                heard = await transcribed(house, file, language=language, user=user)
        response.headers.update(heard.headers)
        return heard.body

    @router.post(
        "/api/voice/synthesize",
        summary="Speak a text as one WAV file",
        dependencies=json_only,
        response_model=SynthesizedSpeech,
        responses=spoken,
    )
    async def synthesize(  # pyright: ignore[reportUnusedFunction]
        order: SynthesizeOrder, request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """The whole sound at once, as base64 of a WAV file. A `lang_code` that is sent must fit the voice."""
        return await answered(house, order, request, user=user)

    @router.post(
        "/api/voice/synthesize-batch",
        summary="Speak several texts",
        dependencies=json_only,
        response_model=list[SynthesizedSpeech | FailedSpeech],
        responses={
            **spoken,
            200: BATCH_ANSWER,
        },
    )
    async def synthesize_batch(  # pyright: ignore[reportUnusedFunction]
        orders: SynthesizeOrders,
        request: Request,
        user: Annotated[str, Depends(user_of)],
    ) -> Response:
        """Answers in the order of the texts; one that fails has `{"error": ...}` in its place and leaves the others
        alone. Where all fail, the whole is refused as the first was. The list is sent as it grows."""
        return await answered_batch(house, orders, request, user=user)

    @router.post(
        "/api/voice/audio-stream",
        summary="Speak a text as a stream",
        dependencies=json_only,
        response_class=Response,
        responses={**spoken, 200: STREAM_ANSWER},
    )
    async def audio_stream(  # pyright: ignore[reportUnusedFunction]
        order: StreamOrder,
        request: Request,
        user: Annotated[str, Depends(user_of)],
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Sound in the format asked for, sent as it is made; all that can be refused is refused before."""
        return await answered_stream(house, order, request, accept=accept, user=user)

    @router.get("/api/voice/voices", summary="Voices that may be named", responses=detail_refusals(401, 503))
    async def voices() -> VoiceNames:  # pyright: ignore[reportUnusedFunction]
        """Every name works as `voice`; what each is like is told by `/v1/audio/voices`."""
        offered = [each.voice.id for each in await house.voices()]
        speaking = [each.title for each in await house.engines("tts") if each.in_use]
        return VoiceNames(
            voices=list(dict.fromkeys((*KOKOROS_VOICES, *offered))),
            default_voice=DEFAULT_VOICE,
            service=", ".join(speaking) or "none",
        )

    @router.get(
        "/api/voice/health",
        summary="Whether the ear and the voice work",
        responses={**detail_refusals(401), 503: {"model": VoiceHealth, "description": "Neither works."}},
    )
    async def health(response: Response) -> VoiceHealth:  # pyright: ignore[reportUnusedFunction]
        """Looked at now: engines elsewhere are asked. 200 as long as one of both works, 503 when none does; the body is
        the same."""
        ear, voice = await asyncio.gather(_health_of(house, "stt"), _health_of(house, "tts"))
        working = [ear.healthy, voice.healthy].count(True)
        if not working:
            response.status_code = 503
        return VoiceHealth(
            status="healthy" if working == 2 else "degraded" if working else "unhealthy",
            sst_service=ear.address or ear.title or ear.engine,
            tts_service=voice.address or voice.title or voice.engine,
            sst_healthy=ear.healthy,
            tts_healthy=voice.healthy,
            reasons=[each.reason for each in (ear, voice) if each.reason],
        )

    # The socket takes its token otherwise.
    return joined(router, voice_chat_routes(house, door=door, origins=origins))


def recording_in(body: object) -> tuple[str, str]:
    """The `audio_base64` and `language` of a JSON body. Raises WrongParameter."""
    if not isinstance(body, dict):
        raise WrongParameter('send a form with a file, or JSON: {"audio_base64": ..., "language": ...}', parameter=None)
    fields: dict[str, object] = body  # pyright: ignore[reportUnknownVariableType]
    _check_known(set(fields), {"audio_base64", "language"})
    audio = fields.get("audio_base64")
    if not isinstance(audio, str):
        raise WrongParameter("audio_base64 is missing: send the recording as base64", parameter="audio_base64")
    language = fields.get("language")
    if language is not None and not isinstance(language, str):
        raise WrongParameter('language is to be a text, for example "en"', parameter="language")
    return audio, language or ""


def _check_known(sent: set[str], known: set[str]) -> None:
    for name in sorted(sent - known):
        raise WrongParameter(
            f"{name[:40]!r} is not one of the fields of a transcription: {', '.join(sorted(known))}",
            parameter=name[:40],
        )


async def _health_of(house: SpeechHouse, kind: SpeechKind) -> SpeechHealth:
    """What cannot even be looked at is not well."""
    try:
        return await house.health(kind)
    except SyrinxError as error:
        log.warning("an engine's health cannot be told", kind=kind, reason=error.message)
        return SpeechHealth(engine="none", title="", address="", healthy=False, reason=error.message)
