"""A server of the voice API alone, over a scripted house."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tests.transports.speech_house import ScriptedHouse, SpeechServer, speech_server

from syrinx.accounts import door_of
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_api import voice_api_routes

TOKEN = "sesame"


@asynccontextmanager
async def voice_server(
    house: ScriptedHouse | None = None, *, token: str | None = None, opened: SpeechHouse | None = None
) -> AsyncGenerator[tuple[httpx.AsyncClient, SpeechServer]]:
    def routes(house: SpeechHouse) -> Any:
        return voice_api_routes(house, door=door_of(token), origins={"https://app.example"})

    async with (
        speech_server(routes, house=house, opened=opened) as server,
        httpx.AsyncClient(base_url=server.address, timeout=20.0) as web,
    ):
        yield web, server


def refused(answer: httpx.Response, status: int, code: str) -> str:
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"detail", "code", "retryable"}
    assert body["code"] == code
    assert isinstance(body["detail"], str)
    return body["detail"]
