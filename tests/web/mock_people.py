"""A scripted server for the People view: who asks, what is left, keys, everything about oneself, the log."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Message = dict[str, Any]

EVERY_SCOPE = ["admin", "listen", "models", "speak", "talk", "voices"]
NO_LIMITS: Message = {"requests_per_minute": None, "characters_per_day": None, "audio_seconds_per_day": None}
MADE_AT = "2026-11-20T09:00:00Z"
SECRET = "syx_0123456789abcdef_" + 43 * "s"


def key(key_id: str, name: str, **facts: Any) -> Message:
    about: Message = {
        "key_id": key_id, "user": "ann", "name": name, "scopes": ["listen", "speak"], "limits": NO_LIMITS,
        "state": "live", "created_at": MADE_AT, "created_by": "ann", "expires_at": "2027-11-20T09:00:00Z",
        "last_used_at": None, "ends_at": None, "replaced_by": None,
    }  # fmt: skip
    return {**about, **facts}


def event(number: int, action: str, **facts: Any) -> Message:
    about: Message = {
        "id": number, "at": MADE_AT, "user": "ann", "key_id": "", "action": action, "subject": f"subject-{number}",
        "outcome": "done", "address": "127.0.0.1", "details": {},
    }  # fmt: skip
    return {**about, **facts}


class MockPeople:
    """Attributes are the test's; without changes the one user of an open server asks."""

    def __init__(self) -> None:
        self.me: Message = {
            "user": "local", "scopes": EVERY_SCOPE, "how": "open", "key_id": None, "is_operator": True,
            "limits": NO_LIMITS, "left": {"requests": None, "characters": None, "audio_seconds": None},
        }  # fmt: skip
        self.wanted_key: str | None = None
        """Who brings no such key is not let in."""
        self.key_after: str | None = None
        """Wanted once everything about the person is deleted, their key among it."""
        self.keys: list[Message] = []
        self.events: list[Message] = []
        self.asked: list[tuple[str, str, Message]] = []
        """Method, path with its query, and body of what was asked."""
        self.refusals: list[tuple[int, Message]] = []
        """What the next requests that would change something are answered with."""

    def be(self, user: str, **facts: Any) -> None:
        """A person who came in with a key of their own."""
        left: Message = {
            "requests": {"most": 60, "left": 59, "full_again_s": 12.0},
            "characters": {"most": 100_000, "left": 4_200, "full_again_s": 30_600.0}, "audio_seconds": None,
        }  # fmt: skip
        self.me = {
            "user": user, "scopes": ["listen", "speak", "talk"], "how": "key", "key_id": "aaaaaaaaaaaaaaaa",
            "is_operator": False, "limits": {**NO_LIMITS, "characters_per_day": 100_000}, "left": left, **facts,
        }  # fmt: skip

    def changes(self, method: str) -> list[tuple[str, Message]]:
        return [(path, body) for verb, path, body in list(self.asked) if verb == method]

    def routes(self) -> list[Route]:
        return [
            Route("/api/people/me", self._me, methods=["GET", "DELETE"]),
            Route("/api/people/me/export", self._export),
            Route("/api/keys", self._keys, methods=["GET", "POST"]),
            Route("/api/people", self._people),
            Route("/api/keys/{id}", self._revoke, methods=["DELETE"]),
            Route("/api/keys/{id}", self._change, methods=["PATCH"]),
            Route("/api/keys/{id}/rotate", self._rotate, methods=["POST"]),
            Route("/api/audit", self._audit),
        ]

    async def _note(self, request: Request) -> Response | None:
        body = await request.json() if await request.body() else {}
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append((request.method, request.url.path + query, body))
        if self.wanted_key is not None and request.headers.get("authorization") != f"Bearer {self.wanted_key}":
            wants = {"code": "unauthorized", "message": "a key, please", "retryable": False}
            return JSONResponse(wants, status_code=401)
        if request.method == "GET" or not self.refusals:
            return None
        status, told = self.refusals.pop(0)
        return JSONResponse(told, status_code=status)

    async def _me(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        if request.method == "GET":
            return JSONResponse(self.me)
        ended = {"voices": 1, "conversations": 12, "pronunciations": 0, "keys": len(self.keys)}
        self.keys = []
        self.wanted_key = self.key_after or self.wanted_key
        return JSONResponse({"user": self.me["user"], "deleted": ended, "audit_kept_days": 365})

    async def _export(self, request: Request) -> Response:
        return await self._note(request) or Response(b"PK\5\6" + b"\0" * 18, media_type="application/zip")

    async def _keys(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        if request.method == "GET":
            everybody = "everybody" in request.query_params
            shown = [one for one in self.keys if everybody or one["user"] == self.me["user"]]
            return JSONResponse({"keys": shown})
        wanted = {"user": self.me["user"], **self.asked[-1][2]}
        made = key(f"{len(self.keys) + 1:016x}", wanted.pop("name"), **wanted)
        self.keys.insert(0, made)
        return JSONResponse({"key": made, "secret": SECRET}, status_code=201)

    def _key(self, request: Request) -> Message:
        return next(one for one in self.keys if one["key_id"] == request.path_params["id"])

    async def _revoke(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        self._key(request).update(state="revoked", ends_at=MADE_AT)
        return JSONResponse(self._key(request))

    async def _change(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        self._key(request).update(self.asked[-1][2])
        return JSONResponse(self._key(request))

    async def _people(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        users = sorted({self.me["user"], *(one["user"] for one in self.keys)})
        having = [
            {"user": user, "keys": sum(one["user"] == user for one in self.keys), "last_used_at": None,
             "has": ["conversations", "voices"] if user == "ben" else []}
            for user in users
        ]  # fmt: skip
        return JSONResponse({"people": having})

    async def _rotate(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        old = self._key(request)
        old.update(state="replaced", ends_at="2026-11-22T09:00:00Z", replaced_by="f" * 16)
        made = {**old, "key_id": "f" * 16, "state": "live", "ends_at": None, "replaced_by": None}
        self.keys.insert(0, made)
        return JSONResponse({"key": made, "secret": SECRET}, status_code=201)

    async def _audit(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        before = int(request.query_params.get("before", 10**9))
        limit = int(request.query_params["limit"])
        shown = [one for one in self.events if one["id"] < before][:limit]
        return JSONResponse({"events": shown, "next": shown[-1]["id"] if len(shown) == limit else None})
