"""PocketSphinx hears people, keeps the contract, and takes noise for noise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from syrinx.audio.pcm import PcmChunk, Samples, chunk_of
from syrinx.engines.stt.contract import HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.stt.pocketsphinx import PocketSphinxStt, _load_decoder, provider
from syrinx.engines.stt.sphinx_decoders import Decoders
from syrinx.engines.stt.sphinx_pass import SphinxDecoder
from syrinx.errors import BadInput, ConfigurationError, EngineError
from syrinx.testing.stt_conformance import SttConformance, Utterance, frames_of, listen

RATE_HZ = 16_000
pytestmark = pytest.mark.filterwarnings("ignore:start_stream:DeprecationWarning")


@pytest.fixture(scope="module")
def loaded() -> list[SphinxDecoder]:
    """Loading takes 0.3 s, so the tests share two decoders; which also shows that nothing lingers in them."""
    return [_load_decoder(), _load_decoder()]


@pytest.fixture
def stt(loaded: list[SphinxDecoder]) -> Iterator[SpeechToText]:
    free = list(loaded)
    with ThreadPoolExecutor(2) as executor:
        decoders = Decoders(free.pop, limit=2, executor=executor)
        yield PocketSphinxStt(decoders, executor)
        assert decoders.lent == 0
        decoders.close()


class TestPocketSphinx(SttConformance):
    @pytest.fixture
    def utterances(self, modern: PcmChunk, surpassed: PcmChunk) -> tuple[Utterance, ...]:
        return (Utterance(audio=modern, word="comparatively"), Utterance(audio=surpassed, word="never"))


async def final(stt: SpeechToText, audio: PcmChunk, adaptation: str | None = None) -> Transcript:
    return (await listen(stt, [*frames_of(audio), Pause()], TranscriptionRequest(adaptation=adaptation)))[-1]


def word_errors(said: str, heard: str) -> float:
    import jiwer

    return float(jiwer.wer(said, heard.lower()))


async def test_a_person_is_understood(stt: SpeechToText, books: PcmChunk) -> None:
    said = "produced the block books which were the immediate predecessors of the true printed book"
    heard = await final(stt, books)
    assert heard.text[0].isupper()
    assert word_errors(said, heard.text) <= 0.15


@pytest.mark.parametrize("gain_db", [-24, -12, 6])
async def test_how_loud_a_person_speaks_does_not_matter(stt: SpeechToText, surpassed: PcmChunk, gain_db: int) -> None:
    louder = np.clip(surpassed.samples() * 10 ** (gain_db / 20), -32768, 32767).astype(np.int16)
    heard = await final(stt, chunk_of(louder, sample_rate_hz=RATE_HZ))
    assert heard.text == "Has never been surpassed"


async def test_words_are_timed_where_they_are_said(stt: SpeechToText, books: PcmChunk) -> None:
    words = (await final(stt, books)).words
    samples = np.abs(books.samples().astype(np.int32))
    loud = np.flatnonzero(samples > 1000) / 16.0
    assert words[0].start_ms == pytest.approx(loud[0], abs=120)
    assert words[-1].end_ms == pytest.approx(loud[-1], abs=150)


async def test_what_was_learnt_is_close_for_the_same_speaker(
    stt: SpeechToText, modern: PcmChunk, books: PcmChunk, surpassed: PcmChunk
) -> None:
    first = await final(stt, books)
    assert first.adaptation is not None
    later = await final(stt, surpassed, first.adaptation)
    assert later.text == "Has never been surpassed"
    assert (await final(stt, modern, later.adaptation)).text.startswith("In being comparatively")


async def test_a_speaker_handed_on_by_mistake_does_no_lasting_harm(stt: SpeechToText, books: PcmChunk) -> None:
    far_too_loud = '{"mean": [60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "frames": 600, "gain_db": 30.0}'
    heard = await final(stt, books, far_too_loud)
    assert heard.adaptation is not None
    assert "printed book" in (await final(stt, books, heard.adaptation)).text


@pytest.mark.parametrize("wrong", ["", "no", "{}", '{"mean": [1], "frames": 1, "gain_db": 0}', "null", "[1]"])
async def test_what_is_no_adaptation_is_refused(stt: SpeechToText, modern: PcmChunk, wrong: str) -> None:
    with pytest.raises(BadInput, match="adaptation"):
        await final(stt, modern, wrong)


def burst(duration_s: float, low_hz: float, high_hz: float, decay_s: float, *, seed: int, peak: float) -> Samples:
    count = int(RATE_HZ * duration_s)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= ((frequencies > low_hz) & (frequencies < high_hz)) / (1 + frequencies / 1500)
    times = np.arange(count) / RATE_HZ
    sound = np.fft.irfft(spectrum, count) * np.minimum(times / 0.01, 1) * np.exp(-times / decay_s)
    return (sound / np.abs(sound).max() * peak).astype(np.int16)


def hum(pitch_hz: float, duration_s: float) -> Samples:
    times = np.arange(int(RATE_HZ * duration_s)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * k * times) / k**1.5 for k in range(1, 8))
    edges = np.minimum(1, np.minimum(times, duration_s - times) / 0.05)
    return (tone / np.abs(tone).max() * 4000 * edges).astype(np.int16)


def gap(duration_s: float) -> Samples:
    return np.zeros(int(RATE_HZ * duration_s), dtype=np.int16)


NOISES = {
    "floor": (np.random.default_rng(1).standard_normal(24_000) * 15).astype(np.int16),
    "hiss": (np.random.default_rng(2).standard_normal(24_000) * 2000).astype(np.int16),
    "cough": np.concatenate(
        [burst(0.35, 200, 5000, 0.08, seed=1, peak=9000), burst(0.3, 200, 4000, 0.07, seed=2, peak=6000)]
    ),
    "claps": np.concatenate(
        [np.concatenate([burst(0.15, 500, 7000, 0.02, seed=s, peak=15000), gap(0.25)]) for s in range(4)]
    ),
    "breath": burst(0.8, 300, 6000, 0.4, seed=6, peak=1500),
    "keys": np.concatenate(
        [np.concatenate([burst(0.05, 800, 7000, 0.008, seed=s, peak=4000), gap(0.1)]) for s in range(8)]
    ),
    "thump": burst(0.3, 30, 200, 0.06, seed=7, peak=15000),
    "hum": hum(140, 1.0),
    "two hums": np.concatenate([hum(220, 0.5), gap(0.1), hum(260, 0.6)]),
    "mains": hum(50, 2.0),
    "tone": (5000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / RATE_HZ)).astype(np.int16),
}


@pytest.mark.parametrize("name", NOISES)
async def test_noise_is_no_words(stt: SpeechToText, name: str) -> None:
    heard = chunk_of(np.concatenate([gap(0.3), NOISES[name], gap(0.2)]), sample_rate_hz=RATE_HZ)
    told = await listen(stt, [*frames_of(heard), Pause()])
    assert {transcript.text for transcript in told} == {""}


async def test_a_very_long_utterance_keeps_all_its_words(stt: SpeechToText, surpassed: PcmChunk) -> None:
    times = 10  # 22 s: past the point where the decoder's tables are freed
    told = await listen(stt, [*(frame for _ in range(times) for frame in frames_of(surpassed)), Pause()])
    words = told[-1].text.lower().split()
    assert words.count("never") >= times - 1
    starts = [word.start_ms for word in told[-1].words]
    assert starts == sorted(starts)
    assert starts[-1] > 20_000


async def test_it_opens_by_its_provider_and_listens(surpassed: PcmChunk) -> None:
    async with provider.open({"decoders": "1"}) as engine:
        assert (await final(engine, surpassed)).text == "Has never been surpassed"


async def test_options_that_make_no_sense_are_refused() -> None:
    for wrong in (*({"decoders": text} for text in ("0", "many", "99", "-1", "")), {"decoder": "2"}):
        with pytest.raises(ConfigurationError, match="decoders"):
            async with provider.open(wrong):
                pass
        assert not provider.check(wrong).available


async def test_an_ear_that_is_closed_while_it_listens_says_so(surpassed: PcmChunk) -> None:
    begun, closed = asyncio.Event(), asyncio.Event()

    async def speaking() -> AsyncIterator[HeardAudio]:
        yield surpassed
        begun.set()
        await closed.wait()
        yield surpassed

    async def hear(engine: SpeechToText) -> None:
        async for _ in engine.transcribe(speaking(), TranscriptionRequest()):
            pass

    async with provider.open({"decoders": "1"}) as engine:
        hearing = asyncio.create_task(hear(engine))
        await begun.wait()
    closed.set()
    with pytest.raises(EngineError, match="closed while it was listening"):
        await hearing


def test_the_package_and_its_model_are_found() -> None:
    found = provider.check({})
    assert found.available
    assert found.facts["version"]
    assert provider.info.host == "worker"
