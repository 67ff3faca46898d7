"""The door of a server with accounts: keys, tickets, the operator's token, and JWTs where they are configured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from syrinx.accounts.api_key import KEY_PREFIX, utc_now
from syrinx.accounts.caller import EVERY_SCOPE, LOCAL_USER, OPEN_CALLER, Caller
from syrinx.accounts.doors import acting_for, credential_wanted, same_secret
from syrinx.accounts.keys import Keys
from syrinx.accounts.tickets import TICKET_PREFIX, Tickets
from syrinx.errors import Unauthorized

_DOTS_OF_A_JWT: Final = 2


class SignedTokens(Protocol):
    """`accounts.json_web_tokens.JsonWebTokens`."""

    async def who(self, token: str) -> Caller:
        """Raises Unauthorized, IdentityProviderAway."""
        ...


class AccountsDoor:
    """Whoever presents something wrong is refused, where the door is open as well: they meant to be somebody.

    Only where it is open and neither a token nor JWTs are set up, what is neither a key nor a ticket passes for
    nothing: clients that cannot do without send a word of their own, and nothing could be right there.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        tickets: Tickets,
        token: str | None,
        open_locally: bool,
        jwt: SignedTokens | None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keys = keys
        self._tickets = tickets
        self._token = token
        self._open = open_locally
        self._jwt = jwt
        self._now = now

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        return acting_for(await self._presenting(credential or ""), on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        if caller.until is not None and caller.until <= self._now():
            return False
        if not caller.key_id:
            return True
        key = await self._keys.living(caller.key_id)
        return key is not None and caller.scopes <= key.scopes

    async def _presenting(self, credential: str) -> Caller:
        if not credential:
            if self._open:
                return OPEN_CALLER
            raise credential_wanted()
        # First: it may be any word, one that looks like something else as well.
        if self._token and same_secret(credential, self._token):
            return Caller(user=LOCAL_USER, scopes=EVERY_SCOPE, how="token")
        if credential.startswith(TICKET_PREFIX):
            return await self._tickets.use(credential)
        if credential.startswith(KEY_PREFIX):
            key = await self._keys.recognise(credential)
            if key is None:
                raise credential_refused()
            return key.caller()
        if self._jwt is not None and credential.count(".") == _DOTS_OF_A_JWT:
            return await self._jwt.who(credential)
        if self._open and not self._token and self._jwt is None:
            return OPEN_CALLER
        raise credential_refused()


def credential_refused() -> Unauthorized:
    return Unauthorized(
        "this key or token is not valid, or not any more: send another one, or none where none is needed"
    )
