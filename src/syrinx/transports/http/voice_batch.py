"""Several texts spoken for one request: made a few at a time, sent in their order, never all held at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from syrinx.errors import BadInput, SyrinxError
from syrinx.transports.http.errors import ErrorBody, our_shape, status_of
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.sounding import StreamedBody
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_wire import (
    LARGEST_BATCH,
    FailedSpeech,
    SynthesizeOrder,
)
from syrinx.transports.http.whole_speech import WholeSpeech, synthesized

AT_ONCE: Final = 3
"""So many of a batch are made, or wait to be sent, at the same time: one client takes neither all places of an engine
nor the memory for ten long texts, which is a gigabyte."""

Spoken = WholeSpeech | SyrinxError


async def answered_batch(
    house: SpeechHouse, orders: Sequence[SynthesizeOrder], request: Request, *, user: str
) -> Response:
    """A JSON list of SynthesizedSpeech and FailedSpeech in the orders' order, sent as it grows; ended when the client
    leaves. An order that fails leaves the others alone.

    Raises BadInput for none or more than LARGEST_BATCH, and the first failure when every order failed: nothing was
    made then, which no client may take for success. So the answer begins with the first order that did not fail.
    """
    if not 1 <= len(orders) <= LARGEST_BATCH:
        raise BadInput(f"a batch has 1 to {LARGEST_BATCH} texts, this one has {len(orders)}")
    batch = _Batch(house, orders, user=user)
    try:
        async with while_connected(request.receive):
            begun = await batch.begun()
    except BaseException:
        await batch.aclose()
        raise
    return StreamedBody(batch.as_json(begun), media_type="application/json", on_end=batch.aclose)


class _Batch:
    def __init__(self, house: SpeechHouse, orders: Sequence[SynthesizeOrder], *, user: str) -> None:
        self._house = house
        self._waiting = list(orders)
        self._user = user
        self._under_way: list[asyncio.Task[Spoken]] = []
        """In their order."""

    async def begun(self) -> list[Spoken]:
        """The results up to the first success. Raises the first failure when there is none."""
        results: list[Spoken] = []
        while (result := await self._next()) is not None:
            results.append(result)
            if not isinstance(result, SyrinxError):
                return results
        raise next(result for result in results if isinstance(result, SyrinxError))

    async def as_json(self, begun: list[Spoken]) -> AsyncGenerator[bytes, None]:
        mark = b"["
        result: Spoken | None = begun.pop(0)
        while result is not None:
            async with aclosing(_json(result)) as pieces:
                async for piece in pieces:
                    yield mark + piece
                    mark = b""
            mark = b","
            result = begun.pop(0) if begun else await self._next()
        yield b"]"

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()

    async def _next(self) -> Spoken | None:
        """The next result, in order; None after the last."""
        while self._waiting and len(self._under_way) < AT_ONCE:
            self._under_way.append(asyncio.create_task(self._spoken(self._waiting.pop(0))))
        if not self._under_way:
            return None
        await asyncio.wait(self._under_way[:1])
        return self._under_way.pop(0).result()

    async def _spoken(self, order: SynthesizeOrder) -> Spoken:
        try:
            return await synthesized(self._house, order, user=self._user)
        except SyrinxError as error:
            return error


async def _json(result: Spoken) -> AsyncGenerator[bytes, None]:
    if isinstance(result, SyrinxError):
        failed = FailedSpeech(error=ErrorBody(**our_shape(result, 0)), status=status_of(result))
        yield failed.model_dump_json().encode()
        return
    async with aclosing(result.as_json()) as pieces:
        async for piece in pieces:
            yield piece
