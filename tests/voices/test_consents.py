from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.databases import database, sqlite_database
from tests.voices.cloning_room import AT, ATTESTED, CloningRoom, human_sample, open_cloning_room, recording

from syrinx.audio import read_wav, wav_bytes
from syrinx.errors import BadAudio, BadInput, ConfigurationError, UnknownLanguage, WrongParameter
from syrinx.storage import Database
from syrinx.testing.audio import sine
from syrinx.voices import consents
from syrinx.voices.consent_phrases import DRAWN, MOST_OPEN, VALID_FOR, ConsentPhrase, drawn_words
from syrinx.voices.consent_wordings import WORDINGS
from syrinx.voices.consents import UNNAMED
from syrinx.voices.errors import (
    ConsentInUse,
    ConsentNotUnderstood,
    ConsentRefused,
    TooManyConsents,
    UnknownConsent,
)
from syrinx.voices.profile import TERMS_VERSION, Consent
from syrinx.voices.tables import VoiceProfileRow

__all__ = ["database", "sqlite_database"]


async def spoken(room: CloningRoom, user: str = "ada", *, language: str = "en", name: str = "") -> Consent:
    phrase = await room.consents.phrase(user, language=language)
    room.studio.says = phrase.phrase.replace("Syrinx", "shrinks")
    return await room.consents.speak(user, phrase_id=phrase.phrase_id, recording=recording(), name=name)


async def test_a_phrase_that_was_read_and_understood_is_a_consent(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en-US")
        assert phrase.expires_at == AT + timedelta(minutes=15)
        room.studio.says = f"uh {phrase.phrase.lower()} done"
        consent = await room.consents.speak(
            "ada", phrase_id=phrase.phrase_id, recording=recording(), name=" Ada  Lovelace "
        )
        assert (consent.kind, consent.name, consent.language) == ("spoken", "Ada Lovelace", "en-US")
        assert (consent.statement, consent.heard) == (phrase.phrase, room.studio.says)
        assert consent.agreement == pytest.approx(1.0)
        assert (consent.terms_version, consent.recorded_at, consent.voice_id) == (TERMS_VERSION, AT, None)
        assert await room.consents.get("ada", consent.consent_id) == consent
        kept = await room.consents.recording("ada", consent.consent_id)
        assert read_wav(kept) == human_sample()
        assert consent.evidence_sha256 == hashlib.sha256(kept).hexdigest()


async def test_each_phrase_has_words_of_its_own(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrases = [(await room.consents.phrase("ada", language="de")).phrase for _ in range(5)]
        assert len(set(phrases)) == 5
        words = drawn_words("de")
        for phrase in phrases:
            assert sum(word in words for word in phrase.replace(",", " ").replace(".", " ").split()) == DRAWN


async def test_a_speaker_with_a_name_says_it(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="fr", speaker_name="Ada {words}")
        assert phrase.phrase.startswith("Je m'appelle Ada {words}. Cette voix")


async def test_an_operators_own_statement_takes_the_place_of_ours(sqlite_database: Database, tmp_path: Path) -> None:
    statement = "I, {name}, let Example Ltd copy my voice. Today I say {words}."
    async with open_cloning_room(sqlite_database, tmp_path, statement=statement) as room:
        phrase = await room.consents.phrase("ada", language="en", speaker_name="Ada")
        assert phrase.phrase.startswith("I, Ada, let Example Ltd copy my voice. Today I say ")
        assert "{" not in phrase.phrase
        with pytest.raises(BadInput, match="give their name"):
            await room.consents.phrase("ada", language="en")


async def test_an_operators_statement_without_a_place_for_the_words_is_refused(
    sqlite_database: Database, tmp_path: Path
) -> None:
    def opened(statement: str) -> AbstractAsyncContextManager[CloningRoom]:
        return open_cloning_room(sqlite_database, tmp_path, statement=statement)

    with pytest.raises(ConfigurationError, match=r"\{words\}"):
        await opened("I agree.").__aenter__()


async def test_what_was_not_understood_is_named_and_can_be_read_again(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en")
        drawn = phrase.phrase.rstrip(".").replace(",", "").split()[-DRAWN:]
        room.studio.says = phrase.phrase.replace(drawn[0], "mumble").replace(drawn[1], "").replace(drawn[2], "")
        with pytest.raises(ConsentNotUnderstood, match=", ".join(drawn[:3])) as refused:
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())
        missing = [word.text.strip(",.") for word in refused.value.words if not word.understood]
        assert missing == drawn[:3]
        assert await room.blob_keys() == set()
        room.studio.says = phrase.phrase
        assert await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())


async def test_of_many_phrases_the_newest_can_be_read_and_those_that_are_over_go(
    database: Database, tmp_path: Path
) -> None:
    """ASVS 5.0 V5.2.4, V15.2.2: who asks again and again fills nothing."""
    async with open_cloning_room(database, tmp_path) as room:
        asked: list[ConsentPhrase] = []
        await room.consents.phrase("bob", language="en")
        for _ in range(MOST_OPEN + 3):
            room.clock.pass_s(1)
            asked.append(await room.consents.phrase("ada", language="en"))
        assert await room.rows() == {"voice_consent_phrases": MOST_OPEN + 1}
        room.studio.says = asked[2].phrase
        with pytest.raises(UnknownConsent, match="ask for one"):
            await room.consents.speak("ada", phrase_id=asked[2].phrase_id, recording=recording())
        room.studio.says = asked[3].phrase
        assert await room.consents.speak("ada", phrase_id=asked[3].phrase_id, recording=recording())
        room.clock.pass_s(VALID_FOR.total_seconds())
        await room.consents.phrase("ada", language="en")
        assert (await room.rows())["voice_consent_phrases"] == 2  # bob's is for bob, or retention, to replace


async def test_a_recording_of_another_days_phrase_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en")
        words = [word for word in drawn_words("en") if word not in phrase.phrase][:DRAWN]
        room.studio.says = WORDINGS["en"].statement.replace("{words}", " ".join(words))
        with pytest.raises(ConsentNotUnderstood):
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())


