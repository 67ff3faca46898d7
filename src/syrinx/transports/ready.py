"""Translates between the protocol's settings and a conversation's, and says what `ready` says."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final, Literal

from syrinx.conversation import Character, Conversation, ConversationSettings, SettingsChange
from syrinx.errors import BadInput
from syrinx.transports import messages

PROTOCOL_VERSION: Final = 1
OUTPUT_RATE_HZ: Final = 24_000
BACK_TO_DEFAULT: Final = frozenset({"voice", "stt", "llm", "tts"})
"""Settings for which null on the wire means the default again."""

ResumedFrom = Literal["", "talk", "history"]
"""A talk that is new, one whose socket was lost or is taken over, or one that goes on with what was kept."""


def _characters(given: list[messages.CharacterMessage]) -> tuple[Character, ...]:
    return tuple(Character(**character.model_dump(exclude_none=True)) for character in given)


def conversation_settings(hello: messages.Hello, *, language: str) -> ConversationSettings:
    """Settings of a new conversation. Raises BadInput when a character cannot be."""
    settings = ConversationSettings(
        language=hello.language or language,
        voice=hello.voice,
        barge_in=bool(hello.barge_in),
        keep=hello.keep is not False,
    )
    return settings if hello.characters is None else replace(settings, characters=_characters(hello.characters))


def settings_change(message: messages.Hello | messages.Set) -> SettingsChange | None:
    """What is to change, None when nothing is. Raises BadInput when a character cannot be, or null means nothing."""
    fields = message.model_dump(exclude_unset=True, exclude={"type"})
    change = {name: fields[name] for name in SettingsChange.__dataclass_fields__ if name in fields}
    for name, value in change.items():
        if value is not None:
            continue
        if name not in BACK_TO_DEFAULT:
            raise BadInput(f"{message.type}: {name} cannot be null: leave it out to keep it as it is")
        change[name] = ""
    if message.characters is not None:
        change["characters"] = _characters(message.characters)
    return SettingsChange(**change) if change else None


def ready_message(
    conversation: Conversation, *, engines: dict[str, Any], input_rate_hz: int, resumed_from: ResumedFrom
) -> dict[str, Any]:
    """The answer to hello; `engines` as docs/protocol.md has them."""
    settings = conversation.settings
    return {
        "type": "ready",
        "protocol": PROTOCOL_VERSION,
        "conversation_id": conversation.id,
        "resume_token": conversation.resume_token,
        "resumed": bool(resumed_from),
        "resumed_from": resumed_from,
        "kept": settings.keep and conversation.keeping.able,
        "state": conversation.state,
        "listening": conversation.listening,
        "input_sample_rate": input_rate_hz,
        "output_sample_rate": OUTPUT_RATE_HZ,
        "language": settings.language,
        "voice": settings.voice,
        "characters": [asdict(character) for character in settings.characters],
        "speaker": conversation.speaker,
        "barge_in": settings.barge_in,
        "engines": engines,
        "history": [asdict(entry) for entry in conversation.memory.entries],
    }
