"""Voice profiles, the sessions in which they were cloned, and the consent without which there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from syrinx.storage import Base, Json, Key, LongText, UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only what is INTEGER."""


class VoiceProfileRow(Base):
    """As seed 4 names it, and more. Samples do not change: another sample is another profile."""

    __tablename__ = "voice_profiles"
    __table_args__ = (Index("ix_voice_profiles_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(Key(128))
    voice_id: Mapped[str] = mapped_column(Key(32), unique=True)
    voice_name: Mapped[str] = mapped_column(String(100))
    reference_audio_path: Mapped[str] = mapped_column(Key(200))
    """The blob's key of the sample: mono WAV at 24 kHz."""
    voice_model_path: Mapped[str | None] = mapped_column(Key(200))
    """The blob's key of what the engine that cloned it computed; None where none did."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    is_active: Mapped[bool] = mapped_column()
    is_verified: Mapped[bool] = mapped_column()
    """Whether the consent was spoken by the person and understood."""
    settings: Mapped[Any] = mapped_column(Json)
    """`VoiceSettings`: pitch, pace, warmth."""

    language: Mapped[str] = mapped_column(String(35))
    transcript: Mapped[str] = mapped_column(LongText)
    """What is said in the sample; "" where nobody knows."""
    duration_ms: Mapped[float] = mapped_column(Double)
    pitch_hz: Mapped[float | None] = mapped_column(Double)
    pace: Mapped[float | None] = mapped_column(Double)
    """Syllables per second while speaking."""
    advice: Mapped[Any] = mapped_column(Json)
    """What the checks of the sample said."""
    engine: Mapped[str] = mapped_column(String(100))
    """Which engine cloned it; "" where none here can, and the nearest voice speaks."""
    sample_text: Mapped[str] = mapped_column(LongText)
    sample_audio_path: Mapped[str | None] = mapped_column(Key(200))
    """The blob's key of that text spoken in the voice, MP3."""
    source: Mapped[str] = mapped_column(String(20))
    """Which way it came: "page", "onboarding", "registry", "upload", "openai"."""


class VoiceConsentRow(Base):
    """That a person agrees that their voice is cloned: who, which words, when, for what, and how that is known."""

    __tablename__ = "voice_consents"

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    consent_id: Mapped[str] = mapped_column(Key(32), unique=True)
    user_id: Mapped[str] = mapped_column(Key(128), index=True)
    voice_profile_id: Mapped[int | None] = mapped_column(
        ForeignKey("voice_profiles.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(20))
    """A `ConsentKind`: "attested", "recorded" or "spoken"."""
    name: Mapped[str] = mapped_column(String(100))
    """What the consent is called by who manages it; the speaker's name where it is known."""
    language: Mapped[str] = mapped_column(String(35))
    statement: Mapped[str] = mapped_column(LongText)
    """The words agreed to."""
    heard: Mapped[str] = mapped_column(LongText)
    """What of a spoken one was understood; "" of an attested one."""
    agreement: Mapped[float | None] = mapped_column(Double)
    """The share of the words that were understood as they stand."""
    scope: Mapped[str] = mapped_column(String(100))
    terms_version: Mapped[str] = mapped_column(String(40))
    recording_path: Mapped[str | None] = mapped_column(Key(200))
    evidence_sha256: Mapped[str] = mapped_column(String(64))
    """Of the recording, or of the request's own words."""
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ConsentPhraseRow(Base):
    """A phrase that somebody was asked to read aloud: it counts once, and not for long."""

    __tablename__ = "voice_consent_phrases"

    phrase_id: Mapped[str] = mapped_column(Key(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(Key(128))
    language: Mapped[str] = mapped_column(String(35))
    phrase: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class VoiceCloneSessionRow(Base):
    """One cloning, from the upload to the profile; also the job that does it."""

    __tablename__ = "voice_clone_sessions"
    __table_args__ = (Index("ix_voice_clone_sessions_status_claimed_until", "status", "claimed_until"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(Key(32), unique=True)
    voice_profile_id: Mapped[int | None] = mapped_column(
        ForeignKey("voice_profiles.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(20))
    """"pending", "processing", "completed", "failed" or "cancelled"."""
    error_message: Mapped[str | None] = mapped_column(LongText)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    processing_time_seconds: Mapped[float | None] = mapped_column(Double)
    audio_duration_seconds: Mapped[float | None] = mapped_column(Double)

    user_id: Mapped[str] = mapped_column(Key(128), index=True)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_class: Mapped[str | None] = mapped_column(String(60))
    """Which of `syrinx.errors` or of this room's it was, for who waits for it in another process."""
    error_retryable: Mapped[bool] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    stage: Mapped[str] = mapped_column(String(40))
    progress: Mapped[float] = mapped_column(Double)
    """0 to 1."""
    order: Mapped[Any] = mapped_column(Json)
    """`CloneOrder`, as it came."""
    advice: Mapped[Any] = mapped_column(Json)
    """What the checks of the sample said; [] before them."""
    upload_path: Mapped[str | None] = mapped_column(Key(200))
    """The blob's key of what was sent; gone, with the blob, once the session has ended."""
    voice_id: Mapped[str] = mapped_column(Key(32))
    """What the profile is going to be called: trying again makes no second one."""
    attempts: Mapped[int] = mapped_column(Integer)
    claimed_by: Mapped[str | None] = mapped_column(Key(64))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    cancel_requested: Mapped[bool] = mapped_column()


class VoiceConditioningRow(Base):
    """What an engine computed of a sample, kept so that it is computed once."""

    __tablename__ = "voice_conditionings"
    __table_args__ = (UniqueConstraint("voice_profile_id", "engine", "version"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    voice_profile_id: Mapped[int] = mapped_column(ForeignKey("voice_profiles.id", ondelete="CASCADE"))
    engine: Mapped[str] = mapped_column(Key(100))
    version: Mapped[str] = mapped_column(Key(64))
    """Of the engine's model: another one cannot use it."""
    path: Mapped[str] = mapped_column(Key(200))
    """The blob's key."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
