"""Keeps web pages met by chance from changing anything on this server."""

from __future__ import annotations

from collections.abc import Callable, Collection

from fastapi import Request

from syrinx.errors import BadInput, SyrinxError
from syrinx.transports.origins import origin_allowed

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_HAS_A_BODY = frozenset({"POST", "PUT", "PATCH"})


class OriginRefused(SyrinxError):
    """A web page of another origin asked for a change."""

    code = "origin_refused"


class JsonWanted(BadInput):
    """A body came as something else than JSON."""

    code = "json_wanted"


def only_from_known_pages(listed: Collection[str]) -> Callable[[Request], None]:
    """A dependency for routes that change something.

    Browsers let any page send a simple request to any address, loopback included, and only hide the answer. So
    the Origin must be ours or `listed`, and a body must say that it is JSON: a page of another origin may not claim
    that without asking first (Fetch Standard, CORS-safelisted request headers).
    """

    def check(request: Request) -> None:
        if request.method in _CHANGES_NOTHING:
            return
        if not origin_allowed(request.headers, listed=listed):
            raise OriginRefused(
                f"pages of {request.headers['origin']} may not change anything here: use the server's own page, "
                "or list that origin in SYRINX_ORIGINS"
            )
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method in _HAS_A_BODY and media_type != "application/json":
            raise JsonWanted(f"the body is {media_type or 'of no stated type'}: send JSON as application/json")

    return check
