"""Ears elsewhere keep the contract, whatever the service can."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.stt.openai_transcription import provider as openai_transcription
from syrinx.engines.stt.whisper_server import provider as whisper_server
from syrinx.testing.audio import dominant_frequency_hz, sine
from syrinx.testing.speech_stand_in import open_speech_stand_in
from syrinx.testing.stt_conformance import SttConformance, Utterance

HIGH = sine(440, duration_ms=1_000, sample_rate_hz=16_000, amplitude=0.8)
LOW = sine(120, duration_ms=1_200, sample_rate_hz=16_000, amplitude=0.2)


def by_pitch(clip: PcmChunk) -> str:
    """A sentence for each tone that is heard."""
    said: list[str] = []
    before = ""
    step = 2 * clip.sample_rate_hz // 10
    for at in range(0, len(clip.pcm), step):
        part = PcmChunk(pcm=clip.pcm[at : at + step], sample_rate_hz=clip.sample_rate_hz)
        loud = part.sample_count > 400 and np.abs(part.samples().astype(np.int32)).mean() > 300
        now = "" if not loud else "The high tone." if dominant_frequency_hz(part) > 250 else "A low tone."
        if now and now != before:
            said.append(now)
        before = now
    return " ".join(said)


class TonesElsewhere(SttConformance):
    @pytest.fixture
    def utterances(self) -> tuple[Utterance, ...]:
        return (Utterance(audio=HIGH, word="high"), Utterance(audio=LOW, word="low"))


class TestOpenAiTranscription(TonesElsewhere):
    @pytest.fixture
    async def stt(self) -> AsyncGenerator[SpeechToText, None]:
        async with open_speech_stand_in() as server, openai_transcription.open({"url": server.url}) as engine:
            server.understands = by_pitch
            yield engine


class TestOpenAiTranscriptionWithoutTimes(TonesElsewhere):
    @pytest.fixture
    async def stt(self) -> AsyncGenerator[SpeechToText, None]:
        async with open_speech_stand_in() as server:
            server.understands = by_pitch
            async with openai_transcription.open({"url": server.url, "model": "gpt-4o-transcribe"}) as engine:
                yield engine


class TestWhisperServer(TonesElsewhere):
    @pytest.fixture
    async def stt(self) -> AsyncGenerator[SpeechToText, None]:
        async with open_speech_stand_in() as server, whisper_server.open({"url": server.root}) as engine:
            server.understands = by_pitch
            yield engine
