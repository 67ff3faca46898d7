"""A speech server elsewhere: what it is asked, how its sound comes, and what its failures become."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest

from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.engines.tts.openai_speech import provider
from syrinx.errors import (
    EngineError,
    EngineResting,
    EngineTimeout,
    EngineUnavailable,
    RemoteRefused,
    SyrinxError,
    UnknownVoice,
)
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.openai_stand_in import Answer, open_stand_in, whole
from syrinx.testing.speech_stand_in import SpeechStandIn, open_speech_stand_in, speech
from syrinx.testing.tts_conformance import Spoken, speak

KEY = "open-sesame-4711"
ASKED = SpeechRequest(text="The owl sings at night.")


@pytest.fixture
async def server() -> AsyncGenerator[SpeechStandIn, None]:
    async with open_speech_stand_in() as stand_in:
        yield stand_in


@asynccontextmanager
async def engine_on(server: SpeechStandIn, **options: str) -> AsyncGenerator[TextToSpeech, None]:
    async with provider.open({"url": server.url, "key": KEY, **options}) as engine:
        yield engine


async def said_by(server: SpeechStandIn, asked: SpeechRequest = ASKED, **options: str) -> Spoken:
    async with engine_on(server, **options) as engine:
        return await speak(engine, asked)


async def test_the_request_is_what_the_service_expects(server: SpeechStandIn) -> None:
    asked = SpeechRequest(text="Hello.", voice="nova", speed=1.25, description="Calm and low.")
    await said_by(server, asked, model="gpt-4o-mini-tts", headers='{"x-team": "owls"}')
    await said_by(server)
    first, second = server.requests
    assert first.path == "/v1/audio/speech"
    assert first.json == {
        "model": "gpt-4o-mini-tts",
        "input": "Hello.",
        "voice": "nova",
        "response_format": "pcm",
        "speed": 1.25,
        "instructions": "Calm and low.",
    }
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.headers["x-team"] == "owls"
    assert second.json == {
        "model": "tts-1",
        "input": ASKED.text,
        "voice": "alloy",
        "response_format": "pcm",
    }, "what is usual is left to the service"


async def test_every_sample_arrives_and_none_is_made_up(server: SpeechStandIn) -> None:
    spoken = await said_by(server)
    assert spoken.audio.pcm == speech(ASKED.text, voice="alloy", speed=1.0).pcm


async def test_sound_is_passed_on_while_the_rest_is_still_being_made(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=(bytes(4_801), "hang"), content_type="audio/pcm"))
    async with engine_on(server, voices="ada") as engine, aclosing(engine.synthesize(ASKED)) as chunks:
        assert (await anext(chunks)).audio.sample_count == 2_400


async def test_sound_of_another_rate_is_resampled(server: SpeechStandIn) -> None:
    at_half = Answer(steps=(speech("x" * 20, voice="a", speed=2.0).pcm,), content_type="audio/pcm; rate=12000")
    server.answer_with(at_half)
    spoken = await said_by(server, voices="ada")
    assert spoken.audio.sample_rate_hz == 24_000
    assert spoken.audio.duration_ms == pytest.approx(1_000, abs=1)
    server.answer_with(Answer(steps=at_half.steps, content_type="audio/pcm"))
    assert (await said_by(server, voices="ada", sample_rate_hz="8000")).audio.duration_ms == pytest.approx(1_500, abs=1)


async def test_a_server_that_refuses_bare_samples_is_asked_for_wav_and_that_is_remembered(
    server: SpeechStandIn,
) -> None:
    server.takes_pcm = False
    async with engine_on(server) as engine:
        first, second = await speak(engine, ASKED), await speak(engine, ASKED)
    assert first.audio == second.audio == speech(ASKED.text, voice="alloy", speed=1.0)
    assert [request.json["response_format"] for request in server.requests] == ["pcm", "wav", "wav"]


async def test_a_refusal_for_another_reason_is_told_as_it_was(server: SpeechStandIn) -> None:
    server.answer_with(*[whole({"error": {"message": "the voice is hoarse"}}, status=400)] * 2)
    with pytest.raises(RemoteRefused, match="hoarse") as refused:
        await said_by(server, voices="ada")
    assert (refused.value.status, refused.value.retryable) == (400, False)


async def test_the_voices_are_those_that_the_server_lists(server: SpeechStandIn) -> None:
    server.voices = ("af_heart", "bm_george", "ff_siwis")
    async with engine_on(server) as engine:
        voices = {voice.id: (voice.language, voice.gender) for voice in engine.voices}
        assert voices == {
            "af_heart": ("en-US", "female"),
            "bm_george": ("en-GB", "male"),
            "ff_siwis": ("fr", "female"),
        }
        assert engine.capabilities.languages == ("en", "fr")
        spoken = await speak(engine, SpeechRequest(text="Bonjour.", language="fr-FR"))
        assert spoken.chunks
        assert server.requests[-1].json["voice"] == "ff_siwis"
        await speak(engine, SpeechRequest(text="Hello.", voice="alloy"))
        assert server.requests[-1].json["voice"] == "af_heart"
        with pytest.raises(UnknownVoice, match="af_heart"):
            await speak(engine, SpeechRequest(text="Hello.", voice="nobody"))


async def test_named_voices_are_not_asked_for_and_unknown_languages_are_the_usual_ones(server: SpeechStandIn) -> None:
    async with engine_on(server, voices="ada, grace") as engine:
        assert [voice.id for voice in engine.voices] == ["ada", "grace"]
        assert "de" in engine.capabilities.languages
        await speak(engine, SpeechRequest(text="Hallo.", language="de"))
    assert [request.path for request in server.server.requests] == ["/v1/audio/speech"]


async def test_a_server_that_was_down_when_the_engine_was_opened_is_asked_for_its_voices_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with provider.open({"url": f"http://127.0.0.1:{port}"}) as engine:
        with pytest.raises(EngineUnavailable, match=rf"127.0.0.1:{port}.*is it running") as unavailable:
            await speak(engine, ASKED)
        assert unavailable.value.retryable


async def test_leaving_hangs_up_at_once(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=(bytes(9_600), "hang"), content_type="audio/pcm"))
    async with engine_on(server, voices="ada") as engine:
        chunks = engine.synthesize(ASKED)
        await anext(chunks)
        await chunks.aclose()
        await asyncio.wait_for(server.server.left.wait(), timeout=1)
    assert server.server.disconnects == 1


async def test_leaving_before_the_first_sound_hangs_up_too(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=("hang",)))
    async with engine_on(server, voices="ada") as engine:
        reading = asyncio.create_task(speak(engine, ASKED))
        async with asyncio.timeout(2):
            while not server.requests:
                await asyncio.wait((reading,), timeout=0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.wait_for(server.server.left.wait(), timeout=1)


@pytest.mark.parametrize(
    ("answer", "error", "hint", "retryable"),
    [
        (whole({"error": {"message": f"bad key {KEY}"}}, status=401), RemoteRefused, "__KEY", False),
        (whole({"detail": "out of memory"}, status=500), RemoteRefused, "out of memory", True),
        (whole({"error": "x"}, status=302, headers={"location": "http://a.example/"}), RemoteRefused, "final", False),
        (whole({"text": "hi"}), EngineError, "application/json where sound", False),
        (Answer(steps=(b"<html></html>",), content_type="text/html"), EngineError, "text/html where sound", False),
        (Answer(steps=(b"ID3\x04" + bytes(800),), content_type="audio/mpeg"), EngineError, "compressed", False),
        (Answer(steps=(b"RIFFxxxxJUNK",), content_type="audio/wav"), EngineError, "cannot be read", False),
        (Answer(steps=(bytes(50),) * 3 + ("drop",), content_type="audio/pcm"), EngineError, "broke", True),
    ],
    ids=["401", "500", "redirect", "JSON", "HTML", "MP3", "no WAV", "cut in the middle"],
)
async def test_a_failure_says_what_it_is_and_whether_trying_again_helps(
    server: SpeechStandIn, answer: Answer, error: type[SyrinxError], hint: str, retryable: bool
) -> None:
    server.answer_with(answer)
    with pytest.raises(error, match=hint) as raised:
        await said_by(server, voices="ada")
    assert raised.value.retryable is retryable
    assert KEY not in raised.value.message


async def test_a_redirect_is_not_followed_with_the_key(server: SpeechStandIn) -> None:
    async with open_stand_in() as elsewhere:
        server.answer_with(Answer(status=302, headers={"location": f"{elsewhere.url}/audio/speech"}))
        with pytest.raises(RemoteRefused):
            await said_by(server, voices="ada")
        assert elsewhere.requests == []


async def test_silence_before_the_first_sound_and_within_it_times_out(server: SpeechStandIn) -> None:
    hanging = Answer(steps=("hang",), content_type="audio/pcm")
    for answer in (hanging, Answer(steps=(bytes(4_800), "hang"), content_type="audio/pcm")):
        server.answer_with(answer)
        with pytest.raises(EngineTimeout, match=r"0\.05 s"):
            await said_by(server, voices="ada", timeout_s="0.05")


async def test_sound_without_end_is_not_taken_without_end(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=(bytes(1 << 20),) * 5, content_type="audio/pcm"))
    with pytest.raises(EngineError, match="far more sound"):
        await said_by(server, SpeechRequest(text="Hi."), voices="ada")


async def test_a_long_text_goes_in_stretches_that_the_service_takes(server: SpeechStandIn) -> None:
    sentence = "Seven owls sit in the old tree and wait for the night. "
    await said_by(server, SpeechRequest(text=sentence * 100, speed=4.0))
    inputs = [request.json["input"] for request in server.requests]
    assert [len(text) <= 4_000 for text in inputs] == [True, True]
    assert "".join(inputs) == sentence * 100


async def test_a_proxy_meant_for_other_programs_is_not_used(
    server: SpeechStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert (await said_by(server)).chunks


async def test_a_proxy_of_its_own_is_used(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=(bytes(4_800),), content_type="audio/pcm"))
    async with provider.open({"url": "http://voice.invalid/v1", "voices": "ada", "proxy": server.root}) as engine:
        await speak(engine, ASKED)
    assert server.requests[0].path == "http://voice.invalid/v1/audio/speech"


async def test_texts_and_keys_are_in_no_log(server: SpeechStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await said_by(server)
    assert caplog.records, "the HTTP library does log"
    assert not [record for record in caplog.records for secret in (KEY, "The owl") if secret in record.getMessage()]


async def test_each_voice_has_its_own_sound(server: SpeechStandIn) -> None:
    async with engine_on(server) as engine:
        low = await speak(engine, SpeechRequest(text="Hello there.", voice="alloy"))
        high = await speak(engine, SpeechRequest(text="Hello there.", voice="nova"))
    assert dominant_frequency_hz(low.audio) != pytest.approx(dominant_frequency_hz(high.audio), abs=5)


async def test_a_probe_sends_nothing_of_anybody_and_tells_the_truth(server: SpeechStandIn) -> None:
    assert (await provider.probe({"url": server.url, "key": KEY})).healthy
    server.answer_with(whole({"error": {"message": "no"}}, status=401))
    refused = await provider.probe({"url": server.url, "key": KEY})
    assert not refused.healthy
    assert "__KEY" in refused.reason
    server.answer_with(whole({"detail": "no such route"}, status=404))
    assert (await provider.probe({"url": server.url})).healthy, "it answers, though it lists no models"
    assert {request.method for request in server.server.requests} == {"GET"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = await provider.probe({"url": f"http://127.0.0.1:{free.getsockname()[1]}"})
    assert not gone.healthy
    assert "is it running" in gone.reason


async def test_in_the_house_a_far_end_that_fails_is_tried_again_left_alone_and_used_again(
    server: SpeechStandIn,
) -> None:
    metrics = EngineMetrics()
    registry = EngineRegistry([provider], entry_points_=[])
    options = {("tts", "openai_speech"): {"url": server.url, "voices": "ada"}}
    pool = EnginePool(registry, PoolSettings(options=options), metrics=metrics)  # pyright: ignore[reportArgumentType]
    try:
        async with pool.lease("tts", "openai_speech") as tts:
            server.answer_with(whole({"error": "busy"}, status=429, headers={"retry-after": "0"}))
            await speak(tts, ASKED)
            assert len(server.requests) == 2, "tried again as the far end asked"
            server.answer_with(whole({"error": "busy"}, status=429, headers={"retry-after": "60"}))
            with pytest.raises(RemoteRefused) as busy:
                await speak(tts, ASKED)
            assert busy.value.retry_after_s == 60
            assert len(server.requests) == 3, "nobody waits for a minute here"
            assert pool.status()[0].breaker == "closed", "that it is busy does not speak against it"
            server.answer_with(*[whole({"error": "x"}, status=503, headers={"retry-after": "30"})] * 5)
            for _ in range(5):
                with pytest.raises(RemoteRefused):
                    await speak(tts, ASKED)
            asked = len(server.requests)
            with pytest.raises(EngineResting, match="left alone"):
                await speak(tts, ASKED)
            assert len(server.requests) == asked
            status = pool.status()[0]
            assert (status.breaker, status.active) == ("open", 0)
    finally:
        await pool.aclose()


def test_importing_the_engines_is_cheap() -> None:
    modules = ("tts.openai_speech", "tts.tts_broker", "stt.openai_transcription", "stt.whisper_server")
    imports = "import sys, " + ", ".join(f"syrinx.engines.{module}" for module in modules)
    heavy = f"{imports}; sys.exit(any(name in sys.modules for name in ('httpx', 'av', 'grpc')))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
