"""The work of one cloning: from what was sent to a voice that is kept, stage by stage."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio import PcmChunk, read_wav
from syrinx.audio.intake import OpenMedia
from syrinx.errors import BadAudio, NotFound
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs
from syrinx.voices.cancellation import heed_cancellation, to_its_end
from syrinx.voices.clone_jobs import Claim, CloneJobs
from syrinx.voices.clone_studio import Studio
from syrinx.voices.conditionings import transcript_or_none
from syrinx.voices.consent_rows import free_consent, new_consent
from syrinx.voices.errors import ConsentRefused
from syrinx.voices.profile import TERMS_VERSION, Advice, VoiceProfile, VoiceSettings
from syrinx.voices.profile_keeping import NewVoice
from syrinx.voices.profile_rows import advice_to_json
from syrinx.voices.repository import Voices
from syrinx.voices.sample import read_sample
from syrinx.voices.sample_checks import SampleReport, examine
from syrinx.voices.sample_sentences import sample_sentence
from syrinx.voices.speaker_distance import CLEARLY_OTHER, speaker_distance
from syrinx.voices.tables import VoiceConsentRow

UPLOADS: Final = "uploads"
_PROGRESS: Final = {
    "decoding": 0.05,
    "checking": 0.2,
    "listening": 0.3,
    "learning": 0.4,
    "speaking": 0.7,
    "storing": 0.95,
}


class NoLongerOurs(Exception):
    """Another server has taken the cloning up, it is to end, or it was deleted: nothing more is to be done for it."""


class SampleRefused(BadAudio):
    """The checks of a sample found that no voice can be known by it; `advice` is all that they found."""

    def __init__(self, message: str, *, advice: tuple[Advice, ...]) -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """What is to be known of a consent that was recorded before."""

    is_spoken: bool
    recording_key: str | None


class CloneWork:
    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        voices: Voices,
        jobs: CloneJobs,
        *,
        open_media: OpenMedia,
        studio: Studio,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._voices = voices
        self._jobs = jobs
        self._open_media = open_media
        self._studio = studio
        self._now = now

    async def do(self, claim: Claim) -> None:
        """The voice is kept and the cloning completed, or an error is raised and nothing is kept.

        Raises SampleRefused, BadAudio, TooLarge, ConsentRefused, UnknownConsent, UnknownLanguage, EngineError,
        NoLongerOurs, and what keeping raises.
        """
        order = claim.order
        await self._at(claim, "decoding")
        sample = await self._decoded(claim)
        await self._at(claim, "checking", audio_duration_seconds=sample.duration_ms / 1000.0)
        report = await asyncio.to_thread(examine, sample)
        if report.refused is not None:
            raise SampleRefused(report.refused.message, advice=report.advice)
        is_verified = await self._is_the_speakers(claim, sample)
        engine = await self._studio.cloner(order.language)
        profile = self._draft(claim, sample, report, engine=engine or "", is_verified=is_verified)
        if engine is not None and not order.transcript and await self._studio.wants_transcript(engine):
            await self._at(claim, "listening", advice=advice_to_json(report.advice))
            heard = await transcript_or_none(self._studio.transcribe, sample, order.language)
            profile = replace(profile, transcript=heard)
        await self._at(claim, "learning", advice=advice_to_json(report.advice))
        async with self._voices.drafting(claim.voice_id, sample) as draft:
            if engine is not None:
                await self._studio.learn(engine, profile)
            await self._at(claim, "speaking")
            audio = await self._studio.speak(profile, profile.sample_text)
            await self._at(claim, "storing")
            await self._store(
                claim,
                NewVoice(
                    profile=profile,
                    sample=sample,
                    consent=order.consent_id or self._attestation(claim),
                    sample_audio=audio,
                    learned=draft.learned,
                ),
            )

    async def _at(self, claim: Claim, stage: str, **facts: Any) -> None:
        if not await self._jobs.at_stage(claim, stage, _PROGRESS[stage], **facts):
            raise NoLongerOurs
        heed_cancellation()

    async def _decoded(self, claim: Claim) -> PcmChunk:
        try:
            upload = await self._blobs.get(claim.upload_key, sha256=claim.upload_sha256)
        except NotFound as missing:
            raise BadAudio("the recording that was sent is not there any more: send it again") from missing
        return await read_sample(io.BytesIO(upload), self._open_media)

    async def _is_the_speakers(self, claim: Claim, sample: PcmChunk) -> bool:
        """Whether the person said that they agree. Raises ConsentRefused where that was clearly another voice."""
        if not claim.order.consent_id:
            return False
        async with self._database.reading() as session:
            row = await free_consent(session, claim.user, claim.order.consent_id)
            consent = _Spoken(is_spoken=row.kind == "spoken", recording_key=row.recording_path)
        if consent.recording_key is not None:
            wav = await self._blobs.get(consent.recording_key)
            distance = await asyncio.to_thread(lambda: speaker_distance(read_wav(wav), sample))
            if distance >= CLEARLY_OTHER:
                raise ConsentRefused(
                    "the consent was spoken by another voice than the one to be cloned: have its owner read the phrase"
                )
        return consent.is_spoken

    def _draft(
        self, claim: Claim, sample: PcmChunk, report: SampleReport, *, engine: str, is_verified: bool
    ) -> VoiceProfile:
        order, now = claim.order, self._now()
        return VoiceProfile(
            voice_id=claim.voice_id,
            user=claim.user,
            name=order.name,
            language=order.language,
            created_at=now,
            updated_at=now,
            last_used_at=None,
            is_active=True,
            is_verified=is_verified,
            settings=VoiceSettings(),
            transcript=order.transcript,
            duration_ms=sample.duration_ms,
            pitch_hz=report.pitch_hz,
            pace=report.pace,
            advice=report.advice,
            engine=engine,
            sample_text=order.sample_text or sample_sentence(order.language),
            source=order.source,
            consent_id=order.consent_id,
            reference_key="",
            sample_audio_key=None,
        )

    def _attestation(self, claim: Claim) -> VoiceConsentRow:
        """Of the moment in which the recording was sent, and about that recording."""
        return new_consent(
            claim.user,
            kind="attested",
            name=claim.order.name,
            language=claim.order.language,
            statement=f"{claim.order.attested_by} states, under the terms of cloning {TERMS_VERSION}, that the speaker "
            "of the recording agrees that a synthetic voice is made of it.",
            evidence_sha256=claim.upload_sha256,
            at=claim.created_at,
        )

    async def _store(self, claim: Claim, voice: NewVoice) -> None:
        async def complete(session: AsyncSession, profile_id: int) -> None:
            if not await self._jobs.complete(session, claim, profile_id=profile_id):
                raise NoLongerOurs

        # Whoever is cancelled meanwhile knows afterwards what came of it.
        await to_its_end(self._voices.keep(voice, complete))
