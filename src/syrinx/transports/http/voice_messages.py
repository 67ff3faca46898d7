"""Spoken messages of a conversation: a recording in, its words kept and answered, and the answer spoken."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, BinaryIO, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Caller, Door, calling
from syrinx.audio import PcmChunk
from syrinx.audio.synthetic_mark import marked_wav
from syrinx.conversation import Engines
from syrinx.conversation.history import History
from syrinx.conversation.history_records import KeptMessage
from syrinx.conversation.voice_messages import WrittenReply, open_turn
from syrinx.engines.stt.contract import DETECT
from syrinx.speech.narration import NarratedSound, NarrationRequest, VoiceMatch
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.acting import acting_as
from syrinx.transports.http.callers import the_caller
from syrinx.transports.http.detail_errors import detail_refusals
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.sounding import MATCH_HEADER
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.uploads import RECORDING_FILE, read_form
from syrinx.transports.http.voice_transcripts import TRANSCRIPT_EXAMPLE, Heard, TranscribedSpeech, transcribed

VOICE_MESSAGE_PATH: Final = "/api/messages/voice"

_REPLY_EXAMPLE: Final[dict[str, Any]] = {
    "id": "5a0c2f9d1b7e4c83a6f0d2e9b8c71a34",
    "role": "assistant",
    "text": "I am well, thank you. And you?",
    "created_at": "2026-11-21T20:15:04Z",
    "model": "qwen3-1.7b",
    "is_language_model": True,
}
_MESSAGE_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0b61f3c8a95d4e7792ce3d40f7a85b16",
    "conversation_id": "zK3v9QpLr2mXw8Ta",
    "kept_as": "zK3v9QpLr2mXw8Ta",
    "user_id": "local",
    "role": "user",
    "message_type": "voice",
    "text": "Hello, how are you?",
    "created_at": "2026-11-21T20:15:02Z",
    "metadata": {"transcription": TRANSCRIPT_EXAMPLE},
    "assistant_response": _REPLY_EXAMPLE,
    "assistant_audio": "UklGRiY...",
    "assistant_audio_sample_rate": 24000,
    "assistant_audio_duration_seconds": 2.3,
    "assistant_voice": "slt",
    "assistant_voice_match": "exact",
}
_RECORDING: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": RECORDING_FILE}},
                "example": {"file": "(bytes)"},
            }
        },
    }
}


class MessageMetadata(BaseModel):
    transcription: TranscribedSpeech


class AssistantResponse(BaseModel):
    id: str
    role: str = "assistant"
    text: str
    created_at: datetime
    model: str = Field(description="The language model that wrote it.")
    is_language_model: bool = Field(description="False where a script answers, for want of a language model.")


class VoiceMessage(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _MESSAGE_EXAMPLE})

    id: str
    conversation_id: str = Field(description="As it was named, or the new conversation's.")
    kept_as: str = Field(description="The conversation's id at `/api/conversations`; empty where none is kept.")
    user_id: str
    role: str = "user"
    message_type: str = "voice"
    text: str = Field(description="What was understood.")
    created_at: datetime
    metadata: MessageMetadata
    assistant_response: AssistantResponse
    assistant_audio: str = Field(description="The reply spoken: a whole WAV file, mono, 16 bits, as base64.")
    assistant_audio_sample_rate: int
    assistant_audio_duration_seconds: float
    assistant_voice: str = Field(description="The voice that speaks; empty where it is a language's own.")
    assistant_voice_match: VoiceMatch = Field(description="Whether a cloned voice itself speaks, or the nearest to it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHouse:
    """What messages need of the house; wired by the app."""

    speech: SpeechHouse
    engines: Engines
    history: History | None
    """None where no conversation is kept: then every message stands by itself."""


def voice_message_routes(house: MessageHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(tags=["conversations"])

    @router.post(
        VOICE_MESSAGE_PATH,
        summary="Send a spoken message",
        dependencies=[Depends(needs("talk", door)), Depends(only_from_known_pages(origins, json_only=False))],
        response_model=VoiceMessage,
        responses=detail_refusals(400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504, 507),
        openapi_extra=_RECORDING,
    )
    async def send(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        caller: Annotated[Caller, Depends(the_caller)],
        conversation_id: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=200,
                description="A kept conversation, or whatever the client calls one; without it a new one begins.",
            ),
        ] = None,
        user_id: Annotated[str, Query(max_length=64, description="Another user's name takes an operator's key.")] = "",
        language: Annotated[str, Query(max_length=35, description="BCP 47, or `auto`. Empty: found out.")] = "",
        voice: Annotated[str, Query(max_length=256, description="A voice's id for the reply.")] = "",
    ) -> Response:
        """The recording is understood, answered by the language model as it remembers the conversation, and the answer
        spoken. What the person said is kept as soon as it is understood, whatever comes of the rest, and the reply as
        soon as it is written; should the client leave before the reply is spoken, it counts as not heard. Where nothing
        is understood (422) nothing is kept. A server that keeps no conversations (`kept_as` is empty) answers every
        message as if it were the first."""
        acting = acting_as(request, caller, user_id)
        async with read_form(request, largest_bytes=house.speech.limits.upload_bytes) as form:
            only_fields(form.texts, ())
            file = form.file("file")
            with calling(acting):
                async with while_connected(request.receive):
                    return await _answered(
                        house, file, user=acting.user, named=conversation_id, language=language, voice=voice
                    )

    return router


async def _answered(
    house: MessageHouse, file: BinaryIO, *, user: str, named: str | None, language: str, voice: str
) -> Response:
    turn = await open_turn(house.history, user, named)
    heard = await transcribed(house.speech, file, language=language, user=user)
    understood = heard.body.language
    spoken_in = understood if understood not in {"", DETECT} else house.speech.language
    said = await turn.said(heard.body.text, language=spoken_in)
    written = await turn.written_reply(house.engines, language=spoken_in)
    await turn.replied(written.text, heard=False, language=spoken_in)
    spoken = await _spoken(house.speech, written.text, user=user, language=spoken_in, voice=voice)
    reply = await turn.replied(written.text, heard=True, language=spoken_in)
    message = VoiceMessage(
        id=said.message_id,
        conversation_id=named or turn.conversation_id,
        kept_as=turn.kept_as,
        user_id=user,
        text=said.text,
        created_at=said.created_at,
        metadata=MessageMetadata(transcription=heard.body),
        assistant_response=_response(reply, written),
        assistant_audio=spoken.audio_base64,
        assistant_audio_sample_rate=spoken.sample_rate_hz,
        assistant_audio_duration_seconds=spoken.duration_s,
        assistant_voice=spoken.voice,
        assistant_voice_match=spoken.match,
    )
    return Response(message.model_dump_json(), media_type="application/json", headers=_headers(heard, spoken))


def _response(reply: KeptMessage, written: WrittenReply) -> AssistantResponse:
    return AssistantResponse(
        id=reply.message_id,
        text=reply.text,
        created_at=reply.created_at,
        model=written.model,
        is_language_model=written.is_language_model,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    audio_base64: str
    sample_rate_hz: int
    duration_s: float
    voice: str
    match: VoiceMatch


async def _spoken(house: SpeechHouse, text: str, *, user: str, language: str, voice: str) -> _Spoken:
    wanted = NarrationRequest(
        text=text,
        voice=voice or None,
        # A voice that was named speaks in its own language, whatever was understood.
        language=None if voice else language,
        pronunciations=await house.pronunciations(user),
    )
    narration = await house.narrate(wanted)
    try:
        async with aclosing(narration.events()) as events:
            pcm = b"".join([event.chunk.pcm async for event in events if isinstance(event, NarratedSound)])
    finally:
        await narration.aclose()
    clip = PcmChunk(pcm=pcm, sample_rate_hz=narration.sample_rate_hz)
    wav = await asyncio.to_thread(lambda: base64.b64encode(marked_wav(clip, engine=narration.engine)).decode())
    return _Spoken(
        audio_base64=wav,
        sample_rate_hz=clip.sample_rate_hz,
        duration_s=round(clip.duration_ms / 1000.0, 6),
        voice=narration.voice,
        match=narration.voice_match,
    )


def _headers(heard: Heard, spoken: _Spoken) -> dict[str, str]:
    return {**heard.headers, "Cache-Control": "no-store", "X-Syrinx-Synthetic": "true", MATCH_HEADER: spoken.match}
