"""A broker on a loopback socket in front of a scripted server, and what the server saw."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syrinx.transports.brokers import Broker, RemoteServer, broker_app
from syrinx.transports.brokers.broker import BrokerKind


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncGenerator[int, None]:
    """The port on which it is served for as long as the context lasts; its clients are then cut off."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(10):
                await server.answers.wait()
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await task


class _Server(uvicorn.Server):
    """Tells when it answers, and leaves signals to the test runner."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@dataclass(slots=True)
class Call:
    """One request as the remote server sees it, and its answer to it."""

    scope: Scope
    _receive: Receive
    send: Send

    @property
    def path(self) -> str:
        query = self.scope["query_string"].decode()
        return self.scope["path"] + (f"?{query}" if query else "")

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.scope["headers"]}

    async def next(self) -> Message:
        return await self._receive()

    async def body(self) -> bytes:
        taken = b""
        while True:
            message = await self._receive()
            taken += message.get("body", b"")
            if not message.get("more_body"):
                return taken

    async def until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        listed = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await self.send({"type": "http.response.start", "status": status, "headers": listed})

    async def piece(self, body: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(self, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        await self.start(status, {"content-length": str(len(body)), **(headers or {})})
        await self.piece(body, more=False)


Script = Callable[[Call], Awaitable[None]]


async def echo(call: Call) -> None:
    await call.answer(await call.body(), headers={"content-type": "application/json"})


@dataclass(slots=True)
class Remote:
    """The application behind the broker: does what `script` says and remembers the calls."""

    script: Script = echo
    health_status: int = 200
    calls: list[Call] = field(default_factory=list[Call])
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = Call(scope, receive, send)
        if call.path.startswith("/health"):
            await call.answer(b"{}", status=self.health_status)
            return
        self.calls.append(call)
        await self.script(call)

    async def wait_for_leaving(self, call: Call) -> None:
        """A script that answers nothing and notes that it was left."""
        await call.until_left()
        self.left.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    client: httpx.AsyncClient
    """Of the broker."""
    address: str
    remote: Remote


@asynccontextmanager
async def broker_before(
    remote: Remote,
    *,
    kind: BrokerKind = "stt",
    token: str | None = None,
    remote_token: str | None = None,
    timeout_s: float = 10.0,
    upload_bytes: int = 1_000_000,
) -> AsyncGenerator[Standing, None]:
    async with (
        serving(remote) as remote_port,
        broker_to(
            remote_port,
            kind=kind,
            token=token,
            remote_token=remote_token,
            timeout_s=timeout_s,
            upload_bytes=upload_bytes,
        ) as (client, address),
    ):
        yield Standing(client=client, address=address, remote=remote)


@asynccontextmanager
async def broker_to(
    remote_port: int,
    *,
    kind: BrokerKind = "stt",
    token: str | None = None,
    remote_token: str | None = None,
    timeout_s: float = 10.0,
    upload_bytes: int = 1_000_000,
) -> AsyncGenerator[tuple[httpx.AsyncClient, str], None]:
    """A broker for a port where a server is, or is not, and a client of it."""
    broker = Broker(
        kind=kind,
        host="127.0.0.1",
        port=0,
        on_loopback=True,
        token=token,
        remote=RemoteServer(url=f"http://127.0.0.1:{remote_port}", token=remote_token, timeout_s=timeout_s),
        upload_bytes=upload_bytes,
    )
    async with serving(broker_app(broker)) as port:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client:
            yield client, address


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
