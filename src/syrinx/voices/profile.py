"""What is known of somebody's voice, as everybody else in the house sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

VoiceSource = Literal["page", "onboarding", "registry", "upload", "openai"]
JobStatus = Literal["pending", "processing", "completed", "failed", "cancelled"]
ConsentKind = Literal["attested", "recorded", "spoken"]
"""attested: stated by who asked, under the terms · recorded: the person's voice says so, in words that are the same for
everybody, so that it may be an old recording · spoken: in words that were drawn for this once."""

TERMS_VERSION: Final = "2026-11"
"""Of the published terms of cloning (docs/guides/voices.md), under which a caller attests that the speaker agrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """How a person has their voice speak; what an engine cannot do of it is done afterwards or told."""

    pitch_semitones: float = 0.0
    """-6 to 6."""
    pace: float = 1.0
    """0.5 to 2."""
    warmth: float = 0.0
    """-1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that a check of a sample found, in words for the person who recorded it."""

    code: Literal["too_quiet", "clipped", "noisy", "little_speech", "two_speakers", "short", "good"]
    severity: Literal["good", "advice", "refused"]
    message: str
    """What was found and what to do: one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceProfile:
    voice_id: str
    """`voice_` and 12 hexadecimal digits, made by the server."""
    user: str
    name: str
    language: str
    """BCP 47."""
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    is_active: bool
    is_verified: bool
    """Whether the consent was spoken by the person and understood."""
    settings: VoiceSettings
    transcript: str
    duration_ms: float
    pitch_hz: float | None
    pace: float | None
    """Syllables per second while speaking."""
    advice: tuple[Advice, ...]
    engine: str
    """Which engine cloned it; "" where none here can and the nearest voice speaks ("approximate")."""
    sample_text: str
    source: VoiceSource
    consent_id: str
    reference_key: str
    """The blob's key of the sample: mono WAV at 24 kHz."""
    sample_audio_key: str | None
    """The blob's key of `sample_text` in this voice, MP3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That a person agrees that their voice is cloned."""

    consent_id: str
    """`cons_` and 12 hexadecimal digits."""
    user: str
    voice_id: str | None
    """The profile that rests on it; None before there is one."""
    kind: ConsentKind
    name: str
    language: str
    statement: str
    heard: str
    agreement: float | None
    """0 to 1; None for an attested one."""
    scope: str
    terms_version: str
    evidence_sha256: str
    recorded_at: datetime
    revoked_at: datetime | None
    has_recording: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneOrder:
    """What is wanted of a cloning, besides the recording."""

    user: str
    name: str = "My Voice"
    language: str = "en"
    sample_text: str = ""
    """"" takes a sentence of the house's in the language."""
    transcript: str = ""
    """What is said in the recording; "" has it listened to where an engine wants to know."""
    source: VoiceSource = "onboarding"
    consent_id: str = ""
    """A consent recorded before; "" records the request as its caller's attestation."""
    attested_by: str = ""
    """Who attests, in words ("the caller with key k1 as user ada"), where there is no `consent_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneJob:
    """One cloning on its way from the upload to the profile."""

    job_id: str
    """`job_` and 16 hexadecimal digits."""
    user: str
    status: JobStatus
    stage: str
    """"waiting", "decoding", "checking", "listening", "learning", "speaking", "storing", "done"."""
    progress: float
    """0 to 1."""
    voice_id: str | None
    """Once completed."""
    error_code: str
    error_message: str
    error_retryable: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    audio_duration_s: float | None
    processing_time_s: float | None
    advice: tuple[Advice, ...] = field(default=())
    """Once checked; of a job that was refused for its sample, why."""

    @property
    def ended(self) -> bool:
        return self.status in {"completed", "failed", "cancelled"}
