"""The options of an engine elsewhere, read one by one; every mistake is told with what would be right.

`whose` is what the far end is called in messages, for example "the language model". No secret is ever quoted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from syrinx.errors import ConfigurationError


def read_address(url: str, *, whose: str, example: str) -> tuple[SplitResult, str]:
    """The parts of an address, and its host and port as people read them."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{whose}'s address is no URL: {example} would be one") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{whose}'s address must begin with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise ConfigurationError(f"{whose}'s address holds a user name or password: set the key on its own")
    return parts, parts.hostname if port is None else f"{parts.hostname}:{port}"


def read_key(key: str, *, whose: str) -> str:
    if not key.isascii() or any(character.isspace() or not character.isprintable() for character in key):
        raise ConfigurationError(f"{whose}'s key has a space or an unusual character in it: copy it again")
    return key


def read_proxy(url: str) -> str:
    """May hold a name and password, so nothing of it is repeated."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if url and not is_one:
        raise ConfigurationError("the option 'proxy' must begin with http:// or https:// and name a host")
    return url


def read_object(name: str, text: str) -> dict[str, Any]:
    """The JSON object that the option `name` holds; empty where it is not set."""
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"the option '{name}' is no JSON: a JSON object was expected") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"the option '{name}' is no JSON object")
    return cast("dict[str, Any]", value)


def read_headers(text: str) -> dict[str, str]:
    headers = read_object("headers", text)
    for name, value in headers.items():
        if not isinstance(value, str) or not (name + value).isascii() or not (name + value).isprintable():
            raise ConfigurationError(f"the header '{name!a}' must have one line of plain ASCII text as its value")
    return headers


def read_seconds(given: Mapping[str, str], name: str, default: float) -> float:
    try:
        seconds = float(given.get(name) or default)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise ConfigurationError(f"the option '{name}' is a number of seconds between 0 and 3600")
    return seconds


def read_names(text: str) -> tuple[str, ...]:
    """What a list with commas names, each once, in its order."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
