"""Our own speech dialect: a text in; out of it sound, sound with the times of its words, or the times alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from syrinx.accounts import Door
from syrinx.audio.encoding import MEDIA_TYPES, AudioFormat
from syrinx.errors import TooLarge
from syrinx.speech.marks import captions, collect
from syrinx.speech.narration import (
    NarratedSentence,
    NarratedSound,
    NarratedWords,
    Narration,
    NarrationRequest,
)
from syrinx.speech.subtitles import srt, vtt
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.refusals import refusal
from syrinx.transports.http.sounding import SPEECH_HEADERS, begun, sound_response, speech_headers
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.sse import EVENT_SCHEMA, MEDIA_TYPE, Event, event_response, wants_events

_ORDER: dict[str, Any] = {"text": "The kettle is on. Tea in five minutes.", "voice": "alloy", "format": "mp3"}
_MARKS: dict[str, Any] = {
    "engine": "espeak",
    "voice": "gmw/en-US+f3",
    "language": "en",
    "duration_ms": 1180.5,
    "exact": True,
    "sentences": [{"text": "The kettle is on.", "start_ms": 0.0, "end_ms": 1180.5, "start_char": 0, "end_char": 17}],
    "words": [
        {"text": "The", "start_ms": 0.0, "end_ms": 120.0, "start_char": 0, "end_char": 3},
        {"text": "kettle", "start_ms": 120.0, "end_ms": 520.0, "start_char": 4, "end_char": 10},
    ],
}
_EVENTS = (
    'event: begun\ndata: {"engine":"espeak","voice":"gmw/en-US+f3","voice_match":"exact","language":"en",'
    '"sample_rate":24000,"not_applied":[],"queued_ms":0.1,"first_sound_ms":3.2,"cached":false}\n\n'
    'event: sentence\ndata: {"index":0,"text":"The kettle is on.","start_char":0,"at_ms":0.0}\n\n'
    'event: words\ndata: {"index":0,"exact":true,"words":[{"text":"The","start_char":0,"at_ms":0.0}]}\n\n'
    'event: sound\ndata: {"pcm":"AAAB..."}\n\n'
    'event: done\ndata: {"duration_ms":1180.5,"characters":17}\n\n'
)


SSML: Final = (
    "Whether `text` is an SSML document: `speak` with `p`, `s`, `break`, `prosody` (rate, pitch, volume), `emphasis`, "
    "`say-as`, `phoneme` (IPA) and `sub`; all else is refused by name."
)


class SpeechOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _ORDER})

    text: str = Field(min_length=1, description="Plain text of any length up to the limit, or SSML.")
    ssml: bool = Field(default=False, description=SSML)
    voice: str | None = Field(default=None, max_length=400, description="A voice's id, alias or mix.")
    language: str | None = Field(default=None, max_length=35, description="BCP 47; null: the voice's own.")
    engine: str = Field(default="", max_length=100, description="A voice engine or model; empty chooses by itself.")
    speed: float = Field(default=1.0, ge=0.25, le=4.0, description="1 is the voice's own; the pitch stays.")
    pitch_semitones: float = Field(default=0.0, ge=-12.0, le=12.0, description="Above or below the voice's own.")
    instructions: str = Field(
        default="",
        max_length=4096,
        description="How to speak, for engines that take it; else `X-Syrinx-Not-Applied` says so.",
    )
    format: AudioFormat = Field(default="mp3", description="Of the sound; events and marks are not changed by it.")


class MarksOrder(SpeechOrder):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {**_ORDER, "marks": "vtt"}})

    marks: Literal["json", "srt", "vtt"] = Field(
        default="json", description="Sentences and words with their times and places, or sentences as subtitles."
    )


class SentenceMark(BaseModel):
    text: str
    start_ms: float
    end_ms: float
    start_char: int | None = Field(description="Where it stands in the text of the request, markup included.")
    end_char: int | None


class WordMark(BaseModel):
    text: str
    start_ms: float
    end_ms: float
    start_char: int | None = Field(description="Null where what is spoken stands nowhere in the text.")
    end_char: int | None


class Marks(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _MARKS})

    engine: str
    voice: str
    language: str
    duration_ms: float
    exact: bool = Field(
        description="Whether the engine told the times of all words; false where some are by proportion. Where `speed` "
        "or `pitch_semitones` go beyond what the engine can, times it told are true to some 40 ms."
    )
    sentences: list[SentenceMark]
    words: list[WordMark]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: refusal("The text cannot be spoken.", "bad_input", "there are no words to speak: ..."),
    401: refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
    403: refusal("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ..."),
    404: refusal("No such voice, language or engine.", "unknown_voice", "no engine has a voice 'alfred': ..."),
    413: refusal("The text is too long.", "too_large", "the text has 2000000 characters: ..."),
    415: refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json"),
    422: refusal("Not as described here.", "bad_input", "speed: Input should be less than or equal to 4"),
    429: refusal("Too many wait; Retry-After tells when.", "engine_busy", "flite is busy: ...", retryable=True),
    500: refusal("The engine failed.", "engine_failed", "the engine broke off: ..."),
    502: refusal("An engine elsewhere failed.", "remote_refused", "the speech server answered 500: ..."),
    503: refusal("The engine cannot be opened.", "engine_unavailable", "kokoro is not installed here: ..."),
    504: refusal(
        "The engine took too long.", "engine_timeout", "espeak gave no first item within 30 s", retryable=True
    ),
}


def speech_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["speech"],
        dependencies=[Depends(needs("speak", door)), Depends(only_from_known_pages(origins))],
        responses=_REFUSALS,
    )
    sound = {
        each: {"schema": {"type": "string", "format": "binary"}, "example": "(bytes)"}
        for each in sorted(set(MEDIA_TYPES.values()))
    }

    async def begin(order: SpeechOrder, user: str, request: Request) -> Narration:
        most = house.limits.text_chars
        if len(order.text) > most:
            raise TooLarge(f"the text has {len(order.text)} characters: at most {most} are taken at once")
        wanted = NarrationRequest(
            text=order.text,
            ssml=order.ssml,
            language=order.language,
            voice=order.voice or None,
            engine=order.engine,
            speed=order.speed,
            pitch_semitones=order.pitch_semitones,
            instructions=order.instructions,
            pronunciations=await house.pronunciations(user),
        )
        return await begun(house.narrate, wanted, request.receive)

    @router.post(
        "/api/speech",
        summary="Speak a text",
        response_class=Response,
        responses={
            200: {
                "description": "The sound as it is made; with `Accept: text/event-stream` events instead.",
                "content": {**sound, MEDIA_TYPE: {"schema": EVENT_SCHEMA, "example": _EVENTS}},
                "headers": SPEECH_HEADERS,
            }
        },
    )
    async def speak(  # pyright: ignore[reportUnusedFunction]
        order: SpeechOrder,
        user: Annotated[str, Depends(user_of)],
        request: Request,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Sound in the format asked for, sent as it is made.

        As events: `begun`, then `sentence`, `words` and `sound` (s16le mono, base64) as they come, and `done`; or
        `error` where it breaks off.
        """
        narration = await begin(order, user, request)
        if wants_events(accept):
            return event_response(
                _as_events(narration, characters=len(order.text)),
                on_end=narration.aclose,
                headers=speech_headers(narration),
            )
        return await sound_response(narration, order.format)

    @router.post(
        "/api/speech/marks",
        summary="When each word of a text is spoken",
        responses={
            200: {
                "model": Marks,
                "description": "JSON, or subtitles as asked for.",
                "content": {
                    "application/x-subrip": {
                        "schema": {"type": "string"},
                        "example": "1\n00:00:00,000 --> 00:00:01,180\nThe kettle is on.\n",
                    },
                    "text/vtt": {
                        "schema": {"type": "string"},
                        "example": "WEBVTT\n\n00:00:00.000 --> 00:00:01.180\nThe kettle is on.\n",
                    },
                },
            }
        },
    )
    async def marks(  # pyright: ignore[reportUnusedFunction]
        order: MarksOrder, user: Annotated[str, Depends(user_of)], request: Request
    ) -> Response:
        """Times of the same speech that `/api/speech` gives: what was spoken shortly before is not spoken again."""
        narration = await begin(order, user, request)
        headers = speech_headers(narration)
        try:
            async with while_connected(request.receive):
                found = await collect(narration)
        finally:
            await narration.aclose()
        if order.marks == "srt":
            return PlainTextResponse(srt(captions(found)), media_type="application/x-subrip", headers=headers)
        if order.marks == "vtt":
            return PlainTextResponse(vtt(captions(found)), media_type="text/vtt", headers=headers)
        return Response(
            Marks.model_validate(found, from_attributes=True).model_dump_json(),
            media_type="application/json",
            headers=headers,
        )

    return router


