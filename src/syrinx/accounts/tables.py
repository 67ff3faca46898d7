"""Keys, tickets for sockets, and the log of who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from syrinx.storage import Base, Json, Key, UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only what is INTEGER."""


class ApiKeyRow(Base):
    """A key: what of it is kept recognises the secret and cannot give it back."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(Key(16), primary_key=True)
    """Stands in the secret too, so that one row is looked at."""
    user_id: Mapped[str] = mapped_column(Key(128), index=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    """A secret has 256 random bits: nothing slower is needed (ASVS 5.0 V6.5, V11.4)."""
    scopes: Mapped[Any] = mapped_column(Json)
    limits: Mapped[Any] = mapped_column(Json)
    """`KeyLimits`; what is null there is as the server's settings have it."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by: Mapped[str] = mapped_column(Key(128))
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """From then on it opens nothing; after a rotation that may be some time ahead."""
    replaced_by: Mapped[str | None] = mapped_column(Key(16))


class SocketTicketRow(Base):
    """Lets one socket in, once, soon: browsers cannot send a header with it."""

    __tablename__ = "socket_tickets"

    ticket_sha256: Mapped[str] = mapped_column(Key(64), primary_key=True)
    caller: Mapped[Any] = mapped_column(Json)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AuditEventRow(Base):
    """Who did what to which thing, and whether it was let; never sound, never words."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_user_id_at", "user_id", "at"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    user_id: Mapped[str] = mapped_column(Key(128))
    key_id: Mapped[str] = mapped_column(Key(16))
    action: Mapped[str] = mapped_column(String(60))
    """For example "voice.delete"."""
    subject: Mapped[str] = mapped_column(Key(128))
    """The id of what it was done to."""
    outcome: Mapped[str] = mapped_column(String(20))
    """"done", "refused" or "failed"."""
    address: Mapped[str] = mapped_column(String(64))
    details: Mapped[Any] = mapped_column(Json)
    """Numbers and codes alone."""