async def test_a_phrase_counts_once_though_two_read_it_at_once(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en")
        room.studio.says = phrase.phrase
        outcomes = await asyncio.gather(
            *(room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording()) for _ in range(4)),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, Consent) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ConsentRefused) for outcome in outcomes) == 3
        with pytest.raises(ConsentRefused, match="counts once"):
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())
        await room.comes_to(
            rows={"blobs": 1, "voice_consents": 1, "voice_consent_phrases": 1}, keys=await room.blob_keys()
        )
        assert len(await room.blob_keys()) == 1


async def test_a_phrase_is_nobody_elses_and_not_for_ever(sqlite_database: Database, tmp_path: Path) -> None:
    """ASVS 5.0 V8.2.2: a phrase of another user is none."""
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en")
        room.studio.says = phrase.phrase
        with pytest.raises(UnknownConsent):
            await room.consents.speak("eve", phrase_id=phrase.phrase_id, recording=recording())
        with pytest.raises(UnknownConsent):
            await room.consents.speak("ada", phrase_id="phrase_0000000000000000", recording=recording())
        room.clock.pass_s(15 * 60)
        with pytest.raises(ConsentRefused, match="within 15 minutes"):
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())
        assert await room.blob_keys() == set()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no sound", "no sound"),
        (wav_bytes(sine(200.0, duration_ms=1500.0)), "Audio too short"),
        (wav_bytes(sine(200.0, duration_ms=61_000.0)), "Audio too long"),
    ],
)
async def test_a_recording_that_cannot_be_heard_is_no_consent(
    sqlite_database: Database, tmp_path: Path, content: bytes, says: str
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="en")
        room.studio.says = phrase.phrase
        with pytest.raises(BadAudio, match=says):
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=io.BytesIO(content))
        assert await room.rows() == {"voice_consent_phrases": 1}


