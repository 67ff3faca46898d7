"""People over HTTP: who asks, what is kept of them, and what was done; each about themselves alone."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.types import Message
from tests.databases import sqlite_database
from tests.transports.people_server import OPERATOR, ORIGIN, PeopleServer, people_server
from tests.transports.test_openapi import has_example, operations

from syrinx.accounts import PERSONAL_SCOPES, Caller, KeyLimits
from syrinx.errors import DiskRefused, RateLimited, Unauthorized
from syrinx.storage import Database
from syrinx.transports.http import people_export
from syrinx.transports.http.people_export import archive_response, open_archive
from syrinx.transports.http.people_house import KeptFile, PeopleHouse

__all__ = ["sqlite_database"]

DEFAULTS = KeyLimits(requests_per_minute=60, characters_per_day=1000)
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/people/me", None),
    ("GET", "/api/people/me/export", None),
    ("DELETE", "/api/people/me", {"confirm": "ann"}),
    ("POST", "/api/tickets", None),
    ("GET", "/api/audit", None),
    ("GET", "/api/people", None),
    ("GET", "/api/keys", None),
    ("POST", "/api/keys", {"name": "lamp", "scopes": ["speak"]}),
    ("POST", "/api/keys/0123456789abcdef/rotate", {}),
    ("PATCH", "/api/keys/0123456789abcdef", {}),
    ("DELETE", "/api/keys/0123456789abcdef", None),
]


@pytest.fixture
async def server(sqlite_database: Database) -> AsyncGenerator[PeopleServer, None]:
    async with people_server(sqlite_database, limits=DEFAULTS) as running:
        yield running


async def test_every_route_wants_a_key_that_is_right(server: PeopleServer) -> None:
    """ASVS 5.0 V8.3.1, V6.3.2: nothing is given to whoever is not known."""
    for method, path, body in ROUTES:
        for headers in ({}, {"Authorization": f"Bearer syx_{'0' * 16}_{'x' * 43}"}, {"Authorization": "Basic YTpi"}):
            answer = await server.web.request(method, path, headers=headers, json=body)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_who_asks_is_told_whom_the_server_takes_them_for(server: PeopleServer) -> None:
    key_id, ann = await server.key("ann", "speak", "listen")
    await server.accounts.limits.characters((await server.accounts.keys.get(key_id)).caller(), 300)
    me = (await server.web.get("/api/people/me", headers=ann)).json()
    assert (me["user"], me["scopes"], me["how"]) == ("ann", ["listen", "speak"], "key")
    assert (me["key_id"], me["is_operator"]) == (key_id, False)
    assert me["limits"] == {"requests_per_minute": 60, "characters_per_day": 1000, "audio_seconds_per_day": None}
    assert (me["left"]["characters"]["most"], me["left"]["characters"]["left"]) == (1000, 700)
    assert me["left"]["audio_seconds"] is None
    operator = (await server.web.get("/api/people/me", headers=OPERATOR)).json()
    assert (operator["how"], operator["key_id"], operator["is_operator"]) == ("token", None, True)
    assert set(operator["limits"].values()) == {None}
    for_ann = (await server.web.get("/api/people/me", headers=OPERATOR | {"X-Syrinx-User": "ann"})).json()
    assert (for_ann["user"], for_ann["left"]["characters"]["left"]) == ("ann", 700)
    assert (await server.web.get("/api/people/me", headers=ann | {"X-Syrinx-User": "bob"})).status_code == 403


def read(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


async def test_everything_about_oneself_is_taken_along_and_nothing_of_others(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.2, V14.2."""
    sound = b"RIFF" + bytes(200_000)
    server.voices.keep("ann", "voice_1.wav", sound)
    server.talks.keep("ann", "talk-1.json", '{"text": "Grüße"}'.encode())
    server.voices.keep("bob", "voice_2.wav", b"bob's")
    _, bob = await server.key("bob")
    _, ann = await server.key("ann")
    await server.web.post("/api/keys", headers=bob, json={"name": "bobs-lamp", "scopes": ["speak"]})
    answer = await server.web.get("/api/people/me/export", headers=ann)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="syrinx-ann.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    files = read(answer.content)
    assert set(files) == {
        "about.json",
        "keys.json",
        "audit.json",
        "voices/voice_1.wav",
        "conversations/talk-1.json",
    }
    assert files["voices/voice_1.wav"] == sound
    assert json.loads(files["conversations/talk-1.json"]) == {"text": "Grüße"}
    assert [key["name"] for key in json.loads(files["keys.json"])] == ["ann's"]
    assert not any(b"bob" in content for content in files.values())
    assert not any(ann["Authorization"][-43:].encode() in content for content in files.values())
    assert await server.noted("ann") == [("person.exported", "ann", "done")]
    nobody = read((await server.web.get("/api/people/me/export", headers=OPERATOR | {"X-Syrinx-User": "eve"})).content)
    assert set(nobody) == {"about.json", "keys.json", "audit.json"}


