"""Talks over the socket that are kept, gone on with later, taken over by their owner, and deleted under way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.databases import sqlite_database
from tests.transports.kept_talks import KeptTalks, KeyDoor, kept_talks, key
from tests.transports.talking_house import Listener, listening

from syrinx.app.talk_client import TalkClient, open_talk
from syrinx.errors import SyrinxError
from syrinx.storage import Database

__all__ = ["sqlite_database"]


async def turn(client: TalkClient, heard: Listener, text: str, *, number: int = 1) -> dict[str, Any]:
    await client.send({"type": "text", "text": text})
    return await heard.until("audio_stream_stop", number=number)


async def begun(server: KeptTalks, text: str, **hello: Any) -> str:
    """A talk with one turn, that is over; its id."""
    async with open_talk(server.socket, **hello) as client, listening(client) as heard:
        await turn(client, heard, text)
    await server.all_ended()
    return client.ready["conversation_id"]


async def refused(server: KeptTalks, **hello: Any) -> tuple[str, str]:
    with pytest.raises(SyrinxError) as refusal:
        async with open_talk(server.socket, **hello):
            pass
    return refusal.value.code, refusal.value.message


async def test_a_kept_talk_goes_on_after_the_server_was_started_anew(sqlite_database: Database) -> None:
    async with (
        kept_talks(sqlite_database) as server,
        open_talk(server.socket) as client,
        listening(client) as heard,
    ):
        assert (client.ready["kept"], client.ready["resumed_from"]) == (True, "")
        first = await turn(client, heard, "my name is Ann")
    async with kept_talks(sqlite_database) as server:
        (listed,) = await server.list()
        assert listed["title"] == "my name is Ann"
        wanted = listed["conversation_id"]
        assert wanted == client.ready["conversation_id"]
        async with open_talk(server.socket, conversation_id=wanted, language="de") as client:
            ready = client.ready
            assert (ready["resumed"], ready["resumed_from"], ready["conversation_id"]) == (True, "history", wanted)
            assert [(each["role"], each["heard"]) for each in ready["history"]] == [
                ("user", "my name is Ann"),
                ("assistant", "You said my name is Ann."),
            ]
            assert ready["language"] == "de"
            async with listening(client) as heard:
                second = await turn(client, heard, "what is my name")
            assert second["turn"] == first["turn"] + 1
        told = [message.text for message in server.engines.llm_engine.requests[-1].messages]
        assert told[1:] == ["my name is Ann", "You said my name is Ann.", "what is my name"]
        await server.all_ended()
        assert [each[:2] for each in await server.said(wanted)] == [
            (1, "user"),
            (1, "assistant"),
            (2, "user"),
            (2, "assistant"),
        ]
        assert len(await server.list()) == 1


async def test_nobody_goes_on_with_anothers_conversation(sqlite_database: Database) -> None:
    """ASVS 5.0 V8.2.2: access to data is restricted to its owner, against insecure direct object references."""
    async with kept_talks(sqlite_database, door=KeyDoor()) as server:
        anns = await begun(server, "a secret", token="ann")
        as_none = await refused(server, token="bob", conversation_id="no-such-conversation")
        assert as_none[0] == "not_found"
        assert await refused(server, token="bob", conversation_id=anns) == as_none
        async with open_talk(server.socket, token="ann") as client, listening(client) as heard:
            await turn(client, heard, "still open")
            mine = {"conversation_id": client.ready["conversation_id"], "resume": client.ready["resume_token"]}
            stolen = await refused(server, token="bob", **mine)
            assert stolen == await refused(server, token="bob", conversation_id="none", resume="none")
            assert await refused(server, token="bob", conversation_id=mine["conversation_id"]) == as_none
            await turn(client, heard, "still mine", number=2)
        async with open_talk(server.socket, token="ann", **mine) as client:
            assert client.ready["resumed_from"] == "talk"


async def test_an_open_talk_is_taken_over_by_its_owner_once_something_of_it_is_kept(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        async with open_talk(server.socket, voice="high") as client, listening(client) as heard:
            wanted = client.ready["conversation_id"]
            assert (await refused(server, conversation_id=wanted))[0] == "not_found"
            await turn(client, heard, "one")
            async with open_talk(server.socket, conversation_id=wanted) as other, listening(other) as there:
                assert (other.ready["resumed_from"], other.ready["voice"]) == ("talk", "high")
                assert await heard.until_lost() == 4001
                await turn(other, there, "two")
        await server.all_ended()
        assert [said for _, role, said in await server.said(wanted) if role == "user"] == ["one", "two"]


async def test_two_who_go_on_with_the_same_at_once_have_one_talk(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        wanted = await begun(server, "one")

        one_is_lost = asyncio.Event()

        async def goes_on() -> int | None:
            async with open_talk(server.socket, conversation_id=wanted) as client, listening(client) as heard:
                waits = [asyncio.create_task(heard.until_lost()), asyncio.create_task(one_is_lost.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                one_is_lost.set()
                for wait in waits:
                    wait.cancel()
                return waits[0].result() if waits[0].done() else None

        assert sorted(await asyncio.gather(goes_on(), goes_on()), key=str) == [4001, None]
        assert len(server.conversations) == 1


async def test_a_talk_that_is_not_to_be_kept_leaves_nothing(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        async with open_talk(server.socket, keep=False) as client, listening(client) as heard:
            assert client.ready["kept"] is False
            await turn(client, heard, "between us")
            await client.send({"type": "set", "keep": True})
            await turn(client, heard, "for the record", number=2)
        await server.all_ended()
        (listed,) = await server.list()
        assert [said for _, role, said in await server.said(listed["conversation_id"]) if role == "user"] == [
            "for the record"
        ]


async def test_a_conversation_that_is_deleted_under_way_stays_deleted(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            await turn(client, heard, "one")
            wanted = client.ready["conversation_id"]
            assert (await server.web.delete(f"/api/conversations/{wanted}")).status_code == 204
            await turn(client, heard, "two", number=2)
        await server.all_ended()
        assert await server.list() == []


async def test_what_is_forgotten_is_deleted(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            await turn(client, heard, "forget me")
            await client.send({"type": "reset"})
        await server.all_ended()
        assert await server.list() == []


async def test_each_user_has_their_own_list(sqlite_database: Database) -> None:
    async with kept_talks(sqlite_database, door=KeyDoor()) as server:
        await begun(server, "of Ann", token="ann")
        await begun(server, "of Bob", token="bob")
        for name, title in (("ann", "of Ann"), ("bob", "of Bob")):
            assert [each["title"] for each in await server.list(headers=key(name))] == [title]
        on_behalf = key("root") | {"X-Syrinx-User": "ann"}
        assert [each["title"] for each in await server.list(headers=on_behalf)] == ["of Ann"]
