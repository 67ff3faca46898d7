"""Sockets that drop, come back, take over, wait too long or stop being read."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from typing import Any

import pytest
from tests.transports.talking_house import Engines, listening, talk_server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from syrinx.app.talk_client import open_talk
from syrinx.errors import SyrinxError
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.transports.websocket import SocketLimits


def key(ready: dict[str, Any]) -> dict[str, str]:
    return {"conversation_id": ready["conversation_id"], "resume": ready["resume_token"]}


async def test_a_dropped_socket_comes_back_to_memory_settings_and_turn_numbers() -> None:
    async with talk_server() as server:
        async with open_talk(server.socket, voice="high") as client, listening(client) as heard:
            await client.send({"type": "text", "text": "first"})
            stopped = await heard.until("audio_stream_stop")
            client.socket.transport.abort()
        async with open_talk(server.socket, **key(client.ready)) as again, listening(again) as heard:
            assert again.ready["resumed"] is True
            assert again.ready["conversation_id"] == client.ready["conversation_id"]
            assert again.ready["voice"] == "high"
            assert [(entry["role"], entry["text"].strip()) for entry in again.ready["history"]] == [
                ("user", "first"),
                ("assistant", "You said first."),
            ]
            await again.send({"type": "text", "text": "second"})
            second = await heard.until("audio_stream_stop")
            assert second["turn"] == stopped["turn"] + 1
        told = [message.text.strip() for message in server.engines.llm.requests[-1].messages]
        assert told[-3:] == ["first", "You said first.", "second"]


async def test_a_socket_lost_in_mid_reply_leaves_what_was_heard_of_it_in_memory() -> None:
    story = "Once there was a fox. " * 30
    engines = Engines(llm=ScriptedLlm((saying(story),)), tts=ScriptedTts(TtsScript(char_ms=30)))
    async with talk_server(engines) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            await client.send({"type": "text", "text": "a story"})
            await heard.until_sound(ms=400)
            await asyncio.sleep(0.3)
            client.socket.transport.abort()
        await server.nothing_left(open_talks=1)
        async with open_talk(server.socket, **key(client.ready)) as again:
            reply = again.ready["history"][-1]
            assert reply["role"] == "assistant"
            assert 0 <= len(reply["heard"] if isinstance(reply["heard"], str) else reply["text"]) < len(story)


@pytest.mark.parametrize("wrong", ["token", "conversation", "nothing"])
async def test_nobody_comes_back_without_the_token_of_that_conversation(wrong: str) -> None:
    async with talk_server() as server, open_talk(server.socket) as client:
        given = key(client.ready)
        match wrong:
            case "token":
                given["resume"] = "x" * len(given["resume"])
            case "conversation":
                given["conversation_id"] = "another"
            case _:
                given.pop("resume")
        with pytest.raises(SyrinxError, match="no such conversation") as refused:
            async with open_talk(server.socket, **given):
                pass
        assert refused.value.code == "not_found"
        await client.send({"type": "ping", "t": 1})
        async with asyncio.timeout(5):
            assert json.loads(await client.socket.recv())["type"] == "pong"


async def test_a_second_window_takes_the_talk_over_and_the_first_is_closed_with_4001() -> None:
    async with (
        talk_server() as server,
        open_talk(server.socket) as first,
        listening(first) as before,
        open_talk(server.socket, **key(first.ready)) as second,
        listening(second) as heard,
    ):
        assert await before.until_lost() == 4001
        await second.send({"type": "text", "text": "here I am"})
        stopped = await heard.until("audio_stream_stop")
        assert stopped["heard"].strip() == "You said here I am."
        assert len(server.house.conversations) == 1


async def test_a_window_that_dies_after_the_takeover_does_not_end_the_talk_for_the_other() -> None:
    # The first window stops reading, as one does whose network is gone: its sender is stuck when the second comes.
    limits = SocketLimits(messages_burst=4000, send_timeout_s=1.0)
    async with talk_server(limits=limits) as server, unread(server.socket) as (stuck, ready):
        await fill(stuck, within_s=0.4)
        async with open_talk(server.socket, **key(ready)) as second, listening(second) as heard:
            await asyncio.sleep(1.2)  # the stuck one is given up meanwhile
            await second.send({"type": "text", "text": "still here"})
            stopped = await heard.until("audio_stream_stop")
            assert stopped["heard"].strip() == "You said still here."
            assert heard.lost is None


async def test_a_client_that_does_not_read_is_left_and_holds_nothing() -> None:
    limits = SocketLimits(messages_burst=4000, send_timeout_s=0.3)
    async with talk_server(limits=limits, resume_s=0.05) as server, unread(server.socket) as (stuck, _):
        await fill(stuck)
        await server.nothing_left()


class unread:  # noqa: N801 - a context manager, written as a class for its two-part life
    """A talk whose client has said hello and reads nothing more, with as small a buffer as the system allows."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("ws://").removesuffix("/ws").split(":")
        self._address = address
        self._socket = sockets.socket()
        self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self._socket.connect((host, int(port)))
        self._socket.setblocking(False)

    async def __aenter__(self) -> tuple[Any, dict[str, Any]]:
        self._client = await connect(self._address, sock=self._socket, max_queue=1, ping_interval=None)
        await self._client.send('{"type": "hello"}')
        return self._client, json.loads(await self._client.recv())

    async def __aexit__(self, *_: object) -> None:
        self._client.transport.abort()


