"""Our own dialect for the voices of people, as the page speaks it."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.databases import sqlite_database
from tests.transports.test_openapi import has_example, operations
from tests.transports.voice_house import PERSON, KeysDoor, VoiceServer, key, long_wav, refused, voice_server

from syrinx.audio import read_wav, silence, wav_bytes
from syrinx.storage import Database
from syrinx.transports.http.onboarding import onboarding_routes
from syrinx.transports.http.openai_voices import openai_voice_routes
from syrinx.transports.http.own_voices import own_voice_routes
from syrinx.transports.http.voice_house import VOICE_BYTES
from syrinx.transports.http.voice_upload import voice_upload_routes
from syrinx.voices import CloningSettings

__all__ = ["sqlite_database"]

PATH = "/api/voices"
ANN, BOB = key("ann"), key("bob")


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    async with voice_server(sqlite_database, tmp_path, own_voice_routes, door=KeysDoor()) as server:
        yield server


async def begun(
    server: VoiceServer, fields: dict[str, str] | None = None, *, sound: bytes = PERSON, user: str = "ann"
) -> httpx.Response:
    return await server.web.post(
        PATH, files={"recording": ("a.webm", sound)}, data=fields or {"attested": "true"}, headers=key(user)
    )


async def made(server: VoiceServer, user: str = "ann", **fields: str) -> str:
    """The id of a new voice."""
    answer = await begun(server, fields, user=user)
    assert answer.status_code == 202, answer.text
    return (await server.cloning.finished(user, answer.json()["job_id"])).voice_id


async def test_a_voice_is_learned_with_the_consent_that_was_spoken(server: VoiceServer) -> None:
    consent_id = await server.consent("ann")
    answer = await begun(
        server, {"name": "Ann", "language": "en-GB", "consent_id": consent_id, "sample_text": "It is me."}
    )
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{PATH}/jobs/{body['job_id']}"
    assert (body["status"], body["voice_id"], body["error"]) == ("pending", None, None)
    profile = await server.cloning.finished("ann", body["job_id"])
    job = (await server.web.get(answer.headers["location"], headers=ANN)).json()
    assert (job["status"], job["stage"], job["progress"]) == ("completed", "done", 1.0)
    assert job["voice_id"] == profile.voice_id
    assert [each["severity"] for each in job["advice"]] == ["advice"]
    voice = (await server.web.get(f"{PATH}/{profile.voice_id}", headers=ANN)).json()
    assert (voice["name"], voice["language"], voice["sample_text"]) == ("Ann", "en-GB", "It is me.")
    assert (voice["source"], voice["is_verified"], voice["consent_id"]) == ("page", True, consent_id)
    assert (voice["voice_match"], voice["nearest_voice"]) == ("approximate", "alto")
    consent = (await server.web.get(f"{PATH}/{profile.voice_id}/consent", headers=ANN)).json()
    assert (consent["kind"], consent["voice_id"], consent["agreement"]) == ("spoken", profile.voice_id, 1.0)


async def test_without_consent_nothing_is_learned(server: VoiceServer) -> None:
    for fields in ({"name": "Ann"}, {"attested": "false"}, {"attested": "true", "consent_id": "cons_000000000000"}):
        assert "without consent" in refused(await begun(server, fields), 400, "bad_input")
    unknown = await begun(server, {"consent_id": "cons_000000000000"})
    refused(unknown, 404, "unknown_consent")
    await server.nothing_is_left()


async def test_an_attested_consent_names_who_attests(server: VoiceServer) -> None:
    voice_id = await made(server)
    consent = (await server.web.get(f"{PATH}/{voice_id}/consent", headers=ANN)).json()
    assert consent["kind"] == "attested"
    assert "the caller with key k-ann as user ann" in consent["statement"]
    refused(
        await server.web.get(f"{PATH}/consents/{consent['consent_id']}/recording", headers=ANN), 404, "unknown_consent"
    )


async def test_the_list_has_ones_own_and_where_wanted_the_gallery(server: VoiceServer) -> None:
    first, second = await made(server, attested="true", name="One"), await made(server, attested="true", name="Two")
    await made(server, user="bob")
    plain = (await server.web.get(PATH, headers=ANN)).json()
    assert [each["voice_id"] for each in plain["voices"]] == [second, first]
    assert (plain["gallery"], plain["verified_only"], plain["terms_version"]) == (None, False, "2026-11")
    gallery = (await server.web.get(PATH, params={"gallery": "1"}, headers=ANN)).json()["gallery"]
    assert [(each["language"], each["label"]) for each in gallery] == [("en", "English"), ("fr", "French")]
    assert gallery[0]["voices"][0] == {
        "voice_id": "alto",
        "name": "Alto",
        "language": "en-US",
        "gender": "female",
        "engine": "tones",
    }


async def test_a_voice_is_changed_in_part(server: VoiceServer) -> None:
    voice_id = await made(server)
    path = f"{PATH}/{voice_id}"
    named = await server.web.patch(path, json={"name": "  Ann   B. "}, headers=ANN)
    assert (named.status_code, named.json()["name"]) == (200, "Ann B.")
    settings = {"pitch_semitones": -1.5, "pace": 1.2, "warmth": 0.5}
    changed = (await server.web.patch(path, json={"settings": settings}, headers=ANN)).json()
    assert (changed["name"], changed["settings"]) == ("Ann B.", settings)
    off = (await server.web.patch(path, json={"is_active": False}, headers=ANN)).json()
    assert off["is_active"] is False
    assert (await server.web.get(PATH, headers=ANN)).json()["voices"] == []
    shown = (await server.web.get(PATH, params={"inactive": "1"}, headers=ANN)).json()["voices"]
    assert [each["voice_id"] for each in shown] == [voice_id]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "a\x00"}, 400),
        ({"settings": {"pace": 3.0}}, 422),
        ({"settings": {"pitch_semitones": -7}}, 422),
        ({"settings": {"speed": 1}}, 422),
        ({"voice_id": "voice_000000000000"}, 422),
    ],
)
async def test_a_change_that_cannot_be_changes_nothing(
    server: VoiceServer, change: dict[str, Any], status: int
) -> None:
    voice_id = await made(server)
    before = await server.voices.get("ann", voice_id)
    refused(await server.web.patch(f"{PATH}/{voice_id}", json=change, headers=ANN), status, "bad_input")
    form = await server.web.patch(f"{PATH}/{voice_id}", data={"name": "x"}, headers=ANN)
    assert form.status_code in {415, 422}
    assert await server.voices.get("ann", voice_id) == before


async def test_reference_sample_and_archive_are_given(server: VoiceServer) -> None:
    consent_id = await server.consent("ann")
    voice_id = await made(server, consent_id=consent_id)
    path = f"{PATH}/{voice_id}"
    reference = await server.web.get(f"{path}/reference", headers=ANN)
    assert reference.headers["content-type"] == "audio/wav"
    assert reference.headers["cache-control"] == "no-store"
    sound = read_wav(reference.content)
    assert (sound.sample_rate_hz, round(sound.duration_ms)) == (24_000, round(read_wav(PERSON).duration_ms))
    assert "x-syrinx-synthetic" not in reference.headers, "it is the person"
    sample = await server.web.get(f"{path}/sample", headers=ANN)
    assert sample.headers["content-type"] == "audio/mpeg"
    assert (sample.headers["x-syrinx-synthetic"], sample.headers["x-syrinx-voice-match"]) == ("true", "approximate")
    archive = await server.web.get(f"{path}/export", headers=ANN)
    assert archive.headers["content-disposition"] == f'attachment; filename="{voice_id}.zip"'
    with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
        assert set(packed.namelist()) == {"voice.json", "consent.json", "consent.wav", "reference.wav", "sample.mp3"}
        assert json.loads(packed.read("voice.json"))["voice_id"] == voice_id
        assert json.loads(packed.read("consent.json"))["consent_id"] == consent_id
        assert packed.read("reference.wav") == reference.content
        assert packed.read("sample.mp3") == sample.content
        spoken = (await server.web.get(f"{PATH}/consents/{consent_id}/recording", headers=ANN)).content
        assert packed.read("consent.wav") == spoken


async def test_a_deleted_voice_leaves_nothing(server: VoiceServer) -> None:
    voice_id = await made(server, consent_id=await server.consent("ann"))
    assert (await server.web.delete(f"{PATH}/{voice_id}", headers=ANN)).status_code == 204
    refused(await server.web.get(f"{PATH}/{voice_id}", headers=ANN), 404, "unknown_voice")
    await server.nothing_is_left()
    assert [each.action for each in server.noted] == ["consent.record", "voice.begin", "voice.delete"]


async def test_the_phrase_is_new_each_time_and_counts_once(server: VoiceServer) -> None:
    asked = [
        (await server.web.get(f"{PATH}/consent-phrase", params={"language": "de"}, headers=ANN)).json()
        for _ in range(2)
    ]
    assert asked[0]["phrase"] != asked[1]["phrase"]
    assert {each["language"] for each in asked} == {"de"}
    server.studio.heard = asked[0]["phrase"]
    form = {"phrase_id": asked[0]["phrase_id"], "name": "Ann"}
    files = {"recording": ("r.webm", PERSON)}
    consent = (await server.web.post(f"{PATH}/consents", data=form, files=files, headers=ANN)).json()
    assert (consent["kind"], consent["name"], consent["language"]) == ("spoken", "Ann", "de")
    again = await server.web.post(f"{PATH}/consents", data=form, files=files, headers=ANN)
    assert "counts once" in refused(again, 400, "consent_refused")
    theirs = {"phrase_id": asked[1]["phrase_id"]}
    refused(await server.web.post(f"{PATH}/consents", data=theirs, files=files, headers=BOB), 404, "unknown_consent")


async def test_a_phrase_that_was_not_understood_is_told_word_by_word(server: VoiceServer) -> None:
    phrase = (await server.web.get(f"{PATH}/consent-phrase", headers=ANN)).json()
    server.studio.heard = "i am the owner of this"
    answer = await server.web.post(
        f"{PATH}/consents",
        data={"phrase_id": phrase["phrase_id"]},
        files={"recording": ("r.webm", PERSON)},
        headers=ANN,
    )
    assert "not understood" in refused(answer, 400, "consent_not_understood")
    words = answer.json()["words"]
    assert " ".join(each["text"] for each in words) == phrase["phrase"]
    assert [each["understood"] for each in words[:6]] == [True] * 6
    assert not all(each["understood"] for each in words)


async def test_a_revoked_consent_silences_the_voice(server: VoiceServer) -> None:
    consent_id = await server.consent("ann")
    voice_id = await made(server, consent_id=consent_id)
    revoked = (await server.web.post(f"{PATH}/consents/{consent_id}/revoke", headers=ANN)).json()
    assert revoked["revoked_at"] is not None
    assert (await server.web.get(f"{PATH}/{voice_id}", headers=ANN)).json()["is_active"] is False
    again = await server.web.patch(f"{PATH}/{voice_id}", json={"is_active": True}, headers=ANN)
    refused(again, 400, "consent_refused")
    listed = (await server.web.get(f"{PATH}/consents", headers=ANN)).json()["consents"]
    assert [(each["consent_id"], each["voice_id"]) for each in listed] == [(consent_id, voice_id)]


async def test_a_consent_goes_alone_only_while_no_voice_rests_on_it(server: VoiceServer) -> None:
    free, used = await server.consent("ann"), await server.consent("ann")
    await made(server, consent_id=used)
    assert (await server.web.delete(f"{PATH}/consents/{free}", headers=ANN)).status_code == 204
    refused(await server.web.get(f"{PATH}/consents/{free}", headers=ANN), 404, "unknown_consent")
    refused(await server.web.delete(f"{PATH}/consents/{used}", headers=ANN), 409, "consent_in_use")


async def watched(server: VoiceServer, job_id: str) -> list[dict[str, Any]]:
    """All changes of a job until the stream ends."""
    found: list[dict[str, Any]] = []
    async with server.web.stream("GET", f"{PATH}/jobs/{job_id}/events", headers=ANN) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in stream.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                name = value
            elif kind == "data":
                assert name == "job"
                found.append(json.loads(value))
    return found


async def test_a_job_is_watched_until_it_has_ended(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    job_id = (await begun(server)).json()["job_id"]
    watching = asyncio.create_task(watched(server, job_id))
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    server.studio.hold.set()
    changes = await watching
    assert changes[-1]["status"] == "completed"
    assert changes[-1]["voice_id"].startswith("voice_")
    progress = [each["progress"] for each in changes]
    assert progress == sorted(progress)
    assert (await watched(server, job_id)) == changes[-1:], "of one that has ended, once more how"


async def test_a_job_that_fails_says_why_and_what_was_found(server: VoiceServer) -> None:
    job_id = (await begun(server, sound=wav_bytes(silence(duration_ms=3000.0, sample_rate_hz=24_000)))).json()["job_id"]
    last = (await watched(server, job_id))[-1]
    assert last["status"] == "failed"
    assert last["error"]["code"] == "bad_audio"
    assert last["error"]["retryable"] is False
    assert "quiet" in last["error"]["message"]


async def test_a_cancelled_job_leaves_nothing(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    job_id = (await begun(server)).json()["job_id"]
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    assert (await server.web.delete(f"{PATH}/jobs/{job_id}", headers=ANN)).status_code == 200
    last = (await watched(server, job_id))[-1]
    assert (last["status"], last["voice_id"], last["error"]) == ("cancelled", None, None)
    jobs = (await server.web.get(f"{PATH}/jobs", headers=ANN)).json()["jobs"]
    assert [(each["job_id"], each["status"]) for each in jobs] == [(job_id, "cancelled")]
    left = await server.left()
    assert (left["voices"], left["consents"]) == (0, 0)


async def test_who_stops_watching_does_not_stop_the_job(server: VoiceServer) -> None:
    server.studio.hold = asyncio.Event()
    job_id = (await begun(server)).json()["job_id"]
    watching = asyncio.create_task(watched(server, job_id))
    await asyncio.wait_for(server.studio.speaking.wait(), 10.0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    server.studio.hold.set()
    assert (await server.cloning.finished("ann", job_id)).user == "ann"


async def test_a_file_that_is_too_large_is_refused(server: VoiceServer) -> None:
    answer = await begun(server, sound=long_wav(VOICE_BYTES + 1))
    assert refused(answer, 413, "too_large").startswith("File too large")
    await server.nothing_is_left()


async def test_where_only_spoken_consents_count_the_list_says_so(sqlite_database: Database, tmp_path: Path) -> None:
    settings = CloningSettings(verified_only=True)
    async with voice_server(sqlite_database, tmp_path, own_voice_routes, door=KeysDoor(), settings=settings) as server:
        assert (await server.web.get(PATH, headers=ANN)).json()["verified_only"] is True
        refused(await begun(server), 400, "consent_refused")


async def test_nobody_gets_at_anothers(server: VoiceServer) -> None:
    """ASVS 5.0 V8.2.2, V8.3.1: on every route another's is in the same words as one that there is not."""
    consent_id = await server.consent("ann")
    voice_id = await made(server, consent_id=consent_id)
    (job,) = await server.cloning.jobs("ann")
    known = {"voice_": voice_id, "cons_": consent_id, "job_": job.job_id}
    absent = {"voice_": "voice_000000000000", "cons_": "cons_000000000000", "job_": "job_0000000000000000"}
    routes = [
        ("GET", "/{}", "voice_", {}),
        ("PATCH", "/{}", "voice_", {"json": {"name": "x"}}),
        ("DELETE", "/{}", "voice_", {}),
        ("GET", "/{}/reference", "voice_", {}),
        ("GET", "/{}/sample", "voice_", {}),
        ("GET", "/{}/consent", "voice_", {}),
        ("GET", "/{}/export", "voice_", {}),
        ("GET", "/jobs/{}", "job_", {}),
        ("DELETE", "/jobs/{}", "job_", {}),
        ("GET", "/jobs/{}/events", "job_", {}),
        ("GET", "/consents/{}", "cons_", {}),
        ("GET", "/consents/{}/recording", "cons_", {}),
        ("POST", "/consents/{}/revoke", "cons_", {}),
        ("DELETE", "/consents/{}", "cons_", {}),
    ]
    for method, path, kind, sent in routes:
        words: list[str] = []
        for one in (known[kind], absent[kind]):
            answer = await server.web.request(method, PATH + path.format(one), headers=BOB, **sent)  # pyright: ignore[reportArgumentType]
            assert answer.status_code == 404, (method, path, answer.text)
            words.append(answer.text.replace(one, kind))
        assert words[0] == words[1], (method, path)
    taken = await begun(server, {"consent_id": consent_id}, user="bob")
    assert refused(taken, 404, "unknown_consent").replace(consent_id, "") == refused(
        await begun(server, {"consent_id": "cons_000000000000"}, user="bob"), 404, "unknown_consent"
    ).replace("cons_000000000000", "")
    for path, field in (("", "voices"), ("/jobs", "jobs"), ("/consents", "consents")):
        assert (await server.web.get(PATH + path, headers=BOB)).json()[field] == []
    profile = await server.voices.get("ann", voice_id)
    assert (profile.name, profile.is_active) == ("My Voice", True)


async def test_strangers_and_keys_that_may_not_are_refused_everywhere(server: VoiceServer) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1; every route of the description is asked."""
    document = (await server.web.get("/openapi.json")).json()
    found = [name.split(" ") for name, _ in operations(document)]
    assert len(found) == 20
    for method, path in found:
        refused(await server.web.request(method, path), 401, "unauthorized")
        refused(await server.web.request(method, path, headers=key("kay")), 403, "forbidden")
        if method != "GET":
            foreign = {**ANN, "Origin": "https://evil.example"}
            refused(await server.web.request(method, path, headers=foreign), 403, "origin_refused")


@pytest.mark.docs
async def test_every_route_shows_an_example_of_each_answer_and_body(sqlite_database: Database, tmp_path: Path) -> None:
    dialects = (own_voice_routes, onboarding_routes, voice_upload_routes, openai_voice_routes)
    async with voice_server(sqlite_database, tmp_path, *dialects) as server:
        document = (await server.web.get("/openapi.json")).json()
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        bodies = operation.get("requestBody", {}).get("content", {})
        answers = [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in (bodies, *answers):
            for kind, media in content.items():
                assert has_example(document, media) or "example" in media, f"{name} shows no example of {kind}"
