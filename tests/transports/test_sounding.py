"""Streamed bodies: sent as they are made, ended when the client leaves, cut where they break off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from starlette.types import Message

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import BadAudio, EngineError
from syrinx.speech.narration import NarrationRequest, NarrationTiming
from syrinx.testing.fake_speech import RATE_HZ, ScriptedNarration
from syrinx.transports.http.leaving import ClientLeft, while_connected
from syrinx.transports.http.sounding import StreamedBody, begun, encoded, sound_response, speech_headers


class Client:
    """One end of an ASGI connection: keeps what it is sent, and leaves when a test says so."""

    def __init__(self, *, takes: int = 1_000_000) -> None:
        self.messages: list[Message] = []
        self.left = asyncio.Event()
        self.sent = asyncio.Event()
        self._takes = takes
        """So many messages are taken; then it reads no more."""

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if len(self.messages) >= self._takes:
            await asyncio.Event().wait()
        self.messages.append(message)
        self.sent.set()

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.messages)

    @property
    def complete(self) -> bool:
        return bool(self.messages) and self.messages[-1].get("more_body") is False


class Source:
    """Counts up, one number at a time, and tells whether it was closed."""

    def __init__(self, *, count: int = 3, error: Exception | None = None, stalls: bool = False) -> None:
        self.closed = False
        self._count = count
        self._error = error
        self._stalls = stalls

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(self._count):
                yield str(number).encode()
                await asyncio.sleep(0)
            if self._stalls:
                await asyncio.Event().wait()
            if self._error:
                raise self._error
        finally:
            self.closed = True


class Ended:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


def body_of(source: Source, ended: Ended) -> StreamedBody:
    return StreamedBody(source.pieces(), media_type="audio/pcm", on_end=ended)


async def test_a_body_is_sent_piece_by_piece_and_ended() -> None:
    client, source, ended = Client(), Source(), Ended()
    await body_of(source, ended)({}, client.receive, client.send)
    assert [each.get("body") for each in client.messages] == [None, b"0", b"1", b"2", b""]
    assert client.complete
    assert (source.closed, ended.count) == (True, 1)


async def test_a_client_that_leaves_closes_a_source_that_waits() -> None:
    client, source, ended = Client(), Source(stalls=True), Ended()
    sending = asyncio.create_task(body_of(source, ended)({}, client.receive, client.send))
    await client.sent.wait()
    client.left.set()
    await sending
    assert (source.closed, ended.count, client.complete) == (True, 1, False)


async def test_a_client_that_leaves_while_it_takes_nothing_closes_the_source() -> None:
    client, source, ended = Client(takes=2), Source(count=1000), Ended()
    sending = asyncio.create_task(body_of(source, ended)({}, client.receive, client.send))
    await client.sent.wait()
    client.left.set()
    await sending
    assert (source.closed, ended.count, client.body) == (True, 1, b"0")


async def test_an_error_after_the_headers_leaves_the_body_unfinished() -> None:
    client, source, ended = Client(), Source(error=EngineError("broken")), Ended()
    with pytest.raises(EngineError, match="broken"):
        await body_of(source, ended)({}, client.receive, client.send)
    assert (source.closed, ended.count, client.complete) == (True, 1, False)


async def test_a_time_out_of_the_source_is_no_client_that_left() -> None:
    client, source, ended = Client(), Source(error=TimeoutError()), Ended()
    with pytest.raises(TimeoutError):
        await body_of(source, ended)({}, client.receive, client.send)
    assert ended.count == 1


async def test_a_server_that_stops_ends_the_body_too() -> None:
    client, source, ended = Client(), Source(stalls=True), Ended()
    sending = asyncio.create_task(body_of(source, ended)({}, client.receive, client.send))
    await client.sent.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (source.closed, ended.count) == (True, 1)


async def test_the_end_is_told_even_when_nothing_was_sent() -> None:
    client, ended = Client(takes=0), Ended()
    client.left.set()
    await body_of(Source(), ended)({}, client.receive, client.send)
    assert (ended.count, client.messages) == (1, [])


async def test_work_is_cancelled_in_its_own_task_when_the_client_leaves() -> None:
    client = Client()
    ended_in: list[asyncio.Task[Any] | None] = []

    async def work() -> None:
        async with while_connected(client.receive):
            try:
                client.left.set()
                await asyncio.Event().wait()
            finally:
                ended_in.append(asyncio.current_task())

    with pytest.raises(ClientLeft):
        await work()
    this = asyncio.current_task()
    assert this is not None
    assert ended_in == [this]
    assert this.cancelling() == 0


async def test_work_that_is_done_in_time_is_left_alone() -> None:
    client = Client()
    async with while_connected(client.receive):
        await asyncio.sleep(0)
    client.left.set()
    await asyncio.sleep(0)


def narration(**scripted: Any) -> ScriptedNarration:
    return ScriptedNarration(request=NarrationRequest(text="Tea is ready."), **scripted)


async def test_a_narration_becomes_bytes_of_the_same_length() -> None:
    spoken = narration(chunks=7)
    client = Client()
    await (await sound_response(spoken, "pcm"))({}, client.receive, client.send)
    assert PcmChunk(pcm=client.body, sample_rate_hz=RATE_HZ).duration_ms == 700.0
    assert spoken.closed


async def test_a_narration_that_breaks_off_is_closed() -> None:
    spoken = narration(error=EngineError("broken"))
    client = Client()
    response = await sound_response(spoken, "wav")
    with pytest.raises(EngineError):
        await response({}, client.receive, client.send)
    assert spoken.closed


async def test_a_sound_response_closes_its_narration_when_the_client_leaves() -> None:
    client, spoken = Client(), narration(chunks=1000)
    response = await sound_response(spoken, "mp3")
    sending = asyncio.create_task(response({}, client.receive, client.send))
    await client.sent.wait()
    client.left.set()
    await sending
    assert spoken.closed
    assert spoken.given < 1000
    assert not client.complete


class Waiting:
    """A narrator whose engine is busy: it begins when it is let go."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.spoken = narration()
        self.cancelled = False

    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        self.asked.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.spoken


