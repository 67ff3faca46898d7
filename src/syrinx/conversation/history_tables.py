"""Conversations that are kept, and what was said in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from syrinx.storage import Base, Key, LongText, UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only what is INTEGER."""


class ConversationRow(Base):
    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_user_id_updated_at", "user_id", "updated_at"),)

    conversation_id: Mapped[str] = mapped_column(Key(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Key(128))
    title: Mapped[str] = mapped_column(String(200))
    """The beginning of what was said first, or what the person calls it."""
    language: Mapped[str] = mapped_column(String(35))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)


class MessageRow(Base):
    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation_id_id", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(Key(32), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.conversation_id", ondelete="CASCADE"))
    turn: Mapped[int] = mapped_column(Integer)
    role: Mapped[str] = mapped_column(String(20))
    """"user" or "assistant"."""
    speaker: Mapped[str] = mapped_column(String(100))
    """The character's name; "" for the person."""
    text: Mapped[str] = mapped_column(LongText)
    heard: Mapped[str] = mapped_column(LongText)
    """Of a reply, what was heard of it."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
