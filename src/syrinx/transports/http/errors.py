"""How errors become HTTP: one place for all dialects."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

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
    EngineBusy,
    EngineTimeout,
    EngineUnavailable,
    NotFound,
    RateLimited,
    RemoteRefused,
    SyrinxError,
    TooLarge,
    Unauthorized,
)
from syrinx.transports.http.access import JsonWanted, OriginRefused

_STATUS: tuple[tuple[type[SyrinxError], int], ...] = (
    (TooLarge, 413),
    (JsonWanted, 415),
    (BadInput, 400),
    (NotFound, 404),
    (Unauthorized, 401),
    (OriginRefused, 403),
    (RateLimited, 429),
    (EngineBusy, 429),
    (EngineTimeout, 504),
    (EngineUnavailable, 503),
    (RemoteRefused, 502),
    (LicenceNotAccepted, 409),
    (NotInstalled, 409),
    (AlreadyInstalled, 409),
    (ModelBusy, 409),
    (PullCancelled, 409),
    (WrongFolder, 400),
    (DiskFull, 507),
    (FolderNotWritable, 507),
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


def status_of(error: SyrinxError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def add_error_handling(app: FastAPI) -> None:
    """Answer every SyrinxError with its status and `{code, message, retryable}`."""

    @app.exception_handler(SyrinxError)
    async def answer(_request: Request, error: SyrinxError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        headers: dict[str, str] = {}
        if isinstance(error, EngineBusy):
            headers["Retry-After"] = str(math.ceil(error.retry_after_s))
        if isinstance(error, Unauthorized):
            headers["WWW-Authenticate"] = "Bearer"
        body = {"code": error.code, "message": error.message, "retryable": error.retryable}
        return JSONResponse(body, status_code=status_of(error), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def explain(_request: Request, error: RequestValidationError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """A request that is not as the description of the interface says."""
        findings = [f"{'.'.join(_place(finding['loc'])) or 'body'}: {finding['msg']}" for finding in error.errors()]
        body = {"code": BadInput.code, "message": "; ".join(findings), "retryable": False}
        return JSONResponse(body, status_code=422)


def _place(location: Sequence[object]) -> list[str]:
    """Field names without the part of the request that they were in; nor the place of a mistake in the JSON itself."""
    return [part for part in location[1:] if isinstance(part, str)]
