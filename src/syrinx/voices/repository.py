"""The voices of people, kept: each user sees, changes and deletes their own."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio import PcmChunk, read_wav
from syrinx.engines.tts.contract import Cloning
from syrinx.errors import NotFound, UnknownVoice
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs
from syrinx.voices.conditionings import Condition, Conditionings, Draft, Transcribe
from syrinx.voices.errors import ConsentRefused, no_such_voice
from syrinx.voices.exporting import Exported, everything_of
from syrinx.voices.new_blobs import removed
from syrinx.voices.profile import VoiceProfile, VoiceSettings
from syrinx.voices.profile_checks import checked_name, checked_settings, is_voice_id
from syrinx.voices.profile_keeping import Also, NewVoice, keep_voice
from syrinx.voices.profile_rows import profile_of, profiles, remove_profiles
from syrinx.voices.tables import ConsentPhraseRow, VoiceCloneSessionRow, VoiceConsentRow, VoiceProfileRow

USED_EVERY: Final = timedelta(minutes=1)
"""More often is not written down when a voice was used last."""
_MOST_REMEMBERED: Final = 1000

Keys = list[str | None]

OnChange = Callable[[str, str], None]
"""Of whom, and the id of the voice."""


class Voices:
    """Made by `open_voices`. Another user's voice is UnknownVoice, in the same words as one that does not exist."""

    def __init__(
        self, database: Database, blobs: Blobs, *, transcribe: Transcribe | None, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._now = now
        self._conditionings = Conditionings(database, blobs, transcribe=transcribe, now=now)
        self._listeners: list[OnChange] = []
        self._used: OrderedDict[str, datetime] = OrderedDict()

    async def list(self, user: str, *, inactive: bool = False) -> tuple[VoiceProfile, ...]:
        """The newest first; those that speak nowhere any more only where they are asked for."""
        wanted = profiles().where(VoiceProfileRow.user_id == user)
        if not inactive:
            wanted = wanted.where(VoiceProfileRow.is_active)
        newest_first = wanted.order_by(VoiceProfileRow.created_at.desc(), VoiceProfileRow.id.desc())
        async with self._database.reading() as session:
            return tuple(profile_of(row, consent_id) for row, consent_id in await session.execute(newest_first))

    async def get(self, user: str, voice_id: str) -> VoiceProfile:
        """Also one that is not active. Raises UnknownVoice."""
        profile = await self.owner_and_profile(voice_id)
        if profile.user != user:
            raise no_such_voice(voice_id)
        return profile

    async def owner_and_profile(self, voice_id: str) -> VoiceProfile:
        """Whosever it is: for operators, and where an id is all that a client has. Raises UnknownVoice."""
        if not is_voice_id(voice_id):
            raise no_such_voice(voice_id)
        async with self._database.reading() as session:
            found = (await session.execute(profiles().where(VoiceProfileRow.voice_id == voice_id))).one_or_none()
        if found is None:
            raise no_such_voice(voice_id)
        return profile_of(*found)

    async def keep(self, voice: NewVoice, also: Also | None = None) -> VoiceProfile:
        """A new one, wholly or not at all: see `keep_voice`."""
        profile = await keep_voice(self._database, self._blobs, voice, also)
        self.tell(profile.user, profile.voice_id)
        return profile

    async def change(
        self,
        user: str,
        voice_id: str,
        *,
        name: str | None = None,
        settings: VoiceSettings | None = None,
        is_active: bool | None = None,
    ) -> VoiceProfile:
        """What is None stays. Raises UnknownVoice, WrongParameter, and ConsentRefused where a voice is to speak again
        whose consent was revoked."""
        async with self._database.transaction() as session:
            row = await self._locked(session, user, voice_id)
            consent = await session.scalar(select(VoiceConsentRow).where(VoiceConsentRow.voice_profile_id == row.id))
            if is_active and (consent is None or consent.revoked_at is not None):
                raise ConsentRefused("the consent to this voice was revoked: clone it again with a new one")
            if name is not None:
                row.voice_name = checked_name(name)
            if settings is not None:
                row.settings = asdict(checked_settings(settings))
            if is_active is not None:
                row.is_active = is_active
            row.updated_at = self._now()
            await session.flush()
            changed = profile_of(row, consent and consent.consent_id)
        self.tell(user, voice_id)
        return changed

    async def delete(self, user: str, voice_id: str) -> None:
        """With its sample, its consent, the sessions in which it was cloned, and all that was computed of it.

        Raises UnknownVoice.
        """
        async with self._database.transaction() as session:
            row = await self._locked(session, user, voice_id)
            keys = await remove_profiles(session, self._blobs, [row.id])
        await self._gone(user, [voice_id], keys)

    async def delete_all(self, user: str) -> int:
        """How many voices the user had: all of them are deleted, and all consents, phrases and clonings, too."""
        async with self._database.transaction() as session:
            found = await _all_locked(session, user)
            keys = await remove_profiles(session, self._blobs, list(found.values()))
            others: Keys = []
            for table, column in (
                (VoiceConsentRow, VoiceConsentRow.recording_path),
                (VoiceCloneSessionRow, VoiceCloneSessionRow.upload_path),
            ):
                # Whoever works at such a session notices that it is gone, and keeps nothing.
                others += await session.scalars(select(column).where(table.user_id == user))
                await session.execute(delete(table).where(table.user_id == user))
            await session.execute(delete(ConsentPhraseRow).where(ConsentPhraseRow.user_id == user))
            # A cloning may have ended while that was done; from here on none can, for its session is gone. Sessions
            # are not deleted first: one that is about to end would wait for that, and this for what it has locked.
            late = await _all_locked(session, user)
            keys += await remove_profiles(session, self._blobs, list(late.values()))
            found |= late
            left = [key for key in others if key]
            await self._blobs.forget(session, *left)
        await self._gone(user, list(found), keys + left)
        return len(found)

    async def users(self) -> tuple[str, ...]:
        """Of whom voices, consents, phrases or clonings are kept."""
        others = (VoiceConsentRow, ConsentPhraseRow, VoiceCloneSessionRow)
        of_all = select(VoiceProfileRow.user_id).union(*(select(table.user_id) for table in others))
        async with self._database.reading() as session:
            return tuple(await session.scalars(of_all))

    async def purge_unused(self, before: datetime) -> int:
        """How many voices were deleted, whosever they were, that were made before then and not spoken with since."""
        lately = func.coalesce(VoiceProfileRow.last_used_at, VoiceProfileRow.created_at)
        wanted = select(VoiceProfileRow.user_id, VoiceProfileRow.voice_id).where(lately < before)
        async with self._database.reading() as session:
            unused = (await session.execute(wanted)).all()
        deleted = 0
        for user, voice_id in unused:
            with suppress(UnknownVoice):  # somebody was quicker
                await self.delete(user, voice_id)
                deleted += 1
        return deleted

    async def sample(self, profile: VoiceProfile) -> PcmChunk:
        """What the voice is known by: mono at 24 kHz. Raises UnknownVoice where it was deleted meanwhile."""
        draft = self._conditionings.draft(profile.voice_id)
        if draft is not None:
            return draft.sample
        wav = await self._blob(profile, profile.reference_key)
        return await asyncio.to_thread(read_wav, wav)

    async def sample_audio(self, profile: VoiceProfile) -> bytes:
        """Its `sample_text` as the voice speaks it, MP3. Raises NotFound where none was made, UnknownVoice."""
        if profile.sample_audio_key is None:
            raise NotFound("nothing was spoken in this voice when it was taken in: have it speak")
        return await self._blob(profile, profile.sample_audio_key)

    async def used(self, voice_id: str) -> None:
        """Note that it speaks now; written down at most once a minute."""
        now = self._now()
        last = self._used.get(voice_id)
        if last is not None and now - last < USED_EVERY:
            return
        self._used[voice_id] = now
        self._used.move_to_end(voice_id)
        if len(self._used) > _MOST_REMEMBERED:
            self._used.popitem(last=False)
        long_ago = or_(VoiceProfileRow.last_used_at.is_(None), VoiceProfileRow.last_used_at <= now - USED_EVERY)
        async with self._database.transaction() as session:
            await session.execute(
                update(VoiceProfileRow)
                .where(VoiceProfileRow.voice_id == voice_id, long_ago)
                .values(last_used_at=now)
                .execution_options(synchronize_session=False)
            )

    async def conditioning(self, profile: VoiceProfile, *, engine: str, cloning: Cloning, make: Condition) -> bytes:
        """What that engine, whose `Clones.condition` is `make`, needs to speak in the voice.

        Computed once of the best seconds of the sample, and kept for that version of the engine, however many ask at
        once. Raises UnknownVoice where the voice was deleted or speaks nowhere any more, BadAudio where the sample is
        too short for the engine, and what `make` raises; then nothing is kept.
        """
        return await self._conditionings.get(
            profile, lambda: self.sample(profile), engine=engine, cloning=cloning, make=make
        )

    def drafting(self, voice_id: str, sample: PcmChunk) -> AbstractAsyncContextManager[Draft]:
        """Within it a profile of that id can be learned and spoken with in this process, though it is not kept yet."""
        return self._conditionings.drafting(voice_id, sample)

    def on_change(self, listener: OnChange) -> None:
        """Have it called whenever this process adds, changes or deletes a voice."""
        self._listeners.append(listener)

    def tell(self, user: str, voice_id: str) -> None:
        """For what changes voices from within this room."""
        for listener in self._listeners:
            listener(user, voice_id)

    async def export(self, user: str) -> Exported:
        """Everything that is kept of the user's voices, consents and clonings: see `everything_of`."""
        async with self._database.reading() as session:
            return await everything_of(session, user)

    async def _locked(self, session: AsyncSession, user: str, voice_id: str) -> VoiceProfileRow:
        """Nobody else changes it, or hangs anything on it, while the transaction lasts. Raises UnknownVoice."""
        row = None
        if is_voice_id(voice_id):
            own = select(VoiceProfileRow).where(VoiceProfileRow.voice_id == voice_id, VoiceProfileRow.user_id == user)
            row = await session.scalar(own.with_for_update())
        if row is None:
            raise no_such_voice(voice_id)
        return row

    async def _blob(self, profile: VoiceProfile, key: str) -> bytes:
        try:
            return await self._blobs.get(key)
        except NotFound as missing:
            raise no_such_voice(profile.voice_id) from missing

    async def _gone(self, user: str, voice_ids: Iterable[str], keys: Sequence[str]) -> None:
        for voice_id in voice_ids:
            self._used.pop(voice_id, None)
            self.tell(user, voice_id)
        self._conditionings.forget(keys)
        await removed(self._blobs, keys)


async def _all_locked(session: AsyncSession, user: str) -> dict[str, int]:
    """The numbers of the user's profiles by voice id; nobody changes one from here on while the transaction lasts.

    One that somebody else is about to keep is not waited for.
    """
    ids = list(await session.scalars(select(VoiceProfileRow.id).where(VoiceProfileRow.user_id == user)))
    rows = await session.execute(
        select(VoiceProfileRow.id, VoiceProfileRow.voice_id)
        .where(VoiceProfileRow.id.in_(ids))
        .order_by(VoiceProfileRow.id)
        .with_for_update()
    )
    return {row.voice_id: row.id for row in rows}


@asynccontextmanager
async def open_voices(
    database: Database,
    blobs: Blobs,
    *,
    transcribe: Transcribe | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncGenerator[Voices, None]:
    """`transcribe` is for engines that want to know what is said in the seconds of a sample that they learn from."""
    yield Voices(database, blobs, transcribe=transcribe, now=now)
