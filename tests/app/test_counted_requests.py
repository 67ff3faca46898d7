"""Requests are counted by whoever sends them, and answers tell what is left."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from syrinx.accounts import OPEN_CALLER, PERSONAL_SCOPES, Caller, KeyLimits
from syrinx.accounts.addresses import current_address
from syrinx.accounts.counting import open_counting
from syrinx.accounts.doors import credential_wanted
from syrinx.accounts.limits import Limits
from syrinx.app.counted_requests import LimitRequests, TellAddress
from syrinx.transports.http.errors import add_error_handling
from syrinx.transports.http.strangers import RefuseStrangers


class PeoplesDoor:
    """Knows everybody by their own name, and the operator by "operator"."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        del on_behalf_of
        if not credential:
            raise credential_wanted()
        if credential == "operator":
            return OPEN_CALLER
        return Caller(user=credential, scopes=PERSONAL_SCOPES, how="jwt")

    async def still_opens(self, caller: Caller) -> bool:
        del caller
        return True


@asynccontextmanager
async def served(most: int | None = 3) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with open_counting() as counting:
        limits = Limits(counting, defaults=KeyLimits(requests_per_minute=most))
        app = FastAPI()
        add_error_handling(app)
        # The first stands nearest to the routes.
        app.add_middleware(LimitRequests, limits=lambda: limits)
        app.add_middleware(RefuseStrangers, door=PeoplesDoor(), origins=())
        app.add_middleware(TellAddress)

        async def address() -> dict[str, Any]:
            return {"address": current_address()}

        for path in ("/api/thing", "/v1/audio/speech", "/health", "/js/app.js"):
            app.add_api_route(path, address, methods=["GET", "POST"])
        transport = httpx.ASGITransport(app, client=("203.0.113.5", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as web:
            yield web


def known(user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {user}"}


async def test_too_many_requests_are_refused_in_the_shape_of_their_family() -> None:
    """ASVS 5.0 V2.4.1, V4.1: excessive calls are refused before they are work."""
    async with served() as web:
        for left in (2, 1, 0):
            answer = await web.post("/api/thing", headers=known("ann"))
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"requests";q=3;w=60'
            assert re.fullmatch(rf'"requests";r={left};t=\d+', answer.headers["ratelimit"])
        refused = await web.get("/api/thing", headers=known("ann"))
        assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (429, "rate_limited", True)
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert refused.headers["ratelimit"].startswith('"requests";r=0;t=')
        of_openai = await web.post("/v1/audio/speech", headers=known("ann"))
        assert (of_openai.status_code, of_openai.json()["error"]["type"]) == (429, "rate_limit_error")
        assert (await web.post("/api/thing", headers=known("bob"))).status_code == 200


async def test_the_pages_own_files_and_strangers_are_not_counted() -> None:
    async with served() as web:
        for _ in range(9):
            for path in ("/health", "/js/app.js"):
                answer = await web.get(path, headers=known("ann"))
                assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)
        assert (await web.get("/api/thing")).status_code == 200  # this route guards nothing
        assert (await web.post("/api/thing")).status_code == 401
        assert (await web.get("/api/thing", headers=known("ann"))).headers["ratelimit"].startswith('"requests";r=2')


async def test_who_is_not_limited_is_told_of_no_limit() -> None:
    async with served() as web:
        answers = [await web.get("/api/thing", headers=known("operator")) for _ in range(9)]
    assert {(answer.status_code, "ratelimit" in answer.headers) for answer in answers} == {(200, False)}
    async with served(None) as web:
        assert "ratelimit" not in (await web.get("/api/thing", headers=known("ann"))).headers


async def test_where_a_request_comes_from_is_known_to_what_it_begins() -> None:
    async with served() as web:
        assert (await web.get("/api/thing", headers=known("ann"))).json() == {"address": "203.0.113.5"}
    assert current_address() == ""
