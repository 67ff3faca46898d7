"""Who may ask, and for what: those whom the door lets in, and no web page met by chance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from syrinx.accounts import Caller, Door, Scope
from syrinx.accounts.tickets import TICKET_PREFIX
from syrinx.errors import BadInput, SyrinxError, Unauthorized
from syrinx.transports.origins import origin_allowed

CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_SHOWN_CHARS: Final = 100
_HAS_A_BODY = frozenset({"POST", "PUT", "PATCH"})

USER_HEADER: Final = "x-syrinx-user"
LOOKED_AGAIN_S: Final = 15.0
"""How long a socket stays open at most after its key was revoked."""
CALLER_IN_SCOPE: Final = "syrinx.caller"
"""Where the caller stands in the scope of a request once the door has been asked."""

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="An API key, the operator's SYRINX_TOKEN, or a JWT of the identity provider that the server trusts; "
    "needed only where the server wants one.",
)


class OriginRefused(SyrinxError):
    """A web page of another origin asked for a change."""

    code = "origin_refused"


class JsonWanted(BadInput):
    """A body came as something else than JSON."""

    code = "json_wanted"


def only_from_known_pages(listed: Collection[str], *, json_only: bool = True) -> Callable[[Request], Awaitable[None]]:
    """A dependency for routes that change something, or make the machine work.

    Browsers let any page send a simple request to any address, loopback included, and only hide the answer. So
    the Origin must be ours or `listed`, and a body must say that it is JSON: a page of another origin may not claim
    that without asking first (Fetch Standard, CORS-safelisted request headers). Routes that take forms, or JSON of
    clients that do not declare it, turn `json_only` off and rely on the Origin, which browsers send with every POST.
    """

    # Not a plain function: for those the framework would go to a thread.
    async def check(request: Request) -> None:
        if request.method in CHANGES_NOTHING:
            return
        check_origin(request.headers, listed=listed)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if json_only and request.method in _HAS_A_BODY and media_type != "application/json":
            raise JsonWanted(f"the body is {media_type or 'of no stated type'}: send JSON as application/json")

    return check


def needs(scope: Scope | None, door: Door) -> Callable[..., Awaitable[None]]:
    """A dependency that lets through whom the door knows and who may do what the routes do; None: whoever it knows."""

    async def check(
        request: Request, _credential: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
    ) -> None:
        caller = await caller_of(request, door)
        if scope is not None:
            caller.need(scope)

    return check


async def caller_of(connection: HTTPConnection, door: Door) -> Caller:
    """Who is behind a request; the door is asked once for each. Raises as `Door.who` does, and Unauthorized for a
    ticket, which stands in addresses and their logs: with one nobody makes keys, or more tickets."""
    known = connection.scope.get(CALLER_IN_SCOPE)
    if isinstance(known, Caller):
        return known
    caller = await door.who(bearer(connection.headers), on_behalf_of=named_user(connection))
    if caller.how == "ticket":
        raise Unauthorized("a ticket opens a socket and nothing else: send a key or token with requests")
    connection.scope[CALLER_IN_SCOPE] = caller
    return caller


async def caller_of_socket(socket: HTTPConnection, door: Door, token: str | None = None) -> Caller:
    """Who is behind a socket: by its header, by the ticket in its address (which browsers can send), else by `token`
    of its first message. Raises as `Door.who` does."""
    ticket = socket.query_params.get("ticket", "")
    if ticket and not ticket.startswith(TICKET_PREFIX):
        raise Unauthorized("addresses stand in logs: send a key as Authorization or as token in hello, or get a ticket")
    credential = bearer(socket.headers) or ticket or token
    return await door.who(credential, on_behalf_of=named_user(socket))


async def shut_out(caller: Caller, door: Door) -> Unauthorized:
    """Returns when the door would not let the caller in again, and what to tell them: their key was revoked, or is
    over. Does not return while nobody can tell."""
    while True:
        await asyncio.sleep(LOOKED_AGAIN_S)
        with suppress(SyrinxError):
            if not await door.still_opens(caller):
                return Unauthorized(
                    "what this socket was opened with is not valid any more: come back with another key"
                )


def bearer(headers: Mapping[str, str]) -> str | None:
    """The credential of an `Authorization: Bearer` header; None where there is none."""
    scheme, given = get_authorization_scheme_param(headers.get("authorization", ""))
    return given.strip() or None if scheme.lower() == "bearer" else None


def named_user(connection: HTTPConnection) -> str | None:
    """For whom an application says that it asks; None where it does not say.

    Raises BadInput for two names: which of them a proxy put there, and which the client itself, nobody can tell.
    """
    if len(connection.headers.getlist(USER_HEADER)) > 1:
        raise BadInput("X-Syrinx-User is sent more than once: send one, and have proxies replace it")
    return connection.headers.get(USER_HEADER)


def check_origin(headers: Mapping[str, str], *, listed: Collection[str]) -> None:
    """Raises OriginRefused where a web page asks that is neither ours nor `listed`."""
    if not origin_allowed(headers, listed=listed):
        raise OriginRefused(
            f"pages of {headers['origin'][:_SHOWN_CHARS]} may not change anything here: use the server's own page, "
            "or list that origin in SYRINX_ORIGINS"
        )