async def _as_events(narration: Narration, *, characters: int) -> AsyncGenerator[Event, None]:
    timing = narration.timing
    yield (
        "begun",
        {
            "engine": narration.engine,
            "voice": narration.voice,
            "voice_match": narration.voice_match,
            "language": narration.language,
            "sample_rate": narration.sample_rate_hz,
            "not_applied": list(narration.not_applied),
            "queued_ms": round(timing.queued_ms, 1),
            "first_sound_ms": round(timing.first_sound_ms, 1),
            "cached": timing.cached,
        },
    )
    duration_ms = 0.0
    async with aclosing(narration.events()) as events:
        async for event in events:
            match event:
                case NarratedSound():
                    duration_ms += event.chunk.duration_ms
                    yield "sound", {"pcm": base64.b64encode(event.chunk.pcm).decode()}
                case NarratedSentence():
                    yield (
                        "sentence",
                        {
                            "index": event.index,
                            "text": event.text,
                            "start_char": event.start_char,
                            "at_ms": round(event.at_ms, 1),
                        },
                    )
                case NarratedWords():
                    words = [
                        {"text": word.text, "start_char": word.start_char, "at_ms": round(word.at_ms, 1)}
                        for word in event.words
                    ]
                    yield "words", {"index": event.index, "exact": event.exact, "words": words}
                case _:
                    pass
    yield "done", {"duration_ms": round(duration_ms, 1), "characters": characters}
