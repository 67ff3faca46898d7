"""A small OpenAI-compatible server on the loopback interface that answers by script and tells what it saw.

async with open_stand_in() as server:
    server.answer_with(streaming(["Hello", " there."]))
    ...                                   # ask server.url
    assert server.requests[0].json["stream"] is True
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

_REASONS = {200: "OK", 302: "Found", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
_END_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing is sent for a while, or until the test sets `until`."""

    seconds: float = 0.0
    until: asyncio.Event | None = None


Step = bytes | Wait | Literal["hang", "drop"]
"""Bytes of the body, sent as one chunk at once. `hang`: nothing more until the client goes away.
`drop`: the connection is cut where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """Counts connections from 0: two requests with the same number shared one."""

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


def event(data: Mapping[str, object] | str) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def delta(text: str | None = None, *, finish_reason: str | None = None, **fields: object) -> bytes:
    """One event of a streamed completion; `fields` go beside `content`, for example `reasoning`."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": text, **fields}, "finish_reason": finish_reason}
    return event({"id": "gen-1", "object": "chat.completion.chunk", "choices": [choice]})


def streaming(texts: Sequence[str]) -> Answer:
    """A whole, well-formed streamed answer."""
    return Answer(steps=(*(delta(text) for text in texts), delta("", finish_reason="stop"), event("[DONE]")))


def whole(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer that is not streamed, for example an error."""
    body = json.dumps(data).encode()
    return Answer(steps=(body,), status=status, headers=headers or {}, content_type="application/json")


class OpenAiStandIn:
    """Answers are given in order of the requests, the last one to all that follow; before any is set, 404.

    Where `otherwise` is given, each is given once, and then it answers.
    """

    def __init__(self, otherwise: Callable[[SeenRequest], Answer] | None = None) -> None:
        self.url = ""
        """http://127.0.0.1:PORT/v1"""
        self.requests: list[SeenRequest] = []
        self.disconnects = 0
        """Answers that the client left before they were complete."""
        self.left = asyncio.Event()
        """Set by each such disconnect."""
        self._otherwise = otherwise
        self._answers: list[Answer] = []
        self._connections = 0

    def answer_with(self, *answers: Answer) -> None:
        """From the next request on."""
        if not answers:
            raise ValueError("at least one answer is needed")
        self._answers = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as many requests as it brings."""
        connection = self._connections
        self._connections += 1
        try:
            while (request := await _read_request(reader, connection)) is not None:
                self.requests.append(request)
                if not await self._send(self._answer_to(request), reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def _answer_to(self, request: SeenRequest) -> Answer:
        if self._answers and (self._otherwise is not None or len(self._answers) > 1):
            return self._answers.pop(0)
        if self._answers:
            return self._answers[0]
        if self._otherwise is not None:
            return self._otherwise(request)
        return whole({"error": {"message": "nothing is scripted"}}, status=404)

    async def _send(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """False when the connection cannot be used again."""
        gone = asyncio.create_task(_read_nothing(reader))
        sending = asyncio.create_task(_send_steps(answer, writer))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and sending.exception() is None:
                return sending.result()
            self.disconnects += 1
            self.left.set()
            return False
        finally:
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> SeenRequest | None:
    """None at the end of the connection."""
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return SeenRequest(method=method, path=path, headers=headers, body=body, connection=connection)


async def _read_nothing(reader: asyncio.StreamReader) -> None:
    """Ends when the client hangs up: it has nothing to say while it is being answered."""
    await reader.read(1)


async def _send_steps(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    head = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Status')}", f"content-type: {answer.content_type}"]
    head += ["transfer-encoding: chunked", *(f"{name}: {value}" for name, value in answer.headers.items())]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
    for step in answer.steps:
        if step == "drop":
            writer.transport.abort()
            return False
        if step == "hang":
            await asyncio.Event().wait()
        elif isinstance(step, Wait):
            await (step.until.wait() if step.until is not None else asyncio.sleep(step.seconds))
        elif step:
            writer.write(f"{len(step):x}\r\n".encode() + step + b"\r\n")
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


@asynccontextmanager
async def open_stand_in(
    otherwise: Callable[[SeenRequest], Answer] | None = None,
) -> AsyncGenerator[OpenAiStandIn, None]:
    """Serve on a free port; leaving ends the server and every connection. `otherwise` answers what is not scripted."""
    stand_in = OpenAiStandIn(otherwise)
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(stand_in.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield stand_in
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        if serving:
            await asyncio.wait(tuple(serving), timeout=_END_WAIT_S)
