"""Consents to cloning: asked for, heard, recorded, shown, revoked. Without one there is no voice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.audio import PcmChunk, wav_bytes
from syrinx.audio.intake import OpenMedia
from syrinx.errors import BadAudio
from syrinx.storage import Database
from syrinx.storage.blobs import Blobs
from syrinx.voices.conditionings import Transcribe
from syrinx.voices.consent_check import understood
from syrinx.voices.consent_phrases import (
    ConsentPhrase,
    add_phrase,
    checked_statement,
    drawn_words,
    find_phrase,
    new_phrase,
    purge_phrases,
    use_phrase,
)
from syrinx.voices.consent_rows import consent_of, consents, new_consent
from syrinx.voices.consent_wordings import wording_of
from syrinx.voices.errors import (
    ConsentInUse,
    ConsentNotUnderstood,
    TooManyConsents,
    UnknownConsent,
    no_such_consent,
)
from syrinx.voices.new_blobs import new_blobs, removed
from syrinx.voices.profile import Consent, ConsentKind
from syrinx.voices.profile_checks import checked_language, checked_name, is_made_here
from syrinx.voices.repository import Voices
from syrinx.voices.sample import read_sample
from syrinx.voices.tables import VoiceConsentRow, VoiceProfileRow

ENOUGH: Final = 0.6
"""Of the words, drawn ones counted twice: the ear that comes with Syrinx gets 10 to 35 % of all words wrong."""
ENOUGH_DRAWN: Final = 0.6
"""Of the drawn words: a recording of another phrase has all the others."""
LONGEST_S: Final = 60.0
PURPOSE: Final = "consents"
UNNAMED: Final = "My voice"
MOST_UNUSED: Final = 100
"""Of one user, on which no voice rests: each has a recording of up to 3 MB in the store."""
MOST_HEARD_WORDS: Final = 400
"""Nobody says more in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One text that a recording may say."""

    text: str
    drawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    sample: PcmChunk
    text: str
    statement: str
    """The words agreed to, as they were to be read."""
    agreement: float


class Consents:
    """Each user's own; another's is UnknownConsent, in the same words as one that does not exist."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        voices: Voices,
        *,
        open_media: OpenMedia,
        transcribe: Transcribe,
        statement: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`statement` is an operator's own, in place of the house's in every language: with {words} where the drawn
        words stand, and {name} where the speaker's name does. Raises ConfigurationError."""
        self._database = database
        self._blobs = blobs
        self._voices = voices
        self._open_media = open_media
        self._transcribe = transcribe
        self._statement = checked_statement(statement)
        self._now = now

    async def phrase(self, user: str, *, language: str, speaker_name: str = "") -> ConsentPhrase:
        """A phrase to be read aloud within 15 minutes; in English where the language has no wording here.

        So many of one user can be read at the same time: the oldest beyond them are none any more. Raises
        WrongParameter.
        """
        at = self._now()
        phrase = new_phrase(language=language, speaker_name=speaker_name, statement=self._statement, at=at)
        async with self._database.transaction() as session:
            await add_phrase(session, phrase, user=user, at=at)
        return phrase

    async def speak(self, user: str, *, phrase_id: str, recording: BinaryIO, name: str = "") -> Consent:
        """The recording of somebody who reads the phrase; it is kept as it was decoded.

        A phrase can be tried again until it was understood, and then counts no more. Raises UnknownConsent,
        ConsentRefused, ConsentNotUnderstood, TooManyConsents, BadAudio, TooLarge, WrongParameter, and what listening
        raises.
        """
        called = checked_name(name) if name.strip() else UNNAMED
        async with self._database.reading() as session:
            row = await find_phrase(session, user, phrase_id, at=self._now())
            wanted, language = _Wanted(text=row.phrase, drawn=drawn_words(row.language)), row.language
            await _check_room(session, user)
        heard = await self._heard(recording, language, wanted)
        return await self._keep(user, heard, kind="spoken", name=called, language=language, phrase_id=phrase_id)

    async def record(self, user: str, *, recording: BinaryIO, name: str, language: str) -> Consent:
        """A recording that says a consent phrase that OpenAI publishes, in `language`, with its name or with ours.

        It has no words of its own, so that nobody can tell whether it was made for this: it verifies no voice.
        Languages without a wording here take English. Raises as `speak` does.
        """
        called = checked_name(name)
        spoken, wording = wording_of(checked_language(language))
        ours = wording.statement.partition("{words}")[0]
        async with self._database.reading() as session:
            await _check_room(session, user)
        heard = await self._heard(recording, spoken, _Wanted(text=wording.published), _Wanted(text=_sentences(ours)))
        return await self._keep(user, heard, kind="recorded", name=called, language=spoken)

    async def get(self, user: str, consent_id: str) -> Consent:
        """Raises UnknownConsent."""
        _check_id(consent_id)
        async with self._database.reading() as session:
            found = (
                await session.execute(
                    consents().where(VoiceConsentRow.consent_id == consent_id, VoiceConsentRow.user_id == user)
                )
            ).one_or_none()
        if found is None:
            raise no_such_consent(consent_id)
        return consent_of(*found)

    async def list(self, user: str) -> tuple[Consent, ...]:
        """The newest first; revoked ones, too."""
        newest_first = consents().where(VoiceConsentRow.user_id == user).order_by(VoiceConsentRow.id.desc())
        async with self._database.reading() as session:
            return tuple(consent_of(*found) for found in await session.execute(newest_first))

    async def recording(self, user: str, consent_id: str) -> bytes:
        """As WAV: mono at 24 kHz. Raises UnknownConsent, also for one that was attested."""
        _check_id(consent_id)
        async with self._database.reading() as session:
            key = await session.scalar(
                select(VoiceConsentRow.recording_path).where(
                    VoiceConsentRow.consent_id == consent_id, VoiceConsentRow.user_id == user
                )
            )
        if key is None:
            raise no_such_consent(consent_id)
        return await self._blobs.get(key)

    async def rename(self, user: str, consent_id: str, name: str) -> Consent:
        """Raises UnknownConsent, WrongParameter."""
        called = checked_name(name)
        async with self._database.transaction() as session:
            row, voice_id = await _locked(session, user, consent_id)
            row.name = called
            await session.flush()
            return consent_of(row, voice_id)

    async def revoke(self, user: str, consent_id: str) -> Consent:
        """The voice that rests on it speaks nowhere any more; it stays until it is deleted. Once is for good: revoking
        again changes nothing. Raises UnknownConsent."""
        at = self._now()
        async with self._database.transaction() as session:
            row, voice_id = await _locked(session, user, consent_id)
            row.revoked_at = row.revoked_at or at
            await session.execute(
                update(VoiceProfileRow)
                .where(VoiceProfileRow.id == row.voice_profile_id)
                .values(is_active=False, updated_at=at)
                .execution_options(synchronize_session=False)
            )
            await session.flush()
            revoked = consent_of(row, voice_id)
        if voice_id is not None:
            self._voices.tell(user, voice_id)
        return revoked

    async def delete(self, user: str, consent_id: str) -> None:
        """With its recording. Raises UnknownConsent, and ConsentInUse while a voice rests on it."""
        async with self._database.transaction() as session:
            row, _ = await _locked(session, user, consent_id)
            if row.voice_profile_id is not None:
                raise ConsentInUse("a voice rests on this consent: delete the voice, and the consent goes with it")
            key = row.recording_path
            await session.execute(delete(VoiceConsentRow).where(VoiceConsentRow.id == row.id))
            if key is not None:
                await self._blobs.forget(session, key)
        await removed(self._blobs, [key] if key else [])

    async def purge_unused(self, before: datetime) -> int:
        """How many consents were deleted, with their recordings, whosever they were, that were recorded before then and
        have no voice."""
        wanted = select(VoiceConsentRow.user_id, VoiceConsentRow.consent_id).where(
            VoiceConsentRow.recorded_at < before, VoiceConsentRow.voice_profile_id.is_(None)
        )
        async with self._database.reading() as session:
            unused = (await session.execute(wanted)).all()
        deleted = 0
        for user, consent_id in unused:
            with suppress(UnknownConsent, ConsentInUse):  # somebody was quicker
                await self.delete(user, consent_id)
                deleted += 1
        return deleted

    async def purge(self, *, older_than: datetime) -> None:
        """Phrases that nobody can use since then."""
        async with self._database.transaction() as session:
            await purge_phrases(session, older_than=older_than)

    async def _heard(self, recording: BinaryIO, language: str, *wanted: _Wanted) -> _Heard:
        """Raises ConsentNotUnderstood where it says none of what is wanted."""
        sample = await read_sample(recording, self._open_media)
        if sample.duration_ms > 1000.0 * LONGEST_S:
            raise BadAudio(f"Audio too long: reading the phrase takes some seconds, at most {LONGEST_S:g} are taken")
        text = " ".join((await self._transcribe(sample, language)).split()[:MOST_HEARD_WORDS])
        compared = [(each, await asyncio.to_thread(understood, each.text, text, drawn=each.drawn)) for each in wanted]
        best, understanding = max(compared, key=lambda each: each[1].agreement)
        if understanding.agreement < ENOUGH or understanding.drawn < ENOUGH_DRAWN:
            missing = ", ".join(word.strip(".,;:!?") for word in understanding.missing)
            raise ConsentNotUnderstood(
                f"the phrase was not understood ({missing}): read it again, slowly, near the microphone: {best.text}",
                words=understanding.words,
            )
        return _Heard(sample=sample, text=text, statement=best.text, agreement=min(1.0, understanding.agreement))

    async def _keep(
        self, user: str, heard: _Heard, *, kind: ConsentKind, name: str, language: str, phrase_id: str | None = None
    ) -> Consent:
        async with new_blobs(self._blobs, user=user) as new:
            stored = await new.put(wav_bytes(heard.sample), purpose=PURPOSE, media_type="audio/wav")
            at = self._now()
            row = new_consent(
                user,
                kind=kind,
                name=name,
                language=language,
                statement=heard.statement,
                heard=heard.text,
                agreement=heard.agreement,
                evidence_sha256=stored.sha256,
                recording_key=stored.key,
                at=at,
            )
            async with self._database.transaction() as session:
                if phrase_id is not None:
                    await use_phrase(session, user, phrase_id, at=at)
                await _check_room(session, user)
                session.add(row)
                await new.record(session)
        return consent_of(row, None)


