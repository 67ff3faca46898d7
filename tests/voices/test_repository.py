from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.databases import database, sqlite_database
from tests.voices.cloning_room import AT, QUICK, CloningRoom, human_sample, open_cloning_room, order, recording

from syrinx.audio import silence
from syrinx.errors import BadInput, NotFound, UnknownVoice
from syrinx.storage import Database, StoreUnavailable
from syrinx.storage.blobs import Blobs
from syrinx.voices import repository
from syrinx.voices.clone_jobs import Claim, CloneJobs
from syrinx.voices.consent_rows import new_consent
from syrinx.voices.errors import ConsentRefused
from syrinx.voices.profile import Advice, VoiceProfile, VoiceSettings
from syrinx.voices.profile_keeping import NewVoice
from syrinx.voices.profile_rows import remove_profiles
from syrinx.voices.tables import VoiceConsentRow

__all__ = ["database", "sqlite_database"]

ADVICE = (Advice(code="noisy", severity="advice", message="There is noise: close the window, and record again."),)


def new_voice(n: int = 0, *, user: str = "ada", name: str = "Ada") -> NewVoice:
    profile = VoiceProfile(
        voice_id=f"voice_{n:012x}",
        user=user,
        name=name,
        language="en-GB",
        created_at=AT + timedelta(seconds=n),
        updated_at=AT + timedelta(seconds=n),
        last_used_at=None,
        is_active=True,
        is_verified=False,
        settings=VoiceSettings(),
        transcript="Der Ölpreis “sank” 今日。",
        duration_ms=8000.0,
        pitch_hz=203.4567890123,
        pace=4.25,
        advice=ADVICE,
        engine="",
        sample_text="Hello 👋",
        source="page",
        consent_id="",
        reference_key="",
        sample_audio_key=None,
    )
    consent = new_consent(
        user, kind="attested", name=name, language="en", statement="She agrees.", evidence_sha256="0" * 64, at=AT
    )
    return NewVoice(profile=profile, sample=human_sample(), consent=consent, sample_audio=b"ID3 spoken")


async def keep_consent(room: CloningRoom, user: str) -> str:
    """The id of one without a voice."""
    consent = new_voice(user=user).consent
    assert isinstance(consent, VoiceConsentRow)
    async with room.database.transaction() as session:
        session.add(consent)
    return consent.consent_id


