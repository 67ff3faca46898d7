"""The scripted recogniser keeps the contract that it stands in for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import RecognizedSegment
from syrinx.testing.audio import sine
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.stt_conformance import SttConformance, Utterance

HIGH = sine(440, duration_ms=1_000, sample_rate_hz=16_000, amplitude=0.8)
LOW = sine(120, duration_ms=1_200, sample_rate_hz=16_000, amplitude=0.2)


def by_loudness(first: PcmChunk) -> SttScript:
    peak = int(abs(first.samples()).max())
    if peak == 0:
        return SttScript()
    if peak > 12_000:
        return SttScript(partials=((300, "the"), (600, "the high")), text="the high tone")
    return SttScript(partials=((300, "a"),), text="a low tone")


def in_segments(first: PcmChunk) -> SttScript:
    script = by_loudness(first)
    if not script.text:
        return script
    segments = (
        RecognizedSegment(text="the high", start_ms=0, end_ms=600),
        RecognizedSegment(text="tone", start_ms=650, end_ms=1_700, confidence=0.9),
    )
    return replace(script, segments=segments if "high" in script.text else (), detected="de")


class TestScriptedStt(SttConformance):
    @pytest.fixture
    def stt(self) -> ScriptedStt:
        return ScriptedStt(by_loudness)

    @pytest.fixture
    def utterances(self) -> tuple[Utterance, ...]:
        return (Utterance(audio=HIGH, word="high"), Utterance(audio=LOW, word="low"))


class TestScriptedSttOfManyTalents(TestScriptedStt):
    @pytest.fixture
    def stt(self) -> ScriptedStt:
        return ScriptedStt(in_segments, languages=("en", "de"), detects_language=True, translates=True)
