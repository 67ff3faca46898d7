"""One person's voice, ready to be spoken with: what is known of it and where it is learnt from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts.contract import Cloning, Voice
from syrinx.errors import SyrinxError
from syrinx.voices.profile import VoiceSettings

Condition = Callable[[PcmChunk, str], Awaitable[bytes]]
"""What an engine learns of a sample and what is said in it."""

Conditioning = Callable[[str, Cloning, Condition], Awaitable[bytes]]
"""The engine's name, what it wants of a sample, and how it learns -> what it has learnt, now or earlier. Raises what
learning raises, and BadAudio where the sample is too short for that engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonVoice:
    voice: Voice
    """Its id is the profile's, its gender what a voice of that pitch is mostly taken for."""
    pitch_hz: float | None
    pace: float | None
    """Syllables per second while speaking."""
    settings: VoiceSettings
    revision: str
    """Another whenever anything that is heard is another."""
    conditioning: Conditioning
    sample_s: float | None = None
    """How long the sample is; None has every engine try."""
    used: Callable[[], None] | None = None
    """Told of each sentence that is spoken with it; returns at once."""


@dataclass(frozen=True, slots=True)
class PeopleRead:
    voices: Sequence[PersonVoice] = ()
    unread: SyrinxError | None = None
    """Why there may be others, which cannot be read now."""


People = Callable[[], Awaitable[PeopleRead]]
"""The voices with which the present caller (`accounts.current_caller`) may speak; asked for every lease of voices, so
it must be quick."""
