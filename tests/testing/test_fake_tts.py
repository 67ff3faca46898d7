"""The scripted speaker: it conforms as real engines do, and follows its script."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import EngineError
from syrinx.testing.audio import dominant_frequency_hz, rms
from syrinx.testing.fake_tts import CLONING, ScriptedTts, TtsScript
from syrinx.testing.tts_cloning_conformance import TtsCloningConformance
from syrinx.testing.tts_conformance import TtsConformance, speak

HELLO = SpeechRequest(text="hello there my friend")


@pytest.fixture
def tts() -> ScriptedTts:
    return ScriptedTts()


class TestScriptedTtsConforms(TtsConformance):
    pass


class TestScriptedTtsLearns(TtsCloningConformance):
    @pytest.fixture
    def tts(self) -> ScriptedTts:
        return ScriptedTts(cloning=CLONING)


async def test_the_warm_speak_louder() -> None:
    tts = ScriptedTts(warmth=True)
    levels = [rms((await speak(tts, replace(HELLO, warmth=warmth))).audio) for warmth in (-1.0, 0.0, 1.0)]
    assert levels == sorted(levels)
    assert levels[2] > 1.5 * levels[1] > 2.0 * levels[0]


class Sleeps:
    """Only writes down how long it should have slept."""

    def __init__(self) -> None:
        self.taken_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken_s.append(seconds)
        await asyncio.sleep(0)


async def test_it_takes_the_time_it_is_told() -> None:
    sleeps = Sleeps()
    spoken = await speak(ScriptedTts(TtsScript(first_chunk_s=0.25, real_time_factor=0.5), sleep=sleeps), HELLO)
    assert sleeps.taken_s[0] == 0.25
    later_ms = sum(chunk.audio.duration_ms for chunk in spoken.chunks[1:])
    assert sum(sleeps.taken_s[1:]) == pytest.approx(0.5 * later_ms / 1000)


@pytest.mark.parametrize("fail_after", [0, 2, 1000])
async def test_it_raises_after_so_many_chunks(fail_after: int) -> None:
    tts = ScriptedTts(TtsScript(fail="raise", fail_after=fail_after))
    chunks = tts.synthesize(HELLO)
    for _ in range(min(fail_after, len((await speak(ScriptedTts(), HELLO)).chunks))):
        await anext(chunks)
    with pytest.raises(EngineError, match="as it was told"):
        await anext(chunks)
    assert tts.active == 0
    assert tts.closed_early == 0


async def test_it_hangs_until_it_is_closed() -> None:
    tts = ScriptedTts(TtsScript(fail="hang", fail_after=1))
    async with aclosing(tts.synthesize(HELLO)) as chunks:
        await anext(chunks)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(chunks)
    assert (tts.active, tts.closed_early) == (0, 1)


async def test_it_returns_nothing_when_told() -> None:
    assert not (await speak(ScriptedTts(TtsScript(fail="empty")), HELLO)).chunks


async def test_one_text_may_have_a_script_of_its_own() -> None:
    tts = ScriptedTts(scripts={"bad": TtsScript(fail="empty")})
    assert not (await speak(tts, SpeechRequest(text="bad"))).chunks
    assert (await speak(tts, SpeechRequest(text="good"))).chunks
    assert [request.text for request in tts.requests] == ["bad", "good"]


async def test_voices_and_pitch_are_heard_as_frequencies() -> None:
    tts = ScriptedTts()
    for voice, semitones, expected_hz in (("low", 0.0, 150), ("high", 0.0, 300), ("low", 12.0, 300)):
        request = SpeechRequest(text=HELLO.text, voice=voice, pitch_semitones=semitones)
        assert dominant_frequency_hz((await speak(tts, request)).audio) == pytest.approx(expected_hz, abs=3)