async def test_what_is_known_of_a_voice_is_the_same_after_it_was_kept(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        kept = await room.voices.keep(new_voice(name="Ådá 👋"))
        assert await room.voices.get("ada", kept.voice_id) == kept
        assert await room.voices.list("ada") == (kept,)
        assert await room.voices.owner_and_profile(kept.voice_id) == kept
        assert kept == replace(
            new_voice(name="Ådá 👋").profile,
            consent_id=kept.consent_id,
            reference_key=kept.reference_key,
            sample_audio_key=kept.sample_audio_key,
        )
        assert await room.voices.sample(kept) == human_sample()
        assert await room.voices.sample_audio(kept) == b"ID3 spoken"


async def test_another_users_voice_is_refused_in_the_words_of_one_that_does_not_exist(
    database: Database, tmp_path: Path
) -> None:
    """ASVS 5.0 V8.2.2: who names another's voice learns not even that there is one."""
    async with open_cloning_room(database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())
        absent = kept.voice_id.replace("0", "f")
        for attempt in (
            room.voices.get,
            room.voices.delete,
            lambda user, voice_id: room.voices.change(user, voice_id, name="Mine now"),
        ):
            words: list[str] = []
            for voice_id in (kept.voice_id, absent):
                with pytest.raises(UnknownVoice) as refused:
                    await attempt("eve", voice_id)
                words.append(refused.value.message.replace(voice_id, "ID"))
            assert words[0] == words[1]
        assert await room.voices.list("eve") == ()
        assert await room.voices.delete_all("eve") == 0
        assert await room.voices.get("ada", kept.voice_id) == kept


async def test_ids_that_the_server_never_makes_are_of_nothing(database: Database, tmp_path: Path) -> None:
    """ASVS 5.0 V1.2.4, V2.2.1: what is no id reaches no statement; what a driver would choke on is refused in peace."""
    made_up = ("", "alloy", "VOICE_000000000000", "voice_000000000000 ", "voice_%", "' OR 1=1 --", "a\x00b", "\ud800")
    async with open_cloning_room(database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())
        for name in (*made_up, kept.voice_id.upper(), f"{kept.voice_id}\x00", "é" * 5000):
            for attempt in (
                room.voices.get("ada", name),
                room.voices.delete("ada", name),
                room.consents.get("ada", name),
                room.consents.recording("ada", name),
                room.consents.revoke("ada", name),
                room.consents.speak("ada", phrase_id=name, recording=recording()),
                room.cloning.begin(recording(), order(consent_id=f"{name}.")),
                room.cloning.job("ada", name),
                room.cloning.cancel("ada", name),
            ):
                with pytest.raises(NotFound) as refused:
                    await attempt
                assert len(refused.value.message) < 200
        assert await room.voices.get("ada", kept.voice_id) == kept


async def test_users_whose_names_differ_by_case_alone_have_different_voices(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        await room.voices.keep(new_voice(1, user="ada"))
        await room.voices.keep(new_voice(2, user="Ada"))
        assert [voice.user for voice in await room.voices.list("ada")] == ["ada"]
        assert await room.voices.delete_all("Ada") == 1
        assert len(await room.voices.list("ada")) == 1


async def test_voices_are_listed_newest_first_and_those_that_are_silent_only_on_demand(
    database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        ids = [(await room.voices.keep(new_voice(n))).voice_id for n in (3, 1, 2)]
        await room.voices.change("ada", ids[2], is_active=False)
        assert [voice.voice_id for voice in await room.voices.list("ada")] == [ids[0], ids[1]]
        listed = await room.voices.list("ada", inactive=True)
        assert [voice.voice_id for voice in listed] == [ids[0], ids[2], ids[1]]


async def test_a_change_keeps_what_is_not_named_and_is_told(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())
        room.changed.clear()
        room.clock.pass_s(60)
        settings = VoiceSettings(pitch_semitones=-1.5, pace=1.2, warmth=0.5)
        changed = await room.voices.change("ada", kept.voice_id, name="  Ada \n L. ", settings=settings)
        assert changed == replace(kept, name="Ada L.", settings=settings, updated_at=room.clock())
        assert await room.voices.get("ada", kept.voice_id) == changed
        assert room.changed == [("ada", kept.voice_id)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "1 to 100 characters"),
        ({"name": "a" * 101}, "1 to 100 characters"),
        ({"name": "a\u202eb"}, "1 to 100 characters"),
        ({"settings": VoiceSettings(pitch_semitones=6.1)}, "-6 to 6"),
        ({"settings": VoiceSettings(pace=0.4)}, "0.5 to 2"),
        ({"settings": VoiceSettings(warmth=float("nan"))}, "-1 to 1"),
    ],
)
async def test_a_change_that_cannot_be_changes_nothing(
    sqlite_database: Database, tmp_path: Path, change: dict[str, str], says: str
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())
        with pytest.raises(BadInput, match=says):
            await room.voices.change("ada", kept.voice_id, **{"is_active": False, **change})  # pyright: ignore[reportArgumentType]
        assert await room.voices.get("ada", kept.voice_id) == kept


async def test_a_deleted_voice_leaves_no_row_and_no_blob_and_is_told(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        stays = await room.voices.keep(new_voice(7, user="bob"))
        rows, keys = await room.rows(), await room.blob_keys()
        cloned = await room.cloned("ada")
        assert (await room.rows())["voice_conditionings"] == 1
        room.changed.clear()
        await room.voices.delete("ada", cloned.voice_id)
        await room.comes_to(rows=rows, keys=keys)
        assert room.changed == [("ada", cloned.voice_id)]
        with pytest.raises(UnknownVoice):
            await room.voices.sample(cloned)
        with pytest.raises(UnknownVoice):
            await room.voices.delete("ada", cloned.voice_id)
        assert await room.voices.sample(stays) == human_sample()


async def test_deleting_everything_of_a_user_takes_consents_phrases_and_clonings_too(
    database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        stays = await room.voices.keep(new_voice(7, user="bob"))
        rows, keys = await room.rows(), await room.blob_keys()
        await room.cloned("ada")
        await room.voices.keep(new_voice(1))
        await keep_consent(room, "ada")
        await room.consents.phrase("ada", language="en")
        reached = room.studio.hold("learn")
        job = await room.cloning.begin(recording(), order())
        await reached.wait()
        assert await room.voices.delete_all("ada") == 2
        room.studio.held["learn"].set()
        with pytest.raises(NotFound):
            await room.cloning.finished("ada", job.job_id)
        await room.comes_to(rows=rows, keys=keys)
        assert await room.voices.get("bob", stays.voice_id) == stays


async def test_a_cloning_that_ends_while_everything_is_deleted_leaves_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ended after the voices were looked for has a voice that was not among them."""
    async with open_cloning_room(database, tmp_path) as room:
        await room.voices.keep(new_voice(1))
        reached = room.studio.hold("speak")
        await room.cloning.begin(recording(), order())
        await reached.wait()

        async def after_the_cloning(session: AsyncSession, blobs: Blobs, ids: Sequence[int]) -> list[str]:
            if not room.studio.held["speak"].is_set():
                room.studio.held["speak"].set()
                if database.kind != "sqlite":  # which has one writer at a time: this one
                    await room.ended_work()
            return await remove_profiles(session, blobs, ids)

        monkeypatch.setattr(repository, "remove_profiles", after_the_cloning)
        assert await room.voices.delete_all("ada") == (1 if database.kind == "sqlite" else 2)
        await room.comes_to(rows={}, keys=set())


async def test_deleting_everything_and_clonings_that_end_do_not_wait_for_each_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them holds the consent that the other deletes, when the other wants the session that it deletes, too."""
    async with open_cloning_room(database, tmp_path) as room:
        ending, go_on = asyncio.Event(), asyncio.Event()
        complete = CloneJobs.complete

        async def held(jobs: CloneJobs, session: AsyncSession, claim: Claim, *, profile_id: int) -> bool:
            ending.set()
            await go_on.wait()
            return await complete(jobs, session, claim, profile_id=profile_id)

        monkeypatch.setattr(CloneJobs, "complete", held)
        await room.cloning.begin(recording(), order(consent_id=await keep_consent(room, "ada")))
        await ending.wait()
        deleting = asyncio.create_task(room.voices.delete_all("ada"))
        await asyncio.wait({deleting}, timeout=0.3)
        go_on.set()
        await deleting
        await room.comes_to(rows={}, keys=set())


async def test_a_blob_that_the_store_does_not_delete_is_left_for_its_sweep(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())

        async def refusing(_blobs: Blobs, *_keys: str) -> None:
            raise StoreUnavailable("the store is not reached")

        with monkeypatch.context() as patched:
            patched.setattr(Blobs, "delete", refusing)
            await room.voices.delete("ada", kept.voice_id)
        assert await room.rows() == {}
        assert len(await room.blob_keys()) == 2


async def test_a_voice_whose_rows_are_refused_leaves_no_blob(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        kept = await room.voices.keep(new_voice())
        keys = await room.blob_keys()
        with pytest.raises(ConsentRefused):
            await room.voices.keep(replace(new_voice(1), consent=kept.consent_id))
        assert await room.blob_keys() == keys
        assert await room.voices.list("ada") == (kept,)


async def test_when_a_voice_was_used_is_written_down_once_a_minute(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room, open_cloning_room(database, tmp_path) as elsewhere:
        voice_id = (await room.voices.keep(new_voice())).voice_id

        async def used_at(of: CloningRoom) -> object:
            await of.voices.used(voice_id)
            return (await room.voices.get("ada", voice_id)).last_used_at

        assert await used_at(room) == AT
        room.clock.pass_s(59)
        assert await used_at(room) == AT
        elsewhere.clock.pass_s(59)
        assert await used_at(elsewhere) == AT
        room.clock.pass_s(1)
        assert await used_at(room) == AT + timedelta(seconds=60)


async def test_who_has_but_a_phrase_or_a_cloning_has_something(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, at_once=0)) as room:
        await room.consents.phrase("ada", language="en")
        await room.cloning.begin(recording(), order("bob"))
        assert sorted(await room.voices.users()) == ["ada", "bob"]


async def test_a_voice_taken_in_without_speech_has_none(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        quiet = silence(duration_ms=3000.0, sample_rate_hz=24_000)
        kept = await room.voices.keep(replace(new_voice(), sample_audio=None, sample=quiet))
        with pytest.raises(NotFound):
            await room.voices.sample_audio(kept)


async def test_everything_of_a_person_can_be_handed_to_them(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        voice = await room.cloned("ada")
        await room.voices.keep(new_voice(7, user="bob"))
        await room.consents.phrase("ada", language="de")
        exported = await room.voices.export("ada")
        assert [entry["record"] for entry in exported] == ["voice", "consent", "phrase", "cloning"]
        told, consent, phrase, cloning = exported
        assert told["voice_id"] == consent["voice_id"] == voice.voice_id
        assert told["consent_id"] == consent["consent_id"] == voice.consent_id
        assert told["created_at"] == AT.isoformat()
        assert "Syrinx" in phrase["phrase"]
        assert cloning["order"]["name"] == "Ada"
        keys = {key for entry in exported for key in entry["blobs"].values()}
        assert voice.reference_key in keys
        assert len(keys) == 3
        for key in keys:
            assert await room.blobs.size(key)
        assert "bob" not in str(exported)


async def test_voices_that_nobody_speaks_with_for_long_are_deleted_with_all_that_is_theirs(
    database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        for n, user in enumerate(("ada", "bob", "eve")):
            await room.voices.keep(new_voice(n, user=user))
        await keep_consent(room, "cleo")
        assert set(await room.voices.users()) == {"ada", "bob", "cleo", "eve"}
        room.clock.pass_s(3600)
        await room.voices.used("voice_000000000001")
        await room.voices.keep(replace(new_voice(9), profile=replace(new_voice(9).profile, created_at=room.clock())))
        assert await room.voices.purge_unused(room.clock() - timedelta(seconds=60)) == 2
        assert set(await room.voices.users()) == {"ada", "bob", "cleo"}
        assert [voice.voice_id for voice in await room.voices.list("ada")] == ["voice_000000000009"]
        assert len(await room.blob_keys()) == 4
