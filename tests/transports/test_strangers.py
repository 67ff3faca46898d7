"""Strangers are refused before their bodies are read, in the words that the family's clients read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Request

from syrinx.accounts import door_of
from syrinx.transports.http.errors import add_error_handling
from syrinx.transports.http.strangers import RefuseStrangers


@asynccontextmanager
async def open_web(*, token: str | None = None, origins: tuple[str, ...] = ()) -> AsyncGenerator[httpx.AsyncClient]:
    app = FastAPI()
    add_error_handling(app)
    app.add_middleware(RefuseStrangers, door=door_of(token), origins=origins)

    @app.post("/v1/work")
    @app.get("/v1/work")
    async def work(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(await request.body())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


class Body:
    """Counts what of it was taken."""

    taken = 0

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        for _ in range(10):
            self.taken += 1
            yield b"a"


@pytest.mark.parametrize("sent", ["", "Bearer wrong", "Bearer", "Basic right", "right", "Bearer \xff"])
async def test_nothing_is_read_of_who_has_no_token(sent: str) -> None:
    body = Body()
    async with open_web(token="right") as web:
        headers = [(b"authorization", sent.encode("latin-1"))] if sent else []
        answer = await web.post("/v1/work", content=body.pieces(), headers=headers)
    assert (answer.status_code, body.taken) == (401, 0)
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_who_has_the_token_is_let_through(scheme: str) -> None:
    async with open_web(token="right") as web:
        answer = await web.post("/v1/work", content=Body().pieces(), headers={"authorization": f"{scheme} right"})
        assert answer.json() == 10
        # What routes give without a change they guard themselves.
        assert (await web.get("/v1/work")).json() == 0


async def test_nothing_is_read_of_a_page_of_another_origin() -> None:
    body = Body()
    async with open_web(origins=("https://talk.example",)) as web:
        refused = await web.post("/v1/work", content=body.pieces(), headers={"origin": "https://evil.example"})
        assert (refused.status_code, body.taken) == (403, 0)
        assert refused.json()["error"]["code"] == "origin_refused"
        for origin in ("https://talk.example", "http://here"):
            assert (await web.post("/v1/work", content=Body().pieces(), headers={"origin": origin})).json() == 10
