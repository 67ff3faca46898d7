"""Transcription servers elsewhere: what they are asked, how sound travels, and what their failures become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.contract import Options
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.stt.contract import DETECT, SpeechToText, TranscriptionRequest
from syrinx.engines.stt.openai_transcription import provider as openai_transcription
from syrinx.engines.stt.whisper_server import provider as whisper_server
from syrinx.errors import BadInput, EngineError, EngineTimeout, RemoteRefused
from syrinx.testing.audio import dominant_frequency_hz, sine
from syrinx.testing.openai_stand_in import Answer, Wait, whole
from syrinx.testing.speech_stand_in import SpeechStandIn, open_speech_stand_in
from syrinx.testing.stt_conformance import listen

KEY = "open-sesame-4711"
TONE = sine(300, duration_ms=1_000, sample_rate_hz=16_000)


@pytest.fixture
async def server() -> AsyncGenerator[SpeechStandIn, None]:
    async with open_speech_stand_in() as stand_in:
        yield stand_in


async def heard_by_openai(server: SpeechStandIn, request: TranscriptionRequest | None = None, **options: str) -> str:
    async with openai_transcription.open({"url": server.url, "key": KEY, **options}) as engine:
        return (await listen(engine, [TONE], request))[-1].text


async def heard_by_whisper(server: SpeechStandIn, request: TranscriptionRequest | None = None, **options: str) -> str:
    async with whisper_server.open({"url": server.root, **options}) as engine:
        return (await listen(engine, [TONE], request))[-1].text


async def test_a_request_to_openai_is_what_the_service_expects(server: SpeechStandIn) -> None:
    asked = TranscriptionRequest(language="de-AT", prompt="Vögel.", temperature=0.0, recording=True)
    assert await heard_by_openai(server, asked) == "so it is"
    form = server.forms[0]
    assert server.requests[0].path == "/v1/audio/transcriptions"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert form.fields == {
        "model": ["whisper-1"],
        "language": ["de"],
        "prompt": ["Vögel."],
        "temperature": ["0"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
    }
    assert (form.file_name, form.media_type) == ("audio.flac", "audio/flac")
    assert form.content[:4] == b"fLaC"
    assert len(form.content) < len(TONE.pcm) / 2
    assert server.heard[0].duration_ms == pytest.approx(1_000, abs=1)
    assert dominant_frequency_hz(server.heard[0]) == pytest.approx(300, abs=3)


@pytest.mark.parametrize(("upload", "begin", "name"), [("opus", b"OggS", "audio.ogg"), ("wav", b"RIFF", "audio.wav")])
async def test_sound_travels_as_it_is_wished(server: SpeechStandIn, upload: str, begin: bytes, name: str) -> None:
    assert await heard_by_openai(server, upload=upload) == "so it is"
    assert server.forms[0].content[:4] == begin
    assert server.forms[0].file_name == name
    assert server.heard[0].duration_ms == pytest.approx(1_000, abs=20)


async def test_a_translation_has_a_route_of_its_own(server: SpeechStandIn) -> None:
    await heard_by_openai(server, TranscriptionRequest(language=DETECT, task="translate"))
    assert server.requests[0].path == "/v1/audio/translations"
    assert "language" not in server.forms[0].fields


async def test_a_service_that_gives_no_times_is_asked_for_plain_text_from_then_on(server: SpeechStandIn) -> None:
    server.verbose = False
    async with openai_transcription.open({"url": server.url}) as engine:
        for _ in range(2):
            assert (await listen(engine, [TONE]))[-1].text == "so it is"
    assert [form.field("response_format") for form in server.forms] == ["verbose_json", "json", "json"]
    await heard_by_openai(server, model="gpt-4o-mini-transcribe")
    assert server.forms[-1].field("response_format") == "json"


async def test_a_request_to_whisper_is_what_its_server_expects(server: SpeechStandIn) -> None:
    asked = TranscriptionRequest(language=DETECT, task="translate", prompt="Owls.", temperature=0.4)
    assert await heard_by_whisper(server, asked, temperature_inc="0.2") == "so it is"
    form = server.forms[0]
    assert server.requests[0].path == "/inference"
    assert form.fields == {
        "language": ["auto"],
        "translate": ["true"],
        "prompt": ["Owls."],
        "temperature": ["0.4"],
        "temperature_inc": ["0.2"],
        "response_format": ["verbose_json"],
    }
    assert form.content[:4] == b"RIFF", "it understands nothing else"


async def test_an_error_with_status_200_is_an_error(server: SpeechStandIn) -> None:
    server.answer_with(whole({"error": "failed to read WAV file"}))
    with pytest.raises(RemoteRefused, match="failed to read WAV"):
        await heard_by_whisper(server)


@pytest.mark.parametrize("hear", [heard_by_openai, heard_by_whisper])
async def test_a_failure_of_a_moment_is_tried_again_with_the_same_sound(server: SpeechStandIn, hear: object) -> None:
    ask = heard_by_openai if hear is heard_by_openai else heard_by_whisper
    server.answer_with(
        whole({"error": "busy"}, status=429, headers={"retry-after": "0"}), whole({"error": "down"}, status=503)
    )
    assert await ask(server) == "so it is"
    first, second, third = (form.content for form in server.forms)
    assert first == second == third


async def test_what_does_not_pass_is_raised_at_once(server: SpeechStandIn) -> None:
    server.answer_with(whole({"error": {"message": f"bad key {KEY}"}}, status=401))
    with pytest.raises(RemoteRefused, match="SYRINX_ENGINE__OPENAI_TRANSCRIPTION__KEY") as refused:
        await heard_by_openai(server)
    assert KEY not in refused.value.message
    server.answer_with(whole({"error": "busy"}, status=429, headers={"retry-after": "90"}))
    with pytest.raises(RemoteRefused) as busy:
        await heard_by_openai(server)
    assert busy.value.retry_after_s == 90
    server.answer_with(Answer(steps=(b"<html>oops</html>",), content_type="text/html"))
    with pytest.raises(EngineError, match="not JSON"):
        await heard_by_openai(server)
    assert len(server.requests) == 3


async def test_an_answer_that_does_not_come_times_out(server: SpeechStandIn) -> None:
    server.answer_with(*[Answer(steps=("hang",))] * 3)
    with pytest.raises(EngineTimeout, match=r"within 0\.05 s"):
        await heard_by_whisper(server, timeout_s="0.05")


async def test_leaving_hangs_up_at_once(server: SpeechStandIn) -> None:
    server.answer_with(Answer(steps=(Wait(seconds=60),)))
    reading = asyncio.create_task(heard_by_openai(server))
    async with asyncio.timeout(3):
        while not server.requests:
            await asyncio.wait((reading,), timeout=0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(server.server.left.wait(), timeout=1)


async def test_a_temperature_that_cannot_be_is_refused_before_anything_is_sent(server: SpeechStandIn) -> None:
    with pytest.raises(BadInput, match="0 to 1"):
        await heard_by_openai(server, TranscriptionRequest(temperature=1.5))
    assert server.requests == []


async def test_probes_ask_for_health_only(server: SpeechStandIn) -> None:
    assert (await whisper_server.probe({"url": server.root})).healthy
    server.answer_with(whole({"status": "loading model"}, status=503))
    loading = await whisper_server.probe({"url": server.root})
    assert not loading.healthy
    # An old server without the route, behind it a broker that tells of what stands behind itself.
    server.answer_with(whole({}, status=404))
    assert (await whisper_server.probe({"url": server.root})).healthy
    server.remote_status = "unreachable"
    server.answer_with(whole({}, status=404))
    assert not (await whisper_server.probe({"url": server.root})).healthy
    assert (await openai_transcription.probe({"url": server.url})).healthy
    assert {request.method for request in server.server.requests} == {"GET"}


async def test_a_key_that_is_not_accepted_is_told_though_the_health_needs_none(server: SpeechStandIn) -> None:
    server.key = "right-key-1"
    assert (await whisper_server.probe({"url": server.root, "key": "right-key-1"})).healthy
    for provider, url in ((whisper_server, server.root), (openai_transcription, server.url)):
        probe = await provider.probe({"url": url, "key": "wrong-key-1"})
        assert not probe.healthy
        assert "__KEY" in probe.reason
        assert "wrong-key-1" not in probe.reason


async def test_in_the_house_a_recording_is_not_given_up_while_it_travels(server: SpeechStandIn) -> None:
    options: dict[tuple[str, str], Options] = {("stt", "whisper_server"): {"url": server.root, "timeout_s": "900"}}
    pool = EnginePool(
        EngineRegistry([whisper_server], entry_points_=[]),
        PoolSettings(options=options),  # pyright: ignore[reportArgumentType]
    )
    long = [PcmChunk(pcm=TONE.pcm, sample_rate_hz=16_000), silence(duration_ms=9_000, sample_rate_hz=16_000)] * 3
    try:
        async with pool.lease("stt", "whisper_server") as stt:
            told = await _recording(stt, long)
    finally:
        await pool.aclose()
    assert told == "so it is"
    assert (whisper_server.patience(options["stt", "whisper_server"]).recording_silence_s or 0) > 900


async def _recording(stt: SpeechToText, items: list[PcmChunk]) -> str:
    return (await listen(stt, items, TranscriptionRequest(recording=True)))[-1].text
