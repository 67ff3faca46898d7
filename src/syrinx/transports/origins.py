"""Which web pages may speak to this server: its own and those listed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def origin_allowed(headers: Mapping[str, str], *, listed: Collection[str]) -> bool:
    """True for clients that are no web page (they send no Origin), for the server's own page and for listed origins.

    Browsers let any page open a WebSocket to any host and send its Origin: without this check a page met by chance
    could talk to a server on the visitor's loopback. `headers` have lower-case names.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin.rstrip("/") in listed:
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
