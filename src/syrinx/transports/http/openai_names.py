"""Which models OpenAI's clients may name here, and how a refusal is described to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from syrinx.errors import (
    BadAudio,
    BadInput,
    SyrinxError,
    TooLarge,
    UnknownEngine,
    UnknownLanguage,
    UnknownVoice,
    WrongParameter,
)
from syrinx.transports.http.refusals import described
from syrinx.transports.http.speech_house import SpeechHouse, SpeechKind

STAND_INS: Final[Mapping[SpeechKind, tuple[str, ...]]] = {
    "tts": ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"),
    "stt": (
        "whisper-1",
        "gpt-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-12-15",
    ),
}
"""OpenAI's names (of its SDK 3.54), for which the engines in use stand in. Not its diarizing one: no ear here tells
speakers apart."""
BY_ITSELF: Final = ("", "auto")
"""Likewise what leaves the choice to the server."""


class ModelNotFound(UnknownEngine):
    """`model` names nothing that can be used here for this."""

    code = "model_not_found"
    parameter = "model"


def engine_of(house: SpeechHouse, kind: SpeechKind, model: str) -> str:
    """The engine that a request with this `model` takes, "" for those in use. Raises ModelNotFound."""
    if model in STAND_INS[kind] or model in BY_ITSELF:
        return ""
    names = house.names(kind)
    if model in names:
        return model
    raise ModelNotFound(
        f"there is no model {model[:60]!r} for this here: 'auto' or {STAND_INS[kind][0]!r} takes the engine in use; "
        f"others are {', '.join(sorted(names)) or 'none'}"
    )


def blamed(error: SyrinxError, *, on: str | None = None) -> SyrinxError:
    """The same error with the parameter that it is about, as OpenAI's clients read it; `on` where nothing else fits."""
    match error:
        case WrongParameter() | TooLarge():
            return error
        case UnknownVoice():
            # A value that cannot be, in OpenAI's words; 404 is for the address and the model.
            message = f"{error.message} (GET /v1/audio/voices)"
            return WrongParameter(message, parameter="voice", code=error.code)
        case UnknownLanguage():
            return WrongParameter(error.message, parameter="language", code=error.code)
        case ModelNotFound():
            return error
        case UnknownEngine():
            return ModelNotFound(error.message)
        case BadAudio():
            return WrongParameter(error.message, parameter="file", code=error.code)
        case BadInput():
            return WrongParameter(error.message, parameter=on, code=error.code)
        case _:
            return error


class OpenAiErrorDetail(BaseModel):
    message: str
    type: str = Field(description="invalid_request_error, authentication_error, rate_limit_error, server_error, ...")
    param: str | None = Field(description="Which parameter it is about; null where it is none or all.")
    code: str | None


class OpenAiError(BaseModel):
    """How OpenAI's API tells that something went wrong."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "error": {
                    "message": "no engine has a voice 'alfred': ... (GET /v1/audio/voices)",
                    "type": "invalid_request_error",
                    "param": "voice",
                    "code": "unknown_voice",
                }
            }
        }
    )

    error: OpenAiErrorDetail


def refusal(description: str, code: str, message: str, *, kind: str, param: str | None = None) -> dict[str, Any]:
    """How an error is described in the interface's description."""
    example = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return described(OpenAiError, description, example)


NO_TOKEN: Final = refusal(
    "No token, or a wrong one.", "unauthorized", "this server wants a token: ...", kind="authentication_error"
)
OTHER_PAGE: Final = refusal(
    "Asked by a web page of another origin.",
    "origin_refused",
    "pages of ... may not change anything here: ...",
    kind="permission_error",
)
NO_MODEL: Final = refusal(
    "No such model.",
    "model_not_found",
    "there is no model 'gpt-5' for this here: ...",
    kind="not_found_error",
    param="model",
)
ANY_OTHER: Final = refusal(
    "Anything else that goes wrong.", "bad_input", "X-Syrinx-User is to be ...", kind="invalid_request_error"
)
"""As `default`: wrong requests are 400 in this family, not FastAPI's 422, which would be described without it."""
WORK_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "default": ANY_OTHER,
    401: NO_TOKEN,
    403: OTHER_PAGE,
    404: NO_MODEL,
    429: refusal(
        "Too many wait; Retry-After tells when.", "engine_busy", "the engine is busy: ...", kind="rate_limit_error"
    ),
    500: refusal("The engine failed.", "engine_failed", "the engine broke off: ...", kind="server_error"),
    502: refusal(
        "An engine elsewhere failed.", "remote_refused", "the speech server answered 500: ...", kind="server_error"
    ),
    503: refusal(
        "The engine cannot be opened.", "engine_unavailable", "kokoro is not installed here: ...", kind="server_error"
    ),
    504: refusal("The engine took too long.", "engine_timeout", "espeak gave nothing within 30 s", kind="server_error"),
}
"""Of all routes that make an engine work."""
