from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.databases import sqlite_database
from tests.voices.cloning_room import (
    AT,
    ATTESTED,
    QUICK,
    CloningRoom,
    human_sample,
    open_cloning_room,
    order,
    recording,
)

from syrinx.audio import PcmChunk
from syrinx.storage import Database
from syrinx.voices.consent_wordings import WORDINGS
from syrinx.voices.errors import ConsentRefused, UnknownConsent
from syrinx.voices.profile import TERMS_VERSION

__all__ = ["sqlite_database"]


async def test_a_request_without_a_consent_is_recorded_as_its_callers_attestation(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        sent = recording()
        job = await room.cloning.begin(sent, order())
        profile = await room.cloning.finished("ada", job.job_id)
        consent = await room.consents.get("ada", profile.consent_id)
        assert (consent.kind, consent.voice_id, consent.terms_version) == ("attested", profile.voice_id, TERMS_VERSION)
        assert consent.statement.startswith(ATTESTED)
        assert consent.evidence_sha256 == hashlib.sha256(sent.getvalue()).hexdigest()
        assert consent.recorded_at == AT
        assert not consent.has_recording


async def spoken_consent(room: CloningRoom, sample: PcmChunk | None = None, *, user: str = "ada") -> str:
    phrase = await room.consents.phrase(user, language="en")
    room.studio.says = phrase.phrase
    said = await room.consents.speak(user, phrase_id=phrase.phrase_id, recording=recording(sample))
    return said.consent_id


async def test_a_voice_that_rests_on_a_spoken_consent_is_verified(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, verified_only=True)) as room:
        consent_id = await spoken_consent(room)
        profile = await room.cloned(consent_id=consent_id, attested_by="")
        assert profile.is_verified
        assert profile.consent_id == consent_id
        assert (await room.consents.get("ada", consent_id)).voice_id == profile.voice_id
        # One consent, one voice.
        with pytest.raises(ConsentRefused, match="rests on this consent already"):
            await room.cloning.begin(recording(), order(consent_id=consent_id))


async def test_consent_in_everybodys_words_verifies_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, verified_only=True)) as room:
        room.studio.says = WORDINGS["en"].published
        consent = await room.consents.record("ada", recording=recording(), name="Ada", language="en")
        with pytest.raises(ConsentRefused, match="a phrase of this server"):
            await room.cloning.begin(recording(), order(consent_id=consent.consent_id))
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        profile = await room.cloned(consent_id=consent.consent_id, attested_by="")
        assert not profile.is_verified


async def test_where_only_verified_voices_are_cloned_an_attestation_is_not_enough(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, verified_only=True)) as room:
        with pytest.raises(ConsentRefused, match="has read a phrase of this server"):
            await room.cloning.begin(recording(), order())


async def test_a_consent_of_another_user_is_none(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        consent_id = await spoken_consent(room, user="ada")
        with pytest.raises(UnknownConsent):
            await room.cloning.begin(recording(), order("eve", consent_id=consent_id))


async def test_a_consent_that_somebody_else_spoke_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    low = PcmChunk(pcm=human_sample().samples().repeat(2)[: 24_000 * 8].tobytes(), sample_rate_hz=24_000)
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        consent_id = await spoken_consent(room, low)
        job = await room.cloning.begin(recording(), order(consent_id=consent_id))
        with pytest.raises(ConsentRefused, match="another voice"):
            await room.cloning.finished("ada", job.job_id)
        assert "voice_profiles" not in await room.rows()
        assert (await room.consents.get("ada", consent_id)).voice_id is None


async def test_a_consent_revoked_while_the_voice_is_cloned_stops_it(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        consent_id = await spoken_consent(room)
        reached = room.studio.hold("speak")
        job = await room.cloning.begin(recording(), order(consent_id=consent_id))
        await reached.wait()
        await room.consents.revoke("ada", consent_id)
        room.studio.held["speak"].set()
        with pytest.raises(ConsentRefused):
            await room.cloning.finished("ada", job.job_id)
        assert "voice_profiles" not in await room.rows()
        await room.keeps("consents")
