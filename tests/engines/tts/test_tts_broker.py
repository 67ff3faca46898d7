"""A Kokoro server or a broker: what it is asked, streamed where it can, whole where it cannot."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.tts_broker import provider
from syrinx.errors import EngineError, RemoteRefused, UnknownVoice
from syrinx.testing.openai_stand_in import Answer, whole
from syrinx.testing.speech_stand_in import SpeechStandIn, open_speech_stand_in, speech
from syrinx.testing.tts_conformance import speak

ASKED = SpeechRequest(text="The owl sings at night.")


@pytest.fixture
async def server() -> AsyncGenerator[SpeechStandIn, None]:
    async with open_speech_stand_in() as stand_in:
        yield stand_in


async def test_it_streams_where_the_far_end_can(server: SpeechStandIn) -> None:
    async with provider.open({"url": server.root, "key": "sesame"}) as engine:
        spoken = await speak(engine, SpeechRequest(text=ASKED.text, speed=1.5))
    assert [request.path for request in server.requests] == ["/audio-stream"]
    assert server.requests[0].json == {"text": ASKED.text, "voice": "af_heart", "lang_code": "a", "speed": 1.5}
    assert server.requests[0].headers["authorization"] == "Bearer sesame"
    assert spoken.audio.pcm == speech(ASKED.text, voice="af_heart", speed=1.5).pcm


async def test_a_far_end_that_cannot_stream_is_asked_for_whole_clips_and_that_is_remembered(
    server: SpeechStandIn,
) -> None:
    server.streams = False
    async with provider.open({"url": server.root}) as engine:
        first, second = await speak(engine, ASKED), await speak(engine, ASKED)
    assert [request.path for request in server.requests] == ["/audio-stream", "/synthesize", "/synthesize"]
    assert first.audio == second.audio == speech(ASKED.text, voice="af_heart", speed=1.0)


async def test_whole_clips_are_short_so_that_the_first_is_heard_soon(server: SpeechStandIn) -> None:
    server.streams = False
    sentence = "Seven owls sit in the old tree and wait for the night. "
    async with provider.open({"url": server.root}) as engine:
        spoken = await speak(engine, SpeechRequest(text=sentence * 20, speed=2.0))
    texts = [request.json["text"] for request in server.requests[1:]]
    assert "".join(texts) == sentence * 20
    assert max(map(len, texts)) <= 400
    assert spoken.audio.duration_ms == pytest.approx(len(sentence * 20) * 50 / 2, rel=0.01)


@pytest.mark.parametrize(
    ("language", "voice", "lang_code", "sent"),
    [
        ("en", None, "a", "af_heart"),
        ("en-GB", None, "a", "af_heart"),
        ("en", "bf", "b", "bf"),
        ("en-US", "bf", "b", "bf"),
    ],
)
async def test_the_accent_of_the_voice_is_the_one_that_is_spoken(
    server: SpeechStandIn, language: str, voice: str | None, lang_code: str, sent: str
) -> None:
    async with provider.open({"url": server.root}) as engine:
        await speak(engine, SpeechRequest(text="Hello.", language=language, voice=voice))
    asked = server.requests[0].json
    assert (asked["lang_code"], asked["voice"]) == (lang_code, sent)


async def test_listed_voices_replace_the_usual_ones(server: SpeechStandIn) -> None:
    server.voices = ("jf_alpha", "pm_alex")
    async with provider.open({"url": server.root}) as engine:
        assert engine.capabilities.languages == ("ja", "pt")
        await speak(engine, SpeechRequest(text="Olá.", language="pt"))
        await speak(engine, SpeechRequest(text="Olá.", language="pt", voice="af_heart"))
        with pytest.raises(UnknownVoice):
            await speak(engine, SpeechRequest(text="Olá.", language="pt", voice="bf_emma"))
    assert [(request.json["lang_code"], request.json["voice"]) for request in server.requests] == [
        ("p", "pm_alex"),
        ("p", "pm_alex"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        whole({"audio_base64": "not base64!"}),
        whole({"audio_base64": "UklGRg=="}),
        whole({"audio": ""}),
        whole([1]),
        Answer(steps=(b"oops",), content_type="application/json"),
    ],
)
async def test_what_is_no_clip_is_an_error_of_the_far_end(server: SpeechStandIn, answer: Answer) -> None:
    server.streams = False
    async with provider.open({"url": server.root, "voices": "af"}) as engine:
        server.answer_with(whole({}, status=404), answer)
        with pytest.raises(EngineError, match="no clip"):
            await speak(engine, ASKED)


async def test_the_words_of_the_far_end_are_passed_on(server: SpeechStandIn) -> None:
    async with provider.open({"url": server.root, "voices": "af"}) as engine:
        server.answer_with(whole({"detail": "the Kokoro server is unreachable"}, status=503))
        with pytest.raises(RemoteRefused, match="Kokoro server is unreachable") as refused:
            await speak(engine, ASKED)
    assert (refused.value.status, refused.value.retryable) == (503, True)


async def test_a_broker_that_stands_before_a_dead_server_is_not_called_healthy(server: SpeechStandIn) -> None:
    assert (await provider.probe({"url": server.root})).healthy
    server.remote_status = "unreachable"
    probe = await provider.probe({"url": server.root})
    assert not probe.healthy
    assert "behind" in probe.reason


async def test_a_key_that_is_not_accepted_is_told_though_the_health_needs_none(server: SpeechStandIn) -> None:
    server.key = "right-key-1"
    assert (await provider.probe({"url": server.root, "key": "right-key-1"})).healthy
    for options in ({"url": server.root}, {"url": server.root, "key": "wrong-key-1"}):
        probe = await provider.probe(options)
        assert not probe.healthy
        assert "SYRINX_ENGINE__TTS_BROKER__KEY" in probe.reason
        assert "wrong-key-1" not in probe.reason
