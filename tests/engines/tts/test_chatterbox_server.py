"""A Chatterbox server elsewhere: somebody's sample goes along with each sentence, and what keeps it from speaking is
told in the words that its users know."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from syrinx.audio.wav import read_wav
from syrinx.engines.contract import Options, Probing
from syrinx.engines.tts.chatterbox_server import USUAL_URL, provider, read_settings
from syrinx.engines.tts.chatterbox_server_client import exaggeration
from syrinx.engines.tts.contract import Clones, SpeechRequest, TextToSpeech
from syrinx.errors import (
    BadAudio,
    BadInput,
    ConfigurationError,
    EngineError,
    EngineUnavailable,
    RemoteRefused,
    UnknownLanguage,
)
from syrinx.testing.audio import dominant_frequency_hz, sine
from syrinx.testing.chatterbox_stand_in import OWN_HZ, ChatterboxStandIn, open_chatterbox_stand_in
from syrinx.testing.openai_stand_in import Answer, whole
from syrinx.testing.tts_cloning_conformance import TtsCloningConformance
from syrinx.testing.tts_conformance import TtsConformance, speak

SENTENCE = "The owl sings at night. "
SAMPLE = sine(140.0, duration_ms=3_000.0)


@pytest.fixture
async def server() -> AsyncGenerator[ChatterboxStandIn, None]:
    async with open_chatterbox_stand_in() as stand_in:
        yield stand_in


async def learnt(tts: TextToSpeech) -> SpeechRequest:
    assert isinstance(tts, Clones)
    return SpeechRequest(text=SENTENCE, conditioning=await tts.condition(SAMPLE))


def nowhere() -> str:
    """An address at which nothing answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


class TestChatterboxServerConforms(TtsConformance):
    @pytest.fixture
    async def tts(self, server: ChatterboxStandIn) -> AsyncGenerator[TextToSpeech, None]:
        async with provider.open({"url": server.root}) as engine:
            yield engine


class TestChatterboxServerLearns(TtsCloningConformance):
    @pytest.fixture
    async def tts(self, server: ChatterboxStandIn) -> AsyncGenerator[TextToSpeech, None]:
        async with provider.open({"url": server.root}) as engine:
            yield engine


async def test_the_sample_goes_along_with_each_stretch_of_text_and_comes_out_of_it_unchanged(
    server: ChatterboxStandIn,
) -> None:
    server.key = "sesame"
    async with provider.open({"url": f"{server.root}/v1/", "key": "sesame"}) as tts:
        spoken = await speak(tts, replace(await learnt(tts), text=SENTENCE * 30, warmth=1.0))
    assert dominant_frequency_hz(spoken.audio) == pytest.approx(140.0, rel=0.02)
    texts = [form.field("input") or "" for form in server.forms]
    assert " ".join(texts) == (SENTENCE * 30).strip()
    assert len(texts) > 1
    assert max(map(len, texts)) <= 280
    assert all(text.endswith(".") for text in texts)
    for form in server.forms:
        assert (form.file_field, form.file_name, form.media_type) == ("voice_file", "voice.wav", "audio/wav")
        assert read_wav(form.content) == SAMPLE
        assert (form.field("exaggeration"), form.field("response_format")) == ("1.0", "wav")


async def test_without_a_sample_its_own_voice_speaks(server: ChatterboxStandIn) -> None:
    async with provider.open({"url": server.root, "voices": "ada, grace"}) as tts:
        spoken = await speak(tts, SpeechRequest(text=SENTENCE, voice="grace"))
    assert dominant_frequency_hz(spoken.audio) == pytest.approx(OWN_HZ, rel=0.02)
    assert [request.json for request in server.requests] == [
        {"input": SENTENCE.strip(), "voice": "grace", "response_format": "wav"}
    ]


async def test_it_speaks_english_unless_it_is_said_to_speak_more(server: ChatterboxStandIn) -> None:
    async with provider.open({"url": server.root}) as tts:
        assert tts.capabilities.languages == ("en",)
        with pytest.raises(UnknownLanguage):
            await speak(tts, replace(await learnt(tts), language="de"))
    async with provider.open({"url": server.root, "languages": "en, de-DE"}) as tts:
        await speak(tts, replace(await learnt(tts), language="de-AT"))
    assert server.forms[-1].field("language") == "de"


