"""Brokers over real sockets: both ways as it comes, failures told apart, nobody kept working for a client that left."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.transports.brokers.standing import Call, Remote, broker_before, broker_to, free_port, serving

ORDER = {"text": "Hello, this is a test", "voice": "af_heart", "lang_code": "a", "speed": 1.0}
LIMIT_S = 10


async def test_a_recording_reaches_the_server_as_it_was_sent() -> None:
    async with broker_before(Remote()) as standing:
        files = {"file": ("a.wav", b"RIFF....", "audio/wav")}
        answer = await standing.client.post("/inference", files=files, data={"response_format": "json"})
        assert answer.status_code == 200
        assert b'filename="a.wav"' in answer.content
        assert b"RIFF...." in answer.content
        (call,) = standing.remote.calls
        assert call.path == "/inference"
        assert call.headers["content-type"] == answer.request.headers["content-type"]
        assert call.headers["content-length"] == answer.request.headers["content-length"]


@pytest.mark.parametrize(
    ("kind", "path"), [("stt", "/load"), ("tts", "/synthesize"), ("tts", "/synthesize-batch"), ("tts", "/audio-stream")]
)
async def test_every_route_is_passed_on(kind: Any, path: str) -> None:
    async with broker_before(Remote(), kind=kind) as standing:
        body = [ORDER] if path == "/synthesize-batch" else ORDER
        answer = await standing.client.post(f"{path}?a=1&b=%20", json=body)
        assert answer.json() == body
        assert standing.remote.calls[0].path == f"{path}?a=1&b=%20"


async def test_the_first_of_a_body_is_there_before_the_last_is_sent() -> None:
    arrived = asyncio.Event()

    async def script(call: Call) -> None:
        first = (await call.next())["body"]
        arrived.set()
        await call.answer(first + await call.body())

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"first "
        await arrived.wait()
        yield b"last"

    async with broker_before(Remote(script)) as standing, asyncio.timeout(LIMIT_S):
        answer = await standing.client.post("/inference", content=body())
        assert answer.content == b"first last"


@pytest.mark.parametrize(("kind", "path"), [("stt", "/inference"), ("tts", "/audio-stream")])
async def test_the_first_of_an_answer_is_there_before_the_last_is_made(kind: Any, path: str) -> None:
    heard = asyncio.Event()

    async def script(call: Call) -> None:
        await call.body()
        await call.start(headers={"content-type": "audio/wav"})
        await call.piece(b"first ")
        await heard.wait()
        await call.piece(b"last", more=False)

    async with (
        asyncio.timeout(LIMIT_S),
        broker_before(Remote(script), kind=kind) as standing,
        standing.client.stream("POST", path, json=ORDER) as answer,
    ):
        assert answer.headers["content-type"] == "audio/wav"
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"first "
        heard.set()
        assert [piece async for piece in pieces] == [b"last"]


async def test_the_servers_own_error_is_passed_on_as_it_is() -> None:
    async def script(call: Call) -> None:
        await call.body()
        await call.answer(b'{"error":"no such model"}', status=422, headers={"x-reason": "model", "retry-after": "7"})

    async with broker_before(Remote(script)) as standing:
        answer = await standing.client.post("/load", data={"model": "x"})
        assert (answer.status_code, answer.json()) == (422, {"error": "no such model"})
        assert (answer.headers["x-reason"], answer.headers["retry-after"]) == ("model", "7")


async def test_an_answer_before_the_whole_body_is_passed_on_too() -> None:
    async def script(call: Call) -> None:
        await call.next()
        await call.answer(b"enough", status=413)

    async with broker_before(Remote(script), upload_bytes=100_000_000) as standing, asyncio.timeout(LIMIT_S):
        answer = await standing.client.post("/inference", content=bytes(20_000_000))
        assert (answer.status_code, answer.content) == (413, b"enough")


async def test_headers_of_one_connection_stay_on_it() -> None:
    async def script(call: Call) -> None:
        await call.body()
        await call.answer(
            b"ok", headers={"keep-alive": "timeout=5", "connection": "x-mine", "x-mine": "1", "x-all": "2"}
        )

    async with broker_before(Remote(script), token="ours", remote_token="theirs") as standing:
        answer = await standing.client.post(
            "/inference",
            content=b"x",
            headers={
                "authorization": "Bearer ours",
                "connection": "keep-alive, x-hop",
                "x-hop": "1",
                "te": "trailers",
                "cookie": "a=b",
                "x-syrinx-user": "ada",
                "accept": "application/json",
            },
        )
        assert answer.status_code == 200
        seen = standing.remote.calls[0].headers
        assert not seen.keys() & {"x-hop", "te", "cookie"}
        assert seen["authorization"] == "Bearer theirs"
        assert (seen["x-syrinx-user"], seen["accept"]) == ("ada", "application/json")
        assert not answer.headers.keys() & {"keep-alive", "x-mine"}
        assert answer.headers["x-all"] == "2"


async def test_what_is_compressed_stays_so_and_is_not_asked_for_unasked() -> None:
    packed = gzip.compress(b'{"text":"hello"}')

    async def script(call: Call) -> None:
        await call.body()
        await call.answer(packed, headers={"content-encoding": "gzip"})

    async with broker_before(Remote(script)) as standing:
        answer = await standing.client.post("/inference", content=b"x")
        assert answer.json() == {"text": "hello"}
        assert standing.remote.calls[0].headers["accept-encoding"] == answer.request.headers["accept-encoding"]
        without = httpx.Request("POST", f"{standing.address}/inference", headers={"host": "127.0.0.1"}, content=b"x")
        await standing.client.send(without)
        assert standing.remote.calls[1].headers["accept-encoding"] == "identity"


async def test_a_server_that_is_away_is_503_and_asked_again_when_it_is_back() -> None:
    port = free_port()
    async with broker_to(port, kind="tts") as (client, _):
        away = await client.post("/synthesize", json=ORDER)
        assert away.status_code == 503
        assert away.json()["code"] == "engine_unavailable"
        assert "cannot be reached" in away.json()["detail"]
        assert away.json()["retryable"] is True
        remote = Remote()
        async with serving(remote, port=port):
            assert (await client.post("/synthesize", json=ORDER)).status_code == 200
        assert (await client.post("/synthesize", json=ORDER)).status_code == 503
        async with serving(remote, port=port):
            assert (await client.post("/synthesize", json=ORDER)).status_code == 200


async def test_a_server_that_dies_before_its_answer_is_503() -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    dying = await asyncio.start_server(die, "127.0.0.1", 0)
    async with dying, broker_to(dying.sockets[0].getsockname()[1]) as (client, _):
        answer = await client.post("/inference", content=b"x")
        assert answer.status_code == 503
        assert "error" in answer.json()


async def test_a_silent_server_is_504_and_is_not_kept_busy() -> None:
    remote = Remote()
    remote.script = remote.wait_for_leaving
    async with broker_before(remote, timeout_s=0.2) as standing, asyncio.timeout(LIMIT_S):
        answer = await standing.client.post("/inference", content=b"x")
        assert answer.status_code == 504
        assert answer.json()["code"] == "engine_timeout"
        assert "0.2 s" in answer.json()["error"]
        await remote.left.wait()


async def test_a_head_without_a_body_is_504_too() -> None:
    async def script(call: Call) -> None:
        await call.start(headers={"content-type": "audio/wav"})
        await call.until_left()

    async with broker_before(Remote(script), kind="tts", timeout_s=0.2) as standing:
        answer = await standing.client.post("/synthesize", json=ORDER)
        assert answer.status_code == 504
        assert "silent" in answer.json()["detail"]


async def test_silence_within_an_answer_cuts_it_so_that_it_passes_for_no_whole_one() -> None:
    async def script(call: Call) -> None:
        await call.start(headers={"content-type": "audio/wav"})
        await call.piece(b"first ")
        await call.until_left()

    async with broker_before(Remote(script), kind="tts", timeout_s=0.2) as standing, asyncio.timeout(LIMIT_S):
        with pytest.raises(httpx.RemoteProtocolError):
            await standing.client.post("/audio-stream", json=ORDER)


@pytest.mark.parametrize("phase", ["while it uploads", "while it waits", "while it is answered"])
async def test_the_server_learns_at_once_that_the_client_left(phase: str) -> None:
    remote = Remote()
    reached = asyncio.Event()

    async def script(call: Call) -> None:
        if phase != "while it uploads":
            await call.body()
        else:
            await call.next()
        if phase == "while it is answered":
            await call.start()
            await call.piece(b"first ")
        reached.set()
        await remote.wait_for_leaving(call)

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"first "
        if phase == "while it uploads":
            await asyncio.Event().wait()

    remote.script = script
    async with broker_before(remote) as standing, asyncio.timeout(LIMIT_S):
        asking = asyncio.create_task(standing.client.post("/inference", content=body()))
        await reached.wait()
        asking.cancel()
        await remote.left.wait()
        await asyncio.wait([asking])


async def test_a_client_that_stops_in_the_middle_of_a_body_is_not_waited_for_for_ever() -> None:
    remote = Remote()
    remote.script = remote.wait_for_leaving

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"first "
        await asyncio.wait_for(remote.left.wait(), LIMIT_S)

    async with broker_before(remote, timeout_s=0.2) as standing:
        answer = await standing.client.post("/inference", content=body())
        assert answer.status_code == 400
        assert answer.json()["code"] == "upload_stalled"


@pytest.mark.parametrize("told", [True, False])
async def test_too_large_a_body_is_refused(told: bool) -> None:
    remote = Remote()
    remote.script = remote.wait_for_leaving

    async def body() -> AsyncGenerator[bytes, None]:
        for _ in range(20):
            yield bytes(100)

    async with broker_before(remote, upload_bytes=1000) as standing, asyncio.timeout(LIMIT_S):
        answer = await standing.client.post("/inference", content=bytes(2000) if told else body())
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
        if told:
            assert not remote.calls
        else:
            await remote.left.wait()


@pytest.mark.parametrize(
    "batch",
    [
        [],
        [ORDER] * 11,
        [{**ORDER, "text": ""}],
        [{"voice": "x"}],
        [{**ORDER, "speed": 3}],
        ["text"],
        {"text": "x"},
        None,
    ],
)
async def test_a_batch_that_cannot_be_is_refused_before_anything_is_sent(batch: Any) -> None:
    async with broker_before(Remote(), kind="tts") as standing:
        answer = await standing.client.post("/synthesize-batch", json=batch)
        assert answer.status_code == 422
        assert answer.json()["detail"]
        broken = await standing.client.post(
            "/synthesize-batch", content=b"[{", headers={"content-type": "application/json"}
        )
        assert broken.status_code == 422
        assert not standing.remote.calls


async def test_a_batch_of_ten_is_passed_on_byte_for_byte() -> None:
    written = json.dumps([{**ORDER, "of_its_own": 1}] * 10, indent=3).encode()
    async with broker_before(Remote(), kind="tts") as standing:
        answer = await standing.client.post(
            "/synthesize-batch", content=written, headers={"content-type": "application/json"}
        )
        assert answer.content == written


async def test_health_tells_of_the_broker_and_of_the_server() -> None:
    async with broker_before(Remote(), kind="tts") as standing:
        told = (await standing.client.get("/healthz")).json()
        assert set(told) == {"status", "service", "version", "remote_server", "remote_status"}
        assert (told["status"], told["service"], told["remote_status"]) == ("healthy", "TTS broker", "healthy")
        status = (await standing.client.get("/broker-status")).json()
        assert set(status) == {
            "broker_running",
            "remote_server_url",
            "remote_server_reachable",
            "broker_host",
            "broker_port",
            "request_timeout",
        }
        assert status["broker_running"] is status["remote_server_reachable"] is True
        assert status["request_timeout"] == 10
        info = (await standing.client.get("/info")).json()
        assert info["endpoints"] == ["/synthesize", "/synthesize-batch", "/audio-stream"]


@pytest.mark.parametrize(
    ("status", "found", "overall"),
    [(404, "healthy", "healthy"), (503, "unhealthy", "degraded"), (200, "healthy", "healthy")],
)
async def test_a_server_without_a_route_for_its_health_is_well(status: int, found: str, overall: str) -> None:
    async with broker_before(Remote(health_status=status)) as standing:
        told = (await standing.client.get("/healthz")).json()
        assert (told["remote_status"], told["status"]) == (found, overall)
        assert (await standing.client.get("/broker-status")).json()["remote_server_reachable"] is True


async def test_health_answers_while_the_server_is_away() -> None:
    async with broker_to(free_port()) as (client, _):
        answer = await client.get("/healthz")
        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["remote_status"]) == ("degraded", "unreachable")
        assert (await client.get("/broker-status")).json()["remote_server_reachable"] is False


async def test_with_a_token_only_health_is_told_to_everybody() -> None:
    async with broker_before(Remote(), token="s3cret") as standing:
        assert (await standing.client.get("/healthz")).status_code == 200
        for path in ("/info", "/broker-status"):
            assert (await standing.client.get(path)).status_code == 401
        refused = await standing.client.post("/inference", content=b"x")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        assert not standing.remote.calls
        let_in = await standing.client.post("/inference", content=b"x", headers={"authorization": "Bearer s3cret"})
        assert let_in.status_code == 200
        assert "authorization" not in standing.remote.calls[0].headers


async def test_web_pages_of_others_and_names_of_others_are_refused() -> None:
    async with broker_before(Remote()) as standing:
        page = await standing.client.post("/inference", content=b"x", headers={"origin": "https://elsewhere.example"})
        assert page.status_code == 403
        name = await standing.client.post("/inference", content=b"x", headers={"host": "elsewhere.example"})
        assert name.status_code == 400
        assert not standing.remote.calls


async def test_other_routes_are_not_passed_on() -> None:
    async with broker_before(Remote()) as standing:
        assert (await standing.client.post("/synthesize", json=ORDER)).status_code == 404
        assert (await standing.client.get("/inference")).status_code == 405
        assert not standing.remote.calls


async def test_many_at_once_do_not_wait_for_each_other() -> None:
    all_there = asyncio.Event()
    remote = Remote()

    async def script(call: Call) -> None:
        body = await call.body()
        if len(remote.calls) == 40:
            all_there.set()
        await all_there.wait()
        await call.answer(body)

    remote.script = script
    async with broker_before(remote) as standing, asyncio.timeout(LIMIT_S):
        answers = await asyncio.gather(
            *(standing.client.post("/inference", content=str(number).encode()) for number in range(40))
        )
        assert [answer.text for answer in answers] == [str(number) for number in range(40)]
