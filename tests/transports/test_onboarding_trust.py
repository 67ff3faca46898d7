"""Who may do what in the voice onboarding API, and to whose voices."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.databases import sqlite_database
from tests.transports.test_onboarding import BEGINNING
from tests.transports.voice_house import PERSON, KeysDoor, VoiceServer, key, refused, voice_server

from syrinx.storage import Database
from syrinx.transports.http.onboarding import onboarding_routes

__all__ = ["sqlite_database"]


@pytest.fixture
async def keyed(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    """With accounts."""
    async with voice_server(sqlite_database, tmp_path, onboarding_routes, door=KeysDoor()) as server:
        yield server


async def test_each_user_has_their_own_voices(keyed: VoiceServer) -> None:
    """ASVS 5.0 V8.2.2, V8.3.1: another's voice is in the same words as one that there is not, on every route."""
    voice_id = await keyed.cloned("ann")
    begun = await keyed.web.post(
        f"{BEGINNING}/clone",
        files={"audio_file": ("a.wav", PERSON)},
        headers={"Prefer": "respond-async", **key("ann")},
    )
    await keyed.cloning.finished("ann", begun.json()["jobId"])
    none, job = "voice_000000000000", begun.json()["jobId"]

    async def told(method: str, path: str, user: str, **sent: object) -> tuple[int, str]:
        answer = await keyed.web.request(method, f"{BEGINNING}/{path}", headers=key(user), **sent)  # pyright: ignore[reportArgumentType]
        return answer.status_code, answer.text.replace(voice_id, none).replace(job, "job_0000000000000000")

    for method, path, sent in (
        ("GET", "status/{}", {}),
        ("POST", "test/{}", {"json": {"text": "Hello"}}),
        ("DELETE", "{}", {}),
    ):
        status, words = await told(method, path.format(voice_id), "bob", **sent)
        assert (status, words) == await told(method, path.format(none), "bob", **sent)
        assert status == 404, words
    status, words = await told("GET", f"jobs/{job}/status", "bob")
    assert (status, words) == await told("GET", "jobs/job_0000000000000000/status", "bob")
    assert status == 404
    assert (await told("DELETE", f"{voice_id}?user_id=ann", "bob"))[0] == 403
    assert (await told("GET", f"status/{voice_id}", "ann"))[0] == 200
    assert (await told("GET", f"status/{voice_id}", "ops"))[0] == 200
    assert keyed.speech.narrator.begun == []


async def test_only_an_operator_clones_for_another(keyed: VoiceServer) -> None:
    """ASVS 5.0 V8.2.1."""
    refused(await keyed.clone("bob", {"user_id": "ann"}), 403, "forbidden")
    await keyed.nothing_is_left()
    own = await keyed.cloned("bob", user_id="bob")
    assert (await keyed.voices.owner_and_profile(own)).user == "bob"
    voice_id = await keyed.cloned("ops", user_id="ann")
    profile = await keyed.voices.get("ann", voice_id)
    consent = await keyed.consents.get("ann", profile.consent_id)
    assert "the caller with key k-ops as user ops" in consent.statement
    assert [(each.user, each.action) for each in keyed.noted] == [("bob", "voice.clone"), ("ann", "voice.clone")]


async def test_an_operator_who_asks_on_somebodys_behalf_is_that_person(keyed: VoiceServer) -> None:
    """An application must not give one of its users another's voice because it may do everything itself."""
    voice_id = await keyed.cloned("ann")
    for_bob = {**key("ops"), "X-Syrinx-User": "bob"}
    refused(await keyed.web.get(f"{BEGINNING}/status/{voice_id}", headers=for_bob), 404, "unknown_voice")
    answer = await keyed.web.delete(f"{BEGINNING}/{voice_id}", params={"user_id": "ann"}, headers=for_bob)
    assert "two users" in refused(answer, 403, "forbidden")
    for_ann = {**key("ops"), "X-Syrinx-User": "ann"}
    assert (await keyed.web.get(f"{BEGINNING}/status/{voice_id}", headers=for_ann)).status_code == 200


async def test_strangers_and_keys_that_may_not_are_refused(keyed: VoiceServer) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1."""
    for method, path in (
        ("POST", "clone"),
        ("GET", "status/voice_000000000000"),
        ("GET", "jobs/job_0000000000000000/status"),
        ("POST", "test/voice_000000000000"),
        ("DELETE", "voice_000000000000"),
    ):
        refused(await keyed.web.request(method, f"{BEGINNING}/{path}"), 401, "unauthorized")
        refused(await keyed.web.request(method, f"{BEGINNING}/{path}", headers=key("kay")), 403, "forbidden")
        if method != "GET":
            foreign = {**key("ann"), "Origin": "https://evil.example"}
            answer = await keyed.web.request(method, f"{BEGINNING}/{path}", headers=foreign)
            refused(answer, 403, "origin_refused")


async def test_pages_that_are_listed_may_clone(keyed: VoiceServer) -> None:
    answer = await keyed.web.post(
        f"{BEGINNING}/clone",
        files={"audio_file": ("recording.webm", PERSON)},
        headers={"Origin": "https://app.example", **key("ann")},
    )
    assert answer.status_code == 200
    assert [each.action for each in keyed.noted] == ["voice.clone"]
