"""What a broker is set by: flags over the variables of the environment over .env over what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from syrinx.app.far_addresses import server_address
from syrinx.app.listening_hosts import is_loopback
from syrinx.app.settings import surroundings
from syrinx.errors import ConfigurationError
from syrinx.transports.brokers.broker import BrokerKind

_PORTS: Final[Mapping[BrokerKind, tuple[int, int]]] = {"stt": (9082, 8082), "tts": (8080, 8081)}
_TIMEOUTS_S: Final[Mapping[BrokerKind, float]] = {"stt": 300.0, "tts": 30.0}
_NAMES: Final[Mapping[BrokerKind, str]] = {"stt": "SST", "tts": "TTS"}


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)
    remote_host: str = "localhost"
    remote_port: int = Field(ge=1, le=65_535)
    remote_url: str | None = None
    remote_token: SecretStr | None = None
    token: SecretStr | None = None
    timeout: float = Field(gt=0, allow_inf_nan=False)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    upload_mb: int = Field(default=200, ge=1, le=10_000)
    ssl_cert: Path | None = None
    ssl_key: Path | None = None

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("remote_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else server_address(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """`remote_url` has no slash at its end; `ssl_cert` and `ssl_key` are both there, or neither."""

    host: str
    port: int
    remote_url: str
    remote_token: str | None = field(repr=False)
    token: str | None = field(repr=False)
    timeout_s: float
    log_level: str
    upload_bytes: int
    ssl_cert: Path | None
    ssl_key: Path | None

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.host)


def variables(kind: BrokerKind) -> dict[str, str]:
    """Field by field the variable that sets it; the certificate has flags only."""
    name = _NAMES[kind]
    return {
        "host": f"{name}_BROKER_HOST",
        "port": f"{name}_BROKER_PORT",
        "log_level": f"{name}_BROKER_LOG_LEVEL",
        "remote_host": f"REMOTE_{name}_HOST",
        "remote_port": f"REMOTE_{name}_PORT",
        "remote_url": f"REMOTE_{name}_URL",
        "remote_token": f"REMOTE_{name}_TOKEN",
        "timeout": f"{name}_REQUEST_TIMEOUT",
        "token": "SYRINX_TOKEN",
        "upload_mb": "SYRINX_UPLOAD_MB",
    }


def read_broker_settings(kind: BrokerKind, **flags: object) -> BrokerSettings:
    """Read the environment and .env; `flags` that are not None win. Raises ConfigurationError that names the variable
    or the flag."""
    flagged = {name: value for name, value in flags.items() if value is not None}
    try:
        around = surroundings()
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8: save it as UTF-8") from None
    # Templates and compose files set variables to nothing.
    found = {each: around[name] for each, name in variables(kind).items() if around.get(name)}
    if flagged.keys() & {"remote_host", "remote_port"}:
        found.pop("remote_url", None)
    port, remote_port = _PORTS[kind]
    usual = {"port": port, "remote_port": remote_port, "timeout": _TIMEOUTS_S[kind]}
    try:
        given = _Given.model_validate({**usual, **found, **flagged})
    except ValidationError as invalid:
        findings = [
            f"{_source(kind, str(finding['loc'][0]), flagged)}: {finding['msg'].removeprefix('Value error, ')}"
            for finding in invalid.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("; ".join(findings)) from None
    if (given.ssl_cert is None) != (given.ssl_key is None):
        raise ConfigurationError("a certificate needs its key: give --ssl-cert and --ssl-key together")
    settings = BrokerSettings(
        host=given.host,
        port=given.port,
        remote_url=given.remote_url or f"http://{_in_address(given.remote_host)}:{given.remote_port}",
        remote_token=_text(given.remote_token),
        token=_text(given.token),
        timeout_s=given.timeout,
        log_level=given.log_level,
        upload_bytes=given.upload_mb * 1_000_000,
        ssl_cert=given.ssl_cert,
        ssl_key=given.ssl_key,
    )
    if not settings.on_loopback and settings.token is None:
        raise ConfigurationError(
            f"{_source(kind, 'host', flagged)}={settings.host} can be reached by others: "
            "set SYRINX_TOKEN, or listen on 127.0.0.1"
        )
    return settings


def _source(kind: BrokerKind, name: str, flagged: Mapping[str, object]) -> str:
    return f"--{name.replace('_', '-')}" if name in flagged else variables(kind)[name]


def _text(secret: SecretStr | None) -> str | None:
    return (secret.get_secret_value() or None) if secret else None


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
