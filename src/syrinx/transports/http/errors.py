"""How errors become HTTP: one place for all dialects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from syrinx.accounts import Forbidden, IdentityProviderAway
from syrinx.engines.models import (
    AlreadyInstalled,
    DiskFull,
    FolderNotWritable,
    HubOffline,
    HubUnreachable,
    LicenceNotAccepted,
    ModelBusy,
    NotInstalled,
    PullCancelled,
    PullFailed,
    WrongFolder,
)
from syrinx.errors import (
    BadInput,
    DiskRefused,
    EngineBusy,
    EngineError,
    EngineResting,
    EngineTimeout,
    EngineUnavailable,
    NotFound,
    NothingUnderstood,
    RateLimited,
    RemoteRefused,
    SyrinxError,
    TooLarge,
    Unauthorized,
    WrongParameter,
)
from syrinx.storage.errors import Conflict, DatabaseUnavailable, StoreUnavailable
from syrinx.transports.http.access import JsonWanted, OriginRefused
from syrinx.voices.errors import CloneCancelled, CloneInterrupted, ConsentInUse, ConsentNotUnderstood

_STATUS: tuple[tuple[type[SyrinxError], int], ...] = (
    (TooLarge, 413),
    (JsonWanted, 415),
    (ConsentInUse, 409),
    (NothingUnderstood, 422),
    (BadInput, 400),
    (NotFound, 404),
    (Unauthorized, 401),
    (OriginRefused, 403),
    (Forbidden, 403),
    (RateLimited, 429),
    (EngineBusy, 429),
    (EngineTimeout, 504),
    (EngineUnavailable, 503),
    (IdentityProviderAway, 503),
    (CloneCancelled, 409),
    (CloneInterrupted, 503),
    (DatabaseUnavailable, 503),
    (StoreUnavailable, 503),
    (Conflict, 409),
    (RemoteRefused, 502),
    (LicenceNotAccepted, 409),
    (NotInstalled, 409),
    (AlreadyInstalled, 409),
    (ModelBusy, 409),
    (PullCancelled, 409),
    (WrongFolder, 400),
    (DiskFull, 507),
    (FolderNotWritable, 507),
    (DiskRefused, 507),
    (HubOffline, 503),
    (HubUnreachable, 503),
    (PullFailed, 502),
)
"""The first class that fits decides."""


class ErrorBody(BaseModel):
    """What every refusal of this family looks like."""

    code: str = Field(examples=["unauthorized"])
    message: str = Field(examples=["this server wants a token: send it as Authorization: Bearer ..."])
    retryable: bool = False


_NO_MEMORY: Final = "GPU out of memory"
"""So engines begin to tell of it, in words that clients of the voice onboarding API know."""
_FILE_TOO_LARGE: Final = "File too large"
"""Likewise."""


def status_of(error: SyrinxError) -> int:
    if isinstance(error, RemoteRefused) and error.status in {429, 503, 504}:
        return error.status  # it asks for patience, which only the caller can have, or what is behind it is too slow
    if isinstance(error, EngineError) and error.message.startswith(_NO_MEMORY):
        return 503  # nothing is broken: there may be room later
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


Shape = Callable[[SyrinxError, int], dict[str, Any]]
"""The body of an answer to an error with that status, as one family of clients reads it."""


def our_shape(error: SyrinxError, _status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message, "retryable": error.retryable}
    if isinstance(error, ConsentNotUnderstood):
        told["words"] = [{"text": word.text, "understood": word.understood} for word in error.words]
    return told


def openai_shape(error: SyrinxError, status: int) -> dict[str, Any]:
    """As the OpenAI API has it; its SDKs read `error.message`, `error.code` and `error.param`."""
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    parameter = getattr(error, "parameter", None)
    return {"error": {"message": error.message, "type": kind, "param": parameter, "code": error.code}}


def detail_shape(error: SyrinxError, _status: int) -> dict[str, Any]:
    """As FastAPI services have it, which the voice API and the synthesis service were."""
    return {"detail": error.message, "code": error.code, "retryable": error.retryable}


def onboarding_shape(error: SyrinxError, status: int) -> dict[str, Any]:
    """The same, and what is too large is so in the words that clients of the voice onboarding API know."""
    told = detail_shape(error, status)
    if isinstance(error, TooLarge) and not error.message.startswith(_FILE_TOO_LARGE):
        told["detail"] = f"{_FILE_TOO_LARGE}: {error.message}"
    return told


def plain_shape(error: SyrinxError, _status: int) -> dict[str, Any]:
    """As whisper.cpp's server has it."""
    return {"error": error.message, "code": error.code, "retryable": error.retryable}


