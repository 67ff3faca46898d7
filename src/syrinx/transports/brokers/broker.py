"""A broker as an application: its routes, who may ask, and what it tells of itself and of the server behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

import syrinx
from syrinx.accounts import door_of
from syrinx.transports.brokers.remote import RemoteClient, RemoteServer, open_remote
from syrinx.transports.brokers.stt import stt_routes
from syrinx.transports.brokers.tts import tts_routes
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.body_limit import BodyLimits, LimitBodies
from syrinx.transports.http.errors import add_error_handling

BrokerKind = Literal["stt", "tts"]

_SERVICES: Final[dict[BrokerKind, str]] = {"stt": "STT broker", "tts": "TTS broker"}
_ROUTES: Final[dict[BrokerKind, Callable[[Callable[[], RemoteClient]], APIRouter]]] = {
    "stt": stt_routes,
    "tts": tts_routes,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """`host` and `port` are where it listens, `token` what its clients must send; off loopback there has to be one.

    `upload_bytes`: the largest recording that is taken.
    """

    kind: BrokerKind
    host: str
    port: int
    on_loopback: bool
    token: str | None = field(repr=False)
    remote: RemoteServer
    upload_bytes: int


def broker_app(broker: Broker) -> FastAPI:
    """The application; its lifespan holds the connections to the remote server.

    `/healthz` needs no token, so that whoever watches over servers need not have it.
    """
    open_remotes: list[RemoteClient] = []

    def remote() -> RemoteClient:
        return open_remotes[0]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        async with open_remote(broker.remote) as client:
            open_remotes.append(client)
            yield
            open_remotes.clear()

    app = FastAPI(
        title=_SERVICES[broker.kind],
        version=syrinx.__version__,
        lifespan=lifespan,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    add_error_handling(app)
    app.add_middleware(LimitBodies, limits=BodyLimits(by_path={"/inference": broker.upload_bytes}))
    if broker.on_loopback:
        # As for the server: no page reaches it under a name of its own that resolves to loopback.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", "::1", broker.host])
    # Forms may come from any page: their Origin tells which.
    guarded = [Depends(needs("speak", door_of(broker.token))), Depends(only_from_known_pages((), json_only=False))]
    app.include_router(_ROUTES[broker.kind](remote), dependencies=guarded)
    app.include_router(_health_routes(broker, remote))
    app.include_router(_description_routes(broker, remote), dependencies=guarded)
    return app


def _health_routes(broker: Broker, remote: Callable[[], RemoteClient]) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Answers with 200 also when the server behind does not: it is the broker that was asked."""
        found = await remote().health()
        return {
            "status": "healthy" if found.status == "healthy" else "degraded",
            "service": _SERVICES[broker.kind],
            "version": syrinx.__version__,
            "remote_server": broker.remote.url,
            "remote_status": found.status,
        }

    return router


def _description_routes(broker: Broker, remote: Callable[[], RemoteClient]) -> APIRouter:
    router = APIRouter()

    @router.get("/info")
    async def info() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {
            "service": _SERVICES[broker.kind],
            "version": syrinx.__version__,
            "remote_server": broker.remote.url,
            "request_timeout": broker.remote.timeout_s,
            "endpoints": _PASSED_ON[broker.kind],
        }

    @router.get("/broker-status")
    async def broker_status() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {
            "broker_running": True,
            "remote_server_url": broker.remote.url,
            "remote_server_reachable": (await remote().health()).reachable,
            "broker_host": broker.host,
            "broker_port": broker.port,
            "request_timeout": broker.remote.timeout_s,
        }

    return router


_PASSED_ON: Final[dict[BrokerKind, list[str]]] = {
    "stt": ["/inference", "/load"],
    "tts": ["/synthesize", "/synthesize-batch", "/audio-stream"],
}