@pytest.mark.parametrize(("warmth", "sent"), [(-1.0, 0.25), (-0.5, 0.375), (0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_warmth_is_what_it_calls_exaggeration(warmth: float, sent: float) -> None:
    assert exaggeration(warmth) == sent


async def test_a_server_that_is_not_there_is_told_of_as_its_users_know_it(server: ChatterboxStandIn) -> None:
    async with provider.open({"url": server.root}) as tts:
        request = await learnt(tts)
    async with provider.open({"url": nowhere()}) as tts:
        with pytest.raises(EngineUnavailable, match=r"^Chatterbox service not available: nothing answers") as raised:
            await speak(tts, request)
        assert raised.value.retryable
        with pytest.raises(EngineUnavailable, match=r"^Chatterbox service not available: nothing answers"):
            await learnt(tts)


async def test_a_server_that_is_not_well_learns_nothing(server: ChatterboxStandIn) -> None:
    server.status = "error: model not loaded"
    async with provider.open({"url": server.root}) as tts:
        with pytest.raises(EngineUnavailable, match=r"^Chatterbox service not available: .* is not well"):
            await learnt(tts)
    assert isinstance(provider, Probing)
    found = await provider.probe({"url": server.root})
    assert not found.healthy
    assert found.reason.startswith("Chatterbox service not available: ")
    server.status = "ready"
    assert (await provider.probe({"url": server.root})).healthy


@pytest.mark.parametrize(
    ("answer", "kind", "code", "message"),
    [
        (
            whole(
                {"detail": {"error": {"message": "TTS generation failed: CUDA out of memory. Tried to"}}}, status=500
            ),
            EngineError,
            "gpu_memory",
            "^GPU out of memory at 127.0.0.1",
        ),
        (whole({"detail": "Out Of Memory"}, status=503), EngineError, "gpu_memory", "^GPU out of memory"),
        (whole({}, status=502), EngineUnavailable, "engine_unavailable", "^Chatterbox service not available: "),
        (
            whole({"detail": {"error": {"message": "Unsupported audio format"}}}, status=400),
            RemoteRefused,
            "remote_refused",
            "Unsupported audio format",
        ),
        (
            Answer(steps=(b'{"error": "no"}',), content_type="application/json"),
            EngineError,
            "engine_failed",
            "where sound was expected",
        ),
        (Answer(steps=("drop",), content_type="audio/wav"), EngineError, "engine_failed", "broke"),
    ],
    ids=["memory", "memory in plain words", "gateway", "refused", "no sound", "cut"],
)
async def test_every_failure_is_told_before_any_sound(
    server: ChatterboxStandIn, answer: Answer, kind: type[EngineError], code: str, message: str
) -> None:
    async with provider.open({"url": server.root}) as tts:
        request = await learnt(tts)
        server.answer_with(answer)
        async with aclosing(tts.synthesize(request)) as chunks:
            with pytest.raises(kind, match=message) as raised:
                await anext(chunks)
        assert raised.value.code == code
        assert (await speak(tts, request)).chunks


async def test_a_sample_that_was_tampered_with_reaches_nobody(server: ChatterboxStandIn) -> None:
    async with provider.open({"url": server.root}) as tts:
        request = await learnt(tts)
        with pytest.raises(BadInput, match="learn the sample anew"):
            await speak(tts, replace(request, conditioning=request.conditioning[:-2]))
        assert isinstance(tts, Clones)
        with pytest.raises(BadAudio, match=r"^Audio too short"):
            await tts.condition(sine(140.0, duration_ms=1_900.0))
    assert server.requests == []


def test_where_it_is_has_to_be_said() -> None:
    nowhere = provider.check({})
    assert not nowhere.available
    assert USUAL_URL in nowhere.reason
    assert (
        read_settings({"url": "https://voices.example/chatterbox/v1/"}).remote.url
        == "https://voices.example/chatterbox"
    )
    assert provider.check({"url": "http://voices.example:8001"}).facts == {"address": "http://voices.example:8001"}
    assert (provider.info.clones, provider.info.remote) == (True, True)


@pytest.mark.parametrize("options", [{"url": "voices"}, {"url": USUAL_URL, "colour": "red"}])
def test_options_that_are_wrong_are_named(options: Options) -> None:
    with pytest.raises(ConfigurationError):
        read_settings(options)
    assert not provider.check(options).available
