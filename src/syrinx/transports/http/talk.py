"""What the Talk page and other clients ask around the socket: the options of a talk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Door
from syrinx.audio.encoding import AudioFormat
from syrinx.transports.http.access import needs
from syrinx.transports.http.refusals import refusal


class Health(BaseModel):
    status: Literal["ok"] = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])


class VoiceOption(BaseModel):
    id: str = Field(description="What `voice` takes in hello, set and a character.", examples=["slt"])
    name: str = Field(examples=["Slt"])
    language: str = Field(description="BCP 47.", examples=["en-US"])
    gender: Literal["female", "male", "neutral"]
    engine: str = Field(examples=["flite"])
    grade: str = Field(default="", description="A to F, as its makers rate it; empty where they do not.")
    aliases: list[str] = Field(
        default_factory=list[str],
        description="Names by which clients of other engines ask for it.",
        examples=[["alloy"]],
    )


class LanguageOption(BaseModel):
    id: str = Field(description="BCP 47 primary tag.", examples=["en"])
    hears: bool = Field(description="Whether the ear in use understands it; otherwise type.")
    speaks: bool


class EngineOption(BaseModel):
    name: str = Field(examples=["espeak"])
    title: str = Field(examples=["espeak-ng (basic, built in)"])
    remote: bool = Field(description="Whether what is said or written leaves this machine.")
    destination: str = Field(default="", description="The host it is sent to.")
    available: bool
    reason: str = Field(default="", description="What is missing.")
    remedy: str = Field(default="", description="The command or setting that mends it.")
    chosen: bool = Field(description="Whether a talk that names none gets it.")
    blends: bool = Field(default=False, description="Whether its voices can be mixed: af_heart+am_adam*0.5.")
    learns: bool = Field(default=False, description="Whether it learns the voices that people add: it gets samples.")
    licence: str = ""


class BetterOption(BaseModel):
    """A model that would serve a talk better than what serves it now."""

    kind: Literal["stt", "llm", "tts"]
    model: str = Field(examples=["whisper-base"])
    title: str = Field(examples=["Whisper base"])
    size_bytes: int = Field(examples=[147951465])
    says: str = Field(description="Why, for a person.")


class TalkDefaults(BaseModel):
    language: str
    voice: str | None
    tts: str
    stt: str
    llm: str


class TalkLimits(BaseModel):
    text_chars: int
    characters: int
    input_sample_rates: list[int]
    speech_chars: int = Field(description="Of a text to be spoken by `/api/speech`.")
    upload_bytes: int = Field(description="Of a recording for `/api/transcripts`.")


class TalkOptions(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.1.0",
                "voices": [{"id": "slt", "name": "Slt", "language": "en-US", "gender": "female", "engine": "flite"}],
                "languages": [{"id": "en", "hears": True, "speaks": True}],
                "detects_language": False,
                "engines": {
                    "stt": [],
                    "llm": [],
                    "tts": [
                        {
                            "name": "espeak",
                            "title": "espeak-ng (basic, built in)",
                            "remote": False,
                            "available": True,
                            "chosen": True,
                            "licence": "GPL-3.0-or-later",
                        }
                    ],
                },
                "better": [],
                "defaults": {"language": "en", "voice": None, "tts": "auto", "stt": "auto", "llm": "auto"},
                "limits": {
                    "text_chars": 4000,
                    "characters": 8,
                    "input_sample_rates": [8000, 16000],
                    "speech_chars": 1000000,
                    "upload_bytes": 200000000,
                },
                "formats": ["mp3", "wav"],
            }
        }
    )

    version: str
    voices: list[VoiceOption]
    languages: list[LanguageOption]
    detects_language: bool = Field(description='Whether a talk may name "auto" and have its language found out.')
    engines: dict[Literal["stt", "llm", "tts"], list[EngineOption]]
    better: list[BetterOption] = Field(description="The most helpful first; empty when nothing is to be gained.")
    defaults: TalkDefaults
    limits: TalkLimits
    formats: list[AudioFormat] = Field(description="In which speech can be had as a file.")


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    401: refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
    503: refusal("An engine cannot be opened.", "engine_unavailable", "kokoro is not installed here: ..."),
}


def talk_option_routes(options: Callable[[], Awaitable[TalkOptions]], *, door: Door) -> APIRouter:
    router = APIRouter(tags=["talk"])

    @router.get(
        "/api/talk/options",
        summary="What a talk may name",
        dependencies=[Depends(needs(None, door))],
        responses=_REFUSALS,
    )
    async def talk_options() -> TalkOptions:  # pyright: ignore[reportUnusedFunction]
        """Voices, languages and engines that `hello` and `set` of the realtime protocol may name."""
        return await options()

    return router
