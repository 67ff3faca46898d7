"""What voices the synthesis service has, and how people register theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.transports.speech_house import until
from tests.transports.synthesis_server import (
    LOW,
    SPOKEN,
    Service,
    buzz,
    packed,
    refused,
    service,
)
from tests.transports.voice_house import PERSON, KeysDoor, key

from syrinx.audio import read_wav, resample, silence
from syrinx.engines.tts.contract import Voice
from syrinx.errors import EngineError
from syrinx.transports.http.speech_house import OfferedVoice


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Service]:
    async with service(tmp_path) as running:
        yield running


async def test_the_configuration_tells_what_is_set_and_what_speaks_in_truth(running: Service) -> None:
    running.house.voices.append(OfferedVoice(voice=Voice(id="chr", name="Cherokee", language="chr"), engine="tones"))
    body = (await running.web.get("/api/v1/tts/config")).json()
    assert body["model_repo"] == "coqui/XTTS-v2"
    assert body["model_dir"] == "/srv/models/coqui_xtts_v2"
    assert body["languages"] == [
        {"id": "chr", "label": "Cherokee"},
        {"id": "en", "label": "English"},
        {"id": "fr", "label": "French"},
    ]
    assert [voice["voice_id"] for voice in body["voices"]] == ["default", "alto", "tenor", "celeste", "chr"]
    assert body["defaults"] == {
        "language": "en",
        "speaker_id": "default",
        "format": "wav",
        "store_generated_audio": False,
    }
    assert (body["engine"], body["clones"], body["use_gpu"]) == ("Tones", False, True)


async def test_voices_are_the_default_those_registered_and_those_of_the_engines(running: Service) -> None:
    added = (await running.register(display_name="Ada", language="en", speaker_wav_base64=SPOKEN)).json()
    voices = (await running.web.get("/api/v1/tts/voices")).json()["voices"]
    assert voices[:3] == [
        {"voice_id": "default", "display_name": "Default", "language": "en"},
        {"voice_id": added["voice_id"], "display_name": "Ada", "language": "en"},
        {"voice_id": "alto", "display_name": "Alto", "language": "en-US"},
    ]


async def test_a_voice_is_registered_by_base64_and_told_to_be_approximate(running: Service) -> None:
    answer = await running.register(display_name="Ada", language="en", speaker_wav_base64=SPOKEN)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["x-syrinx-voice-match"] == "approximate"
    assert body.pop("voice_id").startswith("voice_")
    assert body == {"display_name": "Ada", "language": "en", "voice_match": "approximate", "nearest_voice": "alto"}
    (profile,) = await running.server.voices.list("local")
    assert (profile.source, profile.is_verified) == ("registry", False)
    consent = await running.server.consents.get("local", profile.consent_id)
    assert "as user local" in consent.statement


async def test_name_and_language_may_be_left_out_and_the_user_is_recorded(running: Service) -> None:
    answer = await running.web.post(
        "/api/v1/tts/voices", json={"speaker_wav_base64": SPOKEN}, headers={"X-Syrinx-User": "ada"}
    )
    assert (answer.json()["display_name"], answer.json()["language"]) == ("Voice", "en")
    (profile,) = await running.server.voices.list("ada")
    assert profile.voice_id == answer.json()["voice_id"]
    assert "as user ada" in (await running.server.consents.get("ada", profile.consent_id)).statement


async def test_a_voice_is_registered_by_its_address(running: Service) -> None:
    answer = await running.register(speaker_wav_url="https://example.com/ada.wav")
    assert answer.status_code == 201
    assert running.fetch.asked == ["https://example.com/ada.wav"]
    (profile,) = await running.server.voices.list("local")
    assert await running.server.voices.sample(profile) == resample(read_wav(PERSON), 24_000)


@pytest.mark.parametrize(
    ("order", "status", "code", "says"),
    [
        ({}, 422, "bad_input", "speaker_wav_base64 or speaker_wav_url"),
        ({"speaker_wav_base64": LOW, "speaker_wav_url": "https://example.com/ada.wav"}, 422, "bad_input", "both given"),
        ({"speaker_wav_base64": ""}, 400, "bad_input", "empty"),
        ({"speaker_wav_base64": "??"}, 400, "bad_input", "base64"),
        ({"speaker_wav_base64": "bm8gc291bmQ="}, 400, "bad_audio", "no sound"),
        ({"speaker_wav_base64": packed(buzz(110.0, duration_ms=1500.0))}, 400, "bad_audio", "Audio too short"),
        ({"speaker_wav_base64": packed(silence(duration_ms=3000.0, sample_rate_hz=8000))}, 400, "bad_audio", "quiet"),
        ({"speaker_wav_url": "http://inside/"}, 400, "address_refused", "public internet"),
        ({"speaker_wav_url": "https://example.com/none.wav"}, 400, "fetch_failed", "404"),
        ({"speaker_wav_base64": LOW, "language": "xx"}, 404, "unknown_language", "en, fr are spoken"),
        ({"speaker_wav_url": "https://example.com/ada.wav", "language": "xx"}, 404, "unknown_language", "spoken"),
        ({"speaker_wav_base64": LOW, "display_name": ""}, 422, "bad_input", "display_name"),
        ({"speaker_wav_base64": LOW, "display_name": "a\x00"}, 400, "bad_input", "name"),
        ({"speaker_wav_base64": LOW, "path": "/etc"}, 422, "bad_input", "path"),
    ],
)
async def test_what_cannot_be_registered_leaves_nothing(
    running: Service, order: dict[str, Any], status: int, code: str, says: str
) -> None:
    assert says in refused(await running.register(**order), status, code)
    await running.server.nothing_is_left()
    if "language" in order:
        assert running.fetch.asked == []


async def test_an_engine_that_fails_leaves_no_half_registered_voice(running: Service) -> None:
    running.server.studio.refusal = EngineError("it broke")
    refused(await running.register(speaker_wav_base64=SPOKEN), 500, "engine_failed")
    await running.server.nothing_is_left()
    assert len((await running.web.get("/api/v1/tts/voices")).json()["voices"]) == 4


async def test_voices_are_ones_own(tmp_path: Path) -> None:
    """ASVS 5.0 V8.2.2, V8.3.1: another's voice is in the same words as one that there is not."""
    async with service(tmp_path, door=KeysDoor()) as running:
        as_ann, as_bob = key("ann"), key("bob")
        made = await running.web.post("/api/v1/tts/voices", json={"speaker_wav_base64": SPOKEN}, headers=as_ann)
        voice_id, none = made.json()["voice_id"], "voice_000000000000"
        for path in ("voices", "config"):
            told = [(await running.web.get(f"/api/v1/tts/{path}", headers=who)).json() for who in (as_ann, as_bob)]
            assert [voice_id in [each["voice_id"] for each in body["voices"]] for body in told] == [True, False]
        words = [
            await running.web.post("/api/v1/tts/synthesize", json={"text": "a", "speaker_id": each}, headers=as_bob)
            for each in (voice_id, none)
        ]
        assert {answer.status_code for answer in words} == {404}
        assert words[0].text.replace(voice_id, none) == words[1].text
        assert not running.house.narrator.begun


async def test_a_key_that_may_only_speak_registers_nothing(tmp_path: Path) -> None:
    """ASVS 5.0 V8.2.1."""
    async with service(tmp_path, door=KeysDoor()) as running:
        as_kay = key("kay")
        answer = await running.web.post("/api/v1/tts/voices", json={"speaker_wav_base64": SPOKEN}, headers=as_kay)
        refused(answer, 403, "forbidden")
        spoken = await running.web.post("/api/v1/tts/synthesize", json={"text": "Hello"}, headers=as_kay)
        assert spoken.status_code == 200


async def test_the_configuration_says_that_an_engine_learns_voices(running: Service) -> None:
    running.house.engines = [replace(each, clones=each.name == "bells") for each in running.house.engines]
    assert (await running.web.get("/api/v1/tts/config")).json()["clones"] is True


async def test_a_client_that_leaves_while_its_sample_is_fetched_registers_nothing(running: Service) -> None:
    running.fetch.wait = True
    asking = asyncio.create_task(running.register(speaker_wav_url="https://example.com/ada.wav"))
    await until(lambda: bool(running.fetch.asked))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await running.house.nothing_left()
    await running.server.nothing_is_left()
