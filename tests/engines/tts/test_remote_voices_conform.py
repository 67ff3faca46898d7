"""Voices elsewhere keep the contract, whatever the service can."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from syrinx.engines.tts.contract import TextToSpeech
from syrinx.engines.tts.openai_speech import provider as openai_speech
from syrinx.engines.tts.tts_broker import provider as tts_broker
from syrinx.testing.speech_stand_in import open_speech_stand_in
from syrinx.testing.tts_conformance import TtsConformance


class TestOpenAiSpeech(TtsConformance):
    @pytest.fixture
    async def tts(self) -> AsyncGenerator[TextToSpeech, None]:
        async with open_speech_stand_in() as server, openai_speech.open({"url": server.url}) as engine:
            yield engine


class TestOpenAiSpeechInWav(TtsConformance):
    @pytest.fixture
    async def tts(self) -> AsyncGenerator[TextToSpeech, None]:
        async with open_speech_stand_in() as server:
            server.takes_pcm = False
            server.voices = ("af_heart", "bm_george")
            async with openai_speech.open({"url": server.url}) as engine:
                yield engine


class TestTtsBrokerThatStreams(TtsConformance):
    @pytest.fixture
    async def tts(self) -> AsyncGenerator[TextToSpeech, None]:
        async with open_speech_stand_in() as server, tts_broker.open({"url": server.root}) as engine:
            yield engine


class TestTtsBrokerOfOld(TtsConformance):
    @pytest.fixture
    async def tts(self) -> AsyncGenerator[TextToSpeech, None]:
        async with open_speech_stand_in() as server:
            server.streams = False
            async with tts_broker.open({"url": server.root}) as engine:
                yield engine
