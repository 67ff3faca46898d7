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
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import syrinx
from syrinx.accounts import Caller
from syrinx.accounts.limits import Limits
from syrinx.app.advising import recommended
from syrinx.app.auto_pull import pull_recommended
from syrinx.app.before_routes import stand_before_routes
from syrinx.app.belongings import belongings
from syrinx.app.bounded_http import BoundedHttp
from syrinx.app.house import House, open_house
from syrinx.app.model_house import model_house
from syrinx.app.options import engines_in_use, talk_options
from syrinx.app.retention import keep_no_longer
from syrinx.app.settings import Settings
from syrinx.conversation import Conversation
from syrinx.errors import ConfigurationError, SyrinxError
from syrinx.transports.http.access import needs
from syrinx.transports.http.conversations import conversation_routes
from syrinx.transports.http.detail_errors import DetailBody
from syrinx.transports.http.errors import ErrorBody, add_error_handling
from syrinx.transports.http.joining import add_routes
from syrinx.transports.http.model_servers import model_server_routes
from syrinx.transports.http.models import model_routes
from syrinx.transports.http.onboarding import onboarding_routes
from syrinx.transports.http.openai_audio import openai_routes
from syrinx.transports.http.openai_names import OpenAiError
from syrinx.transports.http.openai_voices import openai_voice_routes
from syrinx.transports.http.own_voices import own_voice_routes
from syrinx.transports.http.people import people_routes
from syrinx.transports.http.people_house import PeopleHouse
from syrinx.transports.http.pronunciations import pronunciation_routes
from syrinx.transports.http.refusals import DescribedApp, refusal
from syrinx.transports.http.speech import speech_routes
from syrinx.transports.http.synthesis_service import synthesis_service_routes
from syrinx.transports.http.talk import Health, TalkOptions, talk_option_routes
from syrinx.transports.http.transcripts import transcript_routes
from syrinx.transports.http.voice_api import voice_api_routes
from syrinx.transports.http.voice_messages import MessageHouse, voice_message_routes
from syrinx.transports.http.voice_upload import voice_upload_routes
from syrinx.transports.http.whisper_server import PlainError
from syrinx.transports.websocket import TalkHouse, talk_routes

# Larger frames than the protocol allows are still read, so that they can be answered by an error and not by a cut.
LARGEST_FRAME_BYTES: Final = 16 * 1024 * 1024

UNREAD_MS: Final = 30_000
"""After so long without taking what was sent to it a connection is cut."""

CLOSING_S: Final = 0.1
"""What sockets are given to send that the server is stopping."""


def find_page() -> Path:
    """The folder of the page, beside the source tree. Raises ConfigurationError where only the package is installed."""
    folder = Path(syrinx.__file__).parents[2] / "web"
    if (folder / "index.html").is_file():
        return folder
    raise ConfigurationError("the page's files (web/) are missing: run Syrinx from its source tree, with make run")


