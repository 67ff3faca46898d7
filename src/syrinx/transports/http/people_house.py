"""What the routes about people need of the house; wired by the app."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from starlette.requests import HTTPConnection

from syrinx.accounts import Caller, Forbidden
from syrinx.accounts.opening import Accounts
from syrinx.errors import BadInput, NotFound, SyrinxError


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """Of an export."""

    name: str
    """Its path in the archive, made by the server: "conversations/4f2a.json"."""
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """All of one kind that is kept of people. Each of its functions works for users of whom nothing is kept, too."""

    name: str
    """In the plural: "voices"."""
    users: Callable[[], Awaitable[Collection[str]]]
    """Of whom there are any."""
    files: Callable[[str], AsyncGenerator[KeptFile, None]]
    """All that is kept of a user; the caller closes it."""
    delete: Callable[[str], Awaitable[int]]
    """Deletes all of a user's, and tells how many there were. What failed half-way can be done again."""


@dataclass(slots=True)
class Noted:
    """What stands in the audit log."""

    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleHouse:
    accounts: Accounts
    belongings: Sequence[Belongings]
    """Besides keys and the audit log, which are the accounts' own."""
    audit_days: int = 365
    """How long the audit log is kept."""
    archived: set[str] = field(default_factory=set[str])
    """Users whose archive lies on the disk at this moment."""

    @contextmanager
    def noted(
        self, connection: HTTPConnection, caller: Caller, action: str, subject: str, **details: float | bool | str
    ) -> Generator[Noted, None, None]:
        """Notes in the audit log how what stands inside ends, which may know better to what it was done."""
        address = connection.client.host if connection.client else ""
        noted = Noted(subject)
        note = partial(self.accounts.audit.note, caller, action, address=address, **details)
        try:
            yield noted
        except (Forbidden, NotFound, BadInput) as error:
            note(noted.subject, outcome="refused", code=error.code)
            raise
        except SyrinxError as error:
            note(noted.subject, outcome="failed", code=error.code)
            raise
        note(noted.subject)
