"""What every dialect that speaks and listens over HTTP needs of the house; wired by the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from syrinx.audio.intake import OpenMedia
from syrinx.engines.tts.contract import Voice
from syrinx.speech.narration import Narrate
from syrinx.speech.recordings import TranscribeRecording
from syrinx.text.pronunciations import Pronunciations

SpeechKind = Literal["tts", "stt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedVoice:
    voice: Voice
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedEngine:
    """An engine or installed model that requests may name."""

    kind: SpeechKind
    name: str
    title: str
    available: bool
    """Whether it can be opened here."""
    in_use: bool
    """Whether it serves requests that name none."""
    remote: bool
    """Whether what is said leaves this machine."""
    languages: tuple[str, ...]
    """BCP 47 primary tags; () where only the opened engine knows."""
    clones: bool = False
    """Whether it learns voices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHealth:
    """Of the engine in use of one kind, looked at now (a remote one is asked)."""

    engine: str
    title: str
    address: str
    """Of a remote engine; "" for one in this house."""
    healthy: bool
    reason: str
    """What is wrong and what to do; "" when healthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechLimits:
    text_chars: int = 1_000_000
    """Of one request; dialects may demand less."""
    upload_bytes: int = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHouse:
    narrate: Narrate
    transcribe: TranscribeRecording
    open_media: OpenMedia
    voices: Callable[[], Awaitable[Sequence[OfferedVoice]]]
    """Of all voice engines that serve requests which name none."""
    engines: Callable[[SpeechKind], Awaitable[Sequence[OfferedEngine]]]
    """What is known of all that can be named: looks at each, which takes a while."""
    names: Callable[[SpeechKind], Collection[str]]
    """Their names alone, at once."""
    health: Callable[[SpeechKind], Awaitable[SpeechHealth]]
    pronunciations: Callable[[str], Awaitable[Pronunciations]]
    """The dictionary of a user."""
    limits: SpeechLimits
    language: str
    """BCP 47, of requests that name none."""
