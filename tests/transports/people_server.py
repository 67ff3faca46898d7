"""A server of the routes about people, over real accounts on SQLite, with belongings on paper."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from syrinx.accounts import PERSONAL_SCOPES, KeyLimits, Scope
from syrinx.accounts.key_limits import NO_OWN_LIMITS
from syrinx.accounts.opening import Accounts, AccountSettings, open_accounts
from syrinx.storage import Database
from syrinx.transports.http.errors import add_error_handling
from syrinx.transports.http.people import people_routes
from syrinx.transports.http.people_house import Belongings, KeptFile, PeopleHouse

ADDRESS = "http://127.0.0.1:8000"
ORIGIN = "https://app.example"
TOKEN = "t0ken-of-the-operator"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class OnPaper:
    """What a room keeps of people."""

    name: str
    kept: dict[str, list[KeptFile]] = field(default_factory=dict[str, list[KeptFile]])
    failure: Exception | None = None
    """Raised when something is deleted."""

    def keep(self, user: str, name: str, content: bytes = b"{}") -> None:
        self.kept.setdefault(user, []).append(KeptFile(name=f"{self.name}/{name}", content=content))

    def belongings(self) -> Belongings:
        return Belongings(name=self.name, users=self._users, files=self._files, delete=self._delete)

    async def _users(self) -> Collection[str]:
        return [user for user, files in self.kept.items() if files]

    async def _files(self, user: str) -> AsyncGenerator[KeptFile, None]:
        for file in self.kept.get(user, ()):
            yield file

    async def _delete(self, user: str) -> int:
        if self.failure is not None:
            raise self.failure
        return len(self.kept.pop(user, ()))


@dataclass(kw_only=True)
class PeopleServer:
    web: httpx.AsyncClient
    accounts: Accounts
    voices: OnPaper
    talks: OnPaper

    async def key(self, user: str, *scopes: Scope, **more: Any) -> tuple[str, dict[str, str]]:
        """A new key's id, and the headers of who has it; with a person's scopes if none are named."""
        key, secret = await self.accounts.keys.create(
            user, name=f"{user}'s", scopes=scopes or PERSONAL_SCOPES, created_by="test", **more
        )
        return key.key_id, {"Authorization": f"Bearer {secret}"}

    async def noted(self, user: str | None = None) -> list[tuple[str, str, str]]:
        """Action, subject and outcome of what was noted, the oldest first."""
        events = await self.accounts.audit.list(user)
        return [(event.action, event.subject, event.outcome) for event in reversed(events)]


@asynccontextmanager
async def people_server(database: Database, *, limits: KeyLimits = NO_OWN_LIMITS) -> AsyncGenerator[PeopleServer, None]:
    """`limits` are each user's."""
    async with open_accounts(database, AccountSettings(token=TOKEN, limits=limits)) as accounts:
        voices, talks = OnPaper("voices"), OnPaper("conversations")
        house = PeopleHouse(accounts=accounts, belongings=(voices.belongings(), talks.belongings()), audit_days=90)
        app = FastAPI()
        add_error_handling(app)
        app.include_router(people_routes(house, door=accounts.door, origins=(ORIGIN,)))
        transport = httpx.ASGITransport(app, client=("203.0.113.5", 4711), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as web:
            yield PeopleServer(web=web, accounts=accounts, voices=voices, talks=talks)
