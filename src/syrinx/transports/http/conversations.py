"""A person's history over HTTP: kept conversations listed, searched, read, renamed, taken along and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response

from syrinx.accounts import Door
from syrinx.conversation.history import MOST_LISTED, History
from syrinx.errors import WrongParameter
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.conversation_files import MEDIA_TYPES, SUFFIXES, FileFormat, conversation_file
from syrinx.transports.http.conversations_wire import (
    CONVERSATION_REFUSALS,
    NO_CONVERSATION,
    NO_JSON,
    NOT_ALL,
    WRONG_PLACE,
    WRONG_TITLE,
    ConversationShown,
    ConversationsShown,
    Deleted,
    SummaryShown,
    TitleChange,
    shown_conversation,
    shown_found,
    shown_summary,
)

CONVERSATIONS_PATH: Final = "/api/conversations"
_ONE: Final = f"{CONVERSATIONS_PATH}/{{conversation_id}}"
_MOST_MESSAGES: Final = 1000

_FILE: Final[dict[str, Any]] = {
    "description": "The conversation as a file to be saved.",
    "content": {
        "application/json": {"schema": ConversationShown.model_json_schema()},
        "text/plain": {"example": "Tell me about the sea\n2026-11-21 20:15 UTC\n\nYou: Tell me about the sea\n"},
        "text/markdown": {"example": "# Tell me about the sea\n\n*2026-11-21 20:15 UTC*\n\n**You:** Tell me ...\n"},
    },
}


def conversation_routes(history: History, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask for changes besides the server's own page."""
    router = APIRouter(
        tags=["conversations"],
        dependencies=[Depends(needs("talk", door)), Depends(only_from_known_pages(origins))],
        responses=CONVERSATION_REFUSALS,
    )

    @router.get(CONVERSATIONS_PATH, summary="One's own conversations", responses={400: WRONG_PLACE})
    async def conversations(  # pyright: ignore[reportUnusedFunction]
        user: Annotated[str, Depends(user_of)],
        q: Annotated[str | None, Query(description="Words to look for, in titles and in what was said.")] = None,
        before: Annotated[str | None, Query(description="As the page before gave it; not for a search.")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 30,
    ) -> ConversationsShown:
        """The one that was kept last first. With `q` those in which these words stand as they are, but for upper and
        lower case, each with its newest place; the first `limit` of them."""
        if q is not None:
            if before is not None:
                raise WrongParameter("a search has one page: leave before out, or raise limit", parameter="before")
            found = await history.search(user, q, limit=limit)
            return ConversationsShown(conversations=[shown_found(each) for each in found], before=None)
        page = await history.list(user, before=before, limit=limit)
        return ConversationsShown(
            conversations=[shown_summary(each) for each in page.conversations], before=page.before
        )

    @router.delete(CONVERSATIONS_PATH, summary="Delete all one's conversations", responses={400: NOT_ALL})
    async def delete_all(  # pyright: ignore[reportUnusedFunction]
        user: Annotated[str, Depends(user_of)],
        all_: Annotated[bool, Query(alias="all", description="To be true: a forgotten id must not mean all.")] = False,
    ) -> Deleted:
        """With all their messages, for good."""
        if not all_:
            raise WrongParameter("this deletes every conversation: say so with ?all=true, or name one", parameter="all")
        return Deleted(deleted=await history.delete_all(user))

    @router.get(_ONE, summary="What was said", responses={404: NO_CONVERSATION})
    async def conversation(  # pyright: ignore[reportUnusedFunction]
        conversation_id: str,
        user: Annotated[str, Depends(user_of)],
        before: Annotated[str | None, Query(description="A message: those before it are wanted.")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_MESSAGES)] = 200,
    ) -> ConversationShown:
        """The newest messages, oldest first."""
        return shown_conversation(await history.get(user, conversation_id, before=before, limit=limit))

    @router.patch(
        _ONE, summary="Rename a conversation", responses={400: WRONG_TITLE, 404: NO_CONVERSATION, 415: NO_JSON}
    )
    async def rename(  # pyright: ignore[reportUnusedFunction]
        conversation_id: str, change: TitleChange, user: Annotated[str, Depends(user_of)]
    ) -> SummaryShown:
        """It keeps its place in the list."""
        return shown_summary(await history.rename(user, conversation_id, change.title))

    @router.delete(_ONE, summary="Delete a conversation", status_code=204, responses={404: NO_CONVERSATION})
    async def delete(conversation_id: str, user: Annotated[str, Depends(user_of)]) -> None:  # pyright: ignore[reportUnusedFunction]
        """For good. A talk that goes on is not kept any more."""
        await history.delete(user, conversation_id)

    @router.get(
        f"{_ONE}/export",
        summary="Take a conversation along",
        response_class=Response,
        responses={200: _FILE, 404: NO_CONVERSATION},
    )
    async def export(  # pyright: ignore[reportUnusedFunction]
        conversation_id: str,
        user: Annotated[str, Depends(user_of)],
        wanted: Annotated[FileFormat, Query(alias="format")] = "json",
    ) -> Response:
        """The whole of it; what was written and not heard is marked so."""
        kept = await history.get(user, conversation_id)
        name = f"conversation-{kept.summary.conversation_id}.{SUFFIXES[wanted]}"
        return Response(
            await asyncio.to_thread(conversation_file, kept, wanted),
            media_type=MEDIA_TYPES[wanted],
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    return router
