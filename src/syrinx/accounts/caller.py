"""Who asks, and what they may: every request and every socket has exactly one caller."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Protocol, get_args

from syrinx.accounts.key_limits import NO_OWN_LIMITS, KeyLimits
from syrinx.errors import SyrinxError

Scope = Literal["speak", "listen", "talk", "voices", "models", "admin"]
"""speak: text to speech · listen: recordings to text · talk: conversations and messages · voices: cloning and managing
one's own voices · models: getting and removing models · admin: people, keys, limits, the audit log, metrics; and
all the others."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
EVERY_SCOPE: Final[frozenset[Scope]] = frozenset(SCOPES)
PERSONAL_SCOPES: Final[frozenset[Scope]] = frozenset({"speak", "listen", "talk", "voices"})
"""What a person gets who has an account and is no operator."""

LOCAL_USER: Final = "local"
"""The one user of a server without accounts, and of its operator's token."""
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Forbidden(SyrinxError):
    """The caller is known, and may not do that."""

    code = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    user: str
    """Whose voices, conversations and dictionary these are."""
    scopes: frozenset[Scope]
    how: Literal["open", "token", "key", "jwt", "ticket"]
    """open: nothing was needed; token: the operator's (SYRINX_TOKEN)."""
    key_id: str = ""
    """Of the API key; "" where none was used."""
    limits: KeyLimits = NO_OWN_LIMITS
    """Of the API key; see `accounts.limits` for what holds where it has none of its own."""
    counted_as: str = ""
    """The key whose share this one uses up: what takes a key's place goes on with its share. "" without a key."""
    behind: str = ""
    """The user who really asks, where an operator acts for another; "" where they are the same."""
    until: datetime | None = None
    """When what was presented is over by itself; None where it lasts, or its key knows."""

    @property
    def is_operator(self) -> bool:
        return "admin" in self.scopes

    def acting_for(self, user: str) -> Caller:
        """The same, as that user; whether they may is to be known before."""
        return self if user == self.user else replace(self, user=user, behind=self.behind or self.user)

    def need(self, scope: Scope) -> None:
        """Raises Forbidden where that is not among what it may."""
        if scope not in self.scopes and not self.is_operator:
            raise Forbidden(f"this key may not do that: it takes one with the scope {scope!r}")


OPEN_CALLER: Final = Caller(user=LOCAL_USER, scopes=EVERY_SCOPE, how="open")


class Door(Protocol):
    """Tells who is behind what a client presents."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        """`credential` is a token, key, JWT or ticket; None and "" are none. `on_behalf_of` names a user.

        Raises Unauthorized where one is wanted and none is right, Forbidden where the caller may not act for another
        user, BadInput where `on_behalf_of` is no name of a user.
        """
        ...

    async def still_opens(self, caller: Caller) -> bool:
        """Whether it would let in again, at this moment and for as much, whom it let in: sockets outlive keys that are
        revoked, and scopes that keys lose.

        Raises DatabaseUnavailable.
        """
        ...


def is_user(name: str) -> bool:
    """1 to 64 letters, digits or ._@-, beginning with a letter or digit."""
    return _USER.fullmatch(name) is not None


_CALLER: Final[ContextVar[Caller]] = ContextVar("syrinx_account", default=OPEN_CALLER)


def current_caller() -> Caller:
    """On whose behalf this task works; tasks inherit it from who begins them."""
    return _CALLER.get()


@contextmanager
def calling(caller: Caller) -> Generator[None, None, None]:
    """What is begun within this is on behalf of `caller`. Entered and left by one task."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)
