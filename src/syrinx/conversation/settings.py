"""What can be chosen for a conversation, by whom it is hosted and by the person who talks."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from syrinx.conversation.characters import DEFAULT_CHARACTER, Character
from syrinx.conversation.playback import PlaybackRules
from syrinx.conversation.turn_events import TurnRules
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.speech import EndpointingRules, SynthesisRules

MAX_TYPED_CHARS: Final = 4000
MAX_REPLY_CHARS: Final = 24_000
"""A reply longer than this is ended there: about half an hour of speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """What holds from the next turn on. An engine named "" is the host's default of its kind."""

    language: str = "en"
    """BCP 47; or "auto": found out from what is said, where the ear can, and answered in."""
    voice: str | None = None
    """A voice's id for all characters that name none; None takes the engine's default."""
    characters: tuple[Character, ...] = (DEFAULT_CHARACTER,)
    barge_in: bool = False
    keep: bool = True
    """Whether what is said is kept in the person's history, where the host keeps one."""
    stt: str = ""
    llm: str = ""
    tts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChange:
    """The settings that are to change; None leaves one as it is. `voice` and engines: "" goes back to the default."""

    language: str | None = None
    voice: str | None = None
    characters: tuple[Character, ...] | None = None
    character: str | None = None
    """Who answers next, by name."""
    barge_in: bool | None = None
    keep: bool | None = None
    stt: str | None = None
    llm: str | None = None
    tts: str | None = None

    def applied_to(self, settings: ConversationSettings) -> ConversationSettings:
        """Those settings with the change made; `character` is none of them."""
        given = {
            name: getattr(self, name)
            for name in ("language", "characters", "barge_in", "keep", "stt", "llm", "tts")
            if getattr(self, name) is not None
        }
        settings = replace(settings, **given)
        return settings if self.voice is None else replace(settings, voice=self.voice or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRules:
    """What the host sets once for all conversations."""

    turns: TurnRules = field(default_factory=TurnRules)
    playback: PlaybackRules = field(default_factory=PlaybackRules)
    endpointing: EndpointingRules = field(default_factory=EndpointingRules)
    synthesis: SynthesisRules = field(default_factory=SynthesisRules)
    language: str = "en"
    """Of a talk whose language is to be found out, until something was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackVoice:
    """The engine that speaks where the chosen one fails."""

    name: str
    tts: TextToSpeech


class Engines(Protocol):
    """How a conversation gets its engines: by name, "" for the default, each leased for as long as its context lasts.

    Ears are leased while the microphone is wanted, the rest from the beginning of a reply to its end.
    Every context may raise EngineUnavailable, EngineBusy or UnknownEngine when it is entered.
    """

    def stt(self, name: str) -> AbstractAsyncContextManager[SpeechToText]: ...

    def vad(self) -> AbstractAsyncContextManager[VoiceActivityDetector]: ...

    def llm(self, name: str) -> AbstractAsyncContextManager[LanguageModel]: ...

    def tts(self, name: str) -> AbstractAsyncContextManager[TextToSpeech]: ...

    def tts_fallback(self, name: str) -> AbstractAsyncContextManager[FallbackVoice | None]:
        """What speaks in place of `tts(name)` where that fails; None when nothing does."""
        ...

    async def check(self, settings: ConversationSettings) -> None:
        """Raises UnknownEngine, UnknownVoice or UnknownLanguage, saying what there is, if these could not be served."""
        ...
