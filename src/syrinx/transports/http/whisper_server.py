"""whisper.cpp's own HTTP API: a recording in, its words out; and the choice of the model that understands it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from syrinx.accounts import Door
from syrinx.engines.models import NotInstalled
from syrinx.engines.stt.contract import DETECT
from syrinx.errors import BadInput, UnknownEngine, WrongParameter
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.form_values import flag_of, fraction_of
from syrinx.transports.http.hearing import open_hearing
from syrinx.transports.http.language_names import language_name
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.refusals import described
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.transcript_formats import (
    TRANSCRIPT_FORMATS,
    TranscriptFormat,
    plain_answer,
    transcript_headers,
    verbose,
    verbose_segment,
    verbose_words,
)
from syrinx.transports.http.uploads import read_form, read_json

_FIELDS: Final = ("language", "translate", "prompt", "temperature", "temperature_inc", "response_format")
"""whisper.cpp has more, for its own decoder: they are refused by name, for nothing here could follow them."""
_DEFAULT_LANGUAGE: Final = "en"
_LOAD_BYTES: Final = 64 * 1024

_EXAMPLES: Final[dict[str, Any]] = {
    "plain": {"summary": "json", "value": {"text": "The kettle is on."}},
    "verbose": {
        "summary": "verbose_json",
        "value": {
            "task": "transcribe",
            "language": "english",
            "duration": 1.9,
            "text": "The kettle is on.",
            "temperature": 0.0,
            "times": "exact",
            "engine": "pocketsphinx",
            "not_applied": [],
            "segments": [
                {
                    "id": 0,
                    "seek": 12,
                    "start": 0.12,
                    "end": 1.9,
                    "text": "The kettle is on.",
                    "tokens": [],
                    "temperature": 0.0,
                    "avg_logprob": 0.0,
                    "compression_ratio": 0.68,
                    "no_speech_prob": 0.0,
                    "not_known": ["tokens", "no_speech_prob", "avg_logprob"],
                    "words": [{"word": "The", "start": 0.12, "end": 0.24}],
                }
            ],
            "detected_language": "english",
        },
    },
}
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "language": {"type": "string", "default": _DEFAULT_LANGUAGE, "description": "Or `auto`."},
                        "translate": {"type": "boolean", "default": False, "description": "Into English."},
                        "prompt": {"type": "string", "default": ""},
                        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
                        "temperature_inc": {
                            "type": "number",
                            "minimum": 0,
                            "maximum": 1,
                            "description": "Ears choose their own steps: `X-Syrinx-Not-Applied` says so.",
                        },
                        "response_format": {"type": "string", "enum": list(TRANSCRIPT_FORMATS), "default": "json"},
                    },
                },
                "example": {"file": "(bytes)", "temperature": 0.0, "temperature_inc": 0.2, "response_format": "json"},
            }
        },
    }
}
_LOAD_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["model_path"],
                    "properties": {"model_path": {"type": "string", "description": "Or `model`."}},
                },
                "example": {"model_path": "whisper-base"},
            },
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}},
                "example": {"model": "models/ggml-base.bin"},
            },
        },
    }
}


class PlainError(BaseModel):
    """How whisper.cpp's server tells that something went wrong, and more for who reads it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "error": "this is no sound that can be read: send WAV, ...",
                "code": "bad_audio",
                "retryable": False,
            }
        }
    )

    error: str
    code: str
    retryable: bool


class LoadedModel(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"model": "whisper-base", "title": "Whisper base"}})

    model: str = Field(description="What /inference uses from now on.")
    title: str


def _refusal(description: str, code: str, message: str, *, retryable: bool = False) -> dict[str, Any]:
    example = {"error": message, "code": code, "retryable": retryable}
    return described(PlainError, description, example)


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: _refusal("What was sent cannot be used.", "bad_audio", "this is no sound that can be read: send WAV, ..."),
    401: _refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
    403: _refusal("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ..."),
    404: _refusal("No such language or model.", "unknown_engine", "there is no model 'ggml-huge' here: ..."),
    413: _refusal("More than is taken at once.", "too_large", "the upload is larger than ... bytes"),
    422: _refusal("Not as described here.", "bad_input", "X-Syrinx-User is to be ..."),
}
_WORK_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    429: _refusal("Too many wait; Retry-After tells when.", "engine_busy", "the ear is busy: ...", retryable=True),
    500: _refusal("The ear failed.", "engine_failed", "the ear broke off: ...", retryable=True),
    502: _refusal("An ear elsewhere failed.", "remote_refused", "the transcription server answered 500: ..."),
    503: _refusal("The ear cannot be opened.", "engine_unavailable", "whisper-base is not installed here: ..."),
    504: _refusal("The ear took too long.", "engine_timeout", "the ear did not finish", retryable=True),
}


@dataclass(slots=True)
class _Chosen:
    """The model that /load chose; as in whisper.cpp it is one for all who ask /inference, and for nobody else."""

    engine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    wanted: RecordingRequest
    response_format: TranscriptFormat
    not_applied: tuple[str, ...]