async def _locked(session: AsyncSession, user: str, consent_id: str) -> tuple[VoiceConsentRow, str | None]:
    """The row, and the id of the voice that rests on it. Raises UnknownConsent."""
    _check_id(consent_id)
    row = await session.scalar(
        select(VoiceConsentRow)
        .where(VoiceConsentRow.consent_id == consent_id, VoiceConsentRow.user_id == user)
        .with_for_update()
    )
    if row is None:
        raise no_such_consent(consent_id)
    if row.voice_profile_id is None:
        return row, None
    return row, await session.scalar(select(VoiceProfileRow.voice_id).where(VoiceProfileRow.id == row.voice_profile_id))


async def _check_room(session: AsyncSession, user: str) -> None:
    """Raises TooManyConsents."""
    unused = await session.scalar(
        select(func.count())
        .select_from(VoiceConsentRow)
        .where(
            VoiceConsentRow.user_id == user,
            VoiceConsentRow.recording_path.is_not(None),
            VoiceConsentRow.voice_profile_id.is_(None),
        )
    )
    if (unused or 0) >= MOST_UNUSED:
        raise TooManyConsents(
            f"{MOST_UNUSED} of your consents have no voice, and more there cannot be: delete one first"
        )


def _check_id(consent_id: str) -> None:
    if not is_made_here(consent_id):
        raise no_such_consent(consent_id)


def _sentences(text: str) -> str:
    """Up to the last full stop: what comes after it introduces the drawn words."""
    return text[: text.rindex(".") + 1]
