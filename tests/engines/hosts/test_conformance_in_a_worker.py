"""The engines of the package keep their contracts through a worker as they do in process."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.engines.hosts.worker import WorkerSettings, open_in_worker
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.testing.human_clips import RECORDINGS
from syrinx.testing.llm_conformance import LlmConformance
from syrinx.testing.stt_conformance import SttConformance, Utterance
from syrinx.testing.tiny_kokoro import write_tiny_kokoro
from syrinx.testing.tts_cloning_conformance import TtsCloningConformance
from syrinx.testing.tts_conformance import TtsConformance, speak


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def espeak() -> AsyncGenerator[TextToSpeech, None]:
    async with open_in_worker("tts", "espeak", {}) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kokoro(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[TextToSpeech, None]:
    folder = write_tiny_kokoro(tmp_path_factory.mktemp("kokoro"))
    async with open_in_worker("tts", "kokoro", {"path": str(folder), "streams": "2"}) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tones() -> AsyncGenerator[TextToSpeech, None]:
    settings = WorkerSettings(provider="syrinx.testing.worker_engines:tones")
    async with open_in_worker("tts", "tones", {}, settings) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def companion() -> AsyncGenerator[LanguageModel, None]:
    async with open_in_worker("llm", "companion", {}) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pocketsphinx() -> AsyncGenerator[SpeechToText, None]:
    async with open_in_worker("stt", "pocketsphinx", {"decoders": "2"}) as engine:
        yield engine


@pytest.mark.asyncio(loop_scope="module")
class TestEspeakInAWorker(TtsConformance):
    @pytest.fixture
    def tts(self, espeak: TextToSpeech) -> TextToSpeech:
        return espeak


@pytest.mark.asyncio(loop_scope="module")
class TestKokoroInAWorker(TtsConformance):
    @pytest.fixture
    def tts(self, kokoro: TextToSpeech) -> TextToSpeech:
        return kokoro

    async def test_grades_and_aliases_of_voices_cross(self, tts: TextToSpeech) -> None:
        heart = next(voice for voice in tts.voices if voice.id == "af_heart")
        assert (heart.grade, "default" in heart.aliases, tts.capabilities.blends) == ("A", True, True)
        spoken = await speak(tts, SpeechRequest(text="Good morning.", voice="alloy+am_adam*0.5"))
        assert [word.text for word in spoken.words] == ["Good", "morning"]


@pytest.mark.asyncio(loop_scope="module")
class TestAVoiceIsLearntInAWorker(TtsCloningConformance):
    @pytest.fixture
    def tts(self, tones: TextToSpeech) -> TextToSpeech:
        return tones


@pytest.mark.asyncio(loop_scope="module")
class TestCompanionInAWorker(LlmConformance):
    @pytest.fixture
    def llm(self, companion: LanguageModel) -> LanguageModel:
        return companion


def person(name: str) -> PcmChunk:
    """Human speech between short silences, at the ear's rate."""
    said = resample(read_wav(RECORDINGS / f"{name}.wav"), 16_000)
    before, after = (silence(duration_ms=length_ms, sample_rate_hz=16_000) for length_ms in (300, 100))
    return PcmChunk(pcm=before.pcm + said.pcm + after.pcm, sample_rate_hz=16_000)


@pytest.mark.asyncio(loop_scope="module")
class TestPocketSphinxInAWorker(SttConformance):
    @pytest.fixture
    def stt(self, pocketsphinx: SpeechToText) -> SpeechToText:
        return pocketsphinx

    @pytest.fixture
    def utterances(self) -> tuple[Utterance, ...]:
        return (
            Utterance(audio=person("LJ001-0002"), word="comparatively"),
            Utterance(audio=person("LJ001-0008"), word="never"),
        )
