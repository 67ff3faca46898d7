"""Speech as Kokoro's server takes it and gives it, which the voice API speaks as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from syrinx.errors import WrongParameter
from syrinx.speech.narration import NarrationRequest
from syrinx.text.languages import base_language
from syrinx.transports.http.errors import ErrorBody
from syrinx.transports.http.speech_house import SpeechHouse

LangCode = Literal["a", "b", "e", "f", "h", "i", "j", "p", "z"]
LANGUAGE_OF_CODE: Final[Mapping[LangCode, str]] = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr-FR",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-BR",
    "z": "zh",
}
"""Kokoro's one-letter `lang_code` as BCP 47."""

DEFAULT_VOICE: Final = "af_heart"
KOKOROS_VOICES: Final = (DEFAULT_VOICE, "af", "am", "bf", "bm")
"""Names that clients may always send; engines without them have voices like them."""
DEFAULT_CODE: Final[LangCode] = "a"
LARGEST_BATCH: Final = 10

ORDER_EXAMPLE: Final[dict[str, Any]] = {
    "text": "Hello, this is a test",
    "voice": "af_heart",
    "lang_code": "a",
    "speed": 1.0,
}
SPEECH_EXAMPLE: Final[dict[str, Any]] = {
    "audio_base64": "UklGRiY...",
    "audio_sample_rate": 24000,
    "audio_duration_seconds": 2.3,
    "voice": "af_heart",
    "lang_code": "a",
    "speed": 1.0,
    "text_length": 21,
    "not_applied": [],
}
FAILURE_EXAMPLE: Final[dict[str, Any]] = {
    "error": {"code": "unknown_voice", "message": "There is no voice 'af_hart': ...", "retryable": False}
}


class SynthesizeOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ORDER_EXAMPLE})

    text: str = Field(min_length=1, max_length=10_000)
    voice: str = Field(
        default="",
        max_length=256,
        description="A voice's id or alias. Without one: `af_heart`, or the default voice of `lang_code`.",
    )
    lang_code: LangCode | None = Field(
        default=None,
        description="Kokoro's letter for the language: "
        + ", ".join(f"{code} {language}" for code, language in LANGUAGE_OF_CODE.items())
        + ". Without one it is the voice's own.",
    )
    speed: float = Field(default=1.0, gt=0.0, le=2.0, allow_inf_nan=False)


class SynthesizedSpeech(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": SPEECH_EXAMPLE})

    audio_base64: str = Field(description="A whole WAV file, mono, 16 bits.")
    audio_sample_rate: int
    audio_duration_seconds: float
    voice: str = Field(description="As it was asked for; empty where a language's own speaks.")
    lang_code: str = Field(description="As it was asked for, or that of the language in which it is spoken.")
    speed: float
    text_length: int = Field(description="Of the text sent, in characters.")
    not_applied: list[str] = Field(default=[], description="What was asked for and the engine cannot do.")


class FailedSpeech(BaseModel):
    """Stands in a batch's answer in the place of the item that failed."""

    model_config = ConfigDict(json_schema_extra={"example": FAILURE_EXAMPLE})

    error: ErrorBody
    status: int = Field(default=500, description="What the answer would have been to this item alone.")


SynthesizeOrders = Annotated[
    list[SynthesizeOrder], Body(min_length=1, max_length=LARGEST_BATCH, examples=[[ORDER_EXAMPLE]])
]
BATCH_ANSWER: Final[dict[str, Any]] = {"content": {"application/json": {"example": [SPEECH_EXAMPLE, FAILURE_EXAMPLE]}}}
"""How an answer to several orders is described."""


def code_of(language: str) -> LangCode:
    """Kokoro's letter for a BCP 47 tag; "a" for a language that it has no letter for."""
    wanted = language.lower().replace("_", "-")
    for code, tag in LANGUAGE_OF_CODE.items():
        if tag.lower() == wanted:
            return code
    for code, tag in LANGUAGE_OF_CODE.items():
        if tag.partition("-")[0] == wanted.partition("-")[0]:
            return code
    return DEFAULT_CODE


async def narration_request(house: SpeechHouse, order: SynthesizeOrder, *, user: str) -> NarrationRequest:
    """What an order asks of the narrator, the user's pronunciations included.

    Raises WrongParameter where voice and letter were both sent and belong to different languages.
    """
    if order.lang_code is not None:
        await _check_fit(house, order.voice, order.lang_code)
    voice = order.voice or (DEFAULT_VOICE if order.lang_code in {None, DEFAULT_CODE} else None)
    return NarrationRequest(
        text=order.text,
        voice=voice,
        # The letter decides only where it was sent: a client that names a French voice need not know it.
        language=None if order.lang_code is None else LANGUAGE_OF_CODE[order.lang_code],
        speed=order.speed,
        pronunciations=await house.pronunciations(user),
    )


async def _check_fit(house: SpeechHouse, voice: str, code: LangCode) -> None:
    if voice in {"", *KOKOROS_VOICES}:
        return  # as clients send that must name one
    language = LANGUAGE_OF_CODE[code]
    for each in await house.voices():
        if each.voice.id == voice and _spoken_in(each.voice.language) != _spoken_in(language):
            raise WrongParameter(
                f"the voice {voice[:60]!r} speaks {each.voice.language}, lang_code {code!r} is {language}: "
                "leave lang_code out, or name a voice of that language",
                parameter="lang_code",
            )


def _spoken_in(tag: str) -> str:
    base = base_language(tag)
    return "zh" if base == "cmn" else base  # Mandarin has two tags
