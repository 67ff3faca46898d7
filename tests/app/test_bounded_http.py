"""What a client may send before its request is known has an end, over a real socket."""

from __future__ import annotations

import asyncio

import pytest
from tests.transports.talking_house import talk_server

from syrinx.app import bounded_http
from syrinx.app.bounded_http import HEAD_BYTES


async def pieces_taken(address: str, beginning: bytes, piece: bytes) -> tuple[int, bytes]:
    """How much was sent until the server had enough, up to 4 MB, and its answer."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    sent = 0
    try:
        writer.write(beginning)
        while sent < 4_000_000 and not reader.at_eof():
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            await asyncio.sleep(0)
        return sent, await reader.read(200)
    except ConnectionError:
        return sent, b""
    finally:
        writer.close()


REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"POST /load HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        pytest.param(REQUEST, b"x-more: and more\r\n" * 500, id="headers"),
        pytest.param(REQUEST + b"x-long: ", b"a" * 8000, id="one header"),
        pytest.param(b"GET /", b"a" * 8000, id="address"),
        pytest.param(CHUNKED, b"x-more: and more\r\n" * 500, id="behind a body"),
    ],
)
async def test_headers_without_end_are_cut_off(beginning: bytes, piece: bytes) -> None:
    async with talk_server() as server:
        sent, answer = await pieces_taken(server.address, beginning, piece)
    assert sent < 4_000_000
    assert answer[:12] in {b"HTTP/1.1 431", b"HTTP/1.1 400", b""}  # none where the connection was reset first


async def test_large_headers_within_the_bound_and_long_bodies_pass() -> None:
    head = b"PUT /api/speech/pronunciations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    body = b'{"entries":[]' + b" " * 1_000_000 + b"}"
    async with talk_server() as server:
        host, port = server.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(REQUEST + b"x-large: " + b"a" * (HEAD_BYTES - 1000) + b"\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 9_000):
            writer.write(body[start : start + 9_000])
            await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_request_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_S", 0.05)
    async with talk_server() as server:
        host, port = server.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(REQUEST)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
