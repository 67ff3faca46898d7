"""Running a broker: the socket it listens on, its certificate, and its end."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable

import uvicorn

from syrinx.app.bounded_http import BoundedHttp
from syrinx.app.broker_settings import BrokerSettings
from syrinx.errors import ConfigurationError
from syrinx.transports.brokers.broker import Broker, BrokerKind, broker_app
from syrinx.transports.brokers.remote import RemoteServer

_STOPPING_S = 5


class _Server(uvicorn.Server):
    """uvicorn that tells when it answers."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


async def serve_broker(kind: BrokerKind, settings: BrokerSettings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests at work are then given a few seconds. `on_ready` gets the address.

    Raises ConfigurationError when it cannot listen, or the certificate cannot be used.
    """
    with _listening(settings) as listening:
        port = int(listening.getsockname()[1])
        remote = RemoteServer(url=settings.remote_url, token=settings.remote_token, timeout_s=settings.timeout_s)
        broker = Broker(
            kind=kind,
            host=settings.host,
            port=port,
            on_loopback=settings.on_loopback,
            token=settings.token,
            remote=remote,
            upload_bytes=settings.upload_bytes,
        )
        config = uvicorn.Config(
            broker_app(broker),
            log_config=None,
            log_level="warning",
            access_log=False,
            http=BoundedHttp,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=_STOPPING_S,
            ssl_certfile=settings.ssl_cert,
            ssl_keyfile=settings.ssl_key,
        )
        _load(config)
        server = _Server(config, on_ready=lambda: on_ready(_address(settings, port)))
        await server.serve(sockets=[listening])
    if not server.started:
        raise ConfigurationError("the broker could not start: the log above says why")


def _listening(settings: BrokerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; choose another with --port"
        ) from error
    return listening


def _load(config: uvicorn.Config) -> None:
    """Reads the certificate now, so that one that cannot be used is told in a sentence."""
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate cannot be used ({error.strerror or error}): --ssl-cert and --ssl-key have to be "
            "a PEM certificate and its unencrypted key"
        ) from error


def _address(settings: BrokerSettings, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    scheme = "http" if settings.ssl_cert is None else "https"
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"
