"""Who may ask: those who send the token, and no web page met by chance."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Header, Request

from syrinx.errors import BadInput, SyrinxError, Unauthorized
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


def require_token(expected: str | None) -> Callable[..., None]:
    """A dependency that lets through who sends the token, or everybody when none is set."""

    def check(authorization: Annotated[str, Header()] = "") -> None:
        given = authorization.removeprefix("Bearer ").strip()
        if expected is not None and not hmac.compare_digest(given.encode(), expected.encode()):
            raise Unauthorized("this server wants a token: send it as Authorization: Bearer ...")

    return check
