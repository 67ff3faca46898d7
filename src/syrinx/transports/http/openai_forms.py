"""The forms of OpenAI's transcription and translation: what their fields mean here, and what is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from syrinx.engines.stt.contract import DETECT, Task
from syrinx.errors import WrongParameter
from syrinx.transports.http.form_values import flag_of, fraction_of
from syrinx.transports.http.transcript_formats import TRANSCRIPT_FORMATS, TranscriptFormat
from syrinx.transports.http.uploads import RECORDING_FILE

_NO_SPEAKERS: Final = "no ear here tells speakers apart: leave it out"
_CANNOT: Final[Mapping[str, str]] = {
    "known_speaker_names": _NO_SPEAKERS,
    "known_speaker_references": _NO_SPEAKERS,
}
_BOTH: Final = frozenset({"model", "language", "prompt", "response_format", "temperature", "hotwords"})
_KNOWN: Final[Mapping[Task, frozenset[str]]] = {
    "transcribe": _BOTH
    | {"timestamp_granularities", "stream", "keywords", "languages", "include", "chunking_strategy", *_CANNOT},
    "translate": _BOTH,
}
_MOST_HOTWORDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionOrder:
    model: str
    language: str | None
    """BCP 47 or "auto"; None leaves it to the house."""
    prompt: str
    temperature: float | None
    response_format: TranscriptFormat
    words: bool
    """Whether verbose answers list words; likewise `segments`."""
    segments: bool
    stream: bool
    hotwords: tuple[str, ...]


def transcription_order(fields: Mapping[str, Sequence[str]], task: Task) -> TranscriptionOrder:
    """The text fields of a form, each with all its values; names of lists may end in `[]`.

    Raises WrongParameter for what there is not, cannot be done, or does not go together: nothing is left out silently.
    """
    given = _by_plain_name(fields, task)
    response_format = _one_of(given, "response_format", TRANSCRIPT_FORMATS, default="json")
    stream = flag_of(_single(given, "stream"), "stream")
    if stream and response_format not in {"json", "text"}:
        raise WrongParameter(
            f"response_format {response_format} cannot be streamed: events carry text; ask for json, or without stream",
            parameter="response_format",
        )
    wanted = _granularities(given, response_format)
    return TranscriptionOrder(
        model=_single(given, "model"),
        language=_language(given),
        prompt=_single(given, "prompt"),
        temperature=fraction_of(_single(given, "temperature"), "temperature"),
        response_format=response_format,
        words="word" in wanted,
        segments="segment" in wanted,
        stream=stream,
        hotwords=_hotwords(given),
    )


def _by_plain_name(fields: Mapping[str, Sequence[str]], task: Task) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, values in fields.items():
        # Fields of an object are sent as "chunking_strategy[type]".
        plain = name.partition("[")[0]
        if plain not in _KNOWN[task]:
            known = ", ".join(sorted(_KNOWN[task] - _CANNOT.keys()))
            raise WrongParameter(
                f"there is no parameter {name[:60]!r} here: there are {known}",
                parameter=name[:60],
                code="unknown_parameter",
            )
        if plain in _CANNOT:
            raise WrongParameter(f"{plain} cannot be used: {_CANNOT[plain]}", parameter=plain)
        given.setdefault(plain, []).extend(values)
    for value in given.get("include", ()):
        raise WrongParameter(
            f"include {value[:40]!r} cannot be given: the ears here tell no log probabilities of tokens",
            parameter="include",
        )
    if any(value.strip() not in {"", "auto"} for value in given.get("chunking_strategy", ())):
        raise WrongParameter(
            "chunking_strategy can only be 'auto': the ear itself chooses where to divide",
            parameter="chunking_strategy",
        )
    return given


def _single(given: Mapping[str, Sequence[str]], name: str) -> str:
    values = given.get(name, ())
    if len(values) > 1:
        raise WrongParameter(f"{name} is given {len(values)} times: once is right", parameter=name)
    return values[0].strip() if values else ""


def _one_of(
    given: Mapping[str, Sequence[str]], name: str, allowed: Sequence[TranscriptFormat], *, default: TranscriptFormat
) -> TranscriptFormat:
    value = _single(given, name) or default
    if value not in allowed:
        why = ": no ear here tells speakers apart" if value == "diarized_json" else ""
        raise WrongParameter(f"{name} is {value[:40]!r}{why}; there are {', '.join(allowed)}", parameter=name)
    return cast("TranscriptFormat", value)


def _granularities(given: Mapping[str, Sequence[str]], response_format: TranscriptFormat) -> frozenset[str]:
    values = frozenset(given.get("timestamp_granularities", ()))
    if values and response_format != "verbose_json":
        raise WrongParameter(
            "timestamp_granularities go with response_format verbose_json only", parameter="timestamp_granularities"
        )
    if wrong := values - {"word", "segment"}:
        raise WrongParameter(
            f"timestamp_granularities has {min(wrong)[:40]!r}: word and segment are right",
            parameter="timestamp_granularities",
        )
    return values or frozenset({"segment"})


def _language(given: Mapping[str, Sequence[str]]) -> str | None:
    """`languages` narrows the choice, which no ear here can; one alone is the same as `language`."""
    language, several = _single(given, "language"), given.get("languages", ())
    if several and language:
        raise WrongParameter("language and languages exclude each other", parameter="languages")
    if len(several) > 1:
        raise WrongParameter(
            f"the ears here cannot choose among {len(several)} languages: name one, or {DETECT!r} to have it found out",
            parameter="languages",
        )
    return language or (several[0].strip() if several else "") or None


def _hotwords(given: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """OpenAI's `keywords`, one each, and `hotwords`, which may stand together with commas between them."""
    parts = [*given.get("keywords", ()), *(part for value in given.get("hotwords", ()) for part in value.split(","))]
    words = tuple(word for part in parts if (word := part.strip()))
    if len(words) > _MOST_HOTWORDS:
        raise WrongParameter(
            f"{len(words)} hotwords are too many: up to {_MOST_HOTWORDS} are taken", parameter="hotwords"
        )
    return words


