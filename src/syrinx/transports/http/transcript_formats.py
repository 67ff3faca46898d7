"""A finished transcript in the forms in which clients of Whisper's relatives read it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from fastapi.responses import PlainTextResponse, Response

from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord, Task
from syrinx.speech.recordings import RecordingHeard
from syrinx.speech.subtitles import Caption, srt, vtt
from syrinx.transports.http.hearing import HearingTime
from syrinx.transports.http.language_names import language_name

TranscriptFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]
TRANSCRIPT_FORMATS: Final[tuple[TranscriptFormat, ...]] = ("json", "text", "srt", "verbose_json", "vtt")
PlainFormat = Literal["text", "srt", "vtt"]
_MEDIA_TYPES: Final = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}


_STRINGS: Final[dict[str, Any]] = {"type": "array", "items": {"type": "string"}}
TRANSCRIPT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "All but text and usage is there with verbose_json only; times are in seconds.",
    "required": ["text", "usage"],
    "properties": {
        "text": {"type": "string"},
        "usage": {
            "type": "object",
            "required": ["type", "seconds"],
            "properties": {"type": {"const": "duration"}, "seconds": {"type": "number"}},
        },
        "task": {"enum": ["transcribe", "translate"]},
        "language": {"type": "string", "description": "By its English name, in small letters."},
        "duration": {"type": "number"},
        "temperature": {"type": "number"},
        "times": {"enum": ["exact", "estimated"], "description": "Told by the ear, or by proportion."},
        "engine": {"type": "string", "description": "Which ear it was."},
        "not_applied": {**_STRINGS, "description": "What was asked for and this ear cannot do."},
        "segments": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "start", "end", "text"],
                "properties": {
                    "id": {"type": "integer"},
                    "start": {"type": "number"},
                    "end": {"type": "number"},
                    "text": {"type": "string"},
                    "not_known": {**_STRINGS, "description": "Those fields of Whisper's that are only filled in."},
                },
            },
        },
        "words": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["word", "start", "end"],
                "properties": {
                    "word": {"type": "string"},
                    "start": {"type": "number"},
                    "end": {"type": "number"},
                },
            },
        },
    },
}
"""How OpenAI's two JSON forms are described."""


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


TRANSCRIPT_HEADERS: Final[dict[str, Any]] = {
    "Server-Timing": _header("How long decoding and hearing took; rtf is that over the length of the sound."),
    "X-Syrinx-Engine": _header("Which ear it was."),
    "X-Syrinx-Times": _header("exact, or estimated by proportion."),
    "X-Syrinx-Not-Applied": _header("What was asked for and this ear cannot do."),
}
"""How `transcript_headers` are described; events tell the same in the last of them."""


def plain_answer(heard: RecordingHeard, plain_format: PlainFormat, headers: Mapping[str, str]) -> Response:
    """The transcript without JSON around it."""
    return PlainTextResponse(_plain_text(heard, plain_format), media_type=_MEDIA_TYPES[plain_format], headers=headers)


def _plain_text(heard: RecordingHeard, plain_format: PlainFormat) -> str:
    if plain_format == "text":
        return heard.transcript.text + "\n"
    captions = [
        Caption(text=each.text, start_ms=each.start_ms, end_ms=each.end_ms) for each in heard.transcript.segments
    ]
    return srt(captions) if plain_format == "srt" else vtt(captions)


def verbose(heard: RecordingHeard, *, task: Task, temperature: float) -> dict[str, Any]:
    """What all verbose answers begin with; times are in seconds from the recording's beginning."""
    transcript = heard.transcript
    return {
        "task": task,
        "language": "english" if task == "translate" else language_name(transcript.language).lower(),
        "duration": _seconds(heard.duration_ms),
        "text": transcript.text,
        "temperature": temperature,
        "times": heard.times,
        "engine": transcript.engine,
        "not_applied": list(heard.not_applied),
    }


def verbose_segment(segment: RecognizedSegment, *, number: int, temperature: float) -> dict[str, Any]:
    """With all the fields of Whisper's own, which clients in strictly typed languages insist on.

    What an ear does not know stands there as a neutral value, and its name in `not_known`.
    """
    not_known = ["tokens", "no_speech_prob"]
    avg_logprob = 0.0
    if segment.confidence is None:
        not_known.append("avg_logprob")
    else:
        # A confidence is the mean probability of a token, where Whisper tells its logarithm.
        avg_logprob = round(math.log(max(segment.confidence, 1e-6)), 4)
    return {
        "id": number,
        "seek": max(0, int(segment.start_ms / 10.0)),
        "start": _seconds(segment.start_ms),
        "end": _seconds(segment.end_ms),
        "text": segment.text,
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": avg_logprob,
        "compression_ratio": _compression_ratio(segment.text),
        "no_speech_prob": 0.0,
        "not_known": not_known,
    }


def verbose_words(words: Sequence[RecognizedWord]) -> list[dict[str, Any]]:
    return [{"word": each.text, "start": _seconds(each.start_ms), "end": _seconds(each.end_ms)} for each in words]


def transcript_headers(heard: RecordingHeard, time: HearingTime, *, not_applied: Sequence[str] = ()) -> dict[str, str]:
    """What every answer with a whole transcript says about it beside its words; `not_applied` are further ones."""
    headers = {
        "Server-Timing": time.header(),
        "X-Syrinx-Engine": heard.transcript.engine.encode("ascii", "replace").decode(),
        "X-Syrinx-Times": heard.times,
    }
    if missed := [*heard.not_applied, *not_applied]:
        headers["X-Syrinx-Not-Applied"] = ", ".join(missed)
    return headers


def _seconds(ms: float) -> float:
    return round(ms / 1000.0, 3)


def _compression_ratio(text: str) -> float:
    """As Whisper has it: how much shorter zlib makes the text; high where something is said over and over."""
    raw = text.encode()
    return round(len(raw) / len(zlib.compress(raw)), 4)