def whisper_server_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["model servers"],
        dependencies=[Depends(needs("listen", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=_REFUSALS,
    )
    chosen = _Chosen()

    @router.post(
        "/inference",
        summary="Transcribe a recording (whisper.cpp)",
        response_class=Response,
        openapi_extra=_FORM,
        responses={
            **_WORK_REFUSALS,
            200: {
                "description": "The words in the form asked for.",
                "content": {
                    "application/json": {"schema": {"type": "object"}, "examples": _EXAMPLES},
                    "text/plain": {"schema": {"type": "string"}, "example": "The kettle is on.\n"},
                    "application/x-subrip": {
                        "schema": {"type": "string"},
                        "example": "1\n00:00:00,120 --> 00:00:01,900\nThe kettle is on.\n",
                    },
                    "text/vtt": {
                        "schema": {"type": "string"},
                        "example": "WEBVTT\n\n00:00:00.120 --> 00:00:01.900\nThe kettle is on.\n",
                    },
                },
            },
        },
    )
    async def inference(  # pyright: ignore[reportUnusedFunction]
        request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """English is expected where no `language` is sent, as whisper.cpp has it. `auto` has it found out by ears that
        can; others expect the server's own language, as whisper.cpp's English models expect English."""
        async with read_form(request, largest_bytes=house.limits.upload_bytes) as form:
            dictionary = await house.pronunciations(user)
            hotwords = tuple(entry.written for entry in dictionary.entries)
            order = _order(form.texts, engine=chosen.engine, hotwords=hotwords)
            async with (
                while_connected(request.receive),
                open_hearing(house, form.file("file"), order.wanted) as hearing,
            ):
                heard = await hearing.final()
        headers = transcript_headers(heard, hearing.time, not_applied=order.not_applied)
        return _answer(heard, order, headers)

    @router.post(
        "/load",
        summary="Choose the model (whisper.cpp)",
        openapi_extra=_LOAD_BODY,
        responses={
            409: _refusal(
                "It is there but cannot be opened.", "model_not_installed", "whisper-base cannot be opened here: ..."
            )
        },
    )
    async def load(request: Request) -> LoadedModel:  # pyright: ignore[reportUnusedFunction]
        """Names what /inference uses from now on, for all who ask it. A name out of GET /v1/models, or one of
        whisper.cpp's file names for it; no file of this machine is ever opened by a name that a client sends."""
        name = await _named(request)
        engines = {each.name: each for each in await house.engines("stt")}
        found = next((engines[each] for each in _meant(name) if each in engines), None)
        if found is None:
            raise UnknownEngine(
                f"there is no model {name[:80]!r} here: there are {', '.join(sorted(engines)) or 'none'}"
            )
        if not found.available:
            raise NotInstalled(f"{found.name} cannot be opened here: `syrinx doctor` says what is missing")
        chosen.engine = found.name
        return LoadedModel(model=found.name, title=found.title)

    return router


def _order(fields: Mapping[str, Sequence[str]], *, engine: str, hotwords: tuple[str, ...]) -> _Order:
    if unknown := next((name for name in fields if name not in _FIELDS), None):
        raise WrongParameter(
            f"{unknown[:60]!r} cannot be used here: there are file, {', '.join(_FIELDS)}",
            parameter=unknown[:60],
            code="unknown_parameter",
        )
    given = {name: values[-1].strip() for name, values in fields.items()}
    response_format = given.get("response_format") or "json"
    if response_format not in TRANSCRIPT_FORMATS:
        raise WrongParameter(
            f"response_format is {response_format[:40]!r}: there are {', '.join(TRANSCRIPT_FORMATS)}",
            parameter="response_format",
        )
    language = given.get("language") or _DEFAULT_LANGUAGE
    step = fraction_of(given.get("temperature_inc", ""), "temperature_inc")
    return _Order(
        wanted=RecordingRequest(
            language=None if language == DETECT else language,
            task="translate" if flag_of(given.get("translate", ""), "translate") else "transcribe",
            engine=engine,
            prompt=given.get("prompt", ""),
            temperature=fraction_of(given.get("temperature", ""), "temperature"),
            hotwords=hotwords,
        ),
        response_format=response_format,
        not_applied=("temperature_inc",) if step else (),
    )


def _answer(heard: RecordingHeard, order: _Order, headers: Mapping[str, str]) -> Response:
    if order.response_format in ("text", "srt", "vtt"):
        return plain_answer(heard, order.response_format, headers)
    if order.response_format == "json":
        return JSONResponse({"text": heard.transcript.text}, headers=headers)
    temperature = order.wanted.temperature or 0.0
    answer = verbose(heard, task=order.wanted.task, temperature=temperature)
    transcript = heard.transcript
    answer["segments"] = [
        {
            **verbose_segment(segment, number=number, temperature=temperature),
            "words": verbose_words(
                [word for word in transcript.words if segment.start_ms <= word.start_ms < segment.end_ms]
            ),
        }
        for number, segment in enumerate(transcript.segments)
    ]
    answer["detected_language"] = language_name(transcript.language).lower()
    return JSONResponse(answer, headers=headers)


async def _named(request: Request) -> str:
    """What a client asks to be loaded, in a form or in JSON of any declared type."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        async with read_form(request, largest_bytes=_LOAD_BYTES) as form:
            name: object = form.field("model") or form.field("model_path")
    else:
        body = await read_json(request, largest_bytes=_LOAD_BYTES)
        fields = cast("dict[str, object]", body) if isinstance(body, dict) else {}
        name = fields.get("model_path") or fields.get("model")
    if not isinstance(name, str) or not name.strip():
        raise BadInput("nothing to load is named: send JSON with model_path, or a form with model")
    return name.strip()


def _meant(name: str) -> list[str]:
    """Names of ours that it may stand for: itself, or a file of whisper.cpp's such as models/ggml-base.en.bin."""
    file = name.replace("\\", "/").rpartition("/")[2]
    size = file.removeprefix("ggml-").removesuffix(".bin")
    return [name, file, f"whisper-{size}"]
