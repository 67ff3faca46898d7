"""Kokoro's own HTTP API: a text, or a batch of them, in; WAV files in base64 out, or sound as it is made."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from syrinx.accounts import Door
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.detail_errors import detail_refusals
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_batch import answered_batch
from syrinx.transports.http.voice_stream import STREAM_ANSWER, StreamOrder, answered_stream
from syrinx.transports.http.voice_wire import (
    BATCH_ANSWER,
    FailedSpeech,
    SynthesizedSpeech,
    SynthesizeOrder,
    SynthesizeOrders,
)
from syrinx.transports.http.whole_speech import answered


def kokoro_server_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["model servers"],
        dependencies=[Depends(needs("speak", door)), Depends(only_from_known_pages(origins))],
        responses=detail_refusals(400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504),
    )

    @router.post("/synthesize", summary="Speak a text (Kokoro's server)", response_model=SynthesizedSpeech)
    async def synthesize(  # pyright: ignore[reportUnusedFunction]
        order: SynthesizeOrder, request: Request, user: Annotated[str, Depends(user_of)]
    ) -> Response:
        """The whole speech as one WAV file. Without `lang_code` the voice's own language is spoken."""
        return await answered(house, order, request, user=user)

    @router.post(
        "/synthesize-batch",
        summary="Speak several texts (Kokoro's server)",
        response_model=list[SynthesizedSpeech | FailedSpeech],
        responses={200: BATCH_ANSWER},
    )
    async def synthesize_batch(  # pyright: ignore[reportUnusedFunction]
        orders: SynthesizeOrders,
        request: Request,
        user: Annotated[str, Depends(user_of)],
    ) -> Response:
        """Answers in the order of the texts. One that fails has an `error` in its place; when all fail, the first
        failure is the answer."""
        return await answered_batch(house, orders, request, user=user)

    @router.post(
        "/audio-stream",
        summary="Speak a text as a stream (Kokoro's server)",
        response_class=Response,
        responses={200: STREAM_ANSWER},
    )
    async def audio_stream(  # pyright: ignore[reportUnusedFunction]
        order: StreamOrder,
        request: Request,
        user: Annotated[str, Depends(user_of)],
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Sound in the format asked for, sent as it is made; all that can be refused is refused before."""
        return await answered_stream(house, order, request, accept=accept, user=user)

    return router
