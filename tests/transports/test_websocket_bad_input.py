"""What clients should not send: each is answered by an error that says what would be right, and leaves nothing."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.transports.talking_house import Engines, Listener, eventually, listening, say, talk_server, words
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from syrinx.app.talk_client import open_talk
from syrinx.errors import SyrinxError
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.transports.websocket import SocketLimits

TEN_MB = 10 * 1024 * 1024
LONG_REPLY = saying("Once there was a fox that lived in a wood by the sea. " * 40)

# What is sent to an open talk; the error's code; what its message names.
REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "half a sample": (b"\x00" * 641, "bad_audio", "2 bytes per sample"),
    "10 MB of sound": (b"\x00" * TEN_MB, "too_large", "at most 65536"),
    "10 MB of text": (json.dumps({"type": "text", "text": "x" * TEN_MB}), "too_large", "at most 65536"),
    "no JSON": ("hello there", "protocol", 'for example {"type": "ping"}'),
    "an empty frame": ("", "protocol", "JSON object"),
    "a list": ('[{"type": "ping"}]', "protocol", "JSON object"),
    "bottomless nesting": ('{"type":' + "[" * 30_000, "protocol", "JSON object"),
    "nested well-formed": ('{"type": "ping", "t": ' + "[" * 5000 + "]" * 5000 + "}", "protocol", "JSON object"),
    "NaN": ('{"type": "playback", "turn": 1, "played_ms": NaN}', "protocol", "JSON object"),
    "Infinity": ('{"type": "ping", "t": Infinity}', "protocol", "JSON object"),
    "a number beyond all": ('{"type": "ping", "t": 1e999}', "bad_input", "finite"),
    "half a surrogate pair": ('{"type": "ping", "t": "\\ud800"}', "protocol", "JSON object"),
    "an unknown type": ('{"type": "dance"}', "protocol", "start_listening"),
    "no type": ('{"text": "hello"}', "protocol", "known are hello"),
    "an unknown field": ('{"type": "text", "txt": "hello"}', "bad_input", "text"),
    "a wrong type": ('{"type": "text", "text": 5}', "bad_input", "valid string"),
    "an empty text": ('{"type": "text", "text": "   "}', "bad_input", "at least 1"),
    "a text too long": (json.dumps({"type": "text", "text": "x" * 4001}), "bad_input", "4000"),
    "hello again": ('{"type": "hello"}', "protocol", "use set"),
    "an unknown voice": ('{"type": "set", "voice": "nobody"}', "unknown_voice", "list of voices"),
    "an unknown language": ('{"type": "set", "language": "tlh"}', "unknown_language", "de, en"),
    "an unknown ear": ('{"type": "set", "stt": "none"}', "unknown_engine", "there are ear"),
    "an unknown model": ('{"type": "set", "llm": "none"}', "unknown_engine", "there are scripted"),
    "an unknown speaker": ('{"type": "set", "tts": "none"}', "unknown_engine", "there are tones"),
    "an unknown character": ('{"type": "set", "character": "Nobody"}', "bad_input", "Syrinx"),
    "a character twice": ('{"type": "set", "characters": [{"name": "A"}, {"name": "a"}]}', "bad_input", "its own"),
    "a character too quick": ('{"type": "set", "characters": [{"name": "A", "speed": 9}]}', "bad_input", "0.5 to 2"),
    "a negative turn": ('{"type": "playback", "turn": -1, "played_ms": 5}', "bad_input", "greater than or equal to 0"),
    "time run backwards": ('{"type": "playback", "turn": 1, "played_ms": -5}', "bad_input", "greater than or equal"),
}


async def expect(listener: Listener, code: str, says: str) -> None:
    error = await listener.until("error", code=code)
    assert says in error["message"], error["message"]
    assert len(error["message"]) < 600, "an error must not echo what was sent"


@pytest.mark.parametrize("what", REFUSED)
async def test_it_is_refused_by_name_and_the_talk_goes_on(what: str) -> None:
    sent, code, says = REFUSED[what]
    async with talk_server(resume_s=0.0) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            await client.socket.send(sent)
            await expect(heard, code, says)
            await client.send({"type": "ping", "t": "are you there"})
            await heard.until("pong", t="are you there")
            assert len(heard.messages("error")) == 1
        await server.nothing_left()


async def test_after_all_of_it_the_talk_goes_on_as_if_nothing_had_been_sent() -> None:
    limits = SocketLimits(messages_burst=1000, refusals_burst=1000)
    async with talk_server(limits=limits, resume_s=0.0) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            for sent, _, _ in REFUSED.values():
                await client.socket.send(sent)
            await client.send({"type": "text", "text": "are you there"})
            stopped = await heard.until("audio_stream_stop")
            assert stopped["turn"] == 1
            assert stopped["heard"].strip() == "You said are you there."
            assert len(heard.messages("error")) == len(REFUSED)
            assert server.engines.tts.requests[0].voice is None
        await server.nothing_left()


async def test_when_one_field_cannot_be_set_none_is() -> None:
    async with talk_server() as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "set", "voice": "high", "barge_in": True, "language": "tlh"})
        await expect(heard, "unknown_language", "de, en")
        await client.send({"type": "set", "voice": "nobody", "tts": "tones", "characters": [{"name": "Ada"}]})
        await expect(heard, "unknown_voice", "list of voices")
        client.socket.transport.abort()
        again = {"conversation_id": client.ready["conversation_id"], "resume": client.ready["resume_token"]}
        async with open_talk(server.socket, **again) as back:
            for name in ("voice", "language", "barge_in", "characters", "speaker"):
                assert back.ready[name] == client.ready[name]


async def test_a_voice_that_speaks_another_language_does_not_make_an_unknown_one_known() -> None:
    async with talk_server() as server:
        with pytest.raises(SyrinxError, match="de, en") as refused:
            async with open_talk(server.socket, voice="low", language="tlh"):
                pass
        assert refused.value.code == "unknown_language"


@pytest.mark.parametrize(
    ("hello", "code", "says"),
    [
        ({"voice": "nobody"}, "unknown_voice", "list of voices"),
        ({"language": "tlh"}, "unknown_language", "de, en"),
        ({"characters": [{"name": "A", "voice": "nobody"}]}, "unknown_voice", "list of voices"),
        ({"characters": [{"name": "[A]"}]}, "bad_input", "no brackets"),
    ],
)
async def test_a_hello_that_cannot_be_is_refused_and_opens_nothing(hello: Any, code: str, says: str) -> None:
    async with talk_server() as server:
        with pytest.raises(SyrinxError, match=says) as refused:
            async with open_talk(server.socket, **hello):
                pass
        assert refused.value.code == code
        await server.nothing_left()


@pytest.mark.parametrize(
    ("first", "code", "says"),
    [
        (b"\x00" * 640, "protocol", "hello"),
        ('{"type": "ping"}', "protocol", "before hello"),
        ('{"type": "hello", "input_sample_rate": 11025}', "bad_input", "16000"),
        ('{"type": "hello", "input_sample_rate": "16000"}', "bad_input", "16000"),
        ('{"type": "hello", "rate": 16000}', "bad_input", "input_sample_rate"),
        (json.dumps({"type": "hello", "token": "x" * TEN_MB}), "too_large", "65536"),
    ],
)
async def test_a_wrong_beginning_is_refused_and_a_right_one_may_follow(
    first: str | bytes, code: str, says: str
) -> None:
    async with talk_server(resume_s=0.0) as server:
        async with connect(server.socket) as client:
            await client.send(first)
            error = json.loads(await client.recv())
            assert error["code"] == code
            assert says in error["message"]
            assert error["retryable"] is False
            await client.send('{"type": "hello"}')
            assert json.loads(await client.recv())["type"] == "ready"
        await server.nothing_left()


@pytest.mark.parametrize("turn", [0, 1, 5, 10**30])
async def test_reports_about_turns_that_do_not_sound_change_nothing(turn: int) -> None:
    async with talk_server() as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "playback", "turn": turn, "played_ms": 1e12})
        await client.send({"type": "text", "text": "one"})
        await heard.until("audio_stream_start")
        await client.send({"type": "playback", "turn": turn + 1, "played_ms": 1e12})
        stopped = await heard.until("audio_stream_stop")
        assert stopped["reason"] == "finished"
        assert stopped["played_ms"] < 10_000
        assert not heard.messages("error")


async def test_a_report_of_more_than_was_sent_counts_as_what_was_sent() -> None:
    engines = Engines(llm=ScriptedLlm((LONG_REPLY,)), tts=ScriptedTts(TtsScript(char_ms=20)))
    async with talk_server(engines) as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "text", "text": "one"})
        started = await heard.until("audio_stream_start")
        await heard.until_sound(ms=200)
        await client.send({"type": "playback", "turn": started["turn"], "played_ms": 1e15})
        await client.send({"type": "tts_interrupt"})
        stopped = await heard.until("audio_stream_stop")
        sent_ms = sum(sound.chunk.duration_ms for sound in heard.sound)
        assert stopped["played_ms"] <= sent_ms + 200


async def test_settings_may_change_while_a_reply_sounds_and_hold_from_the_next() -> None:
    engines = Engines(tts=ScriptedTts(TtsScript(char_ms=20)))
    async with talk_server(engines) as server, open_talk(server.socket) as client, listening(client) as heard:
        await client.send({"type": "text", "text": "one"})
        await heard.until_sound()
        await client.send({"type": "set", "voice": "high", "language": "de"})
        assert (await heard.until("audio_stream_stop"))["reason"] == "finished"
        await client.send({"type": "text", "text": "two"})
        await heard.until("audio_stream_stop", number=2)
        assert [request.voice for request in engines.tts.requests] == [None, "high"]
        assert engines.tts.requests[-1].language == "de"


async def test_a_flood_is_slowed_by_errors_and_then_closed_with_4008() -> None:
    limits = SocketLimits(messages_burst=10, messages_per_s=1, refusals_burst=20, refusals_per_s=1)
    async with talk_server(limits=limits, resume_s=0.0) as server:
        async with open_talk(server.socket) as client, listening(client) as heard:
            with suppress(SyrinxError):
                for number in range(500):
                    await client.send({"type": "ping", "t": number})
            assert await heard.until_lost() == 4008
            assert 8 <= len(heard.messages("pong")) <= 12
            assert {error["code"] for error in heard.messages("error")} == {"rate_limited"}
            assert all(error["retryable"] for error in heard.messages("error"))
        await server.nothing_left()


async def test_sound_that_comes_too_fast_is_dropped_with_an_error() -> None:
    limits = SocketLimits(sound_burst_s=2.0, sound_speed=1.0)
    async with (
        talk_server(limits=limits, resume_s=0.0) as server,
        open_talk(server.socket) as client,
        listening(client) as heard,
    ):
        for _ in range(30):
            await client.send_sound(bytes(6400))
        # 2 s of 6 are let through, and a little for the time that it takes: all the rest is answered.
        await heard.until("error", number=10)
        await client.send({"type": "ping", "t": "last"})
        await heard.until("pong", t="last")
        assert len(heard.messages("error", code="rate_limited")) <= 20
        assert "real time" in heard.messages("error")[0]["message"]


async def test_a_frame_beyond_all_bounds_ends_the_socket_and_nothing_else() -> None:
    async with talk_server(resume_s=0.0) as server, open_talk(server.socket) as other:
        async with open_talk(server.socket) as client, listening(client) as heard:
            with suppress(SyrinxError):
                await client.send_sound(bytes(20 * 1024 * 1024))
            assert await heard.until_lost() in {1009, 1006}
        await other.send({"type": "ping", "t": 1})
        async with asyncio.timeout(5):
            assert json.loads(await other.socket.recv())["type"] == "pong"


@pytest.mark.parametrize("when", ["before ready", "while speaking", "while thinking", "in mid utterance"])
async def test_a_socket_that_drops_at_any_moment_leaves_nothing(when: str, tmp_path: Path) -> None:
    engines = Engines(llm=ScriptedLlm((LONG_REPLY,), token_ms=5), tts=ScriptedTts(TtsScript(real_time_factor=0.5)))
    if when == "while thinking":
        engines.llm = ScriptedLlm((LONG_REPLY,), first_token_ms=60_000)
    async with talk_server(engines, resume_s=0.02, home=tmp_path / "kept") as server:
        if when == "before ready":
            client = await connect(server.socket)
            await client.send('{"type": "hello"}')
            client.transport.abort()
        else:
            async with open_talk(server.socket) as talk, listening(talk) as heard:
                await _bring_to(when, heard, engines)
                talk.socket.transport.abort()
                with suppress(ConnectionClosed, SyrinxError):
                    await heard.until_lost()
        await server.nothing_left()
        left = {path.name for path in (tmp_path / "kept").rglob("*") if path.is_file()}
        assert all(name.startswith("syrinx.db") for name in left), left


async def _bring_to(when: str, heard: Listener, engines: Engines) -> None:
    client = heard.client
    if when == "in mid utterance":
        await client.send({"type": "start_listening"})
        await say(client, words(duration_ms=800), then_silence_ms=0)
        await heard.until("state", state="hearing")
        await eventually(lambda: engines.stt.active == 1)
        return
    await client.send({"type": "text", "text": "go"})
    if when == "while speaking":
        await heard.until_sound(ms=200)
    else:
        await heard.until("state", state="thinking")
        await eventually(lambda: engines.llm.active == 1)
