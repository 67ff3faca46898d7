"""The command line's part about brokers: syrinx broker stt and syrinx broker tts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syrinx.app.logs import set_up_logging
from syrinx.app.running import out, run

if TYPE_CHECKING:
    from syrinx.transports.brokers.broker import BrokerKind

app = typer.Typer(help="Pass requests to a model server on a private host.", no_args_is_help=True)

Host = Annotated[str | None, typer.Option(help="Address to listen on; any but loopback needs SYRINX_TOKEN.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one.")]
RemoteHost = Annotated[str | None, typer.Option(help="Host of the model server.")]
RemotePort = Annotated[int | None, typer.Option(help="Its port.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds that it may be silent.")]
LogLevel = Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")]
SslCert = Annotated[Path | None, typer.Option(help="PEM certificate, to be reached by https.")]
SslKey = Annotated[Path | None, typer.Option(help="Its key.")]


def _add(kind: BrokerKind, *, said: str) -> None:
    def pass_on(
        host: Host = None,
        port: Port = None,
        remote_host: RemoteHost = None,
        remote_port: RemotePort = None,
        timeout: Timeout = None,
        log_level: LogLevel = None,
        ssl_cert: SslCert = None,
        ssl_key: SslKey = None,
    ) -> None:
        _serve(
            kind,
            host=host,
            port=port,
            remote_host=remote_host,
            remote_port=remote_port,
            timeout=timeout,
            log_level=log_level,
            ssl_cert=ssl_cert,
            ssl_key=ssl_key,
        )

    app.command(kind, help=said)(pass_on)


def _serve(kind: BrokerKind, **flags: object) -> None:
    from syrinx.app.broker_serving import serve_broker  # noqa: PLC0415 - each command loads what it needs
    from syrinx.app.broker_settings import read_broker_settings  # noqa: PLC0415

    settings = read_broker_settings(kind, **flags)
    set_up_logging(settings.log_level)

    def ready(address: str) -> None:
        out.print(f"The {kind.upper()} broker is ready: [bold]{address}[/] -> {settings.remote_url}", soft_wrap=True)
        sys.stdout.flush()

    run(serve_broker(kind, settings, on_ready=ready))


_add("stt", said="Pass recordings to whisper.cpp's server (port 9082 to 8082).")
_add("tts", said="Pass texts to a Kokoro server (port 8080 to 8081).")
