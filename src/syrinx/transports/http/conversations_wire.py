"""Kept conversations as our own dialect tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from syrinx.conversation.history_records import (
    MOST_TITLE_CHARS,
    ConversationSummary,
    KeptConversation,
)
from syrinx.conversation.history_search import FoundConversation
from syrinx.transports.http.refusals import refusal

SUMMARY_EXAMPLE: Final[dict[str, Any]] = {
    "conversation_id": "zK3v9QpLr2mXw8Ta",
    "title": "Tell me about the sea",
    "language": "en",
    "created_at": "2026-11-21T20:15:02Z",
    "updated_at": "2026-11-21T20:19:40Z",
    "message_count": 8,
    "found": None,
}
_PLACE: Final[dict[str, Any]] = {
    "message_id": "0b61f3c8a95d4e7792ce3d40f7a85b16",
    "role": "user",
    "excerpt": "Tell me about the sea at night",
    "start_char": 18,
    "end_char": 21,
}
MESSAGES_EXAMPLE: Final[list[dict[str, Any]]] = [
    {
        "message_id": "0b61f3c8a95d4e7792ce3d40f7a85b16",
        "turn": 1,
        "role": "user",
        "speaker": "",
        "text": "Tell me about the sea at night",
        "heard": "Tell me about the sea at night",
        "created_at": "2026-11-21T20:15:02Z",
    },
    {
        "message_id": "5a0c2f9d1b7e4c83a6f0d2e9b8c71a34",
        "turn": 1,
        "role": "assistant",
        "speaker": "Syrinx",
        "text": "It glows where it breaks. Small creatures light up in it.",
        "heard": "It glows where it breaks.",
        "created_at": "2026-11-21T20:15:09Z",
    },
]
CONVERSATION_EXAMPLE: Final[dict[str, Any]] = {**SUMMARY_EXAMPLE, "messages": MESSAGES_EXAMPLE, "before": None}

CONVERSATION_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: refusal("The user's name cannot be.", "bad_input", "X-Syrinx-User is to be 1 to 64 letters, ..."),
    401: refusal("No key, or a wrong one.", "unauthorized", "this server wants a key or token: ..."),
    403: refusal("Another page's request, or not what the key is for.", "forbidden", "this key may not do that: ..."),
    422: refusal("Not as described here.", "bad_input", "limit: Input should be less than or equal to 100"),
    503: refusal("The database is not reached.", "database_unavailable", "... is not reached: ...", retryable=True),
}
NO_CONVERSATION: Final = refusal(
    "No such conversation of this user.", "not_found", "there is no such conversation: ..."
)
WRONG_PLACE: Final = refusal(
    "What cannot be.", "bad_input", "what is looked for has 1 to 200 characters that are not all space"
)
WRONG_TITLE: Final = refusal("No title.", "bad_input", "a title has 1 to 80 characters that are not all space")
NOT_ALL: Final = refusal("Not said that all are meant.", "bad_input", "this deletes every conversation: ...")
NO_JSON: Final = refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json")


class PlaceShown(BaseModel):
    """Where the words that were looked for stand."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _PLACE})

    message_id: str = Field(description="Empty where they stand in the title.")
    role: Literal["user", "assistant"] | None
    excerpt: str = Field(description="The words and what is around them.")
    start_char: int = Field(description="Where the words begin in the excerpt.")
    end_char: int


class SummaryShown(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": SUMMARY_EXAMPLE})

    conversation_id: str = Field(description="What `hello` takes to go on with it.")
    title: str
    language: str = Field(description="BCP 47, of the last turn.")
    created_at: datetime
    updated_at: datetime = Field(description="When something was last kept of it.")
    message_count: int
    found: PlaceShown | None = Field(default=None, description="In the answer to a search: its newest place.")


class ConversationsShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"conversations": [SUMMARY_EXAMPLE], "before": None}})

    conversations: list[SummaryShown] = Field(description="The one that was kept last first.")
    before: str | None = Field(description="For the next page; null where this is the last.")


class MessageShown(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": MESSAGES_EXAMPLE[1]})

    message_id: str
    turn: int
    role: Literal["user", "assistant"]
    speaker: str = Field(description="The character's name; empty for the person.")
    text: str = Field(description="As written.")
    heard: str = Field(description="As much of it as was heard, which is what is remembered.")
    created_at: datetime


class ConversationShown(SummaryShown):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": CONVERSATION_EXAMPLE})

    messages: list[MessageShown] = Field(description="Oldest first.")
    before: str | None = Field(description="For the messages before these; null where there are none.")


class TitleChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"title": "The sea at night"}})

    title: str = Field(min_length=1, max_length=MOST_TITLE_CHARS)


class Deleted(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"deleted": 12}})

    deleted: int = Field(description="How many conversations there were.")


def shown_summary(summary: ConversationSummary) -> SummaryShown:
    return SummaryShown.model_validate(summary)


def shown_found(found: FoundConversation) -> SummaryShown:
    shown = SummaryShown.model_validate(found.conversation)
    return shown.model_copy(update={"found": PlaceShown.model_validate(found.place)})


def shown_conversation(kept: KeptConversation) -> ConversationShown:
    messages = [MessageShown.model_validate(each) for each in kept.messages]
    return ConversationShown(
        **shown_summary(kept.summary).model_dump(),
        messages=messages,
        before=messages[0].message_id if kept.earlier and messages else None,
    )
