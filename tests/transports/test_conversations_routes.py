"""A person's history over HTTP: listed, searched, read, renamed, taken along and deleted; nobody's but their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.databases import sqlite_database
from tests.transports.kept_talks import KeyDoor, key
from tests.transports.test_openapi import has_example, operations

from syrinx.accounts import Door, OpenDoor
from syrinx.conversation.history import History
from syrinx.conversation.memory import Remembered
from syrinx.storage import Database, DatabaseUnavailable
from syrinx.transports.http.conversations import conversation_routes
from syrinx.transports.http.errors import add_error_handling

__all__ = ["sqlite_database"]

ADDRESS = "http://127.0.0.1:8000"
PATH = "/api/conversations"


def served(history: History, door: Door | None = None) -> httpx.AsyncClient:
    app = FastAPI()
    add_error_handling(app)
    app.include_router(conversation_routes(history, door=door or OpenDoor(), origins=()))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS)


def turns(*texts: tuple[str, str, str]) -> Sequence[Remembered]:
    """What was said, the reply, and what was heard of it."""
    return [
        each
        for number, (said, reply, heard) in enumerate(texts, start=1)
        for each in (
            Remembered(turn=number, role="user", speaker="", text=said, heard=said),
            Remembered(turn=number, role="assistant", speaker="Ada", text=reply, heard=heard),
        )
    ]


async def keep(history: History, user: str, conversation_id: str, *texts: tuple[str, str, str]) -> None:
    await history.keep(user, conversation_id, language="en", remembered=turns(*texts))


async def test_a_conversation_is_listed_read_renamed_and_deleted(sqlite_database: Database) -> None:
    history = History(sqlite_database)
    await keep(history, "local", "talk-1", ("the sea", "It glows. It sings.", "It glows."))
    async with served(history) as web:
        listed = (await web.get(PATH)).json()
        assert listed["before"] is None
        (only,) = listed["conversations"]
        assert (only["conversation_id"], only["title"], only["message_count"]) == ("talk-1", "the sea", 2)
        assert only["created_at"].endswith("Z")
        renamed = await web.patch(f"{PATH}/talk-1", json={"title": " At  sea "})
        assert renamed.json()["title"] == "At sea"
        read = (await web.get(f"{PATH}/talk-1")).json()
        assert (read["title"], read["before"]) == ("At sea", None)
        assert [(each["speaker"], each["text"], each["heard"]) for each in read["messages"]] == [
            ("", "the sea", "the sea"),
            ("Ada", "It glows. It sings.", "It glows."),
        ]
        assert (await web.delete(f"{PATH}/talk-1")).status_code == 204
        assert (await web.get(PATH)).json()["conversations"] == []


async def test_long_lists_and_long_conversations_come_in_pages(sqlite_database: Database) -> None:
    history = History(sqlite_database)
    for number in range(5):
        await keep(history, "local", f"talk-{number}", (f"number {number}", "Yes.", "Yes."))
    await keep(history, "local", "long", *((f"question {n}", f"answer {n}", "") for n in range(4)))
    async with served(history) as web:
        seen: list[str] = []
        where: dict[str, Any] = {"limit": 4}
        while True:
            page = (await web.get(PATH, params=where)).json()
            seen += [each["conversation_id"] for each in page["conversations"]]
            if page["before"] is None:
                break
            where["before"] = page["before"]
        assert seen == ["long", "talk-4", "talk-3", "talk-2", "talk-1", "talk-0"]
        newest = (await web.get(f"{PATH}/long", params={"limit": 3})).json()
        assert [each["text"] for each in newest["messages"]] == ["answer 2", "question 3", "answer 3"]
        older = (await web.get(f"{PATH}/long", params={"before": newest["before"]})).json()
        assert [each["text"] for each in older["messages"]][-1] == "question 2"
        assert (len(older["messages"]), older["before"]) == (5, None)


async def test_words_are_looked_for(sqlite_database: Database) -> None:
    history = History(sqlite_database)
    await keep(history, "local", "sea", ("tell me of the sea", "The SEA glows.", "The SEA glows."))
    await keep(history, "local", "fox", ("and a fox", "It runs.", "It runs."))
    async with served(history) as web:
        found = (await web.get(PATH, params={"q": "sea"})).json()
        (only,) = found["conversations"]
        place = only["found"]
        assert (only["conversation_id"], place["role"]) == ("sea", "assistant")
        assert place["excerpt"][place["start_char"] : place["end_char"]] == "SEA"
        assert (await web.get(PATH, params={"q": "100%"})).json()["conversations"] == []


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "told"),
    [
        ("GET", PATH, {"params": {"q": " "}}, 400, "looked for has 1 to 200"),
        ("GET", PATH, {"params": {"q": "x" * 201}}, 400, "looked for has 1 to 200"),
        ("GET", PATH, {"params": {"q": "x", "before": "1.x"}}, 400, "one page"),
        ("GET", PATH, {"params": {"before": "yesterday"}}, 400, "before is to be as the page before gave it"),
        ("GET", PATH, {"params": {"limit": 0}}, 422, "limit"),
        ("GET", PATH, {"params": {"limit": 101}}, 422, "limit"),
        ("DELETE", PATH, {}, 400, "?all=true"),
        ("DELETE", PATH, {"params": {"all": "false"}}, 400, "?all=true"),
        ("GET", f"{PATH}/none", {}, 404, "no such conversation"),
        ("GET", f"{PATH}/no%00ne", {}, 404, "no such conversation"),
        ("GET", f"{PATH}/..%2f..%2fetc", {}, 404, ""),
        ("GET", f"{PATH}/{'x' * 500}", {}, 404, "no such conversation"),
        ("GET", f"{PATH}/talk", {"params": {"before": "../.."}}, 404, "no such conversation"),
        ("GET", f"{PATH}/talk/export", {"params": {"format": "docx"}}, 422, "format"),
        ("PATCH", f"{PATH}/talk", {"json": {"title": " "}}, 400, "a title has 1 to 80"),
        ("PATCH", f"{PATH}/talk", {"json": {"title": "x" * 81}}, 422, "title"),
        ("PATCH", f"{PATH}/talk", {"json": {"titel": "x"}}, 422, "titel"),
        ("PATCH", f"{PATH}/talk", {"content": b"title=x"}, 415, "application/json"),
        ("PATCH", f"{PATH}/none", {"json": {"title": "x"}}, 404, "no such conversation"),
        ("DELETE", f"{PATH}/none", {}, 404, "no such conversation"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    sqlite_database: Database, method: str, path: str, more: dict[str, Any], status: int, told: str
) -> None:
    history = History(sqlite_database)
    await keep(history, "local", "talk", ("hello", "Hello!", "Hello!"))
    async with served(history) as web:
        answer = await web.request(method, path, **more)
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == {"code", "message", "retryable"}
        assert told in answer.json()["message"]
        assert len((await web.get(f"{PATH}/talk")).json()["messages"]) == 2


ROUTES = [
    ("GET", f"{PATH}/anns", {}),
    ("GET", f"{PATH}/anns/export", {}),
    ("PATCH", f"{PATH}/anns", {"json": {"title": "mine"}}),
    ("DELETE", f"{PATH}/anns", {}),
]


@pytest.mark.parametrize(("method", "path", "more"), ROUTES)
async def test_anothers_conversation_is_as_none(
    sqlite_database: Database, method: str, path: str, more: dict[str, Any]
) -> None:
    """ASVS 5.0 V8.2.2: data is its owner's, whatever id is named; V8.3.1: enforced where the data is."""
    history = History(sqlite_database)
    await keep(history, "ann", "anns", ("a secret", "Yes.", "Yes."))
    async with served(history, KeyDoor()) as web:
        theirs = await web.request(method, path, headers=key("bob"), **more)
        none = await web.request(method, path.replace("anns", "none"), headers=key("bob"), **more)
        assert (theirs.status_code, theirs.content) == (none.status_code, none.content)
        assert theirs.status_code == 404
        forged = key("bob") | {"X-Syrinx-User": "ann"}
        assert (await web.request(method, path, headers=forged, **more)).status_code == 403
        assert (await web.request(method, path, **more)).status_code == 401
        assert (await web.request(method, path, headers=key("ear"), **more)).status_code == 403
        assert (await web.get(PATH, headers=key("bob"))).json()["conversations"] == []
        assert (await web.get(PATH, params={"q": "secret"}, headers=key("bob"))).json()["conversations"] == []
        assert (await web.delete(PATH, params={"all": "true"}, headers=key("bob"))).json() == {"deleted": 0}
        assert (await web.get(f"{PATH}/anns", headers=key("ann"))).json()["title"] == "a secret"


