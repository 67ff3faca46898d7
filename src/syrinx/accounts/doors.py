"""Doors that need no accounts: everybody is let in, or whoever has the operator's token."""

from __future__ import annotations

import hmac

from syrinx.accounts.caller import EVERY_SCOPE, LOCAL_USER, OPEN_CALLER, Caller, Door, Forbidden, is_user
from syrinx.errors import BadInput, Unauthorized


class OpenDoor:
    """Lets everybody in as the local user, or as whoever they say: for a server that only its own machine reaches."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        del credential
        return acting_for(OPEN_CALLER, on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        del caller
        return True


class TokenDoor:
    """Lets in who has the one token, which is the operator's."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        if not same_secret(credential or "", self._token):
            raise credential_wanted()
        return acting_for(Caller(user=LOCAL_USER, scopes=EVERY_SCOPE, how="token"), on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        del caller
        return True


def door_of(token: str | None) -> Door:
    """Everybody's where there is no token."""
    return TokenDoor(token) if token else OpenDoor()


def acting_for(caller: Caller, user: str | None) -> Caller:
    """The caller as the user whom it names; only operators may name another. Raises Forbidden, BadInput."""
    if user is None or user == caller.user:
        return caller
    if not is_user(user):
        raise BadInput("X-Syrinx-User is to be 1 to 64 letters, digits or ._@-, beginning with a letter or digit")
    if not caller.is_operator:
        raise Forbidden("this key is one user's own: leave X-Syrinx-User out, or use a key with the scope 'admin'")
    return caller.acting_for(user)


def same_secret(given: str, expected: str) -> bool:
    """In a time that tells nothing of how much of it was right."""
    return hmac.compare_digest(given.encode(), expected.encode())


def credential_wanted() -> Unauthorized:
    return Unauthorized(
        "this server wants a key or token: send it as Authorization: Bearer ..., or over a socket as token in hello"
    )
