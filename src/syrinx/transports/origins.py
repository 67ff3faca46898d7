"""Which web pages may speak to this server: its own and those listed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def origin_allowed(headers: Mapping[str, str], *, listed: Collection[str]) -> bool:
    """True for clients that are no web page (they send no Origin), for the server's own page and for listed origins.

    A "*" lists all, which the settings allow only together with a token.

    Browsers let any page open a WebSocket to any host and send its Origin: without this check a page met by chance
    could talk to a server on the visitor's loopback. `headers` have lower-case names.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    if "*" in listed or origin.rstrip("/") in listed:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False  # no browser sends what is no address
    return host.lower() == headers.get("host", "").lower() != ""
