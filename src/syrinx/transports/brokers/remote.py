"""The model server behind a broker: how it is reached, whether it is well, and what its failures mean."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

from syrinx.errors import EngineBusy, EngineTimeout, EngineUnavailable

HEALTH_WITHIN_S: Final = 2.0
"""Less than those wait who ask a broker (Syrinx: 3 s), or it would seem to be the broker that does not answer."""
_CONNECT_WITHIN_S: Final = 10.0
MOST_CONNECTIONS: Final = 100
"""Requests passed on at once."""
_WAIT_FOR_PLACE_S: Final = 5.0
# Shorter than servers keep an idle connection (uvicorn: 5 s), so that none is used in the moment it is closed.
_KEEP_IDLE_S: Final = 2.0
_HEALTH_PATHS: Final = ("/health", "/healthz")
_NO_SUCH_ROUTE: Final = frozenset({404, 405, 501})

RemoteStatus = Literal["healthy", "unhealthy", "unreachable", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteServer:
    """`url` has no slash at its end. `timeout_s` is how long it may be silent: before its answer and within it."""

    url: str
    token: str | None = field(repr=False)
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHealth:
    """`reachable`: it answered, whatever it said."""

    status: RemoteStatus
    reachable: bool


class RemoteClient:
    def __init__(self, server: RemoteServer, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def health(self) -> RemoteHealth:
        """Ask it, for a few seconds at most. A server that answers and has no route for its health is well."""
        headers = authorization(self.server)
        for path in _HEALTH_PATHS:
            try:
                answer = await self.http.get(self.server.url + path, headers=headers, timeout=HEALTH_WITHIN_S)
            except httpx.TimeoutException:
                return RemoteHealth(status="timeout", reachable=False)
            except httpx.HTTPError:
                return RemoteHealth(status="unreachable", reachable=False)
            if answer.status_code not in _NO_SUCH_ROUTE:
                return RemoteHealth(status="healthy" if answer.is_success else "unhealthy", reachable=True)
        return RemoteHealth(status="healthy", reachable=True)


def authorization(server: RemoteServer) -> dict[str, str]:
    """The header that the remote server wants; clients' own tokens are for the broker and stay here."""
    return {} if server.token is None else {"authorization": f"Bearer {server.token}"}


@asynccontextmanager
async def open_remote(server: RemoteServer) -> AsyncGenerator[RemoteClient, None]:
    """Connections to one server, made as they are needed; leaving ends them all. Proxies of the environment are not
    used: the server is in the house."""
    timeout = httpx.Timeout(server.timeout_s, connect=min(_CONNECT_WITHIN_S, server.timeout_s), pool=_WAIT_FOR_PLACE_S)
    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=_KEEP_IDLE_S)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as http:
        yield RemoteClient(server, http)


@contextmanager
def failures(server: RemoteServer) -> Generator[None]:
    """What goes wrong on the way to the server, as our errors: 503 when it is away, 504 when it is silent."""
    try:
        yield
    except httpx.PoolTimeout as error:
        raise EngineBusy(
            f"{MOST_CONNECTIONS} requests are being passed on already: try again in a few seconds",
            retry_after_s=_WAIT_FOR_PLACE_S,
        ) from error
    except httpx.ConnectTimeout as error:
        raise EngineUnavailable(
            "the server behind this broker does not accept connections: try again when it is back", retryable=True
        ) from error
    except httpx.TimeoutException as error:
        raise EngineTimeout(
            f"the server behind this broker was silent for {server.timeout_s:g} s: try again, or with less at once"
        ) from error
    except httpx.ConnectError as error:
        raise EngineUnavailable(
            "the server behind this broker cannot be reached: try again when it is back", retryable=True
        ) from error
    except httpx.TransportError as error:
        raise EngineUnavailable(
            "the server behind this broker broke off the connection: try again", retryable=True
        ) from error
