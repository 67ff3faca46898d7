"""What every voice activity detector must do, as tests that an engine's own tests inherit.

    class TestMyDetector(VadConformance):
        @pytest.fixture
        async def vad(self):
            async with my_engine.provider.open({}) as engine:
                yield engine

        @pytest.fixture
        def speech(self):
            return read_wav(Path("a_person_speaking.wav"))

Needs pytest and pytest-asyncio in its automatic mode.
"""

from __future__ import annotations

import asyncio

import numpy as np
import numpy.typing as npt
import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.resampling import resample
from syrinx.engines.vad.contract import FRAME_SAMPLES, SAMPLE_RATE_HZ, VadStream, VoiceActivityDetector
from syrinx.errors import BadAudio, EngineError

Frame = npt.NDArray[np.int16]
QUIET: Frame = np.zeros(FRAME_SAMPLES, np.int16)


def frames_of(clip: PcmChunk) -> list[Frame]:
    """A clip of any rate as the detector's frames; what is left at the end is dropped."""
    samples = resample(clip, SAMPLE_RATE_HZ).samples()
    return [
        samples[start : start + FRAME_SAMPLES] for start in range(0, samples.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    ]


async def judge(stream: VadStream, frames: list[Frame]) -> list[float]:
    """The probabilities of frames given one after the other."""
    return [await stream.probability(frame) for frame in frames]


class VadConformance:
    async def test_a_person_is_heard_and_silence_is_not(self, vad: VoiceActivityDetector, speech: PcmChunk) -> None:
        stream = vad.stream()
        silent = await judge(stream, [QUIET] * 100)
        spoken = await judge(stream, frames_of(speech))
        after = await judge(stream, [QUIET] * 60)
        stream.close()
        assert max(silent) < 0.5
        assert np.mean(np.array(spoken) >= 0.5) > 0.7
        assert max(after[30:]) < 0.5
        assert all(0.0 <= probability <= 1.0 for probability in [*silent, *spoken, *after])

    async def test_many_at_once_hear_what_each_hears_alone(self, vad: VoiceActivityDetector, speech: PcmChunk) -> None:
        frames = frames_of(speech)[:40]
        shifted = [frames[start:] + [QUIET] * start for start in range(12)]
        alone: list[list[float]] = []
        for track in shifted:
            stream = vad.stream()
            alone.append(await judge(stream, track))
            stream.close()
        streams = [vad.stream() for _ in shifted]
        together = await asyncio.gather(*(judge(stream, track) for stream, track in zip(streams, shifted, strict=True)))
        for stream in streams:
            stream.close()
        assert np.abs(np.array(together) - np.array(alone)).max() < 1e-3

    async def test_a_reset_stream_is_like_a_new_one(self, vad: VoiceActivityDetector, speech: PcmChunk) -> None:
        frames = frames_of(speech)[:20]
        stream = vad.stream()
        first = await judge(stream, frames)
        stream.reset()
        assert np.allclose(await judge(stream, frames), first, atol=1e-4)
        stream.close()
        another = vad.stream()
        assert np.allclose(await judge(another, frames), first, atol=1e-4)
        another.close()

    @pytest.mark.parametrize(
        "frame",
        [
            np.zeros(FRAME_SAMPLES - 1, np.int16),
            np.zeros(FRAME_SAMPLES + 1, np.int16),
            np.zeros(0, np.int16),
            np.zeros((1, FRAME_SAMPLES), np.int16),
        ],
        ids=["short", "long", "empty", "two dimensions"],
    )
    async def test_a_frame_of_another_shape_is_refused(self, vad: VoiceActivityDetector, frame: Frame) -> None:
        stream = vad.stream()
        with pytest.raises(BadAudio, match=str(FRAME_SAMPLES)):
            await stream.probability(frame)
        assert 0.0 <= await stream.probability(QUIET) <= 1.0
        stream.close()

    async def test_a_closed_stream_refuses_and_may_be_closed_again(self, vad: VoiceActivityDetector) -> None:
        stream = vad.stream()
        stream.close()
        stream.close()
        with pytest.raises(EngineError):
            await stream.probability(QUIET)

    async def test_a_cancelled_frame_harms_no_other(self, vad: VoiceActivityDetector, speech: PcmChunk) -> None:
        frames = frames_of(speech)[:30]
        stream, other = vad.stream(), vad.stream()
        expected = await judge(other, frames)
        other.reset()
        task = asyncio.create_task(judge(stream, frames))
        rest = asyncio.create_task(judge(other, frames))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert np.allclose(await rest, expected, atol=1e-3)
        # What was cancelled may or may not have been heard: from a reset on, all is as new.
        stream.reset()
        assert np.allclose(await judge(stream, frames), expected, atol=1e-3)
        stream.close()
        other.close()

    async def test_streams_may_come_and_go(self, vad: VoiceActivityDetector, speech: PcmChunk) -> None:
        frames = frames_of(speech)[:3]
        first: list[float] | None = None
        for _ in range(20):
            streams = [vad.stream() for _ in range(25)]
            heard = await asyncio.gather(*(judge(stream, frames) for stream in streams))
            first = first or heard[0]
            assert np.allclose(heard, first, atol=1e-3)
            for stream in streams:
                stream.close()
