"""The voice onboarding API, as its clients speak it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.databases import sqlite_database
from tests.transports.voice_house import (
    PERSON,
    PERSON_S,
    KeysDoor,
    VoiceServer,
    key,
    long_wav,
    refused,
    voice_server,
)

from syrinx.audio import silence, wav_bytes
from syrinx.errors import BadAudio, EngineError, EngineUnavailable
from syrinx.storage import Database
from syrinx.testing.audio import sine
from syrinx.transports.http.consents import consent_routes
from syrinx.transports.http.onboarding import onboarding_routes
from syrinx.transports.http.voice_house import VOICE_BYTES
from syrinx.voices import CloningSettings

__all__ = ["sqlite_database"]

BEGINNING = "/api/public/voice/onboarding"


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    async with voice_server(sqlite_database, tmp_path, onboarding_routes) as server:
        yield server


@pytest.fixture
async def keyed(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    """With accounts."""
    async with voice_server(sqlite_database, tmp_path, onboarding_routes, consent_routes, door=KeysDoor()) as server:
        yield server


async def test_a_recording_becomes_a_voice_with_a_sample(server: VoiceServer) -> None:
    answer = await server.clone(
        fields={"user_id": "user123", "voice_name": "Ada", "sample_text": "Hello, this is my cloned voice"}
    )
    body = answer.json()
    assert answer.status_code == 200, body
    assert body["success"] is True
    assert body["voice_id"].startswith("voice_")
    assert len(body["voice_id"]) == len("voice_") + 12
    assert (body["voice_name"], body["sample_text"]) == ("Ada", "Hello, this is my cloned voice")
    kind, _, packed = body["sample_audio"].partition(",")
    assert kind == "data:audio/mp3;base64"
    assert base64.b64decode(packed)[:3] in {b"ID3", b"\xff\xfb\xe4"} or base64.b64decode(packed)[0] == 0xFF
    assert (body["voice_match"], body["nearest_voice"]) == ("approximate", "alto")
    assert answer.headers["x-syrinx-voice-match"] == "approximate"
    assert answer.headers["x-syrinx-synthetic"] == "true"
    assert server.studio.spoken == ["Hello, this is my cloned voice"]
    profile = await server.voices.get("user123", body["voice_id"])
    consent = await server.consents.get("user123", profile.consent_id)
    assert (profile.source, profile.is_verified, consent.kind) == ("onboarding", False, "attested")
    assert "a caller at this machine as user local" in consent.statement


async def test_all_but_the_recording_may_be_left_out(server: VoiceServer) -> None:
    body = (await server.clone()).json()
    assert body["voice_name"] == "My Voice"
    assert body["sample_text"]
    assert (await server.voices.owner_and_profile(body["voice_id"])).user == "local"


async def test_a_spoken_consent_makes_the_voice_verified(keyed: VoiceServer) -> None:
    consent_id = await keyed.consent("ann")
    voice_id = await keyed.cloned("ann", consent_id=consent_id)
    status = (await keyed.web.get(f"{BEGINNING}/status/{voice_id}", headers=key("ann"))).json()
    assert status["is_verified"] is True
    again = await keyed.clone("ann", {"consent_id": consent_id})
    assert "consent" in refused(again, 400, "consent_refused")


async def test_the_status_tells_what_is_known(server: VoiceServer) -> None:
    voice_id = await server.cloned(user_id="user123", voice_name="Ada")
    answer = await server.web.get(f"{BEGINNING}/status/{voice_id}")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["voice_id"], body["voice_name"], body["user_id"]) == (voice_id, "Ada", "user123")
    assert body["is_active"] is True
    assert body["created_at"].endswith("Z")
    assert body["audio_duration_seconds"] == pytest.approx(PERSON_S, abs=0.01)
    assert (body["voice_match"], answer.headers["x-syrinx-voice-match"]) == ("approximate", "approximate")


@pytest.mark.parametrize("how", ["json", "undeclared", "urlencoded", "multipart", "mislabelled"])
async def test_a_voice_is_tried_by_form_or_json(server: VoiceServer, how: str) -> None:
    voice_id = await server.cloned()
    path = f"{BEGINNING}/test/{voice_id}"
    as_json = '{"text": "Guten Tag & good bye"}'
    match how:
        case "json":
            answer = await server.web.post(path, json={"text": "Guten Tag & good bye"})
        case "undeclared":
            answer = await server.web.post(path, content=as_json)
        case "urlencoded":
            answer = await server.web.post(path, data={"text": "Guten Tag & good bye"})
        case "multipart":
            answer = await server.web.post(path, files={"text": (None, "Guten Tag & good bye")})
        case _:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await server.web.post(path, content=as_json, headers=form)
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["success"], body["voice_id"], body["text"]) == (True, voice_id, "Guten Tag & good bye")
    assert body["audio"].startswith("data:audio/mp3;base64,")
    assert len(base64.b64decode(body["audio"].partition(",")[2])) > 1000
    assert (answer.headers["x-syrinx-synthetic"], body["voice_match"]) == ("true", "exact")
    (narration,) = server.speech.narrator.begun
    assert (narration.request.voice, narration.request.language) == (voice_id, "en")
    assert narration.closed


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "text is missing"),
        ({"text": "  "}, 400, "text is missing"),
        ({"text": "a" * 10_001}, 400, "10001 characters"),
        ({"text": 1}, 400, "text is to be a text"),
        ({"text": "a", "voice": "b"}, 400, "no field 'voice'"),
        ([1], 400, "JSON object"),
    ],
)
async def test_a_trial_without_words_is_refused(server: VoiceServer, body: object, status: int, says: str) -> None:
    voice_id = await server.cloned()
    answer = await server.web.post(f"{BEGINNING}/test/{voice_id}", json=body)
    assert says in refused(answer, status, "bad_input")


async def test_a_trial_that_the_engine_refuses_is_told(server: VoiceServer) -> None:
    voice_id = await server.cloned()
    server.speech.narrator.refusal = EngineUnavailable("Chatterbox service not available: start it")
    answer = await server.web.post(f"{BEGINNING}/test/{voice_id}", json={"text": "Hello"})
    assert refused(answer, 503, "engine_unavailable").startswith("Chatterbox service not available")


@pytest.mark.parametrize("how", ["form", "multipart", "query", "nobody"])
async def test_a_voice_is_deleted_and_nothing_is_left(server: VoiceServer, how: str) -> None:
    voice_id = await server.cloned(user_id="user123")
    path = f"{BEGINNING}/{voice_id}"
    match how:
        case "form":
            answer = await server.web.request("DELETE", path, data={"user_id": "user123"})
        case "multipart":
            answer = await server.web.request("DELETE", path, files={"user_id": (None, "user123")})
        case "query":
            answer = await server.web.delete(path, params={"user_id": "user123"})
        case _:
            answer = await server.web.delete(path)
    assert (answer.status_code, answer.json()["success"]) == (200, True), answer.text
    assert voice_id in answer.json()["message"]
    refused(await server.web.get(f"{BEGINNING}/status/{voice_id}"), 404, "unknown_voice")
    await server.nothing_is_left()


async def test_a_voice_is_not_deleted_in_another_name(server: VoiceServer) -> None:
    voice_id = await server.cloned(user_id="user123")
    path = f"{BEGINNING}/{voice_id}"
    refused(await server.web.delete(path, params={"user_id": "user124"}), 404, "unknown_voice")
    both = await server.web.request("DELETE", path, params={"user_id": "user123"}, data={"user_id": "user124"})
    assert "two users" in refused(both, 400, "bad_input")
    assert (await server.web.get(f"{BEGINNING}/status/{voice_id}")).status_code == 200


async def test_who_does_not_want_to_wait_gets_a_job(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    answer = await server.web.post(
        f"{BEGINNING}/clone",
        files={"audio_file": ("a.wav", PERSON)},
        headers={"Prefer": "wait=5, Respond-Async"},
    )
    body = answer.json()
    assert (answer.status_code, body["success"], body["status"]) == (202, True, "pending")
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == body["statusUrl"] == f"{BEGINNING}/jobs/{body['jobId']}/status"
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    status = (await server.web.get(body["statusUrl"])).json()
    assert (status["jobId"], status["status"], status["stage"]) == (body["jobId"], "processing", "speaking")
    assert 0.0 < status["progress"] < 1.0
    assert (status["voiceId"], status["error"]) == (None, None)
    server.studio.hold.set()
    await server.cloning.finished("local", body["jobId"])
    status = (await server.web.get(body["statusUrl"])).json()
    assert (status["status"], status["progress"]) == ("completed", 1.0)
    assert status["audioDurationSeconds"] == pytest.approx(PERSON_S, abs=0.01)
    assert (await server.web.get(f"{BEGINNING}/status/{status['voiceId']}")).status_code == 200


async def test_who_began_a_cloning_without_waiting_is_noted(server: VoiceServer) -> None:
    begun = await server.web.post(
        f"{BEGINNING}/clone",
        files={"audio_file": ("a.wav", PERSON)},
        data={"user_id": "user123"},
        headers={"Prefer": "respond-async"},
    )
    job_id = begun.json()["jobId"]
    assert [(each.user, each.action, each.subject) for each in server.noted] == [("user123", "voice.begin", job_id)]
    await server.cloning.finished("user123", job_id)


async def test_a_job_that_failed_says_why(server: VoiceServer) -> None:
    short = wav_bytes(sine(200.0, duration_ms=1500.0, sample_rate_hz=24_000))
    begun = await server.web.post(
        f"{BEGINNING}/clone", files={"audio_file": ("a.wav", short)}, headers={"Prefer": "respond-async"}
    )
    with pytest.raises(BadAudio):
        await server.cloning.finished("local", begun.json()["jobId"])
    status = (await server.web.get(begun.json()["statusUrl"])).json()
    assert (status["status"], status["errorCode"]) == ("failed", "bad_audio")
    assert status["error"].startswith("Audio too short")


async def test_a_job_that_was_cancelled_has_failed(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    begun = await server.web.post(
        f"{BEGINNING}/clone", files={"audio_file": ("a.wav", PERSON)}, headers={"Prefer": "respond-async"}
    )
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    await server.cloning.cancel("local", begun.json()["jobId"])

    changes = [change async for change in server.cloning.follow("local", begun.json()["jobId"])]
    assert changes[-1].ended
    status = (await server.web.get(begun.json()["statusUrl"])).json()
    assert (status["status"], status["errorCode"]) == ("failed", "cancelled")


async def test_a_client_that_leaves_leaves_nothing(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    asking = asyncio.create_task(server.clone())
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (job,) = await server.cloning.jobs("local")
    changes = [change async for change in server.cloning.follow("local", job.job_id)]
    assert changes[-1].status == "cancelled"
    await server.nothing_is_left()


async def test_an_answer_that_cannot_be_made_keeps_no_voice(server: VoiceServer) -> None:
    async def lost(profile: object) -> bytes:
        raise EngineError("the sample is gone")

    server.voices.sample_audio = lost  # pyright: ignore[reportAttributeAccessIssue]
    refused(await server.clone(), 500, "engine_failed")
    await server.nothing_is_left()


@pytest.mark.parametrize(
    ("sound", "status", "code", "says"),
    [
        (wav_bytes(sine(200.0, duration_ms=1500.0, sample_rate_hz=24_000)), 400, "bad_audio", "Audio too short"),
        (wav_bytes(silence(duration_ms=3000.0, sample_rate_hz=24_000)), 400, "bad_audio", "Audio too quiet"),
        (wav_bytes(silence(duration_ms=301_000.0, sample_rate_hz=8_000)), 400, "bad_audio", "Audio too long"),
        (b"<html>no sound</html>", 400, "bad_audio", "no sound that can be read"),
        (b"", 400, "bad_audio", "empty"),
    ],
)
async def test_what_is_no_sample_of_a_voice_leaves_nothing(
    server: VoiceServer, sound: bytes, status: int, code: str, says: str
) -> None:
    answer = await server.clone(sound=sound)
    assert says in refused(answer, status, code)
    assert set(answer.json()) == {"detail", "code", "retryable"}
    await server.nothing_is_left()


@pytest.mark.parametrize(
    ("failure", "status", "says"),
    [
        (EngineError("GPU out of memory: restart it"), 503, "GPU out of memory"),
        (EngineUnavailable("Chatterbox service not available: start it"), 503, "Chatterbox service not available"),
    ],
)
async def test_an_engine_that_fails_while_it_learns_is_told_in_known_words(
    server: VoiceServer, failure: EngineError, status: int, says: str
) -> None:
    server.studio.refusal = failure
    answer = await server.clone()
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(says)
    await server.nothing_is_left()


async def test_a_service_that_is_demanded_and_absent_is_told_before_anything_is_kept(server: VoiceServer) -> None:
    server.studio.missing = EngineUnavailable("Chatterbox service not available: start it")
    detail = refused(await server.clone(), 503, "engine_unavailable")
    assert detail.startswith("Chatterbox service not available")
    await server.nothing_is_left()


async def test_a_file_that_is_too_large_is_refused_while_it_comes(server: VoiceServer) -> None:
    answer = await server.clone(sound=long_wav(VOICE_BYTES + 1))
    assert refused(answer, 413, "too_large").startswith("File too large")
    assert server.speech.media.opened == 0
    await server.nothing_is_left()


async def test_a_file_that_is_too_large_is_counted_where_it_hides_its_length(server: VoiceServer) -> None:
    sent = 0

    async def body() -> AsyncGenerator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="../../etc/a.wav"\r\n\r\n'
        for _ in range(80):
            sent += 1
            yield bytes(1024 * 1024)
        yield b"\r\n--x--\r\n"

    answer = await server.web.post(
        f"{BEGINNING}/clone", content=body(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert refused(answer, 413, "too_large").startswith("File too large")
    await server.nothing_is_left()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"user_id": "../etc"}, "user_id is to be 1 to 64"),
        ({"voice_name": "a\x00b"}, "name"),
        ({"voice_name": "x" * 101}, "name"),
        ({"language": "no language"}, "language"),
        ({"colour": "red"}, "no field 'colour'"),
        ({"sample_text": "x" * 5000}, "sample_text"),
    ],
)
async def test_wrong_fields_are_named_and_leave_nothing(server: VoiceServer, fields: dict[str, str], says: str) -> None:
    assert says in refused(await server.clone(fields=fields), 400, "bad_input")
    await server.nothing_is_left()


async def test_a_form_without_a_recording_is_refused(server: VoiceServer) -> None:
    answer = await server.web.post(f"{BEGINNING}/clone", files={"user_id": (None, "a")})
    assert "'audio_file'" in refused(answer, 400, "bad_input")
    as_json = await server.web.post(f"{BEGINNING}/clone", json={"audio_file": "a"})
    assert "multipart/form-data" in refused(as_json, 400, "bad_input")


async def test_where_only_spoken_consents_count_an_attestation_does_not(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings = CloningSettings(verified_only=True, poll_s=0.02)
    async with voice_server(sqlite_database, tmp_path, onboarding_routes, settings=settings) as server:
        assert "read a phrase of this server" in refused(await server.clone(), 400, "consent_refused")
        await server.nothing_is_left()


async def test_two_at_once_get_their_own(server: VoiceServer) -> None:
    answers = await asyncio.gather(*(server.clone(fields={"user_id": f"user{n}"}) for n in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["voice_id"] for answer in answers}) == 4
    for place, answer in enumerate(answers):
        assert (await server.voices.get(f"user{place}", answer.json()["voice_id"])).user == f"user{place}"