async def test_an_archive_has_no_path_that_leads_elsewhere(server: PeopleServer) -> None:
    """ASVS 5.0 V5.3 (traversal)."""
    _, ann = await server.key("ann")
    for name in ("../x", "/x", "a/../b", "a//b", "C:\\x", "", "x\x00", ".hidden"):
        server.voices.kept["ann"] = [KeptFile(name=name, content=b"")]
        answer = await server.web.get("/api/people/me/export", headers=ann)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal"), name


async def test_a_disk_that_refuses_is_told_before_the_first_byte(
    server: PeopleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(people_export, "_add", full)
    _, ann = await server.key("ann")
    answer = await server.web.get("/api/people/me/export", headers=ann)
    assert (answer.status_code, answer.json()["code"]) == (507, DiskRefused.code)
    assert await server.noted("ann") == [("person.exported", "ann", "failed")]


async def test_of_one_user_one_archive_lies_on_the_disk_at_a_time(server: PeopleServer) -> None:
    """ASVS 5.0 V5.2.4, V15.2.2: nobody fills the disk by asking for all of theirs again and again."""
    server.voices.keep("ann", "voice_1.wav", bytes(1000))
    house = PeopleHouse(accounts=server.accounts, belongings=(server.voices.belongings(),))
    async with open_archive(house, "ann"), open_archive(house, "bob"):
        with pytest.raises(RateLimited) as refused:
            await archive_response(house, "ann")
        assert refused.value.retry_after_s
    house.archived.update(f"user{each}" for each in range(people_export.MOST_AT_ONCE))
    with pytest.raises(RateLimited):
        await archive_response(house, "ann")
    house.archived.clear()
    async with open_archive(house, "ann") as (_, size_bytes):
        assert size_bytes > 1000
    assert not house.archived


async def test_a_client_that_leaves_leaves_no_file(server: PeopleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 5.0 V5.3: what is made for a while is gone afterwards."""
    opened: list[Any] = []
    temporary_file = people_export.tempfile.TemporaryFile

    def watched() -> Any:
        opened.append(temporary_file())
        return opened[-1]

    monkeypatch.setattr(people_export.tempfile, "TemporaryFile", watched)
    server.voices.keep("ann", "voice_1.wav", bytes(1_000_000))
    house = PeopleHouse(accounts=server.accounts, belongings=(server.voices.belongings(),))
    response = await archive_response(house, "ann")
    sent: list[Message] = []
    begun = asyncio.Event()

    async def receive() -> Message:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) == 2:
            begun.set()
        await asyncio.sleep(0)

    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET", "headers": []}
    await response(scope, receive, send)
    assert 2 <= len(sent) < 6
    assert [file.closed for file in opened] == [True]
    assert not house.archived


async def test_everything_about_oneself_is_deleted_and_nothing_of_others(server: PeopleServer) -> None:
    """ASVS 5.0 V7.4.2 (what opens ends), V8.2.2, V14.2."""
    for user in ("ann", "bob"):
        server.voices.keep(user, "voice_1.wav")
        server.talks.keep(user, "talk-1.json")
        server.talks.keep(user, "talk-2.json")
    _, bob = await server.key("bob")
    await server.key("ann", "speak")
    _, ann = await server.key("ann")
    ticket = (await server.web.post("/api/tickets", headers=ann)).json()["ticket"]
    answer = await server.web.request("DELETE", "/api/people/me", headers=ann, json={"confirm": "ann"})
    assert answer.json() == {
        "user": "ann",
        "deleted": {"voices": 1, "conversations": 2, "keys": 2},
        "audit_kept_days": 90,
    }
    assert (set(server.voices.kept), set(server.talks.kept)) == ({"bob"}, {"bob"})
    assert (await server.web.get("/api/people/me", headers=ann)).status_code == 401
    with pytest.raises(Unauthorized):
        await server.accounts.door.who(ticket)
    assert (await server.web.get("/api/people/me", headers=bob)).status_code == 200
    assert await server.noted("ann") == [("person.deleted", "ann", "done")]
    again = OPERATOR | {"X-Syrinx-User": "ann"}
    repeated = await server.web.request("DELETE", "/api/people/me", headers=again, json={"confirm": "ann"})
    assert set(repeated.json()["deleted"].values()) == {0}


async def test_without_the_right_name_nothing_is_deleted(server: PeopleServer) -> None:
    server.voices.keep("ann", "voice_1.wav")
    _, ann = await server.key("ann")
    for body, status in (({"confirm": "bob"}, 400), ({"confirm": ""}, 400), ({}, 422), (None, 422), ({"yes": 1}, 422)):
        answer = await server.web.request("DELETE", "/api/people/me", headers=ann, json=body)
        assert answer.status_code == status, body
    assert set(server.voices.kept) == {"ann"}
    assert (await server.web.get("/api/people/me", headers=ann)).status_code == 200


async def test_a_deletion_that_fails_half_way_leaves_the_key_with_which_to_do_it_again(server: PeopleServer) -> None:
    server.voices.keep("ann", "voice_1.wav")
    server.talks.keep("ann", "talk-1.json")
    server.talks.failure = DiskRefused("the disk refuses")
    _, ann = await server.key("ann")
    failed = await server.web.request("DELETE", "/api/people/me", headers=ann, json={"confirm": "ann"})
    assert failed.status_code == 507
    assert await server.noted("ann") == [("person.deleted", "ann", "failed")]
    server.talks.failure = None
    done = await server.web.request("DELETE", "/api/people/me", headers=ann, json={"confirm": "ann"})
    assert done.json()["deleted"] == {"voices": 0, "conversations": 1, "keys": 1}


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/people/me/export"), ("DELETE", "/api/people/me")])
async def test_a_key_for_little_neither_takes_nor_deletes_everything(
    server: PeopleServer, method: str, path: str
) -> None:
    """ASVS 5.0 V8.2.1."""
    server.voices.keep("ann", "voice_1.wav")
    _, lesser = await server.key("ann", "speak", "listen", "talk")
    answer = await server.web.request(method, path, headers=lesser, json={"confirm": "ann"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert set(server.voices.kept) == {"ann"}


async def test_a_ticket_is_given_for_what_its_owner_may(server: PeopleServer) -> None:
    """ASVS 5.0 V7.2.2, V7.2.3."""
    key_id, ann = await server.key("ann", "talk")
    made = await server.web.post("/api/tickets", headers=ann)
    assert made.status_code == 201
    caller = await server.accounts.door.who(made.json()["ticket"])
    assert (caller.user, caller.scopes, caller.how, caller.key_id) == ("ann", {"talk"}, "ticket", key_id)
    foreign = await server.web.post("/api/tickets", headers=ann | {"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "origin_refused")
    assert (await server.web.post("/api/tickets", headers=ann | {"Origin": ORIGIN})).status_code == 201


async def test_a_ticket_opens_no_request(server: PeopleServer) -> None:
    """ASVS 5.0 V7.2.2, V14.2.1: what stands in an address, and in its logs, gives neither a key nor a session that
    lasts."""
    _, ann = await server.key("ann")
    for method, path, body in (
        ("POST", "/api/tickets", None),
        ("POST", "/api/keys", {"name": "more", "scopes": ["speak"]}),
        ("GET", "/api/people/me", None),
    ):
        ticket = (await server.web.post("/api/tickets", headers=ann)).json()["ticket"]
        answer = await server.web.request(method, path, headers={"Authorization": f"Bearer {ticket}"}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path
    assert len(await server.accounts.keys.list("ann")) == 1


async def test_the_log_of_what_was_done_is_read_by_whoever_did_it_and_by_operators(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.2, V16.4.2 (logs are not everybody's)."""
    _, ann = await server.key("ann")
    for number in range(5):
        for user in ("ann", "bob"):
            caller = Caller(user=user, scopes=PERSONAL_SCOPES, how="jwt")
            server.accounts.audit.note(caller, "voice.deleted", f"{user}-{number}", blobs=2)
    first = (await server.web.get("/api/audit?limit=3", headers=ann)).json()
    assert [event["subject"] for event in first["events"]] == ["ann-4", "ann-3", "ann-2"]
    assert first["events"][0]["details"] == {"blobs": 2}
    rest = (await server.web.get(f"/api/audit?limit=3&before={first['next']}", headers=ann)).json()
    assert [event["subject"] for event in rest["events"]] == ["ann-1", "ann-0"]
    assert rest["next"] is None
    assert (await server.web.get("/api/audit?everybody=true", headers=ann)).status_code == 403
    everybodys = (await server.web.get("/api/audit?everybody=true", headers=OPERATOR)).json()["events"]
    assert len(everybodys) == 10
    assert (await server.web.get("/api/audit", headers=OPERATOR)).json()["events"] == []
    for query in ("limit=0", "limit=501", "before=0", "before=x"):
        assert (await server.web.get(f"/api/audit?{query}", headers=ann)).status_code == 422


async def test_all_users_are_for_operators_to_see(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.1."""
    server.voices.keep("eve", "voice_1.wav")
    server.talks.keep("ann", "talk-1.json")
    _, ann = await server.key("ann")
    revoked, _ = await server.key("ann")
    await server.accounts.keys.revoke(revoked)
    refused = await server.web.get("/api/people", headers=ann)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    people = (await server.web.get("/api/people", headers=OPERATOR)).json()["people"]
    assert [(each["user"], each["keys"], each["has"]) for each in people] == [
        ("ann", 1, ["conversations"]),
        ("eve", 0, ["voices"]),
    ]
    assert people[0]["last_used_at"] is not None
    assert people[1]["last_used_at"] is None


async def test_every_body_and_error_has_an_example(server: PeopleServer) -> None:
    document = (await server.web.get("/openapi.json")).json()
    found = dict(operations(document))
    assert len(found) == len(ROUTES)
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                assert has_example(document, media), (name, status)
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert has_example(document, media), name
