"""The routes of an STT broker: those of whisper.cpp's server."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from syrinx.transports.brokers.passing import PassedOn
from syrinx.transports.brokers.remote import RemoteClient


def stt_routes(remote: Callable[[], RemoteClient]) -> APIRouter:
    router = APIRouter()

    @router.post("/inference")
    async def inference(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return PassedOn(remote(), request)

    @router.post("/load")
    async def load(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return PassedOn(remote(), request)

    return router
