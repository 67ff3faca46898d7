"""Accounts, put together over a database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from syrinx.accounts.api_key import utc_now
from syrinx.accounts.audit import Audit, open_audit
from syrinx.accounts.caller import Door
from syrinx.accounts.counting import IN_THIS_PROCESS, open_counting
from syrinx.accounts.door import AccountsDoor
from syrinx.accounts.jwt_settings import JwtSettings
from syrinx.accounts.key_desk import KeyDesk
from syrinx.accounts.key_limits import NO_OWN_LIMITS, KeyLimits
from syrinx.accounts.keys import Keys
from syrinx.accounts.limits import Limits
from syrinx.accounts.tickets import Tickets
from syrinx.storage.database import Database

if TYPE_CHECKING:
    from syrinx.accounts.published_keys import OpenHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    token: str | None = None
    """The operator's (SYRINX_TOKEN)."""
    open_locally: bool = False
    """Whether who presents nothing is let in as the local user: for servers that only their own machine reaches."""
    jwt: JwtSettings | None = None
    limits: KeyLimits = NO_OWN_LIMITS
    """Of each user; None in it: unlimited. The open local user and the operator's token are never limited."""
    limits_storage: str = IN_THIS_PROCESS
    """"memory://", or the address of a Redis: several servers count together there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    door: Door
    """Where strangers can reach it `guesses.GuessedAtDoor` stands before it."""
    keys: Keys
    desk: KeyDesk
    tickets: Tickets
    audit: Audit
    limits: Limits


@asynccontextmanager
async def open_accounts(
    database: Database,
    settings: AccountSettings,
    *,
    now: Callable[[], datetime] = utc_now,
    http: OpenHttp | None = None,
) -> AsyncGenerator[Accounts, None]:
    """Leaving the context writes what is left of the audit log. `http` opens what asks for an identity provider's
    keys. Raises ConfigurationError."""
    keys = Keys(database, now=now)
    tickets = Tickets(database, keys, now=now)
    jwt = None
    if settings.jwt is not None:
        from syrinx.accounts.json_web_tokens import JsonWebTokens  # noqa: PLC0415 - cryptography, where it is used

        jwt = JsonWebTokens(settings.jwt, http=http)
    async with AsyncExitStack() as closing:
        counting = await closing.enter_async_context(open_counting(settings.limits_storage))
        audit = await closing.enter_async_context(open_audit(database, now=now))
        limits = Limits(counting, defaults=settings.limits, now=now)
        door = AccountsDoor(
            keys=keys, tickets=tickets, token=settings.token, open_locally=settings.open_locally, jwt=jwt, now=now
        )
        yield Accounts(
            door=door,
            keys=keys,
            desk=KeyDesk(keys),
            tickets=tickets,
            audit=audit,
            limits=limits,
        )
