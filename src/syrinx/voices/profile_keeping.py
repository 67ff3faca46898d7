"""How a voice comes to be kept: its blobs first, then all its rows in one transaction, or nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio import PcmChunk, wav_bytes
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs
from syrinx.voices.conditionings import MEDIA_TYPE, PURPOSE, Learned, conditioning_row
from syrinx.voices.consent_rows import rest_on
from syrinx.voices.new_blobs import new_blobs
from syrinx.voices.profile import VoiceProfile
from syrinx.voices.profile_rows import row_of
from syrinx.voices.tables import VoiceConsentRow

SAMPLES: Final = "samples"
SAMPLE_AUDIO: Final = "sample-audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    profile: VoiceProfile
    """The keys of blobs, and the id of the consent, are filled in."""
    sample: PcmChunk
    consent: VoiceConsentRow | str
    """A new one, or the id of one that was recorded before and on which no voice rests."""
    sample_audio: bytes | None = None
    """MP3."""
    learned: Mapping[Learned, bytes] = field(default_factory=dict[Learned, bytes])


Also = Callable[[AsyncSession, int], Awaitable[None]]
"""What belongs into the same transaction; gets the number of the profile's row. What it raises undoes all."""


async def keep_voice(database: Database, blobs: Blobs, voice: NewVoice, also: Also | None = None) -> VoiceProfile:
    """The profile as it is kept.

    Raises ConsentRefused where the consent was revoked or used meanwhile, Conflict where there is a voice of that id,
    and what keeping blobs and rows raises. Then there is no half voice; at worst blobs that the store's sweep takes.
    """
    profile = voice.profile
    wav = await asyncio.to_thread(wav_bytes, voice.sample)
    async with new_blobs(blobs, user=profile.user) as new:
        sample = await new.put(wav, purpose=SAMPLES, media_type="audio/wav")
        audio_key: str | None = None
        if voice.sample_audio is not None:
            audio_key = (await new.put(voice.sample_audio, purpose=SAMPLE_AUDIO, media_type="audio/mpeg")).key
        learned = {
            each: (await new.put(computed, purpose=PURPOSE, media_type=MEDIA_TYPE)).key
            for each, computed in voice.learned.items()
        }
        model_key = next((key for each, key in learned.items() if each.engine == profile.engine), None)
        profile = replace(profile, reference_key=sample.key, sample_audio_key=audio_key)
        async with database.transaction() as session:
            row = row_of(profile, model_key=model_key)
            session.add(row)
            await session.flush()
            consent_id = await _consented(session, voice.consent, row.id)
            session.add_all(conditioning_row(row.id, each, key, at=profile.created_at) for each, key in learned.items())
            if also is not None:
                await also(session, row.id)
            await new.record(session)
    return replace(profile, consent_id=consent_id)


async def _consented(session: AsyncSession, consent: VoiceConsentRow | str, profile_id: int) -> str:
    if isinstance(consent, str):
        await rest_on(session, consent, profile_id)
        return consent
    consent.voice_profile_id = profile_id
    session.add(consent)
    return consent.consent_id
