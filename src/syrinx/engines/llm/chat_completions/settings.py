"""Where a chat completions server is and how it is spoken to, read from an engine's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlunsplit

from syrinx.engines.contract import Options
from syrinx.engines.remote.option_values import (
    read_address,
    read_headers,
    read_key,
    read_object,
    read_proxy,
    read_seconds,
)
from syrinx.errors import ConfigurationError

OPENROUTER_HOST = "openrouter.ai"
OPENAI_HOST = "api.openai.com"

_KNOWN = ("url", "key", "model", "headers", "body", "proxy", "first_token_timeout_s", "token_timeout_s")
_RESERVED = frozenset({"model", "messages", "stream"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    endpoint: str
    """The whole address that is posted to."""
    host: str
    """Host and port as people read them."""
    model: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Sent with every request; may hold secrets."""
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further fields of the request, for example {"reasoning_effort": "none"}."""
    proxy: str = field(default="", repr=False)
    connect_timeout_s: float = 5.0
    first_token_timeout_s: float = 30.0
    """From the request to the first sign of the model: text or reasoning. Keep-alive comments do not count."""
    token_timeout_s: float = 20.0
    """From one such sign to the next."""

    @property
    def is_openrouter(self) -> bool:
        return self.host == OPENROUTER_HOST or self.host.endswith("." + OPENROUTER_HOST)

    @property
    def is_openai(self) -> bool:
        return self.host == OPENAI_HOST or self.host.endswith("." + OPENAI_HOST)


def read_settings(options: Options) -> ChatSettings:
    """Raises ConfigurationError that names the option and what would be right; a key is never quoted."""
    if unknown := sorted(set(options) - set(_KNOWN)):
        raise ConfigurationError(f"the openai engine has no option '{unknown[0]}': its options are {', '.join(_KNOWN)}")
    given = {name: value.strip() for name, value in options.items()}
    if not given.get("url"):
        raise ConfigurationError(
            "no language model server is named: set its address, for example http://127.0.0.1:11434/v1 (SYRINX_LLM_URL)"
        )
    endpoint, host = _endpoint(given["url"])
    if not given.get("model"):
        raise ConfigurationError(f"no model is named for {host}: set one that it offers (SYRINX_LLM_MODEL)")
    settings = ChatSettings(
        endpoint=endpoint,
        host=host,
        model=given["model"],
        key=read_key(given.get("key", ""), whose="the language model"),
        headers=read_headers(given.get("headers", "")),
        body=_body(given.get("body", "")),
        proxy=read_proxy(given.get("proxy", "")),
        first_token_timeout_s=read_seconds(given, "first_token_timeout_s", 30.0),
        token_timeout_s=read_seconds(given, "token_timeout_s", 20.0),
    )
    if not settings.key and (settings.is_openrouter or settings.is_openai):
        name = "OPENROUTER_API_KEY" if settings.is_openrouter else "OPENAI_API_KEY"
        raise ConfigurationError(f"{host} wants a key and none is set: set SYRINX_LLM_KEY or {name}")
    return settings


def _endpoint(url: str) -> tuple[str, str]:
    parts, host = read_address(url, whose="the language model", example="http://host:port/v1")
    path = parts.path.rstrip("/") or "/v1"
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), host


def _body(text: str) -> dict[str, Any]:
    body = read_object("body", text)
    if taken := sorted(_RESERVED & set(body)):
        raise ConfigurationError(f"the option 'body' may not set '{taken[0]}': the engine sets it itself")
    return body
