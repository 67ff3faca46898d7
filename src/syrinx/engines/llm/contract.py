"""Language models: a conversation goes in, the reply's text comes out in deltas."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCapabilities:
    model: str
    """The model's name as the service knows it."""
    is_language_model: bool = True
    """False for the scripted companion: the page then says that no language model is configured."""
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    messages: tuple[Message, ...]
    """Oldest first; the last one is the user's."""
    language: str = "en"
    model: str | None = None
    """Overrides the engine's own for this request."""
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    text: str


class LanguageModel(Protocol):
    @property
    def capabilities(self) -> LlmCapabilities: ...

    def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        """Answer; deltas arrive as they are made and joined are the whole reply.

        Closing the generator cancels the request at its source (closes the connection of a remote one).
        Raises BadInput for an empty conversation, RemoteRefused, EngineTimeout, EngineError.
        """
        ...
