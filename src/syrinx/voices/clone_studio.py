"""What cloning needs of the house, and the bounds that it keeps to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from syrinx.audio import PcmChunk
from syrinx.voices.profile import VoiceProfile


class Studio(Protocol):
    """Learns voices and speaks with them. All of it may be cancelled, and then leaves nothing."""

    async def cloner(self, language: str) -> str | None:
        """The engine that learns voices here, speaking that language; None: none can, the nearest voice speaks.

        Raises EngineUnavailable where one is demanded and is not there.
        """
        ...

    async def wants_transcript(self, engine: str) -> bool:
        """Whether it wants to know what is said in a sample."""
        ...

    async def learn(self, engine: str, profile: VoiceProfile) -> None:
        """Have `Voices.conditioning` of the profile computed, which is a draft yet. Raises BadAudio, EngineError."""
        ...

    async def speak(self, profile: VoiceProfile, text: str) -> bytes:
        """The text in that voice, or in the one that comes nearest: MP3, marked as synthetic.

        Raises UnknownLanguage, BadInput, EngineError.
        """
        ...

    async def transcribe(self, sample: PcmChunk, language: str) -> str:
        """What is said in it. Raises UnknownLanguage, EngineError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CloningSettings:
    at_once: int = 2
    """Voices that one server clones at the same time; 0 leaves all of them to others."""
    voices_per_user: int = 100
    jobs_per_user: int = 10
    """Clonings of one user that have not ended; each has a recording of up to 50 MB in the store."""
    upload_bytes: int = 50 * 1024 * 1024
    verified_only: bool = False
    """Whether only consents count that were spoken by the person and understood."""
    attempts: int = 3
    """How often a cloning is begun whose server stops in the middle of it."""
    lease_s: float = 30.0
    """After that much silence of a server another one takes up what it was doing. Clocks of servers that share a
    database are to differ by less."""
    beat_s: float = 1.0
    """How often a server says that it is still at it, and looks whether it is to stop."""
    look_s: float = 2.0
    """How often it looks for what other servers left."""
    poll_s: float = 0.3
    """How often those who follow a cloning look at it."""
    longest_s: float = 900.0
    """That much work on one cloning; more is taken for an engine that hangs."""
