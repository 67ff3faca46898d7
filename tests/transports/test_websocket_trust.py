"""Who may open a talk: tokens, origins and host names."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from tests.transports.talking_house import eventually, listening, talk_server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from syrinx.accounts import Caller
from syrinx.accounts.guesses import GuessedAtDoor
from syrinx.app.talk_client import open_talk
from syrinx.errors import DiskRefused
from syrinx.storage import DatabaseUnavailable
from syrinx.transports.http import access


@pytest.mark.parametrize("hello", [{}, {"token": "wrong"}, {"token": ""}, {"token": "pässwort"}])
async def test_without_the_token_the_talk_is_refused_with_an_error_and_4004(hello: dict[str, str]) -> None:
    async with talk_server(token="s3cret") as server, connect(server.socket) as client:
        await client.send(json.dumps({"type": "hello", **hello}))
        error = json.loads(await client.recv())
        assert error["code"] == "unauthorized"
        assert ("as token in hello" if not hello.get("token") else "not valid") in error["message"]
        assert "s3cret" not in json.dumps(error)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4004
        assert len(server.house.conversations) == 0


async def test_with_the_token_the_talk_opens() -> None:
    async with talk_server(token="s3cret") as server, open_talk(server.socket, token="s3cret") as client:
        assert client.ready["protocol"] == 1


async def test_a_talk_ends_with_the_key_that_it_was_opened_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 5.0 V7.4.1: a session ends with what it rests on."""
    monkeypatch.setattr(access, "LOOKED_AGAIN_S", 0.05)
    async with talk_server(token="s3cret") as server:
        keys = server.house.kept.accounts.keys
        key, secret = await keys.create("ann", name="lamp", scopes=["talk"], created_by="ann")
        async with open_talk(server.socket, token=secret) as client, listening(client) as told:
            await asyncio.sleep(0.2)
            assert told.lost is None
            await keys.revoke(key.key_id)
            assert "not valid any more" in (await told.until("error", code="unauthorized"))["message"]
            assert await told.until_lost() == 4004


async def test_a_key_does_not_open_a_socket_from_its_address() -> None:
    """ASVS 5.0 V14.2.1: no secrets in addresses, which stand in logs."""
    async with talk_server(token="s3cret") as server, connect(f"{server.socket}?ticket=s3cret") as client:
        await client.send('{"type": "hello"}')
        refused = json.loads(await client.recv())
        assert (refused["code"], "addresses stand in logs" in refused["message"]) == ("unauthorized", True)


async def test_a_talk_outlasts_a_moment_in_which_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOKED_AGAIN_S", 0.02)
    looks: list[Caller] = []

    async def nobody_knows(_: GuessedAtDoor, caller: Caller) -> bool:
        looks.append(caller)
        raise (DatabaseUnavailable if len(looks) % 2 else DiskRefused)("nobody knows")

    monkeypatch.setattr(GuessedAtDoor, "still_opens", nobody_knows)
    async with talk_server() as server, open_talk(server.socket) as client, listening(client) as told:
        await eventually(lambda: len(looks) > 3)
        assert told.lost is None


async def test_the_token_guards_options_and_figures_too() -> None:
    async with talk_server(token="s3cret") as server, httpx.AsyncClient(base_url=server.address) as web:
        for path in ("/api/talk/options", "/metrics"):
            refused = await web.get(path)
            assert refused.status_code == 401
            assert refused.json()["code"] == "unauthorized"
            assert refused.headers["www-authenticate"] == "Bearer"
            assert (await web.get(path, headers={"authorization": "Bearer s3cret"})).status_code == 200
        assert (await web.get("/health")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    async with talk_server() as server:
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.socket, origin=Origin(origin))
        assert refused.value.response.status_code == 403
        assert len(server.house.conversations) == 0


async def test_our_own_page_and_listed_ones_may_talk_and_ask() -> None:
    async with talk_server(origins=["https://talk.example"]) as server:
        for origin in (server.address, "https://talk.example"):
            async with open_talk(server.socket, origin=origin) as client:
                assert client.ready["type"] == "ready"
        async with httpx.AsyncClient(base_url=server.address) as web:
            listed = await web.get("/api/talk/options", headers={"origin": "https://talk.example"})
            assert listed.headers["access-control-allow-origin"] == "https://talk.example"
            assert "access-control-allow-credentials" not in listed.headers
            foreign = await web.get("/api/talk/options", headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in foreign.headers


async def test_a_foreign_name_that_resolves_to_us_is_refused() -> None:
    async with talk_server() as server, httpx.AsyncClient(base_url=server.address) as web:
        port = server.address.rsplit(":", 1)[1]
        for path in ("/", "/health", "/api/talk/options"):
            assert (await web.get(path, headers={"host": f"evil.example:{port}"})).status_code == 400
        assert (await web.get("/health", headers={"host": f"localhost:{port}"})).status_code == 200
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://evil.example:{port}/ws", host="127.0.0.1", origin=Origin(f"http://evil.example:{port}")
            )
        assert refused.value.response.status_code == 400
        assert len(server.house.conversations) == 0


async def test_on_the_other_loopback_address_the_page_is_itself() -> None:
    async with talk_server(host="::1") as server, httpx.AsyncClient(base_url=server.address) as web:
        assert server.address.startswith("http://[::1]:")
        assert (await web.get("/health")).json()["status"] == "ok"
        async with open_talk(server.socket, origin=server.address) as client:
            assert client.ready["type"] == "ready"
