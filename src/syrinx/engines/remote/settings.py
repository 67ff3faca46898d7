"""Where a speech service elsewhere is and how it is spoken to, read from an engine's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlunsplit

from syrinx.engines.contract import Options
from syrinx.engines.remote.option_values import read_address, read_headers, read_key, read_proxy, read_seconds
from syrinx.errors import ConfigurationError

OPENAI_HOST: Final = "api.openai.com"
SHARED_OPTIONS: Final = ("url", "key", "headers", "proxy", "timeout_s")
"""What every one of these engines knows."""
CONNECT_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    engine: str
    """Whose options these are."""
    url: str
    """Without a slash at its end; the routes follow."""
    host: str
    """Host and port as people read them."""
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Sent with every request; may hold secrets."""
    proxy: str = field(default="", repr=False)
    timeout_s: float
    """For an answer that comes as a whole: from the request to its end; for one that is streamed: to its beginning,
    and from each piece to the next."""

    @property
    def is_openai(self) -> bool:
        return self.host == OPENAI_HOST or self.host.endswith("." + OPENAI_HOST)

    def option(self, name: str) -> str:
        """What sets it, as people write it."""
        return variable(self.engine, name)


def variable(engine: str, option: str) -> str:
    """The environment variable of an engine's option."""
    return f"SYRINX_ENGINE__{engine.upper()}__{option.upper()}"


def known_options(options: Options, engine: str, further: tuple[str, ...]) -> dict[str, str]:
    """The options without blanks at their ends. Raises ConfigurationError for one that is not known."""
    known = (*SHARED_OPTIONS, *further)
    if unknown := sorted(set(options) - set(known)):
        raise ConfigurationError(
            f"the {engine} engine has no option '{unknown[0]}': its options are {', '.join(known)}"
        )
    return {name: value.strip() for name, value in options.items()}


def read_remote_settings(
    given: Mapping[str, str], *, engine: str, whose: str, example: str, timeout_s: float, default_path: str = ""
) -> RemoteSettings:
    """Raises ConfigurationError that names the option and what would be right; a key is never quoted.

    `whose` is what the service is called, `example` an address as it might be; `default_path` is that of an address
    which names a host only.
    """
    if not given.get("url"):
        raise ConfigurationError(f"{whose} is not named: set {variable(engine, 'url')}, for example to {example}")
    parts, host = read_address(given["url"], whose=whose, example=example)
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{whose}'s address ends with a query: give it without, for example {example}")
    path = parts.path.rstrip("/") or default_path
    settings = RemoteSettings(
        engine=engine,
        url=urlunsplit((parts.scheme, parts.netloc, path, "", "")),
        host=host,
        key=read_key(given.get("key", ""), whose=whose),
        headers=read_headers(given.get("headers", "")),
        proxy=read_proxy(given.get("proxy", "")),
        timeout_s=read_seconds(given, "timeout_s", timeout_s),
    )
    if settings.is_openai and not settings.key:
        raise ConfigurationError(f"{host} wants a key and none is set: set {settings.option('key')}")
    return settings
