"""Our own transcription dialect: a recording in, its words as they are understood, with how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from syrinx.accounts import Door
from syrinx.engines.stt.contract import Task
from syrinx.errors import WrongParameter
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.hearing import Hearing, open_hearing
from syrinx.transports.http.refusals import refusal
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.sse import EVENT_SCHEMA, MEDIA_TYPE, Event, event_response
from syrinx.transports.http.uploads import RECORDING_FILE, read_form

TOLD_EVERY_S: Final = 0.5
"""Each partial carries the whole text: of an hour's recording every one that the ear gives would be gigabytes."""
_FIELDS = {"language", "task", "engine", "prompt"}
"""Beside the file."""

_FORM: dict[str, Any] = {
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
                            "description": "BCP 47. Empty: found out where the ear can, else the server's own.",
                        },
                        "task": {
                            "type": "string",
                            "enum": ["transcribe", "translate"],
                            "default": "transcribe",
                            "description": "translate: into English, where the ear can.",
                        },
                        "engine": {
                            "type": "string",
                            "default": "",
                            "description": "An ear or model by name; empty chooses by itself.",
                        },
                        "prompt": {
                            "type": "string",
                            "default": "",
                            "description": "Words that came before, for ears that take it; else `not_applied` says so.",
                        },
                    },
                },
                "example": {"file": "(bytes)", "language": "en", "task": "transcribe", "engine": ""},
            }
        },
    }
}
_EVENTS = (
    'event: begun\ndata: {"container":"webm","duration_ms":2300.0}\n\n'
    'event: heard\ndata: {"text":"the kettle","stable_chars":3,"heard_ms":1100.0,"duration_ms":2300.0}\n\n'
    'event: done\ndata: {"text":"the kettle is on","language":"en","engine":"pocketsphinx","confidence":null,'
    '"duration_ms":2300.0,"times":"exact","words":[{"text":"the","start_ms":120.0,"end_ms":240.0}],'
    '"segments":[{"text":"the kettle is on","start_ms":120.0,"end_ms":1900.0}],"not_applied":[]}\n\n'
)

_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: refusal("No sound that can be read.", "bad_audio", "this is no sound that can be read: send WAV, MP3, ..."),
    401: refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
    403: refusal("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ..."),
    404: refusal("No such language or engine.", "unknown_language", "no ear here understands 'xx': ..."),
    413: refusal("The file is too large.", "too_large", "the upload is larger than 209715200 bytes: ..."),
    422: refusal("Not as described here.", "bad_input", "task: transcribe or translate would be right"),
    429: refusal("Too many wait; Retry-After tells when.", "engine_busy", "the ear is busy: ...", retryable=True),
    500: refusal("The ear failed.", "engine_failed", "the ear broke off: ..."),
    502: refusal("An ear elsewhere failed.", "remote_refused", "the transcription server answered 500: ..."),
    503: refusal("The ear cannot be opened.", "engine_unavailable", "whisper-base is not installed here: ..."),
    504: refusal("The ear took too long.", "engine_timeout", "the ear did not finish", retryable=True),
}


def transcript_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["speech"],
        dependencies=[Depends(needs("listen", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=_REFUSALS,
    )

    @router.post(
        "/api/transcripts",
        summary="Transcribe a recording and watch it",
        response_class=Response,
        openapi_extra=_FORM,
        responses={
            200: {
                "description": "Events as it is understood.",
                "content": {MEDIA_TYPE: {"schema": EVENT_SCHEMA, "example": _EVENTS}},
            }
        },
    )
    async def transcripts(  # pyright: ignore[reportUnusedFunction]
        request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """Events: `begun`, `heard` as the text grows (its first `stable_chars` stay), and `done` with all times; or
        `error` where it breaks off.

        `heard_ms` of `duration_ms` says how far it is. Leaving ends the work. Words of the user's pronunciations are
        listened for, where the ear can.
        """
        async with AsyncExitStack() as resources:
            form = await resources.enter_async_context(read_form(request, largest_bytes=house.limits.upload_bytes))
            unknown = sorted(set(form.texts) - _FIELDS)
            if unknown:
                raise WrongParameter(
                    f"there is no field {unknown[0][:40]!r}: {', '.join(sorted(_FIELDS))} can be given",
                    parameter=unknown[0][:40],
                )
            task = form.field("task") or "transcribe"
            if task not in {"transcribe", "translate"}:
                raise WrongParameter(f"task is {task[:40]!r}: transcribe or translate would be right", parameter="task")
            dictionary = await house.pronunciations(user)
            wanted = RecordingRequest(
                language=form.field("language") or None,
                task=cast("Task", task),
                engine=form.field("engine"),
                prompt=form.field("prompt"),
                hotwords=tuple(entry.written for entry in dictionary.entries),
            )
            hearing = await resources.enter_async_context(open_hearing(house, form.file("file"), wanted))
            await hearing.begun()
            kept = resources.pop_all()
        return event_response(_as_events(hearing), on_end=kept.aclose)

    return router


async def _as_events(hearing: Hearing) -> AsyncGenerator[Event, None]:
    yield "begun", {"container": hearing.container, "duration_ms": hearing.claimed_ms}
    now = asyncio.get_running_loop().time
    told_s = float("-inf")
    async with aclosing(hearing.items()) as items:
        async for heard in items:
            if heard.transcript.final:
                yield _final(heard)
            elif now() - told_s >= TOLD_EVERY_S:
                told_s = now()
                yield _partial(hearing, heard)


def _partial(hearing: Hearing, heard: RecordingHeard) -> Event:
    transcript = heard.transcript
    return (
        "heard",
        {
            "text": transcript.text,
            "stable_chars": transcript.stable_chars,
            "heard_ms": round(transcript.heard_ms or 0.0, 1),
            "duration_ms": round(hearing.claimed_ms or heard.duration_ms, 1),
        },
    )


def _final(heard: RecordingHeard) -> Event:
    transcript = heard.transcript
    return (
        "done",
        {
            "text": transcript.text,
            "language": transcript.language,
            "engine": transcript.engine,
            "confidence": transcript.confidence,
            "duration_ms": round(heard.duration_ms, 1),
            "times": heard.times,
            "words": [
                {"text": word.text, "start_ms": round(word.start_ms, 1), "end_ms": round(word.end_ms, 1)}
                for word in transcript.words
            ],
            "segments": [
                {"text": each.text, "start_ms": round(each.start_ms, 1), "end_ms": round(each.end_ms, 1)}
                for each in transcript.segments
            ],
            "not_applied": list(heard.not_applied),
        },
    )