async def test_a_narration_is_begun_for_who_stays() -> None:
    client, narrator = Client(), Waiting()
    narrator.go_on.set()
    assert await begun(narrator, NarrationRequest(text="Tea."), client.receive) is narrator.spoken
    assert not narrator.spoken.closed


async def test_who_leaves_before_the_first_sound_waits_in_no_queue() -> None:
    client, narrator = Client(), Waiting()
    asking = asyncio.create_task(begun(narrator, NarrationRequest(text="Tea."), client.receive))
    await narrator.asked.wait()
    client.left.set()
    with pytest.raises(ClientLeft):
        await asking
    assert narrator.cancelled


async def test_a_narration_that_begins_as_its_client_leaves_is_closed() -> None:
    client, narrator = Client(), Waiting()
    asking = asyncio.create_task(begun(narrator, NarrationRequest(text="Tea."), client.receive))
    await narrator.asked.wait()
    client.left.set()
    narrator.go_on.set()
    with pytest.raises(ClientLeft):
        await asking
    assert (narrator.cancelled, narrator.spoken.closed) == (False, True)


async def test_a_narration_without_an_encoder_is_closed() -> None:
    spoken = narration(sample_rate_hz=96_000)
    with pytest.raises(BadAudio):
        await sound_response(spoken, "wav")
    assert spoken.closed


class SlowEncoder:
    """Works in its thread until it is let go; must not be closed before."""

    def __init__(self, *, slow: str) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.closed = False
        self.blocks = True
        self.threads: set[threading.Thread] = set()
        self._slow = slow
        self._at_work = False

    def encode(self, chunk: PcmChunk) -> bytes:
        self._work("encode")
        return chunk.pcm

    def finish(self) -> bytes:
        self._work("finish")
        return b""

    def close(self) -> None:
        assert not self._at_work
        self.closed = True

    def _work(self, what: str) -> None:
        self.threads.add(threading.current_thread())
        if what == self._slow:
            self._at_work = True
            self.begun.set()
            self.go_on.wait(10.0)
            self._at_work = False


async def test_what_needs_no_codec_is_handed_to_no_thread() -> None:
    encoder = SlowEncoder(slow="nothing")
    encoder.blocks = False
    async with aclosing(encoded(narration(chunks=3), encoder)) as pieces:
        assert len([piece async for piece in pieces]) == 3
    assert encoder.threads == {threading.main_thread()}


@pytest.mark.parametrize("slow", ["encode", "finish"])
async def test_an_encoder_is_closed_only_when_its_thread_has_left_it(slow: str) -> None:
    encoder = SlowEncoder(slow=slow)

    async def read() -> None:
        async with aclosing(encoded(narration(), encoder)) as pieces:
            async for _ in pieces:
                pass

    reading = asyncio.create_task(read())
    await asyncio.to_thread(encoder.begun.wait)
    reading.cancel()
    await asyncio.sleep(0)
    assert not encoder.closed
    encoder.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert encoder.closed


def test_the_headers_tell_of_time_engine_voice_and_what_was_left_out() -> None:
    timing = NarrationTiming(queued_ms=12.34, first_sound_ms=45.67, cached=True)
    headers = speech_headers(narration(timing=timing, engine="Größe", not_applied=("phoneme", "instructions")))
    assert headers == {
        "Server-Timing": 'queue;dur=12.3, first;dur=45.7, cache;desc="hit"',
        "X-Syrinx-Engine": "Gr??e",
        "X-Syrinx-Voice": "",
        "X-Syrinx-Synthetic": "true",
        "X-Syrinx-Voice-Match": "exact",
        "X-Syrinx-Not-Applied": "phoneme, instructions",
    }


async def test_pcm_says_its_rate() -> None:
    client = Client()
    response = await sound_response(narration(), "pcm")
    await response({}, client.receive, client.send)
    headers = dict(client.messages[0]["headers"])
    assert headers[b"content-type"] == b"audio/pcm;rate=24000;channels=1"
    assert headers[b"content-encoding"] == b"identity"
