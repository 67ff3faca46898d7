"""What every request passes on its way to a route: whose page may ask, who is known, and how much is taken."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syrinx.accounts import Caller, Door, calling
from syrinx.accounts.limits import Limits
from syrinx.app.counted_requests import LimitRequests, TellAddress
from syrinx.app.settings import Settings
from syrinx.engines.callers import as_caller
from syrinx.transports.http.access import CALLER_IN_SCOPE, USER_HEADER
from syrinx.transports.http.body_limit import BodyLimits, LimitBodies
from syrinx.transports.http.consents import CONSENTS_PATH
from syrinx.transports.http.onboarding import CLONE_PATH
from syrinx.transports.http.openai_voices import OPENAI_CONSENTS_PATH, OPENAI_VOICES_PATH
from syrinx.transports.http.request_ids import RequestIds
from syrinx.transports.http.strangers import RefuseStrangers
from syrinx.transports.http.synthesis_service import BODY_BYTES, SYNTHESIZE_PATH, VOICES_PATH
from syrinx.transports.http.voice_profiles import OWN_VOICES_PATH
from syrinx.transports.http.voice_upload import UPLOAD_PATH

_TOLD_HEADERS: Final = (
    "Server-Timing",
    "Retry-After",
    "X-Request-Id",
    "X-Syrinx-Engine",
    "X-Syrinx-Voice",
    "X-Syrinx-Synthetic",
    "X-Syrinx-Not-Applied",
    "X-Syrinx-Times",
    "X-Syrinx-Voice-Match",
    "RateLimit",
    "RateLimit-Policy",
    "Location",
    "Preference-Applied",
)

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


_SOUND_PATHS: Final = (
    "/api/speech",
    "/api/transcripts",
    "/api/voice/",
    "/api/voices",
    "/api/public/voice/",
    "/api/messages/voice",
    "/api/people/me/export",
    "/api/v1/tts/",
    "/v1/",
    "/synthesize",
    "/audio-stream",
    "/inference",
)
"""What lies there is sound, which does not compress, or comes piece by piece, which compressing would hold back."""

_RECORDING_PATHS: Final = (
    "/api/transcripts",
    "/api/voice/transcribe",
    "/api/messages/voice",
    CLONE_PATH,
    OWN_VOICES_PATH,
    CONSENTS_PATH,
    UPLOAD_PATH,
    OPENAI_VOICES_PATH,
    OPENAI_CONSENTS_PATH,
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
    "/inference",
)
_SHORT_TEXT_PATHS: Final = ("/api/voice/synthesize", "/api/voice/audio-stream", "/synthesize", "/audio-stream")
_SHORT_TEXT_BYTES: Final = 512 * 1024
"""Ten thousand characters, all of them escaped, and then some."""
_BATCH_PATHS: Final = ("/api/voice/synthesize-batch", "/synthesize-batch")
_BASE64_AND_FORM: Final = 1.4
"""How much longer a recording is as base64 in JSON, or in a form."""


class _GZipPage:
    """Compresses the page and what is like it, and lets sound pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sounds = scope["type"] == "http" and scope["path"].startswith(_SOUND_PATHS)
        await (self._plain if sounds else self._compressed)(scope, receive, send)


class _OnBehalf:
    """Tells the engines for whom they work: an address, and whom an application there names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or ("",))[0]
        user = next((value for name, value in scope["headers"] if name == USER_HEADER.encode()), b"")
        caller = scope.get(CALLER_IN_SCOPE)
        with ExitStack() as behalf:
            behalf.enter_context(as_caller(f"{address} {user[:64].decode('latin-1')}"))
            if isinstance(caller, Caller):
                behalf.enter_context(calling(caller))
            await self._app(scope, receive, send)


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


def stand_before_routes(app: FastAPI, settings: Settings, *, door: Door, limits: Callable[[], Limits]) -> None:
    """Put all of it before `app`; what is added first stands nearest to the routes."""
    recording_bytes = round(settings.upload_bytes * _BASE64_AND_FORM)
    bodies = BodyLimits(
        by_path={
            **dict.fromkeys(_RECORDING_PATHS, recording_bytes),
            **dict.fromkeys(_SHORT_TEXT_PATHS, _SHORT_TEXT_BYTES),
            **dict.fromkeys(_BATCH_PATHS, 10 * _SHORT_TEXT_BYTES),
            **dict.fromkeys((VOICES_PATH, SYNTHESIZE_PATH), BODY_BYTES),
        }
    )
    app.add_middleware(_OnBehalf)
    app.add_middleware(LimitBodies, limits=bodies)
    app.add_middleware(LimitRequests, limits=limits)
    app.add_middleware(RefuseStrangers, door=door, origins=frozenset(settings.web_origins))
    app.add_middleware(TellAddress)
    app.add_middleware(_HeadersOn, headers=_PAGE_HEADERS)
    app.add_middleware(_GZipPage)
    if settings.web_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.web_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            # Whatever a client adds of its own, as OpenAI's does: they are headers that no browser adds by itself.
            allow_headers=["*"],
            expose_headers=_TOLD_HEADERS,
        )
    if settings.on_loopback:
        # A page on another host cannot reach us by a name of its own that resolves to loopback (DNS rebinding).
        app.add_middleware(
            TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", "::1", settings.host]
        )
    # Outermost, so that every answer has one, refusals of the others included.
    app.add_middleware(RequestIds)
