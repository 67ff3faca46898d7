"""How errors become HTTP: one place for all dialects."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

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

_STATUS: tuple[tuple[type[SyrinxError], int], ...] = (
    (TooLarge, 413),
    (BadInput, 400),
    (NotFound, 404),
    (Unauthorized, 401),
    (RateLimited, 429),
    (EngineBusy, 429),
    (EngineTimeout, 504),
    (EngineUnavailable, 503),
    (RemoteRefused, 502),
)
"""The first class that fits decides."""


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
