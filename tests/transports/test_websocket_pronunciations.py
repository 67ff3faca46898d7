"""Whose dictionary counts in a talk over the socket, and from when on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.transports.talking_house import Engines, TalkServer, listening, say, talk_server, words
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from syrinx.app.talk_client import open_talk
from syrinx.testing.fake_stt import ScriptedStt, SttScript

ROUTE = "/api/speech/pronunciations"


async def put(server: TalkServer, *entries: dict[str, Any], user: str | None = None) -> None:
    headers = {} if user is None else {"X-Syrinx-User": user}
    async with httpx.AsyncClient(base_url=server.address) as web:
        answer = await web.put(ROUTE, json={"entries": list(entries)}, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_a_change_counts_at_the_next_reply_of_a_talk_under_way(tmp_path: Path) -> None:
    engines = Engines(stt=ScriptedStt((SttScript(text="what is SQL"),)))
    async with talk_server(engines, home=tmp_path) as server:
        await put(server, {"written": "SQL", "spoken": "S Q L"})
        async with open_talk(server.socket) as client, listening(client) as heard:
            await client.send({"type": "text", "text": "what is SQL"})
            await heard.until("audio_stream_stop", turn=1)
            assert [request.text for request in engines.tts.requests] == ["You said what is S Q L."]
            told = [word for message in heard.messages("words", turn=1) for word in message["words"]]
            assert [(word["text"], word["start_char"]) for word in told][-2:] == [("is", 14), ("SQL", 17)]
            assert heard.messages("audio_stream_stop")[0]["heard"] == "You said what is SQL."

            await put(server, {"written": "SQL", "spoken": "sequel"})
            await client.send({"type": "start_listening"})
            await heard.until("state", listening=True)
            await say(client, words())
            await heard.until("audio_stream_stop", turn=2)
            assert engines.tts.requests[-1].text == "You said what is sequel."
            assert engines.stt.requests[0].hotwords == ("Syrinx", "SQL")


async def test_each_user_has_their_own(tmp_path: Path) -> None:
    async with talk_server(home=tmp_path) as server:
        await put(server, {"written": "SQL", "spoken": "sequel"}, user="ada")
        for user, spoken in (("ada", "You said sequel."), ("ben", "You said SQL."), (None, "You said SQL.")):
            headers = {} if user is None else {"X-Syrinx-User": user}
            before = len(server.engines.tts.requests)
            async with connect(server.socket, additional_headers=headers, max_size=None) as socket:
                await socket.send(json.dumps({"type": "hello"}))
                await socket.send(json.dumps({"type": "text", "text": "SQL"}))
                while json.loads(await socket.recv())["type"] != "audio_stream_start":
                    pass
            assert server.engines.tts.requests[before].text == spoken


@pytest.mark.parametrize("resumed", [False, True])
async def test_a_user_that_cannot_be_is_refused_with_an_error_and_4004(resumed: bool, tmp_path: Path) -> None:
    async with talk_server(home=tmp_path) as server:
        hello: dict[str, str] = {"type": "hello"}
        if resumed:
            async with open_talk(server.socket) as client:
                hello |= {"conversation_id": client.ready["conversation_id"], "resume": client.ready["resume_token"]}
        async with connect(server.socket, additional_headers={"X-Syrinx-User": "no such name"}) as socket:
            await socket.send(json.dumps(hello))
            error = json.loads(await socket.recv())
            assert error["code"] == "bad_input"
            assert "X-Syrinx-User" in error["message"]
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4004


async def test_a_dictionary_that_is_damaged_is_told_and_the_talk_goes_on(tmp_path: Path) -> None:
    async with talk_server(home=tmp_path) as server:
        await put(server, {"written": "SQL", "spoken": "sequel"})
    for kept in (tmp_path / "pronunciations").glob("*.json"):
        kept.write_text("{")
    async with (
        talk_server(home=tmp_path) as server,
        open_talk(server.socket) as client,
        listening(client) as heard,
    ):
        await client.send({"type": "text", "text": "SQL"})
        notice = await heard.until("notice", code="pronunciations_unread")
        assert "damaged" in notice["message"]
        await heard.until("audio_stream_stop", turn=1)
        assert server.engines.tts.requests[0].text == "You said SQL."
