"""A talk that has used up its quota says so, and goes on where the quota allows."""

from __future__ import annotations

import json

from tests.transports.talking_house import Listener, TalkServer, listening, talk_server
from websockets.asyncio.client import connect

from syrinx.accounts import PERSONAL_SCOPES
from syrinx.app.talk_client import TalkClient, open_talk

REPLY = "You said hello."
"""What the scripted mind answers to "hello"."""


async def secret_of(server: TalkServer, user: str) -> str:
    keys = server.house.kept.accounts.keys
    return (await keys.create(user, name="page", scopes=PERSONAL_SCOPES, created_by="test"))[1]


async def say_hello(client: TalkClient) -> None:
    await client.send({"type": "text", "text": "hello"})


async def told(listener: Listener, code: str) -> str:
    return (await listener.until("error", code=code))["message"]


async def test_replies_are_spoken_until_the_characters_are_used_up() -> None:
    """ASVS 5.0 V2.4.1 (quotas), also where no request tells of them."""
    async with talk_server(access="keys", characters_per_day=len(REPLY)) as server:
        ann, bob = await secret_of(server, "ann"), await secret_of(server, "bob")
        async with open_talk(server.socket, token=ann) as client, listening(client) as listener:
            await say_hello(client)
            await listener.until("audio_stream_stop", reason="finished")
            assert listener.sound
            await say_hello(client)
            assert "characters a day" in await told(listener, "quota_reached")
            assert listener.lost is None
        async with open_talk(server.socket, token=bob) as client, listening(client) as listener:
            await say_hello(client)
            await listener.until("audio_stream_stop", reason="finished")


async def test_a_ticket_opens_one_talk() -> None:
    """ASVS 5.0 V7.2.2, V7.4.1."""
    async with talk_server(access="keys") as server:
        key = await server.house.kept.accounts.door.who(await secret_of(server, "ann"))
        ticket, _ = await server.house.kept.accounts.tickets.issue(key)
        address = f"{server.socket}?ticket={ticket}"
        async with connect(address) as client:
            await client.send(json.dumps({"type": "hello"}))
            assert json.loads(await client.recv())["type"] == "ready"
        async with connect(address) as client:
            await client.send(json.dumps({"type": "hello"}))
            assert json.loads(await client.recv())["code"] == "unauthorized"