async def test_where_nobody_understands_the_language_that_is_told(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        phrase = await room.consents.phrase("ada", language="nl")
        room.studio.fails["transcribe"] = UnknownLanguage("no engine understands 'nl'")
        with pytest.raises(UnknownLanguage):
            await room.consents.speak("ada", phrase_id=phrase.phrase_id, recording=recording())
        assert await room.blob_keys() == set()


@pytest.mark.parametrize("named", ["OpenAI", "Syrinx"])
@pytest.mark.parametrize("language", ["en-US", "de", "es", "fr", "it", "nl", "pt-BR"])
async def test_a_published_consent_phrase_is_taken_with_their_name_and_with_ours(
    sqlite_database: Database, tmp_path: Path, language: str, named: str
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        wording = WORDINGS[language.partition("-")[0]]
        says = wording.published if named == "OpenAI" else wording.statement.partition("{words}")[0]
        room.studio.says = says.lower()
        consent = await room.consents.record("ada", recording=recording(), name="Ada", language=language)
        assert (consent.kind, consent.language) == ("recorded", language)
        assert named in consent.statement
        assert "{" not in consent.statement


async def test_a_recording_that_says_something_else_is_no_consent(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        room.studio.says = "printing in the only sense with which we are at present concerned differs"
        with pytest.raises(ConsentNotUnderstood, match="I am the owner of this voice"):
            await room.consents.record("ada", recording=recording(), name="Ada", language="en")
        assert await room.nothing_is_left()


async def test_an_attestation_is_kept_with_the_hash_of_what_was_sent(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        voice = await room.cloned()
        (consent,) = await room.consents.list("ada")
        assert (consent.kind, consent.agreement, consent.voice_id) == ("attested", None, voice.voice_id)
        assert consent.statement.startswith(f"{ATTESTED} states, ")
        assert consent.evidence_sha256 == hashlib.sha256(recording().getvalue()).hexdigest()
        with pytest.raises(UnknownConsent):
            await room.consents.recording("ada", consent.consent_id)


async def test_another_users_consent_is_refused_in_the_words_of_none(sqlite_database: Database, tmp_path: Path) -> None:
    """ASVS 5.0 V8.2.2: who names another's consent learns not even that there is one."""
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        consent = await spoken(room)
        for consent_id in (consent.consent_id, "cons_000000000000"):
            for attempt in (
                room.consents.get,
                room.consents.revoke,
                room.consents.delete,
                room.consents.recording,
                lambda user, consent_id: room.consents.rename(user, consent_id, "Mine"),
            ):
                with pytest.raises(UnknownConsent, match=f"no consent '{consent_id}' is among yours"):
                    await attempt("eve", consent_id)
        assert await room.consents.list("eve") == ()
        assert await room.consents.get("ada", consent.consent_id) == consent


async def test_consents_are_listed_newest_first_renamed_and_deleted(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        first, second = await spoken(room), await spoken(room, name="Second")
        assert first.name == UNNAMED
        assert await room.consents.list("ada") == (second, first)
        renamed = await room.consents.rename("ada", first.consent_id, "First")
        assert renamed.name == "First"
        await room.consents.delete("ada", second.consent_id)
        assert await room.consents.list("ada") == (renamed,)
        assert len(await room.blob_keys()) == 1


async def test_a_revoked_consent_silences_its_voice_for_good(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        voice = await room.cloned()
        room.changed.clear()
        room.clock.pass_s(60)
        revoked = await room.consents.revoke("ada", voice.consent_id)
        assert (revoked.revoked_at, revoked.voice_id) == (room.clock(), voice.voice_id)
        assert room.changed == [("ada", voice.voice_id)]
        assert not (await room.voices.get("ada", voice.voice_id)).is_active
        assert await room.voices.list("ada") == ()
        with pytest.raises(ConsentRefused, match="revoked"):
            await room.voices.change("ada", voice.voice_id, is_active=True)
        room.clock.pass_s(60)
        assert await room.consents.revoke("ada", voice.consent_id) == revoked


async def test_a_voice_that_is_switched_on_while_its_consent_is_revoked_is_silent(
    database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        voice = await room.cloned()
        await room.voices.change("ada", voice.voice_id, is_active=False)
        async with room.database.transaction() as session:
            await session.execute(update(VoiceProfileRow).values(is_active=True))
            revoking = asyncio.create_task(room.consents.revoke("ada", voice.consent_id))
            await asyncio.wait({revoking}, timeout=0.3)
        await revoking
        assert not (await room.voices.get("ada", voice.voice_id)).is_active


async def test_consents_that_got_no_voice_for_long_are_deleted_with_their_recordings(
    database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        used = await spoken(room)
        voice = await room.cloned(consent_id=used.consent_id)
        old = await spoken(room)
        await spoken(room, "bob")
        kept = await room.consents.recording("ada", old.consent_id)
        assert kept
        room.clock.pass_s(3600)
        young = await spoken(room)
        assert await room.consents.purge_unused(room.clock() - timedelta(seconds=60)) == 2
        assert await room.consents.list("ada") == (young, await room.consents.get("ada", used.consent_id))
        assert await room.consents.list("bob") == ()
        assert await room.voices.get("ada", voice.voice_id) == voice
        await room.keeps("consents", "consents", "conditionings", "sample-audio", "samples")
        assert (await room.rows())["blobs"] == 5


async def test_a_consent_on_which_a_voice_rests_goes_with_the_voice(database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(database, tmp_path) as room:
        consent = await spoken(room)
        voice = await room.cloned(consent_id=consent.consent_id)
        with pytest.raises(ConsentInUse, match="delete the voice"):
            await room.consents.delete("ada", consent.consent_id)
        await room.voices.delete("ada", voice.voice_id)
        with pytest.raises(UnknownConsent):
            await room.consents.get("ada", consent.consent_id)
        assert await room.blob_keys() == set()


@pytest.mark.parametrize("name", [" ".join(drawn_words("en")[:2]), "-".join("abcdefghi"), "a b c d e f g h i"])
async def test_a_speakers_name_takes_the_place_of_neither_the_statement_nor_the_drawn_words(
    sqlite_database: Database, tmp_path: Path, name: str
) -> None:
    """ASVS 5.0 V2.2.1: words of an older recording in the name would have that one counted again."""
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        with pytest.raises(WrongParameter, match="speaker's name") as refused:
            await room.consents.phrase("ada", language="en", speaker_name=name)
        assert refused.value.parameter == "speaker_name"
        for own in (drawn_words("en")[0], "María de los Ángeles García de la Cruz"):
            assert own in (await room.consents.phrase("ada", language="en", speaker_name=own)).phrase


async def test_one_user_keeps_so_many_recordings_without_a_voice_and_no_more(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 5.0 V5.2.4: how much one user may have stored."""
    monkeypatch.setattr(consents, "MOST_UNUSED", 2)
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        first, _ = await spoken(room), await spoken(room)
        with pytest.raises(TooManyConsents, match="delete one"):
            await spoken(room)
        room.studio.says = WORDINGS["en"].published
        with pytest.raises(TooManyConsents):
            await room.consents.record("ada", recording=recording(), name="Ada", language="en")
        assert len(await room.blob_keys()) == 2
        await spoken(room, "bob")
        await room.consents.delete("ada", first.consent_id)
        await spoken(room)
