"""The routes of a TTS broker: those of the Kokoro server, and speech as it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from syrinx.transports.brokers.passing import PassedOn
from syrinx.transports.brokers.remote import RemoteClient

LARGEST_BATCH = 10


class BatchOrder(BaseModel):
    """What every server behind a broker needs of an order; further fields are for that server to judge."""

    text: str = Field(min_length=1, max_length=10_000)
    voice: str | None = None
    lang_code: str | None = None
    speed: float | None = Field(default=None, gt=0.0, le=2.0, allow_inf_nan=False)


Batch = Annotated[list[BatchOrder], Body(min_length=1, max_length=LARGEST_BATCH)]


def tts_routes(remote: Callable[[], RemoteClient]) -> APIRouter:
    router = APIRouter()

    @router.post("/synthesize")
    async def synthesize(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return PassedOn(remote(), request)

    @router.post("/synthesize-batch")
    async def synthesize_batch(request: Request, orders: Batch) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Checked as a whole before anything is sent, then passed on as it was written."""
        del orders
        return PassedOn(remote(), request, content=await request.body())

    @router.post("/audio-stream")
    async def audio_stream(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return PassedOn(remote(), request)

    return router
