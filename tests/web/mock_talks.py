"""A scripted server for the list of kept talks."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Message = dict[str, Any]


def message(turn: int, text: str, *, speaker: str = "", heard: str | None = None) -> Message:
    return {
        "message_id": f"m{turn}{speaker}", "turn": turn, "role": "assistant" if speaker else "user",
        "speaker": speaker, "text": text, "heard": text if heard is None else heard,
        "created_at": "2026-11-20T09:00:00Z",
    }  # fmt: skip


class MockTalks:
    def __init__(self) -> None:
        self.kept: list[Message] = []
        self.asked: list[tuple[str, str, Message]] = []
        """Method, path with its query, and body of what was asked."""

    def add(self, talk_id: str, title: str, *messages: Message) -> None:
        """The newest; `messages` are what was said."""
        self.kept.insert(0, {
            "conversation_id": talk_id, "title": title, "language": "en", "created_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:10:00Z", "message_count": len(messages), "found": None,
            "messages": list(messages), "before": None,
        })  # fmt: skip

    def routes(self) -> list[Route]:
        return [
            Route("/api/conversations", self._all, methods=["GET", "DELETE"]),
            Route("/api/conversations/{id}", self._one, methods=["GET", "PATCH", "DELETE"]),
            Route("/api/conversations/{id}/export", self._export),
        ]

    async def _note(self, request: Request) -> Message:
        body: Message = await request.json() if await request.body() else {}
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append((request.method, request.url.path + query, body))
        return body

    async def _all(self, request: Request) -> Response:
        await self._note(request)
        if request.method == "DELETE":
            count, self.kept = len(self.kept), []
            return JSONResponse({"deleted": count})
        words = request.query_params.get("q", "")
        shown = [summary for each in self.kept if (summary := _found(each, words)) is not None]
        return JSONResponse({"conversations": shown, "before": None})

    async def _one(self, request: Request) -> Response:
        body = await self._note(request)
        talk = next((one for one in self.kept if one["conversation_id"] == request.path_params["id"]), None)
        if talk is None:
            gone = {"code": "not_found", "message": "there is no such conversation", "retryable": False}
            return JSONResponse(gone, status_code=404)
        if request.method == "DELETE":
            self.kept.remove(talk)
            return Response(status_code=204)
        talk.update(body)
        return JSONResponse(talk)

    async def _export(self, request: Request) -> Response:
        await self._note(request)
        return Response("You: Tell me about the sea\n", media_type="text/plain")


def _found(talk: Message, words: str) -> Message | None:
    """Its summary, with the place where the words stand; None where they do not."""
    summary = {name: told for name, told in talk.items() if name not in {"messages", "before"}}
    if not words:
        return summary
    for each in talk["messages"]:
        start: int = each["text"].lower().find(words.lower())
        if start >= 0:
            place = {"message_id": each["message_id"], "role": each["role"], "excerpt": each["text"]}
            return {**summary, "found": {**place, "start_char": start, "end_char": start + len(words)}}
    return None