_COMMON: Final[dict[str, Any]] = {
    "file": RECORDING_FILE,
    "model": {
        "type": "string",
        "default": "",
        "description": "One of OpenAI's names, `auto` or nothing: the ear in use. Else one of GET /v1/models.",
    },
    "language": {
        "type": "string",
        "default": "",
        "description": "What is spoken: BCP 47, or `auto`. Empty: found out where the ear can, else the server's own.",
    },
    "prompt": {
        "type": "string",
        "default": "",
        "description": "Words that came before, for ears that take it; else `X-Syrinx-Not-Applied` says so.",
    },
    "response_format": {
        "type": "string",
        "enum": list(TRANSCRIPT_FORMATS),
        "default": "json",
        "description": "json is the text alone; verbose_json has times, srt and vtt are subtitles.",
    },
    "temperature": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "How freely to choose among words, for ears that do; else `X-Syrinx-Not-Applied` says so.",
    },
    "hotwords": {
        "type": "string",
        "default": "",
        "description": "Not OpenAI's: likely names and terms, with commas between them.",
    },
}
_OF_TRANSCRIPTION: Final[dict[str, Any]] = {
    **_COMMON,
    "timestamp_granularities[]": {
        "type": "array",
        "items": {"type": "string", "enum": ["word", "segment"]},
        "description": "What verbose_json lists; segments where nothing is said.",
    },
    "stream": {
        "type": "boolean",
        "default": False,
        "description": "Events as it is understood, with every model; only text that will not change is told.",
    },
    "keywords[]": {"type": "array", "items": {"type": "string"}, "description": "The same as hotwords."},
    "languages[]": {
        "type": "array",
        "items": {"type": "string"},
        "maxItems": 1,
        "description": "The same as language, instead of it.",
    },
    "chunking_strategy": {
        "type": "string",
        "enum": ["auto"],
        "description": "Of no effect: the ear itself chooses where to divide.",
    },
}


def _form(properties: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}
    return {
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": schema, "example": {"file": "(bytes)", **example}}},
        }
    }


TRANSCRIPTION_FORM: Final = _form(_OF_TRANSCRIPTION, {"model": "whisper-1", "response_format": "verbose_json"})
"""For the interface's description, as the form is read by hand."""
TRANSLATION_FORM: Final = _form(_COMMON, {"model": "whisper-1", "response_format": "json"})