class _DoorOf:
    """The door of the house, which opens after the application has been put together."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        house: House = self._app.state.house
        return await house.door.who(credential, on_behalf_of=on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        house: House = self._app.state.house
        return await house.door.still_opens(caller)


def _limits_of(app: FastAPI) -> Limits:
    house: House = app.state.house
    return house.kept.accounts.limits


OpenHouse = Callable[[Settings], AbstractAsyncContextManager[House]]


def create_app(settings: Settings, *, opened: OpenHouse = open_house) -> FastAPI:
    """The application; its lifespan opens the house and closes it. Tests open a house of their own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with opened(settings) as house:
            app.state.house = house
            _add_house(app, house)
            house.in_background(house.measuring.run())
            house.in_background(keep_no_longer(settings, house.kept, house.people))
            if settings.auto_pull:
                house.in_background(pull_recommended(house.models, [each.name for each in recommended(house).values()]))
            yield

    app = DescribedApp(
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
    app.refusal_shapes = (ErrorBody, DetailBody, OpenAiError, PlainError)
    add_error_handling(app)
    stand_before_routes(app, settings, door=_DoorOf(app), limits=lambda: _limits_of(app))

    @app.get("/health", tags=["server"], summary="Ready or not")
    async def health() -> Health:  # pyright: ignore[reportUnusedFunction]
        """Answers once the server is ready; engines load at their first use."""
        return Health(status="ok", version=syrinx.__version__)

    return app


def _add_house(app: FastAPI, house: House) -> None:
    settings = house.settings
    door = house.door

    async def in_use(conversation: Conversation) -> dict[str, Any]:
        return await engines_in_use(house, conversation)

    async def options() -> TalkOptions:
        return await talk_options(house)

    add_routes(
        app,
        talk_routes(
            TalkHouse(
                conversations=house.conversations,
                begin=house.begin,
                go_on=house.go_on if settings.keep_conversations else None,
                engines_in_use=in_use,
                language=settings.language,
                door=door,
                origins=frozenset(settings.web_origins),
            )
        ),
    )
    origins = frozenset(settings.web_origins)
    add_routes(app, talk_option_routes(options, door=door))
    add_routes(app, model_routes(model_house(house), door=door, origins=origins))
    speech = house.speech.house
    add_routes(app, speech_routes(speech, door=door, origins=origins))
    add_routes(app, transcript_routes(speech, door=door, origins=origins))
    add_routes(app, pronunciation_routes(house.speech.book, door=door, origins=origins))
    add_routes(app, openai_routes(speech, door=door, origins=origins))
    _add_people(app, house)
    add_routes(app, voice_api_routes(speech, door=door, origins=origins))
    add_routes(app, synthesis_service_routes(house.people.house, house.speech.service, door=door, origins=origins))
    add_routes(app, model_server_routes(speech, door=door, origins=origins))

    @app.get(
        "/metrics",
        tags=["server"],
        summary="Figures for Prometheus",
        dependencies=[Depends(needs("admin", door))],
        response_class=PlainTextResponse,
        responses={
            200: {"content": {"text/plain": {"example": 'syrinx_engine_active{engine="espeak",kind="tts"} 1.0\n'}}},
            401: refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
        },
    )
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Requests to engines: how many, how long, how many at this moment."""
        return Response(generate_latest(house.metrics.collectors), media_type=CONTENT_TYPE_LATEST)

    # Not mounted: a mount would answer other methods of known paths, too, with "not found".
    app.router.default = StaticFiles(directory=find_page(), html=True)


def _add_people(app: FastAPI, house: House) -> None:
    """People, their voices and their talks."""
    door, origins, kept = house.door, frozenset(house.settings.web_origins), house.kept
    for routes in (onboarding_routes, own_voice_routes, voice_upload_routes, openai_voice_routes):
        add_routes(app, routes(house.people.house, door=door, origins=origins))
    messages = MessageHouse(
        speech=house.speech.house,
        engines=house.talk_engines,
        history=kept.history if house.settings.keep_conversations else None,
    )
    add_routes(app, voice_message_routes(messages, door=door, origins=origins))
    add_routes(app, conversation_routes(kept.history, door=door, origins=origins))
    of_people = belongings(voices=house.people.voices, blobs=kept.blobs, history=kept.history, book=house.speech.book)
    people = PeopleHouse(accounts=kept.accounts, belongings=of_people, audit_days=house.settings.audit_days)
    add_routes(app, people_routes(people, door=door, origins=origins))


class _Opening:
    """Opens the house, and remembers why it could not: whoever starts the server says it, in a sentence."""

    def __init__(self, opened: OpenHouse) -> None:
        self._opened = opened
        self.failure: SyrinxError | None = None

    @asynccontextmanager
    async def open(self, settings: Settings) -> AsyncGenerator[House, None]:
        is_open = False
        try:
            async with self._opened(settings) as house:
                is_open = True
                yield house
        except SyrinxError as error:
            if not is_open:
                self.failure = error
            raise

    def without_trace(self, app: ASGIApp) -> ASGIApp:
        """What is remembered is not told to the log as well, with all the places that it passed through."""

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            async def told(message: Message) -> None:
                is_known = message["type"] == "lifespan.startup.failed" and self.failure is not None
                await send({**message, "message": ""} if is_known else message)

            await app(scope, receive, told if scope["type"] == "lifespan" else send)

        return asked


class _Server(uvicorn.Server):
    """uvicorn that tells when it answers, and ends the talks in their own words before it cuts connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        opening: _Opening,
        on_ready: Callable[[], None],
        before_shutdown: Callable[[], Awaitable[None]],
        signals: bool,
    ) -> None:
        super().__init__(config)
        self._opening = opening
        self._on_ready = on_ready
        self._before_shutdown = before_shutdown
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # uvicorn's way to say that it could not start, which would end whatever else this process does.
            self.should_exit = True
        if self.started:
            self._on_ready()

    def why_not_started(self) -> SyrinxError:
        return self._opening.failure or ConfigurationError("the server could not start: the log above says why")

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
    # By the protocol asyncio knows that small answers are not to wait for more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    opening = _Opening(opened)
    app = create_app(settings, opened=opening.open)

    async def end_talks() -> None:
        house: House = app.state.house
        if len(house.conversations):
            house.conversations.close_all()
            await asyncio.sleep(CLOSING_S)

    config = uvicorn.Config(
        opening.without_trace(app),
        log_config=None,
        log_level="warning",
        access_log=False,
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME_BYTES,
        # Sound does not compress, and deflate costs memory per socket.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    return _Server(
        config, opening=opening, on_ready=lambda: on_ready(address), before_shutdown=end_talks, signals=signals
    )


async def serve(settings: Settings, *, on_ready: Callable[[str], None], opened: OpenHouse = open_house) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the page's address once it answers.

    Raises ConfigurationError when it cannot listen, and what opening the house raises.
    """
    with listen_on(settings.host, settings.port) as listening:
        port = listening.getsockname()[1]
        server = _build(settings, port, opened=opened, on_ready=on_ready, signals=True)
        await server.serve(sockets=[listening])
    if not server.started:
        raise server.why_not_started()


@asynccontextmanager
async def open_server(settings: Settings, *, opened: OpenHouse = open_house) -> AsyncGenerator[str, None]:
    """A server in this process for as long as the context lasts; yields its address. Raises as `serve` does."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with listen_on(settings.host, settings.port) as listening:
        port = listening.getsockname()[1]
        server = _build(settings, port, opened=opened, on_ready=ready.set_result, signals=False)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise server.why_not_started()
            yield ready.result()
        finally:
            server.should_exit = True
            await serving
