"""Profiles between the table and the rest of the house: written, read, and removed with all that hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.storage.blobs import Blobs
from syrinx.voices.profile import Advice, VoiceProfile, VoiceSettings
from syrinx.voices.tables import (
    VoiceCloneSessionRow,
    VoiceConditioningRow,
    VoiceConsentRow,
    VoiceProfileRow,
)


def profiles() -> Select[VoiceProfileRow, str]:
    """Rows of profiles, each with the id of the consent that it rests on."""
    return select(VoiceProfileRow, VoiceConsentRow.consent_id).outerjoin(
        VoiceConsentRow, VoiceConsentRow.voice_profile_id == VoiceProfileRow.id
    )


def profile_of(row: VoiceProfileRow, consent_id: str | None) -> VoiceProfile:
    return VoiceProfile(
        voice_id=row.voice_id,
        user=row.user_id,
        name=row.voice_name,
        language=row.language,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_used_at=row.last_used_at,
        is_active=row.is_active,
        is_verified=row.is_verified,
        settings=VoiceSettings(**row.settings),
        transcript=row.transcript,
        duration_ms=row.duration_ms,
        pitch_hz=row.pitch_hz,
        pace=row.pace,
        advice=advice_from(row.advice),
        engine=row.engine,
        sample_text=row.sample_text,
        source=row.source,  # pyright: ignore[reportArgumentType] - as it was written
        consent_id=consent_id or "",
        reference_key=row.reference_audio_path,
        sample_audio_key=row.sample_audio_path,
    )


def row_of(profile: VoiceProfile, *, model_key: str | None = None) -> VoiceProfileRow:
    """A new row. The consent is not in it: its own row says which profile rests on it."""
    return VoiceProfileRow(
        user_id=profile.user,
        voice_id=profile.voice_id,
        voice_name=profile.name,
        reference_audio_path=profile.reference_key,
        voice_model_path=model_key,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        last_used_at=profile.last_used_at,
        is_active=profile.is_active,
        is_verified=profile.is_verified,
        settings=asdict(profile.settings),
        language=profile.language,
        transcript=profile.transcript,
        duration_ms=profile.duration_ms,
        pitch_hz=profile.pitch_hz,
        pace=profile.pace,
        advice=advice_to_json(profile.advice),
        engine=profile.engine,
        sample_text=profile.sample_text,
        sample_audio_path=profile.sample_audio_key,
        source=profile.source,
    )


def advice_from(json: Any) -> tuple[Advice, ...]:
    return tuple(Advice(**each) for each in json)


def advice_to_json(advice: Iterable[Advice]) -> list[dict[str, str]]:
    return [asdict(each) for each in advice]


async def remove_profiles(session: AsyncSession, blobs: Blobs, ids: Sequence[int]) -> list[str]:
    """Remove them with their consents, sessions and conditionings; the keys of the blobs that nobody wants then.

    The caller has locked the profiles' rows, so that nothing is hung on them meanwhile.
    """
    if not ids:
        return []
    keys: list[str | None] = []
    of_profiles = (
        VoiceProfileRow.reference_audio_path,
        VoiceProfileRow.sample_audio_path,
        VoiceProfileRow.voice_model_path,
    )
    for row in await session.execute(select(*of_profiles).where(VoiceProfileRow.id.in_(ids))):
        keys += row
    for table, column in (
        (VoiceConditioningRow, VoiceConditioningRow.path),
        (VoiceConsentRow, VoiceConsentRow.recording_path),
        (VoiceCloneSessionRow, VoiceCloneSessionRow.upload_path),
    ):
        keys += await session.scalars(select(column).where(table.voice_profile_id.in_(ids)))
        await session.execute(delete(table).where(table.voice_profile_id.in_(ids)))
    await session.execute(delete(VoiceProfileRow).where(VoiceProfileRow.id.in_(ids)))
    unwanted = sorted({key for key in keys if key})
    await blobs.forget(session, *unwanted)
    return unwanted
