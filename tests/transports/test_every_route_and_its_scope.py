"""Every route of the description wants a key, and a key for just that: a new route without an entry here fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
from tests.transports.talking_house import talk_server

from syrinx.accounts import SCOPES, Scope

EVERYBODYS = frozenset({"GET /health"})
ANY: tuple[str, ...] = (
    r"GET /api/talk/options",
    r"GET /api/models",
    r"GET /v1/models.*",
    r"GET /v1/audio/voices",
    r"GET /api/voice/(voices|health)",
    r"GET /api/people/me",
    r"POST /api/tickets",
    r"GET /api/audit",
    r"\w+ /api/keys.*",
)
"""What whoever has any key may ask; what is answered is of the caller alone."""
OF_SEVERAL = frozenset({"GET /api/people/me/export", "DELETE /api/people/me", "POST /api/v1/tts/voices"})
"""Want a key for more than one of them."""
OF_SCOPE: dict[Scope, tuple[str, ...]] = {
    "speak": (
        r"\w+ /api/speech.*",
        r"POST /v1/audio/speech",
        r"POST /api/voice/(synthesize|synthesize-batch|audio-stream)",
        r"\w+ /api/v1/tts/.*",
        r"POST /(synthesize|synthesize-batch|audio-stream)",
    ),
    "listen": (
        r"POST /api/transcripts",
        r"POST /v1/audio/(transcriptions|translations)",
        r"POST /api/voice/transcribe",
        r"\w+ /(inference|load)",
    ),
    "talk": (r"\w+ /api/conversations.*", r"POST /api/messages/voice"),
    "voices": (
        r"\w+ /api/public/voice/onboarding/.*",
        r"\w+ /api/voices.*",
        r"POST /api/voice/upload",
        r"(POST|DELETE) /v1/audio/voices.*",
        r"\w+ /v1/audio/voice_consents.*",
    ),
    "models": (r"(POST|DELETE) /api/models/.*",),
    "admin": (r"GET /metrics", r"GET /api/people"),
}


def wanted(operation: str) -> Scope | None:
    """What a key needs for it; None: being one."""
    if any(re.fullmatch(pattern, operation) for pattern in ANY):
        return None
    found: list[Scope] = [
        scope for scope, patterns in OF_SCOPE.items() if any(re.fullmatch(each, operation) for each in patterns)
    ]
    assert len(found) == 1, f"{operation} has no entry here, or several: {found}"
    return found[0]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Its name, method and an address."""
    for path, methods in document["paths"].items():
        for method in methods:
            name = f"{method.upper()} {path}"
            if name not in EVERYBODYS:
                yield name, method.upper(), re.sub(r"\{\w+\}", "nothing", path)


async def test_no_route_answers_whoever_has_no_key() -> None:
    """ASVS 5.0 V8.3.1 (enforced by the server), V6.3.2 (no access by default)."""
    async with talk_server(access="keys") as server, httpx.AsyncClient(base_url=server.address, timeout=30) as web:
        document = (await web.get("/openapi.json")).raise_for_status().json()
        asked = list(operations(document))
        assert len(asked) > 80
        for credential in ({}, {"authorization": "Bearer syx_0123456789abcdef_" + "A" * 43}):
            refused = {
                name: (await web.request(method, at, headers=credential)).status_code for name, method, at in asked
            }
            # The second is guessed at most a few times from one address.
            assert {name: status for name, status in refused.items() if status not in {401, 429}} == {}


async def test_a_key_opens_what_its_scope_says_and_nothing_else() -> None:
    """ASVS 5.0 V8.2.1 (function-level access), V8.2.3."""
    async with talk_server(access="keys") as server, httpx.AsyncClient(base_url=server.address, timeout=30) as web:
        document = (await web.get("/openapi.json")).raise_for_status().json()
        for scope in SCOPES:
            if scope == "admin":
                continue  # opens all
            _, secret = await server.house.kept.accounts.keys.create(
                "ada", name=scope, scopes={scope}, created_by="test"
            )
            headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
            wrong: dict[str, int] = {}
            for name, method, at in operations(document):
                if name in OF_SEVERAL:
                    continue
                status = (await web.request(method, at, headers=headers)).status_code
                may = wanted(name) in {None, scope}
                if (status == 403) is may or status == 401:
                    wrong[name] = status
            assert wrong == {}, scope
