"""OpenAI's `/v1/audio/transcriptions` and `/v1/audio/translations`: a recording in, its words out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from syrinx.accounts import Door
from syrinx.engines.stt.contract import Task
from syrinx.errors import SyrinxError
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.errors import openai_shape, status_of
from syrinx.transports.http.hearing import Hearing, open_hearing
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.openai_forms import (
    TRANSCRIPTION_FORM,
    TRANSLATION_FORM,
    TranscriptionOrder,
    transcription_order,
)
from syrinx.transports.http.openai_names import WORK_REFUSALS, blamed, engine_of, refusal
from syrinx.transports.http.sounding import StreamedBody
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.sse import EVENT_SCHEMA, MEDIA_TYPE, event_bytes
from syrinx.transports.http.transcript_formats import (
    TRANSCRIPT_HEADERS,
    TRANSCRIPT_SCHEMA,
    plain_answer,
    transcript_headers,
    verbose,
    verbose_segment,
    verbose_words,
)
from syrinx.transports.http.uploads import read_form

_TEXT: Final = "The kettle is on."
_USAGE: Final = {"type": "duration", "seconds": 1.9}
_SEGMENT: Final[dict[str, Any]] = {
    "id": 0,
    "seek": 12,
    "start": 0.12,
    "end": 1.9,
    "text": _TEXT,
    "tokens": [],
    "temperature": 0.0,
    "avg_logprob": 0.0,
    "compression_ratio": 0.68,
    "no_speech_prob": 0.0,
    "not_known": ["tokens", "no_speech_prob", "avg_logprob"],
}
_JSON: Final[dict[str, Any]] = {
    "plain": {"summary": "json", "value": {"text": _TEXT, "usage": _USAGE}},
    "verbose": {
        "summary": "verbose_json",
        "value": {
            "task": "transcribe",
            "language": "english",
            "duration": 1.9,
            "text": _TEXT,
            "temperature": 0.0,
            "times": "exact",
            "engine": "pocketsphinx",
            "not_applied": [],
            "segments": [_SEGMENT],
            "words": [{"word": "The", "start": 0.12, "end": 0.24}],
            "usage": _USAGE,
        },
    },
}
_EVENTS: Final = (
    'data: {"type":"transcript.text.delta","delta":"The kettle"}\n\n'
    'data: {"type":"transcript.text.delta","delta":" is on."}\n\n'
    'data: {"type":"transcript.text.done","text":"The kettle is on.","usage":{"type":"duration","seconds":1.9},'
    '"language":"en","engine":"pocketsphinx","not_applied":[]}\n\n'
)
_SRT: Final = f"1\n00:00:00,120 --> 00:00:01,900\n{_TEXT}\n"
_VTT: Final = f"WEBVTT\n\n00:00:00.120 --> 00:00:01.900\n{_TEXT}\n"
_WHOLE: Final[dict[str, Any]] = {
    "application/json": {"schema": TRANSCRIPT_SCHEMA, "examples": _JSON},
    "text/plain": {"schema": {"type": "string"}, "example": _TEXT + "\n"},
    "application/x-subrip": {"schema": {"type": "string"}, "example": _SRT},
    "text/vtt": {"schema": {"type": "string"}, "example": _VTT},
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    **WORK_REFUSALS,
    400: refusal(
        "Something asked for cannot be done, or the file is no sound.",
        "bad_audio",
        "this is no sound that can be read: send WAV, MP3, ...",
        kind="invalid_request_error",
        param="file",
    ),
    413: refusal(
        "The file is too large.", "too_large", "the upload is larger than ... bytes", kind="invalid_request_error"
    ),
}


def openai_transcription_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["openai"],
        dependencies=[Depends(needs("listen", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=_REFUSALS,
    )

    @router.post(
        "/v1/audio/transcriptions",
        summary="Transcribe a recording (OpenAI)",
        response_class=Response,
        openapi_extra=TRANSCRIPTION_FORM,
        responses={
            200: {
                "description": "The words in the form asked for.",
                "content": {**_WHOLE, MEDIA_TYPE: {"schema": EVENT_SCHEMA, "example": _EVENTS}},
                "headers": TRANSCRIPT_HEADERS,
            }
        },
    )
    async def transcriptions(  # pyright: ignore[reportUnusedFunction]
        request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """The whole transcript, or with `stream` events while it is understood: `transcript.text.delta` with text that
        will not change any more, then `transcript.text.done`; or an `error` where it breaks off.

        Times are the ear's where it tells them, else by proportion: `times` and the header `X-Syrinx-Times` say which.
        """
        return await _answered(house, request, task="transcribe", user=user)

    @router.post(
        "/v1/audio/translations",
        summary="Translate a recording into English (OpenAI)",
        response_class=Response,
        openapi_extra=TRANSLATION_FORM,
        responses={
            200: {"description": "The words in the form asked for.", "content": _WHOLE, "headers": TRANSCRIPT_HEADERS}
        },
    )
    async def translations(  # pyright: ignore[reportUnusedFunction]
        request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """What is said, in English; refused where the ear cannot translate. `language`, what is spoken, is not
        OpenAI's."""
        return await _answered(house, request, task="translate", user=user)

    return router


