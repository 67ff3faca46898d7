"""A voice as an archive that its owner takes along."""

from __future__ import annotations

import asyncio
import io
import zipfile

from syrinx.audio import wav_bytes
from syrinx.transports.http.voice_house import VoiceHouse
from syrinx.transports.http.voices_wire import VoiceShown, shown_consent
from syrinx.voices.profile import VoiceProfile


async def voice_archive(house: VoiceHouse, profile: VoiceProfile, told: VoiceShown) -> bytes:
    """A ZIP file: voice.json, consent.json, reference.wav; consent.wav of a spoken consent, and sample.mp3 where it has
    spoken. Raises NotFound."""
    consent = await house.consents.get(profile.user, profile.consent_id)
    agreed = await house.consents.recording(profile.user, consent.consent_id) if consent.has_recording else None
    sample = await house.voices.sample(profile)
    spoken = await house.voices.sample_audio(profile) if profile.sample_audio_key is not None else None

    def packed() -> bytes:
        files = {
            "voice.json": told.model_dump_json(indent=1).encode(),
            "consent.json": shown_consent(consent).model_dump_json(indent=1).encode(),
            "reference.wav": wav_bytes(sample),
        }
        there = {"consent.wav": agreed, "sample.mp3": spoken}
        files |= {name: sound for name, sound in there.items() if sound is not None}
        archive = io.BytesIO()
        # Sound does not compress.
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as written:
            for name, content in files.items():
                written.writestr(name, content)
        return archive.getvalue()

    return await asyncio.to_thread(packed)
