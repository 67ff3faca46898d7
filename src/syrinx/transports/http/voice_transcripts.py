"""A whole recording in and its words out, as clients of the voice API read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from pydantic import BaseModel, ConfigDict, Field

from syrinx.errors import WrongParameter
from syrinx.speech.recordings import RecordingRequest
from syrinx.transports.http.hearing import open_hearing
from syrinx.transports.http.speech_house import SpeechHouse

TRANSCRIPT_EXAMPLE: Final[dict[str, Any]] = {
    "text": "Hello, how are you?",
    "language": "en",
    "confidence": None,
    "duration_seconds": 1.5,
    "model": "pocketsphinx",
}


class TranscribedSpeech(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": TRANSCRIPT_EXAMPLE})

    text: str = Field(description="Empty where nobody speaks.")
    language: str = Field(description="As asked for, or as found out.")
    confidence: float | None = Field(description="0 to 1; null where the ear does not know.")
    duration_seconds: float = Field(description="Of the recording.")
    model: str = Field(description="The ear that understood it.")


_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    body: TranscribedSpeech
    headers: dict[str, str]
    """What an answer over HTTP says beside it."""


async def transcribed(house: SpeechHouse, file: BinaryIO, *, language: str, user: str) -> Heard:
    """`language` as a client wrote it; "" leaves it to the ear. Raises what the intake and the ear raise."""
    wanted = language.strip()
    if wanted and not _LANGUAGE.fullmatch(wanted):
        raise WrongParameter('language is to be a tag like "en" or "pt-BR", or "auto"', parameter="language")
    dictionary = await house.pronunciations(user)
    request = RecordingRequest(language=wanted or None, hotwords=tuple(entry.written for entry in dictionary.entries))
    async with open_hearing(house, file, request) as hearing:
        final = await hearing.final()
    transcript = final.transcript
    body = TranscribedSpeech(
        text=transcript.text,
        language=transcript.language,
        confidence=transcript.confidence,
        duration_seconds=round(final.duration_ms / 1000.0, 6),
        model=transcript.engine,
    )
    return Heard(body=body, headers={"Server-Timing": hearing.time.header()})
