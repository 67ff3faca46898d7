"""Pronunciations over HTTP: each user has their own, and what cannot be is refused in words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.transports.test_openapi import has_example, operations

from syrinx.accounts import door_of
from syrinx.speech.pronunciation_book import open_pronunciation_book
from syrinx.transports.http.errors import add_error_handling
from syrinx.transports.http.pronunciations import pronunciation_routes

ADDRESS = "http://127.0.0.1:8000"
PATH = "/api/speech/pronunciations"
SQL = {"written": "SQL", "spoken": "sequel", "ipa": "", "language": "", "case_sensitive": True}
TOMATO = {"written": "tomato", "spoken": "", "ipa": "təˈmɑːtoʊ", "language": "en", "case_sensitive": False}


def damage(folder: Path) -> None:
    for file in folder.iterdir():
        file.write_text("{")


@asynccontextmanager
async def served(folder: Path, *, token: str | None = None) -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    add_error_handling(app)
    app.include_router(pronunciation_routes(open_pronunciation_book(folder), door=door_of(token), origins=()))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as web:
        yield web


async def test_each_user_has_their_own(tmp_path: Path) -> None:
    async with served(tmp_path) as web:
        assert (await web.get(PATH)).json() == {"entries": []}
        put = await web.put(PATH, json={"entries": [SQL, TOMATO]})
        assert put.status_code == 200
        assert put.json() == {"entries": [SQL, TOMATO]}
        ann = {"X-Syrinx-User": "ann"}
        assert (await web.get(PATH, headers=ann)).json() == {"entries": []}
        short = [{"written": "GIF", "ipa": "dʒɪf"}]
        assert (await web.put(PATH, headers=ann, json={"entries": short})).status_code == 200
        removed = await web.delete(PATH)
        assert (removed.status_code, removed.content) == (204, b"")
        assert (await web.get(PATH)).json() == {"entries": []}
        assert (await web.get(PATH, headers=ann)).json()["entries"][0]["written"] == "GIF"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"entries": [SQL, {"written": "x"}]}, 400, "entries.1: the entry for 'x' is to have either spoken or ipa"),
        ({"entries": [{"written": "x", "ipa": "h@l"}]}, 400, "no sign of the International Phonetic Alphabet"),
        ({"entries": [SQL, SQL]}, 400, "two entries for 'SQL'"),
        ({"entries": [{"spoken": "x"}]}, 422, "entries.0.written: Field required"),
        ({"entries": [{"written": "x", "spoken": "y", "more": 1}]}, 422, "not permitted"),
        ({"entries": [{"written": "x" * 101, "spoken": "y"}]}, 422, "at most 100"),
        ({"entries": [{"written": "x", "spoken": "y", "language": "en-US"}]}, 422, "pattern"),
        ({"entries": [{"written": f"x{i}", "spoken": "y"} for i in range(2001)]}, 422, "at most 2000"),
        ([], 422, "dictionary"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_changed(
    tmp_path: Path, body: Any, status: int, told: str
) -> None:
    async with served(tmp_path) as web:
        await web.put(PATH, json={"entries": [TOMATO]})
        answer = await web.put(PATH, json=body)
        assert answer.status_code == status
        assert told in answer.json()["message"]
        assert answer.json()["code"] == "bad_input"
        assert (await web.get(PATH)).json() == {"entries": [TOMATO]}


async def test_half_a_character_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as web:
        body = b'{"entries": [{"written": "a\\ud800", "spoken": "b"}]}'
        answer = await web.put(PATH, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}
        assert answer.json()["code"] == "bad_input"


async def test_a_user_that_no_name_can_be_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as web:
        for method in ("GET", "DELETE"):
            answer = await web.request(method, PATH, headers={"X-Syrinx-User": "../x"})
            assert answer.status_code == 400
            assert "X-Syrinx-User" in answer.json()["message"]


async def test_the_token_and_the_page_count(tmp_path: Path) -> None:
    async with served(tmp_path, token="secret") as web:
        assert (await web.get(PATH)).status_code == 401
        known = {"Authorization": "Bearer secret"}
        assert (await web.get(PATH, headers=known)).status_code == 200
        foreign = known | {"Origin": "https://evil.example"}
        for method in ("PUT", "DELETE"):
            answer = await web.request(method, PATH, headers=foreign, json={"entries": []})
            assert answer.json()["code"] == "origin_refused"
        form = await web.put(PATH, headers=known, content=b"{}")
        assert form.status_code == 415


async def test_damage_is_told_and_mended_by_replacing(tmp_path: Path) -> None:
    async with served(tmp_path) as web:
        await web.put(PATH, json={"entries": [SQL]})
    damage(tmp_path)
    async with served(tmp_path) as web:
        answer = await web.get(PATH)
        assert (answer.status_code, answer.json()["code"]) == (500, "pronunciations_damaged")
        assert (await web.put(PATH, json={"entries": [TOMATO]})).status_code == 200
        assert (await web.get(PATH)).json() == {"entries": [TOMATO]}


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    async with served(blocked / "folder") as web:
        answer = await web.put(PATH, json={"entries": [SQL]})
    assert (answer.status_code, answer.json()["code"]) == (507, "pronunciations_not_kept")


async def test_every_body_and_error_has_an_example(tmp_path: Path) -> None:
    async with served(tmp_path) as web:
        document = (await web.get("/openapi.json")).json()
    found = dict(operations(document))
    assert set(found) == {f"{method} {PATH}" for method in ("GET", "PUT", "DELETE")}
    for name, operation in found.items():
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            assert status == "204" or has_example(document, content), (name, status)


async def test_a_request_in_two_names_is_in_neither(tmp_path: Path) -> None:
    """A client's own header before that of a proxy, which tells who the client is."""
    async with served(tmp_path) as web:
        await web.put(PATH, json={"entries": [TOMATO]}, headers={"X-Syrinx-User": "ann"})
        answer = await web.get(PATH, headers=[("X-Syrinx-User", "ann"), ("X-Syrinx-User", "bob")])
        assert answer.status_code == 400
        assert "more than once" in answer.json()["message"]
