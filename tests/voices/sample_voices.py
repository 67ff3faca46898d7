"""Voices to measure: a woman who reads, and those of Flite and espeak-ng."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from syrinx.audio import PcmChunk, apply_gain, chunk_of, clip_to_int16, resample
from syrinx.engines.tts import espeak, flite
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.testing.human_clips import human_clips

RATE_HZ: Final = 24_000
TEXTS: Final = (
    "The quick brown fox jumps over the lazy dog while the sun goes down behind the hills, and nobody seems to notice.",
    "She had never been to the sea before, so the sound of the waves was both strange and comforting to her ears.",
)
READER: Final = tuple(resample(clip.audio, RATE_HZ) for clip in human_clips())

Floats = npt.NDArray[np.floating]

needs_flite = pytest.mark.skipif(
    not flite.provider.check({}).available, reason="VOICES OF FLITE ARE NOT COMPARED HERE: libflite.so.1 is missing"
)


@cache
def spoken(voice: str, text: str = TEXTS[0]) -> PcmChunk:
    """By the voice of that name of Flite ("slt", "rms", "awb", "kal16") or espeak-ng ("en-us", ...), at 24 kHz."""
    return asyncio.run(_spoken(voice, text))


async def _spoken(voice: str, text: str) -> PcmChunk:
    provider = flite.provider if voice in {"slt", "rms", "awb", "kal16"} else espeak.provider
    async with (
        provider.open({}) as engine,
        aclosing(engine.synthesize(SpeechRequest(text=text, voice=voice))) as chunks,
    ):
        audio = [chunk.audio async for chunk in chunks]
    return resample(PcmChunk(pcm=b"".join(each.pcm for each in audio), sample_rate_hz=audio[0].sample_rate_hz), RATE_HZ)


def joined(*clips: PcmChunk) -> PcmChunk:
    return PcmChunk(pcm=b"".join(clip.pcm for clip in clips), sample_rate_hz=RATE_HZ)


def louder(clip: PcmChunk, gain_db: float) -> PcmChunk:
    return chunk_of(apply_gain(clip.samples(), gain_db), sample_rate_hz=RATE_HZ)


def clipped_by(clip: PcmChunk, over_db: float) -> PcmChunk:
    """As loud as fits, and then so much louder that its peaks are cut off."""
    peak = float(np.abs(clip.samples().astype(np.int32)).max())
    return louder(clip, 20.0 * float(np.log10(32767.0 / peak)) + over_db)


def noisy(clip: PcmChunk, snr_db: float) -> PcmChunk:
    samples = clip.samples().astype(np.float64)
    power = np.sqrt((samples**2).mean()) * 10.0 ** (-snr_db / 20.0)
    return _whole(samples + np.random.default_rng(1).standard_normal(samples.size) * power)


def over_the_telephone(clip: PcmChunk) -> PcmChunk:
    """What is left of it between 300 and 3400 Hz."""
    return _filtered(clip, lambda hz: 1.0 / np.sqrt((1.0 + (300.0 / hz) ** 4) * (1.0 + (hz / 3400.0) ** 4)))


def other_microphone(clip: PcmChunk, db_per_octave: float) -> PcmChunk:
    return _filtered(clip, lambda hz: 0.6 * (np.maximum(hz, 100.0) / 1000.0) ** (db_per_octave / 6.02))


def _filtered(clip: PcmChunk, gain: Callable[[Floats], Floats]) -> PcmChunk:
    hz = np.maximum(np.fft.rfftfreq(clip.sample_count, 1.0 / RATE_HZ), 1.0)
    return _whole(np.fft.irfft(np.fft.rfft(clip.samples()) * gain(hz), clip.sample_count))


def _whole(samples: Floats) -> PcmChunk:
    return chunk_of(clip_to_int16(samples), sample_rate_hz=RATE_HZ)
