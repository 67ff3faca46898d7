"""A batch of texts without a server around it: what is made when."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from fastapi import Request
from tests.transports.speech_house import ScriptedHouse

from syrinx.errors import BadInput, EngineBusy, UnknownVoice
from syrinx.speech.narration import NarrationRequest
from syrinx.testing.fake_speech import ScriptedNarration, ScriptedNarrator
from syrinx.transports.http.voice_batch import AT_ONCE, answered_batch
from syrinx.transports.http.voice_wire import SynthesizeOrder


class Told(ScriptedNarrator):
    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        if request.text == "busy":
            raise EngineBusy("busy", retry_after_s=1.0)
        if request.text == "unknown":
            raise UnknownVoice("nobody")
        return await super().__call__(request)


def asked_by(leaving: asyncio.Event | None = None) -> Request:
    """Of a client that stays, or leaves when it is told to."""

    async def receive() -> dict[str, Any]:
        await (leaving or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, cast("Any", receive))


def orders(*texts: str) -> list[SynthesizeOrder]:
    return [SynthesizeOrder(text=text) for text in texts]


async def settled() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_no_more_is_made_than_is_taken() -> None:
    house = ScriptedHouse(narrator=Told(chunks=1))
    answer = cast("Any", await answered_batch(house.opened(), orders(*"abcdefghij"), asked_by(), user="local"))
    body = answer._source
    begun: list[int] = []
    pieces: list[bytes] = []
    async for piece in body:
        pieces.append(piece)
        await settled()
        begun.append(len(house.narrator.begun))
    # Before a text is sent no more than it and those behind it are under way.
    assert begun[:10] == [min(10, sent + AT_ONCE) for sent in range(10)]
    assert [item["text_length"] for item in json.loads(b"".join(pieces))] == [1] * 10
    await answer._on_end()
    assert house.at_work == 0


async def test_failures_before_the_first_success_stand_in_their_place() -> None:
    house = ScriptedHouse(narrator=Told(chunks=1))
    asked = orders("busy", "unknown", "busy", "busy", "fine", "unknown")
    answer = cast("Any", await answered_batch(house.opened(), asked, asked_by(), user="local"))
    items = json.loads(b"".join([piece async for piece in answer._source]))
    assert [item.get("status", 200) for item in items] == [429, 404, 429, 429, 200, 404]
    await answer._on_end()


async def test_where_all_fail_the_first_failure_is_raised() -> None:
    house = ScriptedHouse(narrator=Told())
    with pytest.raises(EngineBusy):
        await answered_batch(house.opened(), orders("busy", "unknown", "unknown"), asked_by(), user="local")
    with pytest.raises(BadInput, match="1 to 10 texts"):
        await answered_batch(house.opened(), [], asked_by(), user="local")


async def test_a_client_that_leaves_before_the_first_success_ends_all() -> None:
    house = ScriptedHouse(narrator=Told(chunks=1000, chunk_s=0.001))
    leaving = asyncio.Event()
    asking = asyncio.create_task(answered_batch(house.opened(), orders("a", "b", "c"), asked_by(leaving), user="local"))
    await settled()
    assert house.at_work == AT_ONCE
    leaving.set()
    with pytest.raises(Exception, match="client left"):
        await asking
    assert house.at_work == 0


async def test_a_client_that_leaves_later_ends_the_rest() -> None:
    house = ScriptedHouse(narrator=Told(chunks=1))
    answer = cast("Any", await answered_batch(house.opened(), orders(*"abcdef"), asked_by(), user="local"))
    await anext(answer._source)
    await answer._source.aclose()
    await answer._on_end()
    assert house.at_work == 0
    assert len(house.narrator.begun) <= AT_ONCE + 1
