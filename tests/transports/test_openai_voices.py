"""OpenAI's custom voices and consents, driven by OpenAI's own client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import openai
import pytest
from fastapi import APIRouter
from openai import AsyncOpenAI
from tests.databases import sqlite_database
from tests.transports.voice_house import PERSON, KeysDoor, VoiceServer, key, refused, voice_server

from syrinx.accounts import Door
from syrinx.audio import wav_bytes
from syrinx.errors import EngineUnavailable
from syrinx.storage import Database
from syrinx.testing.audio import sine
from syrinx.transports.http.onboarding import onboarding_routes
from syrinx.transports.http.openai_audio import openai_routes
from syrinx.transports.http.openai_voices import openai_voice_routes
from syrinx.transports.http.voice_house import VoiceHouse

__all__ = ["sqlite_database"]

SAID = "I am the owner of this voice and I consent to OpenAI using this voice to create a synthetic voice model."
FILE = ("sample.wav", PERSON, "audio/wav")
SHORT = ("sample.wav", wav_bytes(sine(200.0, duration_ms=1500.0, sample_rate_hz=24_000)), "audio/wav")


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    def of_speech(house: VoiceHouse, *, door: Door, origins: tuple[str, ...]) -> APIRouter:
        return openai_routes(house.speech, door=door, origins=origins)

    dialects = (openai_voice_routes, of_speech, onboarding_routes)
    async with voice_server(sqlite_database, tmp_path, *dialects, door=KeysDoor()) as server:
        server.studio.heard = SAID
        yield server


@asynccontextmanager
async def client_of(server: VoiceServer, user: str) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{server.address}/v1", api_key=f"{user}-key", max_retries=0) as client:
        yield client


@pytest.fixture
async def ann(server: VoiceServer) -> AsyncGenerator[AsyncOpenAI]:
    async with client_of(server, "ann") as client:
        yield client


@pytest.fixture
async def bob(server: VoiceServer) -> AsyncGenerator[AsyncOpenAI]:
    async with client_of(server, "bob") as client:
        yield client


async def test_a_consent_and_a_sample_become_a_voice_that_speaks(server: VoiceServer, ann: AsyncOpenAI) -> None:
    consent = await ann.audio.voice_consents.create(language="en-US", name="Ann's consent", recording=FILE)
    assert (consent.object, consent.name, consent.language) == ("audio.voice_consent", "Ann's consent", "en-US")
    voice = await ann.audio.voices.create(name="Ann", audio_sample=FILE, consent=consent.id)
    assert (voice.object, voice.type, voice.name, voice.prompt) == ("audio.voice", "audio_sample", "Ann", None)
    profile = await server.voices.get("ann", voice.id)
    assert voice.created_at == int(profile.created_at.timestamp())
    assert (profile.source, profile.is_verified, profile.consent_id) == ("openai", False, consent.id)
    spoken = await ann.audio.speech.create(model="tts-1", voice={"id": voice.id}, input="Hello", response_format="wav")
    assert spoken.content.startswith(b"RIFF")
    (narration,) = server.speech.narrator.begun
    assert narration.request.voice == voice.id
    assert spoken.response.headers["x-syrinx-voice-match"] == "exact"


async def test_the_voices_are_ones_own_and_the_engines_with_all_their_names(
    server: VoiceServer, ann: AsyncOpenAI
) -> None:
    voice_id = await server.cloned("ann", voice_name="Ann")
    voices = (await server.web.get("/v1/audio/voices", headers=key("ann"))).json()["voices"]
    assert [each["id"] for each in voices] == [voice_id, "alto", "tenor", "celeste"]
    assert (voices[0]["name"], voices[0]["engine"], voices[0]["aliases"]) == ("Ann", "", [])
    assert voices[1] == {
        "id": "alto",
        "name": "Alto",
        "language": "en-US",
        "gender": "female",
        "engine": "tones",
        "aliases": ["alloy", "nova", "af_heart", "af"],
    }
    others = (await server.web.get("/v1/audio/voices", headers=key("bob"))).json()["voices"]
    assert voice_id not in [each["id"] for each in others]
    assert (await server.web.get("/v1/audio/voices", headers=key("kay"))).status_code == 200
    refused(await server.web.get("/v1/audio/voices"), 401, "unauthorized")


async def test_a_voice_is_deleted_once(server: VoiceServer, ann: AsyncOpenAI) -> None:
    voice_id = await server.cloned("ann")
    deleted = await ann.audio.voices.delete(voice_id)
    assert (deleted.id, deleted.deleted, deleted.object) == (voice_id, True, "audio.voice.deleted")
    with pytest.raises(openai.NotFoundError):
        await ann.audio.voices.delete(voice_id)


async def test_consents_are_listed_page_by_page(ann: AsyncOpenAI) -> None:
    made = [
        (await ann.audio.voice_consents.create(language="en", name=f"No. {place}", recording=FILE)).id
        for place in range(3)
    ]
    first = await ann.audio.voice_consents.list(limit=2)
    assert [each.id for each in first.data] == [made[2], made[1]]
    assert first.has_more is True
    assert [each.id async for each in ann.audio.voice_consents.list(limit=2)] == made[::-1]
    with pytest.raises(openai.NotFoundError, match="go on behind"):
        await ann.audio.voice_consents.list(after="cons_000000000000")
    with pytest.raises(openai.BadRequestError) as caught:
        await ann.audio.voice_consents.list(limit=101)
    assert caught.value.param == "limit"


async def test_a_consent_is_looked_at_renamed_and_deleted(ann: AsyncOpenAI) -> None:
    consent = await ann.audio.voice_consents.create(language="en", name="First", recording=FILE)
    assert (await ann.audio.voice_consents.retrieve(consent.id)).name == "First"
    renamed = await ann.audio.voice_consents.update(consent.id, name="Second")
    assert (renamed.id, renamed.name) == (consent.id, "Second")
    assert (await ann.audio.voice_consents.retrieve(consent.id)).name == "Second"
    deleted = await ann.audio.voice_consents.delete(consent.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (consent.id, True, "audio.voice_consent")
    with pytest.raises(openai.NotFoundError):
        await ann.audio.voice_consents.retrieve(consent.id)


async def test_a_recording_that_says_something_else_is_no_consent(server: VoiceServer, ann: AsyncOpenAI) -> None:
    server.studio.heard = "produced the block books which were the immediate predecessors"
    with pytest.raises(openai.BadRequestError, match="not understood") as caught:
        await ann.audio.voice_consents.create(language="en", name="Ann", recording=FILE)
    assert caught.value.code == "consent_not_understood"
    assert (await server.left())["consents"] == 0


async def test_what_cannot_be_made_is_told_by_its_parameter(server: VoiceServer, ann: AsyncOpenAI) -> None:
    consent = await ann.audio.voice_consents.create(language="en", name="Ann", recording=FILE)
    with pytest.raises(openai.BadRequestError, match="Audio too short") as caught:
        await ann.audio.voices.create(name="Ann", audio_sample=SHORT, consent=consent.id)
    assert (caught.value.param, caught.value.code) == ("audio_sample", "bad_audio")
    with pytest.raises(openai.BadRequestError, match="'audio_sample' can be made") as caught:
        await ann.audio.voices.create(name="Ann", prompt="A warm voice", type="prompt")
    assert caught.value.param == "type"
    with pytest.raises(openai.NotFoundError, match="among yours"):
        await ann.audio.voices.create(name="Ann", audio_sample=FILE, consent="cons_000000000000")
    with pytest.raises(openai.BadRequestError) as caught:
        await ann.audio.voices.create(name=" ", audio_sample=FILE, consent=consent.id)
    assert caught.value.param == "name"
    with pytest.raises(openai.BadRequestError, match="Audio too short") as caught:
        await ann.audio.voice_consents.create(language="en", name="Ann", recording=SHORT)
    assert caught.value.param == "recording"
    with pytest.raises(openai.BadRequestError) as caught:
        await ann.audio.voice_consents.create(language="no language", name="Ann", recording=FILE)
    assert caught.value.param == "language"
    assert (await server.left())["voices"] == 0


async def test_a_service_that_is_missing_is_told(server: VoiceServer, ann: AsyncOpenAI) -> None:
    consent = await ann.audio.voice_consents.create(language="en", name="Ann", recording=FILE)
    server.studio.missing = EngineUnavailable("Chatterbox service not available: start it")
    with pytest.raises(openai.InternalServerError, match="Chatterbox service not available") as caught:
        await ann.audio.voices.create(name="Ann", audio_sample=FILE, consent=consent.id)
    assert caught.value.status_code == 503


async def test_a_client_that_leaves_leaves_no_voice(server: VoiceServer, ann: AsyncOpenAI) -> None:
    consent = await ann.audio.voice_consents.create(language="en", name="Ann", recording=FILE)
    server.studio.hold = asyncio.Event()
    asking = asyncio.create_task(ann.audio.voices.create(name="Ann", audio_sample=FILE, consent=consent.id))
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (job,) = await server.cloning.jobs("ann")
    changes = [change async for change in server.cloning.follow("ann", job.job_id)]
    assert changes[-1].status == "cancelled"
    assert (await server.left())["voices"] == 0


async def test_nobody_gets_at_anothers(server: VoiceServer, ann: AsyncOpenAI, bob: AsyncOpenAI) -> None:
    """ASVS 5.0 V8.2.2, V8.3.1: another's is in the same words as one that there is not."""
    consent = await ann.audio.voice_consents.create(language="en", name="Ann", recording=FILE)
    voice_id = await server.cloned("ann")

    async def told(asking: object) -> str:
        with pytest.raises(openai.NotFoundError) as caught:
            await asking  # pyright: ignore[reportGeneralTypeIssues]
        return str(caught.value).replace(consent.id, "cons_000000000000").replace(voice_id, "voice_000000000000")

    consents, none = bob.audio.voice_consents, "cons_000000000000"
    assert await told(consents.retrieve(consent.id)) == await told(consents.retrieve(none))
    assert await told(consents.update(consent.id, name="x")) == await told(consents.update(none, name="x"))
    assert await told(consents.delete(consent.id)) == await told(consents.delete(none))
    assert await told(consents.list(after=consent.id)) == await told(consents.list(after=none))
    assert await told(bob.audio.voices.delete(voice_id)) == await told(bob.audio.voices.delete("voice_000000000000"))
    theirs = bob.audio.voices.create(name="Bob", audio_sample=FILE, consent=consent.id)
    assert "among yours" in await told(theirs)
    assert [each async for each in consents.list()] == []
    assert (await ann.audio.voice_consents.retrieve(consent.id)).name == "Ann"


async def test_strangers_and_keys_that_may_not_are_refused(server: VoiceServer) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1."""
    async with client_of(server, "kay") as kay, client_of(server, "no") as stranger:
        for client, refusal in ((kay, openai.PermissionDeniedError), (stranger, openai.AuthenticationError)):
            with pytest.raises(refusal):
                await client.audio.voice_consents.list()
            with pytest.raises(refusal):
                await client.audio.voices.create(name="Ann", audio_sample=FILE, consent="x")
            with pytest.raises(refusal):
                await client.audio.voices.delete("voice_000000000000")
    foreign = {**key("ann"), "Origin": "https://evil.example"}
    for path in ("voices", "voice_consents", "voice_consents/cons_000000000000"):
        refused(await server.web.post(f"/v1/audio/{path}", headers=foreign), 403, "origin_refused")