async def fill(client: Any, *, within_s: float = 1.0) -> None:
    """Ask for more answers than the system buffers for a client that does not read them."""
    ping = json.dumps({"type": "ping", "t": "x" * 60_000})
    try:
        async with asyncio.timeout(within_s):
            while True:
                await client.send(ping)
    except (TimeoutError, ConnectionClosed):
        return


async def test_who_says_no_hello_in_time_is_told_so_and_closed_with_4002() -> None:
    async with talk_server(limits=SocketLimits(hello_timeout_s=0.1)) as server, connect(server.socket) as client:
        error = json.loads(await client.recv())
        assert error["code"] == "protocol"
        assert "hello" in error["message"]
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4002
        assert len(server.house.conversations) == 0


async def test_a_talk_in_which_nothing_happens_is_closed_with_a_notice_and_4003() -> None:
    async with talk_server(idle_ms=150) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            assert await heard.until_lost() == 4003
            assert heard.messages("notice", code="idle")
        await server.nothing_left()


async def test_a_server_that_stops_says_so_with_4000() -> None:
    is_open = asyncio.Event()

    async def hold(address: str) -> int:
        async with open_talk(address) as client, listening(client) as heard:
            is_open.set()
            return await heard.until_lost()

    async with talk_server() as server:
        holding = asyncio.create_task(hold(server.socket))
        await is_open.wait()
    assert await holding == 4000


async def test_stopping_in_mid_reply_closes_every_talk_with_4000() -> None:
    engines = Engines(llm=ScriptedLlm((saying("Once there was a fox. " * 50),)))
    codes: list[int] = []
    followers: list[asyncio.Task[None]] = []
    begun = asyncio.Event()

    async def follow(address: str) -> None:
        async with open_talk(address) as client, listening(client) as heard:
            await client.send({"type": "text", "text": "go on"})
            await heard.until_sound()
            begun.set()
            codes.append(await heard.until_lost())

    async with talk_server(engines) as server:
        followers += [asyncio.create_task(follow(server.socket)) for _ in range(3)]
        await begun.wait()
        await asyncio.sleep(0.2)
        server.house.conversations.close_all()
        await asyncio.gather(*followers)
    assert codes == [4000] * 3


async def test_a_talk_too_many_is_told_to_come_back_later() -> None:
    async with talk_server(max_talks=1) as server, open_talk(server.socket):
        with pytest.raises(SyrinxError, match="come back") as refused:
            async with open_talk(server.socket):
                pass
        assert refused.value.code == "engine_busy"
        assert refused.value.retryable
