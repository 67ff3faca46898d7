"""One talk: turns, memory, characters, events."""

from __future__ import annotations

from syrinx.conversation.characters import Cast, Character
from syrinx.conversation.conversation import CloseReason, Conversation
from syrinx.conversation.conversations import Conversations, open_conversations
from syrinx.conversation.ear import Ear, OpenEar, open_ear
from syrinx.conversation.events import ConversationEvent
from syrinx.conversation.keeping import Keep
from syrinx.conversation.memory import Memory, Remembered
from syrinx.conversation.outbox import TakenOver
from syrinx.conversation.playback import PlaybackRules
from syrinx.conversation.settings import (
    ConversationRules,
    ConversationSettings,
    Engines,
    FallbackVoice,
    SettingsChange,
)
from syrinx.conversation.turn_events import TurnRules

__all__ = [
    "Cast",
    "Character",
    "CloseReason",
    "Conversation",
    "ConversationEvent",
    "ConversationRules",
    "ConversationSettings",
    "Conversations",
    "Ear",
    "Engines",
    "FallbackVoice",
    "Keep",
    "Memory",
    "OpenEar",
    "PlaybackRules",
    "Remembered",
    "SettingsChange",
    "TakenOver",
    "TurnRules",
    "open_conversations",
    "open_ear",
]
