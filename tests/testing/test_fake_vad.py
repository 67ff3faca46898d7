"""The scripted detector: it conforms as real ones do, and follows its script."""

from __future__ import annotations

import pytest

from syrinx.audio import PcmChunk
from syrinx.errors import EngineError
from syrinx.testing.audio import noise
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.vad_conformance import QUIET, VadConformance, judge


@pytest.fixture
def vad() -> ScriptedVad:
    return ScriptedVad()


@pytest.fixture
def speech() -> PcmChunk:
    return noise(duration_ms=2000, sample_rate_hz=16_000, amplitude=0.3)


class TestScriptedVadConforms(VadConformance):
    pass


async def test_each_stream_follows_the_script_from_its_beginning() -> None:
    vad = ScriptedVad([0.9, 0.1])
    for _ in range(2):
        assert await judge(vad.stream(), [QUIET] * 3) == [0.9, 0.1, 0.0]
    assert vad.frames_heard == 6


async def test_it_fails_when_told_and_recovers() -> None:
    vad = ScriptedVad([0.9])
    stream = vad.stream()
    vad.error = EngineError("told to fail")
    with pytest.raises(EngineError, match="told to fail"):
        await stream.probability(QUIET)
    vad.error = None
    assert await stream.probability(QUIET) == 0.9


def test_open_streams_are_counted() -> None:
    vad = ScriptedVad()
    first, second = vad.stream(), vad.stream()
    first.close()
    first.close()
    assert vad.open_streams == 1
    second.close()
    assert vad.open_streams == 0
