"""OpenAI's own client against a server of scripted fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from openai import AsyncOpenAI
from tests.transports.speech_house import ScriptedHouse, speech_server

from syrinx.accounts import door_of
from syrinx.transports.http.model_servers import model_server_routes
from syrinx.transports.http.openai_audio import openai_routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    address: str
    port: int
    house: ScriptedHouse
    client: AsyncOpenAI
    """Sends the right token, and never asks twice."""


@asynccontextmanager
async def opened(house: ScriptedHouse | None = None, *, token: str | None = None) -> AsyncGenerator[Opened, None]:
    """The OpenAI routes and those of the model servers over a house, as long as the context lasts."""
    async with (
        speech_server(
            lambda made: openai_routes(made, door=door_of(token), origins=()),
            lambda made: model_server_routes(made, door=door_of(token), origins=()),
            house=house,
        ) as server,
        AsyncOpenAI(base_url=f"{server.address}/v1", api_key=token or "none", max_retries=0) as client,
    ):
        yield Opened(address=server.address, port=server.port, house=server.house, client=client)


@asynccontextmanager
async def chatting(server: Opened) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A plain HTTP client, for what OpenAI's would not send."""
    async with httpx.AsyncClient(base_url=server.address, timeout=30.0) as web:
        yield web


async def stalled_post(
    server: Opened, path: str, body: bytes, *, media_type: str = "application/json"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request over a bare socket, which the test closes when it likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()
    return reader, writer
