"""The one table that is storage's own: what blobs there are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from syrinx.storage.base import Base
from syrinx.storage.columns import Key, UtcTime


class BlobRow(Base):
    """A blob that is wanted; one in the store without a row is an orphan, and is swept."""

    __tablename__ = "blobs"

    key: Mapped[str] = mapped_column(Key(200), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    """Hexadecimal."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    user_id: Mapped[str] = mapped_column(Key(128), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
