"""What is kept of people, their voices and their conversations, from nothing."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    String,
    UniqueConstraint,
)

from syrinx.storage.columns import Json, Key, LongText, UtcTime
from syrinx.storage.migrations.steps import drop_tables, make_table

revision = "0001"
down_revision = None

_ID = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    _storage()
    _accounts()
    _conversations()
    _voices()


def downgrade() -> None:
    drop_tables("voice_conditionings", "voice_clone_sessions", "voice_consent_phrases", "voice_consents")
    drop_tables("voice_profiles", "messages", "conversations")
    drop_tables("audit_events", "socket_tickets", "api_keys", "blobs")


def _storage() -> None:
    make_table(
        "blobs",
        Column("key", Key(200), primary_key=True),
        Column("sha256", String(64), nullable=False),
        Column("size_bytes", BigInteger, nullable=False),
        Column("media_type", String(100), nullable=False),
        Column("user_id", Key(128), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        indexes={"ix_blobs_user_id": ["user_id"]},
    )


def _accounts() -> None:
    make_table(
        "api_keys",
        Column("key_id", Key(16), primary_key=True),
        Column("user_id", Key(128), nullable=False),
        Column("name", String(100), nullable=False),
        Column("secret_sha256", String(64), nullable=False),
        Column("scopes", Json, nullable=False),
        Column("limits", Json, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", Key(128), nullable=False),
        Column("expires_at", UtcTime),
        Column("last_used_at", UtcTime),
        Column("revoked_at", UtcTime),
        Column("replaced_by", Key(16)),
        indexes={"ix_api_keys_user_id": ["user_id"]},
    )
    make_table(
        "socket_tickets",
        Column("ticket_sha256", Key(64), primary_key=True),
        Column("caller", Json, nullable=False),
        Column("expires_at", UtcTime, nullable=False),
        Column("used_at", UtcTime),
        indexes={"ix_socket_tickets_expires_at": ["expires_at"]},
    )
    make_table(
        "audit_events",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("at", UtcTime, nullable=False),
        Column("user_id", Key(128), nullable=False),
        Column("key_id", Key(16), nullable=False),
        Column("action", String(60), nullable=False),
        Column("subject", Key(128), nullable=False),
        Column("outcome", String(20), nullable=False),
        Column("address", String(64), nullable=False),
        Column("details", Json, nullable=False),
        indexes={"ix_audit_events_at": ["at"], "ix_audit_events_user_id_at": ["user_id", "at"]},
    )


def _conversations() -> None:
    make_table(
        "conversations",
        Column("conversation_id", Key(64), primary_key=True),
        Column("user_id", Key(128), nullable=False),
        Column("title", String(200), nullable=False),
        Column("language", String(35), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("updated_at", UtcTime, nullable=False),
        indexes={"ix_conversations_user_id_updated_at": ["user_id", "updated_at"]},
    )
    make_table(
        "messages",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("message_id", Key(32), nullable=False),
        Column("conversation_id", Key(64), nullable=False),
        Column("turn", Integer, nullable=False),
        Column("role", String(20), nullable=False),
        Column("speaker", String(100), nullable=False),
        Column("text", LongText, nullable=False),
        Column("heard", LongText, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        ForeignKeyConstraint(["conversation_id"], ["conversations.conversation_id"], ondelete="CASCADE"),
        UniqueConstraint("message_id"),
        indexes={"ix_messages_conversation_id_id": ["conversation_id", "id"]},
    )


def _voices() -> None:
    make_table(
        "voice_profiles",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("user_id", Key(128), nullable=False),
        Column("voice_id", Key(32), nullable=False),
        Column("voice_name", String(100), nullable=False),
        Column("reference_audio_path", Key(200), nullable=False),
        Column("voice_model_path", Key(200)),
        Column("created_at", UtcTime, nullable=False),
        Column("updated_at", UtcTime, nullable=False),
        Column("last_used_at", UtcTime),
        Column("is_active", Boolean, nullable=False),
        Column("is_verified", Boolean, nullable=False),
        Column("settings", Json, nullable=False),
        Column("language", String(35), nullable=False),
        Column("transcript", LongText, nullable=False),
        Column("duration_ms", Double, nullable=False),
        Column("pitch_hz", Double),
        Column("pace", Double),
        Column("advice", Json, nullable=False),
        Column("engine", String(100), nullable=False),
        Column("sample_text", LongText, nullable=False),
        Column("sample_audio_path", Key(200)),
        Column("source", String(20), nullable=False),
        UniqueConstraint("voice_id"),
        indexes={"ix_voice_profiles_user_id_created_at": ["user_id", "created_at"]},
    )
    make_table(
        "voice_consents",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("consent_id", Key(32), nullable=False),
        Column("user_id", Key(128), nullable=False),
        Column("voice_profile_id", _ID),
        Column("kind", String(20), nullable=False),
        Column("name", String(100), nullable=False),
        Column("language", String(35), nullable=False),
        Column("statement", LongText, nullable=False),
        Column("heard", LongText, nullable=False),
        Column("agreement", Double),
        Column("scope", String(100), nullable=False),
        Column("terms_version", String(40), nullable=False),
        Column("recording_path", Key(200)),
        Column("evidence_sha256", String(64), nullable=False),
        Column("recorded_at", UtcTime, nullable=False),
        Column("revoked_at", UtcTime),
        UniqueConstraint("consent_id"),
        ForeignKeyConstraint(["voice_profile_id"], ["voice_profiles.id"], ondelete="CASCADE"),
        indexes={
            "ix_voice_consents_user_id": ["user_id"],
            "ix_voice_consents_voice_profile_id": ["voice_profile_id"],
        },
    )
    make_table(
        "voice_consent_phrases",
        Column("phrase_id", Key(32), primary_key=True),
        Column("user_id", Key(128), nullable=False),
        Column("language", String(35), nullable=False),
        Column("phrase", LongText, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("expires_at", UtcTime, nullable=False),
        Column("used_at", UtcTime),
    )
    make_table(
        "voice_clone_sessions",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("session_id", Key(32), nullable=False),
        Column("voice_profile_id", _ID),
        Column("status", String(20), nullable=False),
        Column("error_message", LongText),
        Column("started_at", UtcTime),
        Column("completed_at", UtcTime),
        Column("processing_time_seconds", Double),
        Column("audio_duration_seconds", Double),
        Column("user_id", Key(128), nullable=False),
        Column("error_code", String(60)),
        Column("error_class", String(60)),
        Column("error_retryable", Boolean, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("updated_at", UtcTime, nullable=False),
        Column("stage", String(40), nullable=False),
        Column("progress", Double, nullable=False),
        Column("order", Json, nullable=False),
        Column("advice", Json, nullable=False),
        Column("upload_path", Key(200)),
        Column("voice_id", Key(32), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("claimed_by", Key(64)),
        Column("claimed_until", UtcTime),
        Column("cancel_requested", Boolean, nullable=False),
        UniqueConstraint("session_id"),
        ForeignKeyConstraint(["voice_profile_id"], ["voice_profiles.id"], ondelete="CASCADE"),
        indexes={
            "ix_voice_clone_sessions_status_claimed_until": ["status", "claimed_until"],
            "ix_voice_clone_sessions_user_id": ["user_id"],
            "ix_voice_clone_sessions_voice_profile_id": ["voice_profile_id"],
        },
    )
    make_table(
        "voice_conditionings",
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("voice_profile_id", _ID, nullable=False),
        Column("engine", Key(100), nullable=False),
        Column("version", Key(64), nullable=False),
        Column("path", Key(200), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        ForeignKeyConstraint(["voice_profile_id"], ["voice_profiles.id"], ondelete="CASCADE"),
        UniqueConstraint("voice_profile_id", "engine", "version"),
    )
