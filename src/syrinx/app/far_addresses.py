"""Addresses of servers elsewhere, as variables of the environment give them."""

from __future__ import annotations

from urllib.parse import urlsplit


def server_address(value: str) -> str:
    """The same without a slash at its end.

    Raises ValueError that says what would be right; what may be secret in the address is not repeated.
    """
    if "@" in value:
        raise ValueError("an address holds no user name or password here: a key or token is set on its own")
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_one = None, False
    if parts is None or not is_one or parts.query or parts.fragment:
        raise ValueError(f"{value.partition('?')[0]!r} is no address: http://host:port would be right")
    return value.rstrip("/")
