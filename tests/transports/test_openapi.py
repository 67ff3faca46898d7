"""The description of the HTTP interface, as its readers find it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from tests.transports.talking_house import talk_server


@pytest.fixture
async def document() -> dict[str, Any]:
    async with talk_server() as server, httpx.AsyncClient(base_url=server.address) as web:
        return (await web.get("/openapi.json")).raise_for_status().json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.docs
def test_every_route_says_what_it_is_for_and_shows_an_answer(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    assert set(found) == {
        "GET /health",
        "GET /metrics",
        "GET /api/talk/options",
        "GET /api/models",
        "POST /api/models/{name}/pull",
        "DELETE /api/models/{name}/pull",
        "DELETE /api/models/{name}",
        "POST /api/models/{name}/verify",
    }
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        for status, answer in operation["responses"].items():
            assert answer["description"], name
            for media in answer.get("content", {}).values():
                assert status == "422" or has_example(document, media), f"{name} {status} shows no example"


def has_example(document: dict[str, Any], media: dict[str, Any]) -> bool:
    schema = media.get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = schema.get("properties", {}).values()
    wanted = [field for field in fields if "default" not in field]
    return "example" in media or "example" in schema or (bool(wanted) and all("examples" in each for each in wanted))


def test_nothing_in_it_is_fetched_from_elsewhere(document: dict[str, Any]) -> None:
    assert "://" not in json.dumps(without_examples(document))


def without_examples(value: Any) -> Any:
    """Examples show addresses as data, which nobody follows."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: without_examples(each) for name, each in named.items() if name not in {"example", "examples"}}
    return [without_examples(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


async def test_there_are_no_viewers_that_fetch_scripts_from_a_network() -> None:
    async with talk_server() as server, httpx.AsyncClient(base_url=server.address) as web:
        for path in ("/docs", "/redoc"):
            assert (await web.get(path)).status_code == 404
