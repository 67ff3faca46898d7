"""Keys over HTTP: made, listed, replaced and ended by those whose they are, and by operators."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.databases import sqlite_database
from tests.transports.people_server import OPERATOR, ORIGIN, PeopleServer, people_server

from syrinx.accounts import KeyLimits
from syrinx.storage import Database

__all__ = ["sqlite_database"]

WANTED = {"name": "lamp", "scopes": ["speak"]}


@pytest.fixture
async def server(sqlite_database: Database) -> AsyncGenerator[PeopleServer, None]:
    async with people_server(sqlite_database) as running:
        yield running


async def test_a_key_is_made_used_replaced_and_ended(server: PeopleServer) -> None:
    ends = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    made = await server.web.post(
        "/api/keys", headers=OPERATOR, json=WANTED | {"user": "ann", "expires_at": ends.isoformat()}
    )
    assert made.status_code == 201
    key, secret = made.json()["key"], made.json()["secret"]
    assert (key["user"], key["name"], key["scopes"], key["state"]) == ("ann", "lamp", ["speak"], "live")
    assert datetime.fromisoformat(key["expires_at"]) == ends
    anns = {"Authorization": f"Bearer {secret}"}
    listed = (await server.web.get("/api/keys", headers=anns)).json()["keys"]
    assert [each["key_id"] for each in listed] == [key["key_id"]]
    assert listed[0]["last_used_at"] is not None
    path = f"/api/keys/{key['key_id']}"
    assert (await server.web.patch(path, headers=anns, json={"name": "desk"})).json()["name"] == "desk"
    rotated = await server.web.post(f"{path}/rotate", headers=anns, json={"overlap_s": 60})
    assert rotated.status_code == 201
    assert rotated.json()["key"]["name"] == "desk"
    new = {"Authorization": f"Bearer {rotated.json()['secret']}"}
    states = {each["key_id"]: each["state"] for each in (await server.web.get("/api/keys", headers=new)).json()["keys"]}
    assert states == {key["key_id"]: "replaced", rotated.json()["key"]["key_id"]: "live"}
    assert (await server.web.delete(path, headers=new)).json()["state"] == "revoked"
    assert (await server.web.get("/api/keys", headers=anns)).status_code == 401


async def test_secrets_are_in_the_answer_that_makes_them_and_in_no_other(server: PeopleServer) -> None:
    """ASVS 5.0 V14.2 (what is told), V16.2.5 (what is noted)."""
    made = (await server.web.post("/api/keys", headers=OPERATOR, json=WANTED)).json()
    secret = made["secret"].rpartition("_")[2]
    answers = [await server.web.get(path, headers=OPERATOR) for path in ("/api/keys", "/api/audit", "/api/people")]
    answers.append(await server.web.patch(f"/api/keys/{made['key']['key_id']}", headers=OPERATOR, json={}))
    assert all(answer.status_code == 200 for answer in answers)
    assert not any(secret in answer.text for answer in answers)


OTHERS: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "mine"}),
    ("POST", "/rotate", {}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "more", "body"), OTHERS)
async def test_anothers_key_is_not_found_in_the_words_of_one_that_there_is_not(
    server: PeopleServer, method: str, more: str, body: Any
) -> None:
    """ASVS 5.0 V8.2.2 (objects of others), on every route with a key's id."""
    anns, _ = await server.key("ann")
    _, bob = await server.key("bob")
    answers = [
        await server.web.request(method, f"/api/keys/{key_id}{more}", headers=bob, json=body)
        for key_id in (anns, "0" * 16)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(anns, "") == answers[1].text.replace("0" * 16, "")
    assert (await server.accounts.keys.get(anns)).state(datetime.now(UTC)) == "live"
    assert (await server.accounts.keys.get(anns)).name == "ann's"
    assert {outcome for _, _, outcome in await server.noted("bob")} == {"refused"}
    assert (await server.web.request(method, f"/api/keys/{anns}{more}", headers=OPERATOR, json=body)).is_success


async def test_lists_have_ones_own_keys_and_everybodys_for_operators(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.1, V8.2.2."""
    anns, ann = await server.key("ann")
    bobs, _ = await server.key("bob")

    async def listed(headers: dict[str, str], query: str = "") -> set[str]:
        answer = await server.web.get(f"/api/keys{query}", headers=headers)
        return {key["key_id"] for key in answer.json()["keys"]}

    assert await listed(ann) == {anns}
    refused = await server.web.get("/api/keys?everybody=true", headers=ann)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await listed(OPERATOR) == set()
    assert await listed(OPERATOR | {"X-Syrinx-User": "bob"}) == {bobs}
    assert await listed(OPERATOR, "?everybody=true") == {anns, bobs}


BEYOND: list[tuple[dict[str, Any], str]] = [
    ({"scopes": ["speak", "admin"]}, "admin"),
    ({"scopes": ["models"]}, "models"),
    ({"user": "bob"}, "other users"),
    ({"limits": {"requests_per_minute": 1000}}, "limits"),
]


async def test_nobody_makes_more_of_a_key_than_it_is(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.1, V8.2.3 (fields that are not theirs to write)."""
    own, ann = await server.key("ann")
    for wanted, told in BEYOND:
        made = await server.web.post("/api/keys", headers=ann, json=WANTED | wanted)
        assert (made.status_code, made.json()["code"]) == (403, "forbidden")
        assert told in made.json()["message"]
        if "user" not in wanted:
            changed = await server.web.patch(f"/api/keys/{own}", headers=ann, json=wanted)
            assert (changed.status_code, changed.json()["code"]) == (403, "forbidden")
    assert [key.key_id for key in await server.accounts.keys.list(None)] == [own]
    assert await server.noted("ann") == 2 * [
        ("key.created", "ann", "refused"),
        ("key.changed", own, "refused"),
    ] + [
        ("key.created", "bob", "refused"),
        ("key.created", "ann", "refused"),
        ("key.changed", own, "refused"),
    ]


async def test_a_key_for_little_reaches_none_of_its_owner_that_may_do_more(server: PeopleServer) -> None:
    """ASVS 5.0 V8.2.1."""
    greater, _ = await server.key("ann")
    _, lesser = await server.key("ann", "speak")
    for method, more, body in OTHERS:
        answer = await server.web.request(method, f"/api/keys/{greater}{more}", headers=lesser, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_operators_set_limits(server: PeopleServer) -> None:
    own, ann = await server.key("ann")
    limits = {"requests_per_minute": 5, "characters_per_day": None, "audio_seconds_per_day": 60}
    changed = await server.web.patch(f"/api/keys/{own}", headers=OPERATOR, json={"limits": limits})
    assert changed.json()["limits"] == limits
    me = (await server.web.get("/api/people/me", headers=ann)).json()
    assert me["limits"] == limits
    assert me["left"]["requests"]["most"] == 5
    assert (await server.accounts.keys.get(own)).limits == KeyLimits(requests_per_minute=5, audio_seconds_per_day=60)


IMPOSSIBLE: list[tuple[dict[str, Any], int, str]] = [
    ({"name": ""}, 422, "name"),
    ({"name": "x" * 101}, 422, "name"),
    ({"name": "a\nb"}, 400, "name"),
    ({"scopes": []}, 422, "scopes"),
    ({"scopes": ["root"]}, 422, "scopes"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "expires_at"),
    ({"expires_at": "2099-01-01T00:00:00"}, 422, "expires_at"),
    ({"expires_at": "soon"}, 422, "expires_at"),
    ({"user": "../x"}, 400, "user"),
    ({"limits": {"requests_per_minute": 0}}, 422, "requests_per_minute"),
    ({"limits": {"requests": 1}}, 422, "requests"),
    ({"admin": True}, 422, "admin"),
    ({"key_id": "0" * 16}, 422, "key_id"),
]


async def test_keys_that_cannot_be_are_refused_and_nothing_is_kept(server: PeopleServer) -> None:
    for wanted, status, told in IMPOSSIBLE:
        answer = await server.web.post("/api/keys", headers=OPERATOR, json=WANTED | wanted)
        assert answer.status_code == status, wanted
        assert told in answer.json()["message"]
    assert await server.accounts.keys.list(None) == ()


async def test_an_overlap_that_cannot_be_is_refused(server: PeopleServer) -> None:
    own, ann = await server.key("ann")
    for overlap_s in (-1, 604_801, "nan", None):
        answer = await server.web.post(f"/api/keys/{own}/rotate", headers=ann, json={"overlap_s": overlap_s})
        assert answer.status_code == 422, overlap_s
    assert (await server.web.get("/api/keys", headers=ann)).is_success


async def test_ids_that_no_key_has_are_not_found(server: PeopleServer) -> None:
    """ASVS 5.0 V1.2.4."""
    for key_id in ("0", "%00", "..%2f..", "' OR 1=1 --", "%F0%9F%94%91", "x" * 5000):
        answer = await server.web.delete(f"/api/keys/{key_id}", headers=OPERATOR)
        assert answer.status_code == 404
        assert len(answer.content) < 400


async def test_pages_of_other_origins_change_nothing(server: PeopleServer) -> None:
    """ASVS 5.0 V3.5 (cross-origin requests)."""
    own, ann = await server.key("ann")
    for method, path, body in (("POST", "/api/keys", WANTED), *((m, f"/api/keys/{own}{p}", b) for m, p, b in OTHERS)):
        answer = await server.web.request(method, path, headers=ann | {"Origin": "https://evil.example"}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
    form = await server.web.post("/api/keys", headers=ann, content=b'{"name":"x","scopes":["speak"]}')
    assert (form.status_code, form.json()["code"]) == (415, "json_wanted")
    assert (await server.web.post("/api/keys", headers=ann | {"Origin": ORIGIN}, json=WANTED)).status_code == 201


async def test_what_was_done_to_keys_is_noted_with_whose_and_from_where(server: PeopleServer) -> None:
    """ASVS 5.0 V16.3.1, V16.3.2, V16.3.3."""
    made = (await server.web.post("/api/keys", headers=OPERATOR, json=WANTED | {"user": "ann"})).json()["key"]
    path = f"/api/keys/{made['key_id']}"
    await server.web.patch(path, headers=OPERATOR, json={"name": "desk"})
    new = (await server.web.post(f"{path}/rotate", headers=OPERATOR, json={"overlap_s": 9})).json()["key"]["key_id"]
    await server.web.delete(f"/api/keys/{new}", headers=OPERATOR)
    assert await server.noted() == [
        ("key.created", made["key_id"], "done"),
        ("key.changed", made["key_id"], "done"),
        ("key.rotated", made["key_id"], "done"),
        ("key.revoked", new, "done"),
    ]
    assert {event.address for event in await server.accounts.audit.list()} == {"203.0.113.5"}
