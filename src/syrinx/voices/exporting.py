"""All that is kept of a person's voices, consents and clonings, to be handed to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.storage import Base
from syrinx.voices.tables import (
    ConsentPhraseRow,
    VoiceCloneSessionRow,
    VoiceConditioningRow,
    VoiceConsentRow,
    VoiceProfileRow,
)

Exported = list[dict[str, Any]]

_BLOBS: Final = ("reference_audio_path", "sample_audio_path", "voice_model_path", "recording_path", "upload_path")
_OUR_OWN: Final = frozenset({"id", "user_id", "voice_profile_id", "claimed_by", "claimed_until"})
"""Numbers of rows and of servers, which say nothing of the person."""


async def everything_of(session: AsyncSession, user: str) -> Exported:
    """One entry for each, ready for JSON: `record` ("voice", "consent", "phrase" or "cloning"), its fields, and in
    `blobs` by field the keys of what is in the store; a voice has its `consent_id`, and a consent its `voice_id`."""
    rows = select(VoiceProfileRow).where(VoiceProfileRow.user_id == user).order_by(VoiceProfileRow.id)
    voices = list(await session.scalars(rows))
    voice_ids = {row.id: row.voice_id for row in voices}
    consents = list(
        await session.scalars(
            select(VoiceConsentRow).where(VoiceConsentRow.user_id == user).order_by(VoiceConsentRow.id)
        )
    )
    consent_ids = {row.voice_profile_id: row.consent_id for row in consents}
    computed: dict[int, dict[str, str]] = {}
    for row in await session.scalars(
        select(VoiceConditioningRow).where(VoiceConditioningRow.voice_profile_id.in_(list(voice_ids)))
    ):
        computed.setdefault(row.voice_profile_id, {})[f"conditioning of {row.engine} {row.version}"] = row.path
    exported: Exported = []
    for voice in voices:
        more = {"consent_id": consent_ids.get(voice.id)}
        exported.append(_entry("voice", voice, blobs=computed.get(voice.id, {})) | more)
    for consent in consents:
        exported.append(_entry("consent", consent) | {"voice_id": voice_ids.get(consent.voice_profile_id or 0)})
    phrases = select(ConsentPhraseRow).where(ConsentPhraseRow.user_id == user).order_by(ConsentPhraseRow.created_at)
    exported += [_entry("phrase", row) for row in await session.scalars(phrases)]
    clonings = (
        select(VoiceCloneSessionRow).where(VoiceCloneSessionRow.user_id == user).order_by(VoiceCloneSessionRow.id)
    )
    exported += [_entry("cloning", row) for row in await session.scalars(clonings)]
    return exported


def _entry(record: str, row: Base, *, blobs: Mapping[str, str] | None = None) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    found = {name: values.pop(name) for name in _BLOBS if name in values}
    return {
        "record": record,
        **{name: _ready(value) for name, value in values.items() if name not in _OUR_OWN},
        "blobs": {name: key for name, key in found.items() if key} | dict(blobs or {}),
    }


def _ready(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