_FAMILIES: tuple[tuple[str, Shape], ...] = (
    ("/v1/", openai_shape),
    ("/api/voice/upload", our_shape),
    ("/api/voice/", detail_shape),
    ("/api/messages/", detail_shape),
    ("/api/public/voice/onboarding/", onboarding_shape),
    ("/api/v1/tts/", detail_shape),
    ("/synthesize", detail_shape),
    ("/audio-stream", detail_shape),
    ("/inference", plain_shape),
    ("/load", plain_shape),
)
"""By the beginning of the path; all others get our own."""


def shape_for(path: str) -> Shape:
    return next((shape for beginning, shape in _FAMILIES if path.startswith(beginning)), our_shape)


def error_response(error: SyrinxError, path: str, *, status: int | None = None) -> JSONResponse:
    """The answer to an error, in the shape that clients of that path read."""
    status = status_of(error) if status is None else status
    headers: dict[str, str] = {}
    if isinstance(error, EngineBusy | EngineResting | RemoteRefused | RateLimited) and error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(shape_for(path)(error, status), status_code=status, headers=headers)


def add_error_handling(app: FastAPI) -> None:
    """Answer every SyrinxError with its status, in the shape of its family; likewise what FastAPI itself refuses."""

    @app.exception_handler(SyrinxError)
    async def answer(request: Request, error: SyrinxError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return error_response(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """A request that is not as the description of the interface says."""
        path = request.url.path
        found = error.errors()
        told = [f"{'.'.join(_place(each)) or 'body'}: {each['msg']}" for each in found[:_MOST_FINDINGS]]
        if len(found) > _MOST_FINDINGS:
            told.append(f"and {len(found) - _MOST_FINDINGS} more like these")
        first = ".".join(_place(found[0])) or None
        # OpenAI's clients know 400 where FastAPI's know 422.
        status = 400 if shape_for(path) is openai_shape else 422
        return error_response(WrongParameter("; ".join(told), parameter=first), path, status=status)

    @app.exception_handler(Exception)
    async def own_up(request: Request, _: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """A fault of ours, of which the log tells and the client is told nothing: it may have words or paths in it."""
        return error_response(SyrinxError("something went wrong in the server: its log says what"), request.url.path)

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        """What the framework itself refuses: no such route, no such method."""
        if request.method == "HEAD" or error.status_code in {204, 304}:
            return Response(status_code=error.status_code, headers=error.headers)
        told = SyrinxError(str(error.detail), code=_HTTP_CODES.get(error.status_code, "refused"))
        answer = error_response(told, request.url.path, status=error.status_code)
        answer.headers.update(error.headers or {})
        return answer


_MOST_FINDINGS: Final = 10
"""More help nobody, and a body may hold a million."""
_LONGEST_PLACE: Final = 60
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_input"}


def _place(finding: Mapping[str, Any]) -> list[str]:
    """Field names and numbers without the part of the request that they were in; nor the place of a mistake in the JSON
    itself. A client may call its fields what it likes: it gets back no more of that than tells which one it is."""
    if finding["type"] == "json_invalid":
        return []
    return [str(part)[:_LONGEST_PLACE] for part in finding["loc"][1:]]
