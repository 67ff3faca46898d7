"""Another engine answers when the first one fails before its first item."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from syrinx.engines.guards.fallback import FellBack, LlmWithFallback, Substitute, TtsWithFallback, fitted
from syrinx.engines.llm.contract import Message, ReplyRequest
from syrinx.engines.tts.contract import SpeechRequest, TtsCapabilities, Voice
from syrinx.errors import BadInput, EngineCrashed, EngineError, UnknownVoice
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.providers import FakeProvider
from syrinx.testing.virtual_time import virtual_time

HELLO = SpeechRequest(text="hello there")


def voices_of(
    broken: ScriptedTts, *rest: ScriptedTts
) -> tuple[TtsWithFallback, list[FellBack], list[FakeProvider[ScriptedTts]]]:
    told: list[FellBack] = []
    providers = [
        FakeProvider("tts", f"second-{number}", lambda _, engine=engine: engine) for number, engine in enumerate(rest)
    ]
    substitutes = [
        Substitute(engine=provider.info.name, open=lambda provider=provider: provider.open({}))
        for provider in providers
    ]
    return (
        TtsWithFallback(broken, name="first", substitutes=substitutes, on_fallback=told.append),
        told,
        providers,
    )


@virtual_time
async def test_the_substitute_speaks_and_the_caller_is_told():
    error = EngineCrashed("gone")
    engine, told, providers = voices_of(
        ScriptedTts(TtsScript(fail="raise", error=error)), ScriptedTts(sample_rate_hz=16_000)
    )
    chunks = [chunk async for chunk in engine.synthesize(HELLO)]
    assert {chunk.audio.sample_rate_hz for chunk in chunks} == {16_000}
    assert told == [FellBack(failed="first", error=error, instead="second-0")]
    assert (providers[0].opened, providers[0].closed) == (1, 1)


@virtual_time
async def test_a_substitute_is_not_opened_while_the_first_engine_works():
    engine, told, providers = voices_of(ScriptedTts(), ScriptedTts())
    assert [chunk async for chunk in engine.synthesize(HELLO)]
    assert not told
    assert providers[0].opened == 0


@virtual_time
async def test_after_the_first_chunk_there_is_no_falling_back():
    engine, told, _ = voices_of(ScriptedTts(TtsScript(fail="raise", fail_after=1)), ScriptedTts())
    with pytest.raises(EngineError):
        _ = [chunk async for chunk in engine.synthesize(HELLO)]
    assert not told


@virtual_time
async def test_a_request_that_is_wrong_is_not_handed_on():
    engine, told, _ = voices_of(ScriptedTts(), ScriptedTts())
    for request, expected in ((SpeechRequest(text="?!"), BadInput), (SpeechRequest(text="a", voice="x"), UnknownVoice)):
        with pytest.raises(expected):
            _ = [chunk async for chunk in engine.synthesize(request)]
    assert not told


@virtual_time
async def test_when_all_fail_the_last_error_is_raised():
    last = EngineError("the last one, too")
    engine, told, _ = voices_of(
        ScriptedTts(TtsScript(fail="raise")),
        ScriptedTts(TtsScript(fail="raise")),
        ScriptedTts(TtsScript(fail="raise", error=last)),
    )
    with pytest.raises(EngineError, match="the last one, too"):
        _ = [chunk async for chunk in engine.synthesize(HELLO)]
    assert [fell.failed for fell in told] == ["first", "second-0"]


@virtual_time
async def test_closing_the_stream_closes_the_substitute():
    second = ScriptedTts()
    engine, _, providers = voices_of(ScriptedTts(TtsScript(fail="raise")), second)
    async with aclosing(engine.synthesize(HELLO)) as chunks:
        await anext(chunks)
        assert second.active == 1
    assert second.active == 0
    assert second.closed_early == 1
    assert providers[0].closed == 1


def test_a_request_is_fitted_to_what_the_substitute_can_do():
    asked = SpeechRequest(text="a", voice="mine", speed=3.0, pitch_semitones=-5.0, scene="a hall")
    plain = TtsCapabilities(sample_rate_hz=8_000, languages=("en",), speed=(0.5, 2.0))
    other = Voice(id="other", name="Other", language="en")
    assert fitted(asked, plain, [other]) == SpeechRequest(text="a", speed=2.0, scene="a hall")
    mine = Voice(id="mine", name="Mine", language="en")
    assert fitted(asked, plain, [other, mine]).voice == "mine"


@virtual_time
async def test_a_language_model_falls_back_to_the_substitutes_own_model():
    second = ScriptedLlm((saying("I am here."),))
    provider_opened = 0

    class Opened:
        async def __aenter__(self) -> ScriptedLlm:
            nonlocal provider_opened
            provider_opened += 1
            return second

        async def __aexit__(self, *_: object) -> None:
            return None

    told: list[FellBack] = []
    engine = LlmWithFallback(
        ScriptedLlm((LlmScript(failure="raises"),)),
        name="cloud",
        substitutes=[Substitute(engine="companion", open=Opened)],
        on_fallback=told.append,
    )
    request = ReplyRequest(messages=(Message(role="user", text="Hello?"),), model="huge")
    assert "".join([delta.text async for delta in engine.reply(request)]) == "I am here."
    assert second.requests[0].model is None
    assert [fell.instead for fell in told] == ["companion"]
    assert provider_opened == 1
