"""Bodies that are too long are refused as they arrive, in the words that the family's clients read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from syrinx.transports.http.body_limit import BodyLimits, LimitBodies
from syrinx.transports.http.errors import add_error_handling


class Words(BaseModel):
    text: str


@pytest.fixture
async def web() -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    add_error_handling(app)
    app.add_middleware(LimitBodies, limits=BodyLimits(default_bytes=100, by_path={"/v1/large": 1000}))

    @app.post("/v1/small")
    @app.post("/v1/large")
    async def length(words: Words) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(words.text)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers={"content-type": "application/json"}
    ) as client:
        yield client


def body(letters: int) -> bytes:
    return b'{"text":"' + b"a" * letters + b'"}'


async def piecewise(content: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(content), 16):
        yield content[start : start + 16]


async def test_what_fits_passes_and_each_path_has_its_own_limit(web: httpx.AsyncClient) -> None:
    assert (await web.post("/v1/small", content=body(50))).json() == 50
    assert (await web.post("/v1/large", content=body(500))).json() == 500


@pytest.mark.parametrize("declared", [True, False])
async def test_a_longer_body_is_refused_in_the_familys_shape(web: httpx.AsyncClient, declared: bool) -> None:
    content = body(200)
    answer = await web.post("/v1/small", content=content if declared else piecewise(content))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    assert "100 bytes" in answer.json()["error"]["message"]


async def test_an_endless_body_is_not_read_to_its_end(web: httpx.AsyncClient) -> None:
    given = 0

    async def endless() -> AsyncGenerator[bytes, None]:
        nonlocal given
        for _ in range(10_000):
            given += 1
            yield b" " * 10

    assert (await web.post("/v1/small", content=endless())).status_code == 413
    assert given < 100


async def test_a_body_that_stops_coming_is_not_waited_for() -> None:
    app = FastAPI()
    add_error_handling(app)
    app.add_middleware(LimitBodies, limits=BodyLimits(by_path={}, stall_s=0.01))

    @app.post("/v1/work")
    async def work(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(await request.body())

    async def stalling() -> AsyncGenerator[bytes, None]:
        yield b"begun"
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post("/v1/work", content=stalling())
    assert answer.status_code == 408
    assert answer.json()["error"]["code"] == "body_stalled"


async def test_large_bodies_have_a_bound_together_and_small_ones_always_pass() -> None:
    limits = BodyLimits(default_bytes=1000, by_path={}, uncounted_bytes=100, at_once_bytes=500)
    app = FastAPI()
    add_error_handling(app)
    app.add_middleware(LimitBodies, limits=limits)
    answering, go_on = asyncio.Event(), asyncio.Event()

    @app.post("/v1/work")
    async def work(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        length = len(await request.body())
        if length > 100:
            answering.set()
            await go_on.wait()
        return length

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        # Alone even one may come that is larger than all together should be.
        large = asyncio.create_task(client.post("/v1/work", content=piecewise(b"a" * 600)))
        await answering.wait()
        refused = await client.post("/v1/work", content=piecewise(b"a" * 200))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "5"
        assert (await client.post("/v1/work", content=b"a" * 100)).json() == 100
        go_on.set()
        assert (await large).json() == 600
        # What was held is free again.
        for _ in range(5):
            assert (await client.post("/v1/work", content=piecewise(b"a" * 400))).json() == 400
