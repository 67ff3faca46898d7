"""What a client did wrong is told in words of a bounded length, whatever it sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from syrinx.transports.http.errors import add_error_handling


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


@pytest.fixture
async def web() -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    add_error_handling(app)

    @app.post("/words")
    async def words(sent: list[Words]) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(sent)

    @app.get("/v1/broken")
    async def broken() -> None:  # pyright: ignore[reportUnusedFunction]
        raise OSError(28, "No space left on device", "/secret/folder/words of somebody")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


async def test_the_place_of_a_mistake_is_told_with_its_number(web: httpx.AsyncClient) -> None:
    answer = await web.post("/words", json=[{"text": "right"}, {"text": 1}])
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("1.text: ")


async def test_many_mistakes_are_not_all_told(web: httpx.AsyncClient) -> None:
    answer = await web.post("/words", json=[{"text": "right", **dict.fromkeys(map(str, range(5000)), 0)}])
    assert len(answer.content) < 2000
    assert "4990 more" in answer.json()["message"]


async def test_a_long_name_is_not_given_back_whole(web: httpx.AsyncClient) -> None:
    answer = await web.post("/words", json=[{"text": "right", "k" * 100_000: 0}])
    assert len(answer.content) < 500


async def test_where_in_the_text_json_breaks_off_is_no_field(web: httpx.AsyncClient) -> None:
    answer = await web.post("/words", content=b'[{"text": ', headers={"content-type": "application/json"})
    assert answer.json()["message"] == "body: JSON decode error"


async def test_a_fault_of_the_server_is_told_in_the_familys_shape_and_without_its_secrets(
    web: httpx.AsyncClient,
) -> None:
    answer = await web.get("/v1/broken")
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "secret" not in answer.text
