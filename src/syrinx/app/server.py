"""The HTTP server: the page, the socket, health and metrics, on one port."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import Depends, FastAPI, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import syrinx
from syrinx.app.advising import recommended
from syrinx.app.auto_pull import pull_recommended
from syrinx.app.house import House, open_house
from syrinx.app.model_house import model_house
from syrinx.app.options import engines_in_use, talk_options
from syrinx.app.settings import Settings
from syrinx.conversation import Conversation
from syrinx.errors import ConfigurationError
from syrinx.transports.http.access import require_token
from syrinx.transports.http.errors import ErrorBody, add_error_handling
from syrinx.transports.http.models import model_routes
from syrinx.transports.http.talk import Health, TalkOptions, talk_option_routes
from syrinx.transports.websocket import TalkHouse, talk_routes

# Larger frames than the protocol allows are still read, so that they can be answered by an error and not by a cut.
LARGEST_FRAME_BYTES: Final = 16 * 1024 * 1024

UNREAD_MS: Final = 30_000
"""After so long without taking what was sent to it a connection is cut."""

CLOSING_S: Final = 0.1
"""What sockets are given to send that the server is stopping."""

_PAGE_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "cache-control": "no-cache",
}


class _HeadersOn:
    """Adds headers to every response; plain ASGI, so that sockets and streams pass untouched."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self._headers if h[0] not in present)]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def find_page() -> Path:
    """The folder of the page, beside the source tree. Raises ConfigurationError where only the package is installed."""
    folder = Path(syrinx.__file__).parents[2] / "web"
    if (folder / "index.html").is_file():
        return folder
    raise ConfigurationError("the page's files (web/) are missing: run Syrinx from its source tree, with make run")


OpenHouse = Callable[[Settings], AbstractAsyncContextManager[House]]


def create_app(settings: Settings, *, opened: OpenHouse = open_house) -> FastAPI:
    """The application; its lifespan opens the house and closes it. Tests open a house of their own."""
    token = settings.token.get_secret_value() if settings.token else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with opened(settings) as house:
            app.state.house = house
            _add_house(app, house, token=token)
            house.in_background(house.measuring.run())
            if settings.auto_pull:
                house.in_background(pull_recommended(house.models, [each.name for each in recommended(house).values()]))
            yield

    app = FastAPI(
        title="Syrinx",
        version=syrinx.__version__,
        description="A voice platform that you run yourself. The realtime protocol of /ws is in docs/protocol.md.",
        lifespan=lifespan,
        # The viewers that FastAPI serves fetch their scripts from a CDN; /openapi.json is there for any other.
        docs_url=None,
        redoc_url=None,
        # FastAPI's own telemetry stays off whatever the environment says: nothing phones home.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    add_error_handling(app)
    app.add_middleware(_HeadersOn, headers=_PAGE_HEADERS)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    if settings.on_loopback:
        # A page on another host cannot reach us by a name of its own that resolves to loopback (DNS rebinding).
        app.add_middleware(
            TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", "::1", settings.host]
        )

    @app.get("/health", tags=["server"], summary="Ready or not")
    async def health() -> Health:  # pyright: ignore[reportUnusedFunction]
        """Answers once the server is ready; engines load at their first use."""
        return Health(status="ok", version=syrinx.__version__)

    return app


def _add_house(app: FastAPI, house: House, *, token: str | None) -> None:
    settings = house.settings

    async def in_use(conversation: Conversation) -> dict[str, Any]:
        return await engines_in_use(house, conversation)

    async def options() -> TalkOptions:
        return await talk_options(house)

    app.include_router(
        talk_routes(
            TalkHouse(
                conversations=house.conversations,
                begin=house.begin,
                engines_in_use=in_use,
                language=settings.language,
                token=token,
                origins=frozenset(settings.origins),
            )
        )
    )
    app.include_router(talk_option_routes(options, token=token))
    app.include_router(model_routes(model_house(house), token=token, origins=frozenset(settings.origins)))

    @app.get(
        "/metrics",
        tags=["server"],
        summary="Figures for Prometheus",
        dependencies=[Depends(require_token(token))],
        response_class=PlainTextResponse,
        responses={
            200: {"content": {"text/plain": {"example": 'syrinx_engine_active{engine="espeak",kind="tts"} 1.0\n'}}},
            401: {"model": ErrorBody},
        },
    )
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Requests to engines: how many, how long, how many at this moment."""
        return Response(generate_latest(house.metrics.collectors), media_type=CONTENT_TYPE_LATEST)

    # Last, for it answers every path that nothing else did.
    app.mount("/", StaticFiles(directory=find_page(), html=True), name="page")


class _Server(uvicorn.Server):
    """uvicorn that tells when it answers, and ends the talks in their own words before it cuts connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_ready: Callable[[], None],
        before_shutdown: Callable[[], Awaitable[None]],
        signals: bool,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._before_shutdown = before_shutdown
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._before_shutdown()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if not self._signals:
            yield
            return
        with super().capture_signals():
            yield


def listen_on(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ConfigurationError when the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            # Connections inherit it: closing one whose client takes nothing any more would wait for ever.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another with SYRINX_PORT or --port"
        ) from error
    return listening


def _build(
    settings: Settings, port: int, *, opened: OpenHouse, on_ready: Callable[[str], None], signals: bool
) -> _Server:
    shown_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    address = f"http://[{shown_host}]:{port}" if ":" in shown_host else f"http://{shown_host}:{port}"
    app = create_app(settings, opened=opened)

    async def end_talks() -> None:
        house: House = app.state.house
        if len(house.conversations):
            house.conversations.close_all()
            await asyncio.sleep(CLOSING_S)

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME_BYTES,
        # Sound does not compress, and deflate costs memory per socket.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    return _Server(config, on_ready=lambda: on_ready(address), before_shutdown=end_talks, signals=signals)


async def serve(settings: Settings, *, on_ready: Callable[[str], None], opened: OpenHouse = open_house) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the page's address once it answers.

    Raises ConfigurationError when it cannot listen or start.
    """
    with listen_on(settings.host, settings.port) as listening:
        port = listening.getsockname()[1]
        server = _build(settings, port, opened=opened, on_ready=on_ready, signals=True)
        await server.serve(sockets=[listening])
    if not server.started:
        raise ConfigurationError("the server could not start: the log above says why")


@asynccontextmanager
async def open_server(settings: Settings, *, opened: OpenHouse = open_house) -> AsyncGenerator[str, None]:
    """A server in this process for as long as the context lasts; yields its address. Raises ConfigurationError."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with listen_on(settings.host, settings.port) as listening:
        port = listening.getsockname()[1]
        server = _build(settings, port, opened=opened, on_ready=ready.set_result, signals=False)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise ConfigurationError("the server could not start: the log above says why")
            yield ready.result()
        finally:
            server.should_exit = True
            await serving
