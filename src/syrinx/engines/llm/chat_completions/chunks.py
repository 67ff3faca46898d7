"""One JSON object of a chat completion, streamed or whole, read for what matters to a voice.

Sources: https://platform.openai.com/docs/api-reference/chat and https://openrouter.ai/docs/api-reference/streaming
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from syrinx.errors import EngineError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyChunk:
    text: str = ""
    """To be said; reasoning is left out of it."""
    reasoned: bool = False
    """The model sent some of its reasoning, in a field of its own."""
    finish_reason: str | None = None
    error: object = None
    """The error object, or its text, where the service reports a failure in the middle of its answer."""


def read_chunk(payload: str) -> ReplyChunk:
    """Read one object. Fields that are missing, null or of an unexpected shape count as empty.

    Raises EngineError when the payload is no JSON object.
    """
    try:
        data = json.loads(payload)
    except ValueError as error:
        raise EngineError("the language model's server sent something that is not JSON in its answer") from error
    if not isinstance(data, dict):
        raise EngineError("the language model's server sent JSON that is no object in its answer")
    chunk = cast("dict[str, Any]", data)
    if chunk.get("error"):
        return ReplyChunk(error=chunk["error"])
    if chunk.get("object") == "error":
        return ReplyChunk(error=chunk)
    choices = chunk.get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    if choice.get("error"):
        return ReplyChunk(error=choice["error"])
    said = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
    finish_reason = choice.get("finish_reason")
    return ReplyChunk(
        text=_text(said.get("content")) + _text(said.get("refusal")),
        reasoned=any(said.get(field) for field in ("reasoning", "reasoning_content", "reasoning_details")),
        finish_reason=finish_reason if isinstance(finish_reason, str) and finish_reason else None,
    )


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(content: object) -> str:
    """Text, or the text parts of a list of parts: some services put reasoning and answer into one list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [_mapping(part) for part in cast("list[object]", content)]
    return "".join(part["text"] for part in parts if part.get("type") == "text" and isinstance(part.get("text"), str))
