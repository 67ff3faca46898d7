"""What engines computed of samples, kept: each once for a voice, an engine and a version of it, however many ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio import PcmChunk
from syrinx.engines.tts.contract import Cloning
from syrinx.errors import BadAudio, EngineError, NotFound
from syrinx.storage import Conflict, Database
from syrinx.storage.blobs import Blobs, StoredBlob
from syrinx.voices.best_seconds import best_seconds
from syrinx.voices.errors import no_such_voice
from syrinx.voices.new_blobs import NewBlobs, new_blobs
from syrinx.voices.profile import VoiceProfile
from syrinx.voices.tables import VoiceConditioningRow, VoiceProfileRow

log = structlog.get_logger()

Condition = Callable[[PcmChunk, str], Awaitable[bytes]]
"""Of an engine: from seconds of a sample and what is said in them ("" where nobody knows)."""
Transcribe = Callable[[PcmChunk, str], Awaitable[str]]
"""What is said in a recording in that language (BCP 47). Raises UnknownLanguage, EngineError."""

PURPOSE: Final = "conditionings"
MEDIA_TYPE: Final = "application/octet-stream"
REMEMBERED_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """By which engine, and which version of it."""

    engine: str
    version: str


@dataclass(kw_only=True)
class Draft:
    """A voice that is being cloned: there is no row of it yet."""

    sample: PcmChunk
    learned: dict[Learned, bytes] = field(default_factory=dict[Learned, bytes])


class Conditionings:
    def __init__(
        self, database: Database, blobs: Blobs, *, transcribe: Transcribe | None, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._transcribe = transcribe
        self._now = now
        self._drafts: dict[str, Draft] = {}
        self._remembered: OrderedDict[str, bytes] = OrderedDict()
        """By key of the blob, which never has another content."""
        self._making: WeakValueDictionary[tuple[str, Learned], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def drafting(self, voice_id: str, sample: PcmChunk) -> AsyncGenerator[Draft, None]:
        """Within it that voice can be learned and spoken with in this process, before it is kept."""
        draft = Draft(sample=sample)
        self._drafts[voice_id] = draft
        try:
            yield draft
        finally:
            del self._drafts[voice_id]

    def draft(self, voice_id: str) -> Draft | None:
        return self._drafts.get(voice_id)

    async def get(
        self,
        profile: VoiceProfile,
        sample: Callable[[], Awaitable[PcmChunk]],
        *,
        engine: str,
        cloning: Cloning,
        make: Condition,
    ) -> bytes:
        """As `Voices.conditioning`."""
        wanted = Learned(engine=engine, version=cloning.version)
        draft = self._drafts.get(profile.voice_id)
        if draft is None and (kept := await self._kept(profile, wanted)) is not None:
            return kept
        place = (profile.voice_id, wanted)
        # Who waits here finds it kept. Where the first was cancelled or failed, the next one tries.
        lock = self._making.setdefault(place, asyncio.Lock())
        async with lock:
            if draft is not None:
                if wanted not in draft.learned:
                    draft.learned[wanted] = await self._made(profile, draft.sample, cloning, make)
                return draft.learned[wanted]
            if (kept := await self._kept(profile, wanted)) is not None:
                return kept
            made = await self._made(profile, await sample(), cloning, make)
            return await self._keep(profile, wanted, made)

    def forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._remembered.pop(key, None)

    async def _kept(self, profile: VoiceProfile, wanted: Learned) -> bytes | None:
        """Raises UnknownVoice where the voice was deleted, or speaks nowhere any more."""
        async with self._database.reading() as session:
            found = (
                await session.execute(
                    select(VoiceProfileRow.is_active, VoiceConditioningRow.path)
                    .outerjoin(
                        VoiceConditioningRow,
                        and_(
                            VoiceConditioningRow.voice_profile_id == VoiceProfileRow.id,
                            VoiceConditioningRow.engine == wanted.engine,
                            VoiceConditioningRow.version == wanted.version,
                        ),
                    )
                    .where(VoiceProfileRow.voice_id == profile.voice_id, VoiceProfileRow.user_id == profile.user)
                )
            ).one_or_none()
        if found is None or not found.is_active:
            raise no_such_voice(profile.voice_id)
        return None if found.path is None else await self._read(found.path)

    async def _read(self, key: str) -> bytes:
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        return self._remember(key, await self._blobs.get(key))

    def _remember(self, key: str, content: bytes) -> bytes:
        self._remembered[key] = content
        while sum(map(len, self._remembered.values())) > REMEMBERED_BYTES:
            self._remembered.popitem(last=False)
        return content

    async def _made(self, profile: VoiceProfile, sample: PcmChunk, cloning: Cloning, make: Condition) -> bytes:
        best = await asyncio.to_thread(best_seconds, sample, cloning.best_s)
        if best.duration_ms < 1000.0 * cloning.shortest_s:
            raise BadAudio(
                f"Audio too short: {best.duration_ms / 1000:.1f} s of it can be used, "
                f"this engine needs {cloning.shortest_s:g} seconds at least"
            )
        transcript = profile.transcript
        if best.sample_count != sample.sample_count:
            # What is said in the whole is not what is said in a part of it.
            transcript = ""
            if cloning.transcript and self._transcribe is not None:
                transcript = await transcript_or_none(self._transcribe, best, profile.language)
        return await make(best, transcript)

    async def _keep(self, profile: VoiceProfile, wanted: Learned, made: bytes) -> bytes:
        try:
            async with new_blobs(self._blobs, user=profile.user) as new:
                stored = await new.put(made, purpose=PURPOSE, media_type=MEDIA_TYPE)
                async with self._database.transaction() as session:
                    profile_id = await session.scalar(
                        select(VoiceProfileRow.id)
                        .where(VoiceProfileRow.voice_id == profile.voice_id, VoiceProfileRow.is_active)
                        .with_for_update()
                    )
                    if profile_id is None:
                        raise no_such_voice(profile.voice_id)
                    await add_conditioning(session, new, profile_id, wanted, stored, at=self._now())
        except Conflict:
            # Another server was quicker: what it kept is as good.
            return await self._kept(profile, wanted) or made
        return self._remember(stored.key, made)


async def transcript_or_none(transcribe: Transcribe, sample: PcmChunk, language: str) -> str:
    """What is said in it; "" where nobody here understands it: an engine does what it can."""
    try:
        return await transcribe(sample, language)
    except (NotFound, EngineError) as error:
        log.warning("a sample was not understood", code=error.code, language=language)
        return ""


async def add_conditioning(
    session: AsyncSession, new: NewBlobs, profile_id: int, learned: Learned, stored: StoredBlob, *, at: datetime
) -> None:
    """The row of one, and those of all new blobs: the last thing that is done in the transaction."""
    session.add(conditioning_row(profile_id, learned, stored.key, at=at))
    await session.flush()
    await new.record(session)


def conditioning_row(profile_id: int, learned: Learned, key: str, *, at: datetime) -> VoiceConditioningRow:
    return VoiceConditioningRow(
        voice_profile_id=profile_id, engine=learned.engine, version=learned.version, path=key, created_at=at
    )