async def _answered(house: SpeechHouse, request: Request, *, task: Task, user: str) -> Response:
    try:
        async with AsyncExitStack() as resources:
            form = await resources.enter_async_context(read_form(request, largest_bytes=house.limits.upload_bytes))
            order = transcription_order(form.texts, task)
            wanted = await _wanted(house, order, task=task, user=user)
            hearing = await resources.enter_async_context(open_hearing(house, form.file("file"), wanted))
            async with while_connected(request.receive):
                if not order.stream:
                    return _whole(await hearing.final(), hearing, order, task=task)
                await hearing.begun()
            kept = resources.pop_all()
    except SyrinxError as error:
        raise blamed(error) from error
    return StreamedBody(_as_events(hearing), media_type=MEDIA_TYPE, on_end=kept.aclose)


async def _wanted(house: SpeechHouse, order: TranscriptionOrder, *, task: Task, user: str) -> RecordingRequest:
    dictionary = await house.pronunciations(user)
    return RecordingRequest(
        language=order.language,
        task=task,
        engine=engine_of(house, "stt", order.model),
        prompt=order.prompt,
        temperature=order.temperature,
        # What a person had explained how to say is likely to be said.
        hotwords=(*order.hotwords, *(entry.written for entry in dictionary.entries)),
        names_hotwords=bool(order.hotwords),
    )


def _whole(heard: RecordingHeard, hearing: Hearing, order: TranscriptionOrder, *, task: Task) -> Response:
    headers = transcript_headers(heard, hearing.time)
    if order.response_format in ("text", "srt", "vtt"):
        return plain_answer(heard, order.response_format, headers)
    if order.response_format == "json":
        answer: dict[str, Any] = {"text": heard.transcript.text}
    else:
        temperature = order.temperature or 0.0
        answer = verbose(heard, task=task, temperature=temperature)
        if order.segments:
            answer["segments"] = [
                verbose_segment(each, number=number, temperature=temperature)
                for number, each in enumerate(heard.transcript.segments)
            ]
        if order.words:
            answer["words"] = verbose_words(heard.transcript.words)
    return JSONResponse({**answer, "usage": _usage(heard)}, headers=headers)


def _usage(heard: RecordingHeard) -> dict[str, Any]:
    """No ear here counts tokens: what OpenAI's API says in that case is how long the recording is."""
    return {"type": "duration", "seconds": round(heard.duration_ms / 1000.0, 3)}


async def _as_events(hearing: Hearing) -> AsyncGenerator[bytes, None]:
    told = ""
    try:
        async with aclosing(hearing.items()) as items:
            async for heard in items:
                transcript = heard.transcript
                settled = transcript.text if transcript.final else transcript.text[: transcript.stable_chars]
                # An ear that takes back what it called stable is put right by the whole text at the end.
                if len(settled) > len(told) and settled.startswith(told):
                    yield event_bytes("", {"type": "transcript.text.delta", "delta": settled[len(told) :]})
                    told = settled
                if transcript.final:
                    yield event_bytes("", _done(heard))
    except SyrinxError as error:
        named = blamed(error)
        yield event_bytes("", {"type": "error", **openai_shape(named, status_of(named))})


def _done(heard: RecordingHeard) -> dict[str, Any]:
    return {
        "type": "transcript.text.done",
        "text": heard.transcript.text,
        "usage": _usage(heard),
        "language": heard.transcript.language,
        "engine": heard.transcript.engine,
        "not_applied": list(heard.not_applied),
    }
