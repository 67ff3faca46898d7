"""Consents between the table and the rest of the house."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.storage import claimed
from syrinx.voices.errors import ConsentRefused, no_such_consent
from syrinx.voices.profile import TERMS_VERSION, Consent, ConsentKind
from syrinx.voices.profile_checks import is_made_here
from syrinx.voices.tables import VoiceConsentRow, VoiceProfileRow

SCOPE: Final = "a synthetic voice, for the user who had it cloned"


def consents() -> Select[VoiceConsentRow, str]:
    """Rows of consents, each with the id of the voice that rests on it."""
    return select(VoiceConsentRow, VoiceProfileRow.voice_id).outerjoin(
        VoiceProfileRow, VoiceProfileRow.id == VoiceConsentRow.voice_profile_id
    )


def consent_of(row: VoiceConsentRow, voice_id: str | None) -> Consent:
    return Consent(
        consent_id=row.consent_id,
        user=row.user_id,
        voice_id=voice_id,
        kind=row.kind,  # pyright: ignore[reportArgumentType] - as it was written
        name=row.name,
        language=row.language,
        statement=row.statement,
        heard=row.heard,
        agreement=row.agreement,
        scope=row.scope,
        terms_version=row.terms_version,
        evidence_sha256=row.evidence_sha256,
        recorded_at=row.recorded_at,
        revoked_at=row.revoked_at,
        has_recording=row.recording_path is not None,
    )


def new_consent(
    user: str,
    *,
    kind: ConsentKind,
    name: str,
    language: str,
    statement: str,
    evidence_sha256: str,
    at: datetime,
    heard: str = "",
    agreement: float | None = None,
    recording_key: str | None = None,
    terms_version: str = TERMS_VERSION,
) -> VoiceConsentRow:
    """A row; on no voice yet."""
    return VoiceConsentRow(
        consent_id=f"cons_{secrets.token_hex(6)}",
        user_id=user,
        voice_profile_id=None,
        kind=kind,
        name=name,
        language=language,
        statement=statement,
        heard=heard,
        agreement=agreement,
        scope=SCOPE,
        terms_version=terms_version,
        recording_path=recording_key,
        evidence_sha256=evidence_sha256,
        recorded_at=at,
        revoked_at=None,
    )


async def free_consent(session: AsyncSession, user: str, consent_id: str) -> VoiceConsentRow:
    """One on which a voice could rest. Raises UnknownConsent, and ConsentRefused where it is used or revoked."""
    row = None
    if is_made_here(consent_id):
        own = select(VoiceConsentRow).where(VoiceConsentRow.consent_id == consent_id, VoiceConsentRow.user_id == user)
        row = await session.scalar(own)
    if row is None:
        raise no_such_consent(consent_id)
    if row.revoked_at is not None:
        raise ConsentRefused("this consent was revoked: record a new one")
    if row.voice_profile_id is not None:
        raise already_rested_on()
    return row


async def rest_on(session: AsyncSession, consent_id: str, profile_id: int) -> None:
    """Raises ConsentRefused where it was revoked or used meanwhile."""
    free = (
        update(VoiceConsentRow)
        .where(
            VoiceConsentRow.consent_id == consent_id,
            VoiceConsentRow.voice_profile_id.is_(None),
            VoiceConsentRow.revoked_at.is_(None),
        )
        .values(voice_profile_id=profile_id)
    )
    if not await claimed(session, free):
        raise already_rested_on()


def already_rested_on() -> ConsentRefused:
    return ConsentRefused(
        "a voice rests on this consent already, or it was revoked: record a new one for another voice"
    )
