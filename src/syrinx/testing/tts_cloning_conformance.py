"""What every text-to-speech engine that learns voices must do, as tests that its own tests inherit beside the others.

    class TestMyEngineLearns(TtsCloningConformance):
        @pytest.fixture
        async def tts(self):
            async with my_engine.provider.open({}) as engine:
                yield engine

Whose voice speaks is told by its pitch: two people read, one as high as a woman mostly is and one as a man.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from functools import cache

import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.pitch import median_pitch_hz
from syrinx.audio.resampling import resample
from syrinx.audio.tempo import TempoStretch
from syrinx.engines.tts.contract import (
    LARGEST_CONDITIONING_BYTES,
    Clones,
    Cloning,
    SpeechRequest,
    TextToSpeech,
)
from syrinx.errors import BadAudio, BadInput, EngineError
from syrinx.testing.human_clips import LANGUAGE, HumanClip, longest_clip
from syrinx.testing.tts_conformance import WORDS, speak

SAMPLE_RATE_HZ = 24_000
LOWER_SEMITONES = 8.0
"""From the one voice to the other."""


@cache
def high_sample() -> PcmChunk:
    """A person reading, as `Clones.condition` wants it."""
    return resample(_read().audio, SAMPLE_RATE_HZ)


@cache
def low_sample() -> PcmChunk:
    """Another person, who is lower."""
    stretch = TempoStretch(SAMPLE_RATE_HZ, 1.0, -LOWER_SEMITONES)
    pcm = stretch.feed(high_sample()).pcm + stretch.flush().pcm
    return PcmChunk(pcm=pcm, sample_rate_hz=SAMPLE_RATE_HZ)


def _read() -> HumanClip:
    return longest_clip()


def pitch_hz(spoken: PcmChunk) -> float:
    found = median_pitch_hz(spoken)
    assert found is not None, "nothing voiced was spoken"
    return found


class TtsCloningConformance:
    language = "en"
    words = WORDS

    @property
    def sentence(self) -> str:
        return " ".join(self.words) + "."

    async def learnt(self, tts: TextToSpeech, sample: PcmChunk) -> bytes:
        """From as much of it as the engine wants."""
        assert isinstance(tts, Clones)
        count = round(self.cloning(tts).best_s * SAMPLE_RATE_HZ)
        part = PcmChunk(pcm=sample.pcm[: 2 * count], sample_rate_hz=SAMPLE_RATE_HZ)
        return await tts.condition(part, transcript=_read().text, language=LANGUAGE)

    def cloning(self, tts: TextToSpeech) -> Cloning:
        cloning = tts.capabilities.clones
        assert cloning is not None
        return cloning

    def request(self, conditioning: bytes) -> SpeechRequest:
        return SpeechRequest(text=self.sentence, language=self.language, conditioning=conditioning)

    async def pitch_of(self, tts: TextToSpeech, conditioning: bytes) -> float:
        return pitch_hz((await speak(tts, self.request(conditioning))).audio)

    async def test_it_says_what_it_wants_of_a_sample(self, tts: TextToSpeech) -> None:
        cloning = self.cloning(tts)
        assert isinstance(tts, Clones)
        assert 0.0 <= cloning.shortest_s <= cloning.best_s <= 300.0
        assert 0 < len(cloning.version) <= 64

    async def test_a_learnt_voice_is_as_high_as_its_sample_and_small_enough_to_keep(self, tts: TextToSpeech) -> None:
        heard_hz: list[float] = []
        for sample in (low_sample(), high_sample()):
            conditioning = await self.learnt(tts, sample)
            assert 0 < len(conditioning) <= LARGEST_CONDITIONING_BYTES
            heard_hz.append(await self.pitch_of(tts, conditioning))
            assert heard_hz[-1] == pytest.approx(pitch_hz(sample), rel=0.25)
        assert heard_hz[1] > 1.2 * heard_hz[0]

    async def test_what_is_learnt_twice_speaks_alike(self, tts: TextToSpeech) -> None:
        heard_hz = [await self.pitch_of(tts, await self.learnt(tts, low_sample())) for _ in range(2)]
        assert heard_hz[0] == pytest.approx(heard_hz[1], rel=0.1)

    async def test_two_learnt_voices_at_once_do_not_bleed_into_each_other(self, tts: TextToSpeech) -> None:
        learnt = [await self.learnt(tts, sample) for sample in (low_sample(), high_sample())]
        alone_hz = [await self.pitch_of(tts, each) for each in learnt]
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(self.pitch_of(tts, learnt[turn % 2])) for turn in range(6)]
        for turn, task in enumerate(both):
            assert task.result() == pytest.approx(alone_hz[turn % 2], rel=0.1)

    async def test_a_voice_is_learnt_while_another_speaks(self, tts: TextToSpeech) -> None:
        low = await self.learnt(tts, low_sample())
        alone_hz = await self.pitch_of(tts, low)
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(self.pitch_of(tts, low))
            learning = group.create_task(self.learnt(tts, high_sample()))
        assert speaking.result() == pytest.approx(alone_hz, rel=0.1)
        assert await self.pitch_of(tts, learning.result()) > 1.2 * alone_hz

    async def test_bytes_that_it_has_not_learnt_are_refused_before_any_sound(self, tts: TextToSpeech) -> None:
        learnt = await self.learnt(tts, low_sample())
        for wrong in (b"\0", b"of another engine", learnt[: len(learnt) // 2], learnt + b"\0" * 64):
            async with aclosing(tts.synthesize(self.request(wrong))) as chunks:
                with pytest.raises((BadInput, EngineError)) as raised:
                    await anext(chunks)
            assert len(raised.value.message) > 20, "the message must say what would have been right"

    async def test_a_learnt_voice_and_a_name_together_are_refused(self, tts: TextToSpeech) -> None:
        request = replace(self.request(await self.learnt(tts, low_sample())), voice=tts.voices[0].id)
        with pytest.raises(BadInput):
            await speak(tts, request)

    async def test_a_sample_that_is_too_short_is_refused(self, tts: TextToSpeech) -> None:
        assert isinstance(tts, Clones)
        count = round(0.5 * self.cloning(tts).shortest_s * SAMPLE_RATE_HZ)
        short = PcmChunk(pcm=low_sample().pcm[: 2 * count], sample_rate_hz=SAMPLE_RATE_HZ)
        with pytest.raises(BadAudio):
            await tts.condition(short, transcript="in being", language=LANGUAGE)

    async def test_learning_that_is_given_up_costs_the_next_nothing(self, tts: TextToSpeech) -> None:
        learning = asyncio.create_task(self.learnt(tts, high_sample()))
        await asyncio.sleep(0)
        learning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await learning
        assert await self.learnt(tts, low_sample())

    async def test_its_own_voices_speak_as_before(self, tts: TextToSpeech) -> None:
        await self.learnt(tts, low_sample())
        assert (await speak(tts, self.request(b""))).chunks