async def test_a_page_of_another_origin_changes_nothing(sqlite_database: Database) -> None:
    history = History(sqlite_database)
    await keep(history, "local", "talk", ("hello", "Hello!", "Hello!"))
    async with served(history) as web:
        foreign = {"Origin": "https://evil.example"}
        for method, path in (("DELETE", PATH + "?all=true"), ("DELETE", f"{PATH}/talk"), ("PATCH", f"{PATH}/talk")):
            answer = await web.request(method, path, headers=foreign, json={"title": "x"})
            assert answer.json()["code"] == "origin_refused"
        assert (await web.delete(PATH, params={"all": "true"})).json() == {"deleted": 1}


async def test_a_conversation_is_taken_along_whole(sqlite_database: Database) -> None:
    history = History(sqlite_database)
    tricky = "<script>*x*</script> # [a](b) `c` | 1_000\n- no list"
    await keep(
        history,
        "local",
        "talk",
        *((f"question {n}", "It glows. It sings.", "It glows.") for n in range(150)),
        (tricky, "Never said.", ""),
    )
    async with served(history) as web:
        as_json = await web.get(f"{PATH}/talk/export")
        assert as_json.headers["content-disposition"] == 'attachment; filename="conversation-talk.json"'
        told = as_json.json()
        assert (len(told["messages"]), told["before"]) == (302, None)
        as_text = await web.get(f"{PATH}/talk/export", params={"format": "text"})
        assert as_text.headers["content-type"] == "text/plain; charset=utf-8"
        lines = as_text.text.splitlines()
        assert lines[0] == "question 0"
        assert lines[3:6] == ["You: question 0", "", "Ada: It glows."]
        assert lines[6] == "  (not heard: It sings.)"
        assert "  (not heard: Never said.)" in lines
        as_markdown = await web.get(f"{PATH}/talk/export", params={"format": "markdown"})
        assert as_markdown.headers["content-disposition"].endswith('.md"')
        assert (
            "**You:** \\<script\\>\\*x\\*\\</script\\> \\# \\[a\\](b) \\`c\\` \\| 1\\_000 - no list" in as_markdown.text
        )
        assert "<script>" not in as_markdown.text


async def test_a_database_that_is_away_is_a_503(sqlite_database: Database) -> None:
    class Away(Database):
        def reading(self) -> Any:
            raise DatabaseUnavailable("the database is not reached: try again when it is there")

    away = Away.__new__(Away)
    async with served(History(away)) as web:
        answer = await web.get(PATH)
        assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (
            503,
            "database_unavailable",
            True,
        )


@pytest.mark.docs
async def test_every_route_shows_what_it_answers(sqlite_database: Database) -> None:
    async with served(History(sqlite_database)) as web:
        document = (await web.get("/openapi.json")).json()
    found = dict(operations(document))
    assert set(found) == {
        f"GET {PATH}",
        f"DELETE {PATH}",
        f"GET {PATH}/{{conversation_id}}",
        f"PATCH {PATH}/{{conversation_id}}",
        f"DELETE {PATH}/{{conversation_id}}",
        f"GET {PATH}/{{conversation_id}}/export",
    }
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values():
                assert status == "422" or has_example(document, media), (name, status, json.dumps(media)[:200])
