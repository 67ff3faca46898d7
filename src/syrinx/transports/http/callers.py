"""Who is behind a request, as routes ask for it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header
from starlette.requests import HTTPConnection

from syrinx.accounts import Caller
from syrinx.errors import Unauthorized
from syrinx.transports.http.access import CALLER_IN_SCOPE

_MEANING: Final = "For whom an application asks that holds an operator's key: whose voices, dictionary and share it is."


# Not plain functions: for those the framework would go to a thread.
async def the_caller(
    connection: HTTPConnection, x_syrinx_user: Annotated[str | None, Header(description=_MEANING)] = None
) -> Caller:
    """A dependency of routes that stand behind `access.needs`: whom that let through."""
    del x_syrinx_user  # the door has looked at it; it stands here to be described
    caller = connection.scope.get(CALLER_IN_SCOPE)
    if not isinstance(caller, Caller):
        raise Unauthorized("nobody was let in")  # a route that does not stand behind `needs`: nothing is given away
    return caller


async def user_of(
    connection: HTTPConnection, x_syrinx_user: Annotated[str | None, Header(description=_MEANING)] = None
) -> str:
    """A dependency, likewise: the user on whose behalf the request is."""
    return (await the_caller(connection, x_syrinx_user)).user
