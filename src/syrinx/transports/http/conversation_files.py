"""A kept conversation as a file for its owner: JSON, plain text or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from syrinx.conversation.history_records import KeptConversation, KeptMessage
from syrinx.transports.http.conversations_wire import shown_conversation

FileFormat = Literal["json", "text", "markdown"]
MEDIA_TYPES: Final[dict[FileFormat, str]] = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
}
SUFFIXES: Final[dict[FileFormat, str]] = {"json": "json", "text": "txt", "markdown": "md"}
_PERSON: Final = "You"
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")


def conversation_file(kept: KeptConversation, wanted: FileFormat) -> bytes:
    match wanted:
        case "json":
            return shown_conversation(kept).model_dump_json(indent=1).encode()
        case "text":
            return "\n".join(_as_text(kept)).encode()
        case "markdown":
            return "\n".join(_as_markdown(kept)).encode()


def _as_text(kept: KeptConversation) -> Iterator[str]:
    yield kept.summary.title
    yield _moment(kept.summary.created_at)
    for message in kept.messages:
        yield ""
        yield f"{message.speaker or _PERSON}: {message.heard}".rstrip()
        if rest := _not_heard(message):
            yield f"  (not heard: {rest})"
    yield ""


def _as_markdown(kept: KeptConversation) -> Iterator[str]:
    """What was said is shown as it was said: marks in it mean nothing, and none of it is HTML."""
    yield f"# {_escaped(kept.summary.title)}"
    yield ""
    yield f"*{_moment(kept.summary.created_at)}*"
    for message in kept.messages:
        yield ""
        yield f"**{_escaped(message.speaker or _PERSON)}:** {_escaped(message.heard)}".rstrip()
        if rest := _not_heard(message):
            yield ""
            yield f"> *not heard:* {_escaped(rest)}"
    yield ""


def _not_heard(message: KeptMessage) -> str:
    """What was written and not heard; of a reply with gaps, all that was written."""
    if message.text.startswith(message.heard):
        return message.text[len(message.heard) :].strip()
    return message.text


def _escaped(text: str) -> str:
    """In one paragraph: an empty line would end it, and what stands at a line's beginning may mean a list."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
