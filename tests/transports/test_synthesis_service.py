"""The synthesis service over HTTP, as its clients speak it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from tests.transports.speech_house import ScriptedHouse, until
from tests.transports.synthesis_server import (
    HIGH,
    LOW,
    ORDER,
    SPOKEN,
    TOKEN,
    Service,
    buzz,
    packed,
    refused,
    service,
)

from syrinx.audio import read_wav, wav_bytes
from syrinx.audio.synthetic_mark import read_mark
from syrinx.engines.tts.contract import Gender, Voice
from syrinx.errors import EngineBusy, EngineError, EngineUnavailable, SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.speech.narration import NarratedSound, NarrationEvent, NarrationRequest
from syrinx.testing.fake_speech import ScriptedNarration, ScriptedNarrator
from syrinx.testing.human_clips import longest_clip
from syrinx.transports.http.speech_house import OfferedVoice


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Service]:
    async with service(tmp_path) as running:
        yield running


# Speaking.


async def test_a_text_is_spoken_as_a_whole_wav(running: Service) -> None:
    answer = await running.web.post("/api/v1/tts/synthesize", json=ORDER)
    body = answer.json()
    sound = read_wav(base64.b64decode(body.pop("audio_base64")))
    assert sound.duration_ms == 1000.0
    assert body == {
        "format": "wav",
        "sample_rate": 24_000,
        "duration_seconds": 1.0,
        "engine": "tones",
        "voice": "",
        "voice_match": "exact",
        "stored_as": None,
        "not_applied": [],
    }
    assert answer.headers["x-syrinx-synthetic"] == "true"
    assert answer.headers["x-syrinx-voice-match"] == "exact"
    assert running.kept == []
    request = running.house.narrator.begun[0].request
    assert (request.voice, request.language, request.pitch_semitones) == (None, "en", 0.0)


async def test_the_same_request_gives_the_same_bytes(running: Service) -> None:
    answers = [(await running.speak(speaker_wav_base64=HIGH)).json()["audio_base64"] for _ in range(3)]
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    ("order", "voice", "language"),
    [
        ({"speaker_id": "celeste"}, "celeste", None),
        ({"speaker_id": "celeste", "language": "fr"}, "celeste", "fr"),
        ({"speaker_id": "alloy", "language": "en"}, "alloy", "en"),
        ({"language": "fr"}, None, "fr"),
    ],
)
async def test_an_engines_voice_speaks_its_own_language_unless_one_is_sent(
    running: Service, order: dict[str, str], voice: str | None, language: str | None
) -> None:
    assert (await running.speak(**order)).json()["voice_match"] == "exact"
    request = running.house.narrator.begun[0].request
    assert (request.voice, request.language) == (voice, language)


def offered(*voices: tuple[str, str, Gender]) -> list[OfferedVoice]:
    return [
        OfferedVoice(voice=Voice(id=id_, name=id_, language=language, gender=gender), engine="tones")
        for id_, language, gender in voices
    ]


class Buzzing(ScriptedNarration):
    """In the pitch of its voice."""

    async def events(self) -> AsyncGenerator[NarrationEvent, None]:
        pitch_hz = {"low": 100.0, "high": 200.0}[self.voice]
        yield NarratedSound(chunk=buzz(pitch_hz, duration_ms=500.0))


class Pitched(ScriptedNarrator):
    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append(Buzzing(request=request))
        return self.begun[-1]


@pytest.mark.parametrize(
    ("sample_hz", "voice", "semitones"),
    [(100.0, "low", 0.0), (112.2, "low", 2.0), (220.0, "high", 1.7), (400.0, "high", 4.0)],
)
async def test_a_sample_is_followed_by_the_nearest_voice_shifted_towards_it(
    tmp_path: Path, sample_hz: float, voice: str, semitones: float
) -> None:
    house = ScriptedHouse(narrator=Pitched(), voices=offered(("low", "en-US", "male"), ("high", "en-US", "female")))
    async with service(tmp_path, house) as running:
        answer = await running.speak(speaker_wav_base64=packed(buzz(sample_hz)))
        assert (answer.json()["voice_match"], answer.json()["voice"]) == ("approximate", voice)
        assert answer.headers["x-syrinx-voice-match"] == "approximate"
        assert running.kept == []
        measuring, request = [each.request for each in house.narrator.begun]
        assert measuring.text == "1, 2, 3, 4, 5."
        assert (request.voice, request.language) == (voice, "en")
        assert request.pitch_semitones == pytest.approx(semitones, abs=0.2)
        # The engine's voice is measured once.
        await running.speak(speaker_wav_base64=packed(buzz(sample_hz)))
        assert len(house.narrator.begun) == 3
        assert house.narrator.begun[2].request == request


async def test_a_registered_voice_speaks_also_after_a_new_start_and_in_other_languages(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        voice_id = (await running.register(speaker_wav_base64=SPOKEN)).json()["voice_id"]
        first = (await running.speak(speaker_id=voice_id)).json()
    async with service(tmp_path) as running:
        again = (await running.speak(speaker_id=voice_id)).json()
        assert again == first
        assert (again["voice"], again["voice_match"]) == (voice_id, "exact")
        await running.speak(speaker_id=voice_id, language="fr")
        # Who speaks for it, and how, is the narrator's to know.
        asked = [(each.request.voice, each.request.language) for each in running.house.narrator.begun]
        assert asked == [(voice_id, None), (voice_id, "fr")]


async def test_a_voice_that_is_only_approximated_is_told(tmp_path: Path) -> None:
    class Approximate(ScriptedNarrator):
        async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
            narration = await super().__call__(request)
            narration.voice_match = "approximate"
            return narration

    async with service(tmp_path, ScriptedHouse(narrator=Approximate())) as running:
        voice_id = (await running.register(speaker_wav_base64=SPOKEN)).json()["voice_id"]
        answer = await running.speak(speaker_id=voice_id)
        assert answer.json()["voice_match"] == "approximate"
        assert answer.headers["x-syrinx-voice-match"] == "approximate"


async def test_the_sample_of_a_person_is_answered_by_a_womans_voice(running: Service) -> None:
    body = (await running.speak(speaker_wav_base64=packed(longest_clip().audio))).json()
    assert body["voice"] == "alto"


async def test_the_default_speaker_follows_the_clip_that_is_set(tmp_path: Path) -> None:
    clip = tmp_path / "default.wav"
    clip.write_bytes(wav_bytes(buzz(110.0)))
    async with service(tmp_path / "data", default_voice=clip) as running:
        assert (await running.speak()).json()["voice"] == "tenor"
        assert (await running.speak()).json()["voice_match"] == "approximate"
        assert running.house.media.opened == 1


async def test_a_default_clip_that_is_missing_is_told_without_its_path(tmp_path: Path) -> None:
    async with service(tmp_path, default_voice=tmp_path / "none.wav") as running:
        detail = refused(await running.speak(), 503, "engine_unavailable")
        assert "XTTS_DEFAULT_VOICE" in detail
        assert str(tmp_path) not in detail


@pytest.mark.parametrize(
    ("order", "status", "code", "says"),
    [
        ({"text": ""}, 422, "bad_input", "text"),
        ({"text": "x" * 801}, 422, "bad_input", "text"),
        ({"speaker_id": ""}, 422, "bad_input", "speaker_id"),
        ({"language": "e"}, 422, "bad_input", "language"),
        ({"temperature": 0.7}, 422, "bad_input", "temperature"),
        ({"speaker_id": "voice_0123456789ab"}, 404, "unknown_voice", "among yours"),
        ({"speaker_wav_base64": LOW, "speaker_wav_url": "https://example.com/ada.wav"}, 422, "bad_input", "both given"),
        ({"speaker_wav_base64": LOW, "speaker_id": "alto"}, 422, "bad_input", "two speakers"),
        ({"speaker_wav_url": "http://inside/"}, 400, "address_refused", "public internet"),
        ({"speaker_wav_base64": "bm8gc291bmQ="}, 400, "bad_audio", "no sound"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_before_any_work(
    running: Service, order: dict[str, Any], status: int, code: str, says: str
) -> None:
    assert says in refused(await running.speak(**order), status, code)
    assert not running.house.narrator.begun


async def test_the_longest_text_is_taken(running: Service) -> None:
    assert (await running.speak(text="x" * 800)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownVoice("no engine has it"), 404),
        (UnknownLanguage("nobody speaks it"), 404),
        (EngineUnavailable("the model is not installed"), 503),
        (EngineBusy("busy", retry_after_s=1.0), 429),
    ],
)
async def test_what_the_narrator_refuses_is_told(tmp_path: Path, error: SyrinxError, status: int) -> None:
    async with service(tmp_path, ScriptedHouse(narrator=ScriptedNarrator(refusal=error))) as running:
        assert refused(await running.speak(speaker_id="nobody"), status, error.code) == error.message


# Keeping.


async def test_a_clip_is_kept_under_the_hash_of_its_content_and_once(running: Service) -> None:
    bodies = [(await running.speak(store_generated_audio=True)).json() for _ in range(2)]
    wav = base64.b64decode(bodies[0]["audio_base64"])
    assert bodies[0]["stored_as"] == bodies[1]["stored_as"] == hashlib.sha256(wav).hexdigest()
    assert running.kept == [running.folder / "generated" / f"{bodies[0]['stored_as']}.wav"]
    assert running.kept[0].read_bytes() == wav
    assert running.kept[0].stat().st_mode & 0o077 == 0


async def test_what_is_given_and_what_is_kept_say_that_no_person_spoke_it(running: Service) -> None:
    body = (await running.speak(store_generated_audio=True)).json()
    for wav in (base64.b64decode(body["audio_base64"]), running.kept[0].read_bytes()):
        mark = read_mark(io.BytesIO(wav))
        assert mark is not None
        assert mark.engine == "tones"


async def test_a_clip_that_was_damaged_is_written_anew(running: Service) -> None:
    await running.speak(store_generated_audio=True)
    whole = running.kept[0].read_bytes()
    running.kept[0].write_bytes(whole[:100])
    await running.speak(store_generated_audio=True)
    assert running.kept[0].read_bytes() == whole


async def test_speech_that_breaks_off_keeps_nothing(tmp_path: Path) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(error=EngineError("it broke")))
    async with service(tmp_path, house) as running:
        refused(await running.speak(store_generated_audio=True), 500, "engine_failed")
        assert running.kept == []


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("a file where the folder should be")
    async with service(tmp_path) as running:
        detail = refused(await running.speak(store_generated_audio=True), 507, "not_kept")
        assert "without store_generated_audio" in detail
        assert str(tmp_path) not in detail


async def test_a_client_that_leaves_ends_the_speech(tmp_path: Path) -> None:
    house = ScriptedHouse(narrator=ScriptedNarrator(chunks=1000, chunk_s=0.05))
    async with service(tmp_path, house) as running:
        asking = asyncio.create_task(running.speak(store_generated_audio=True))
        await until(lambda: house.at_work > 0)
        asking.cancel()
        await house.nothing_left()
        assert running.kept == []


# Trust.

ROUTES = [
    ("GET", "/api/v1/tts/config"),
    ("GET", "/api/v1/tts/voices"),
    ("POST", "/api/v1/tts/voices"),
    ("POST", "/api/v1/tts/synthesize"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_wants_the_token(tmp_path: Path, method: str, path: str) -> None:
    async with service(tmp_path, token=TOKEN) as running:
        refused(await running.web.request(method, path), 401, "unauthorized")
        answer = await running.web.request(method, path, json={}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code in {200, 422}


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
async def test_pages_of_other_origins_are_refused_and_listed_ones_not(running: Service, path: str) -> None:
    answer = await running.web.post(path, json={}, headers={"Origin": "https://evil.example"})
    refused(answer, 403, "origin_refused")
    answer = await running.web.post(path, json={}, headers={"Origin": "https://app.example"})
    assert answer.status_code == 422


async def test_what_is_sent_must_say_that_it_is_json(running: Service) -> None:
    answer = await running.web.post("/api/v1/tts/synthesize", content="{}", headers={"Content-Type": "text/plain"})
    refused(answer, 415, "json_wanted")
