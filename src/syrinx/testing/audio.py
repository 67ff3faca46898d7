"""Making test sounds and measuring what an ear would notice: pitch, level, clicks and gaps."""

from __future__ import annotations

import numpy as np

from syrinx.audio.pcm import PcmChunk, Samples, chunk_of


def sine(
    frequency_hz: float, *, duration_ms: float, sample_rate_hz: int = 24_000, amplitude: float = 0.5, phase: float = 0.0
) -> PcmChunk:
    """A pure tone; `amplitude` is a part of full scale, `phase` in radians."""
    times = np.arange(round(duration_ms * sample_rate_hz / 1000)) / sample_rate_hz
    wave = np.sin(2 * np.pi * frequency_hz * times + phase) * (32767.0 * amplitude)
    return chunk_of(np.rint(wave).astype(np.int16), sample_rate_hz=sample_rate_hz)


def noise(*, duration_ms: float, sample_rate_hz: int = 24_000, amplitude: float = 0.1, seed: int = 0) -> PcmChunk:
    """White noise, uniform within `amplitude` of full scale; the same seed gives the same noise."""
    count = round(duration_ms * sample_rate_hz / 1000)
    wave = np.random.default_rng(seed).uniform(-1.0, 1.0, count) * (32767.0 * amplitude)
    return chunk_of(np.rint(wave).astype(np.int16), sample_rate_hz=sample_rate_hz)


def rms(chunk: PcmChunk) -> float:
    """Root mean square as a part of full scale: 0 for silence or nothing, 1 for a full square wave."""
    samples = chunk.samples().astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) / 32768.0 if samples.size else 0.0


def dominant_frequency_hz(chunk: PcmChunk) -> float:
    """The frequency with the most energy, constant offset left out; 0 for silence."""
    samples = chunk.samples().astype(np.float64)
    if samples.size < 2 or not np.ptp(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * chunk.sample_rate_hz / samples.size


def click_ratio(samples: Samples, join_at: int, *, around: int = 4) -> float:
    """How much rougher the sound is at sample `join_at` than anywhere else.

    Roughness is the largest second difference; the join covers `around` samples to either side. Up to about 1 the ear
    notices no join, a click is far above it. Infinite when all else is perfectly smooth.
    """
    bends = np.abs(np.diff(samples.astype(np.float64), n=2))
    start, stop = max(0, join_at - around - 1), min(bends.size, join_at + around)
    at_join = float(bends[start:stop].max(initial=0.0))
    elsewhere = float(np.concatenate([bends[:start], bends[stop:]]).max(initial=0.0))
    if elsewhere == 0.0:
        return float("inf") if at_join else 0.0
    return at_join / elsewhere


def longest_silence_ms(chunk: PcmChunk, *, threshold: int = 16) -> float:
    """The longest stretch in which no sample is further from zero than `threshold`."""
    loud = np.flatnonzero(np.abs(chunk.samples().astype(np.int32)) > threshold)
    bounds = np.concatenate([[-1], loud, [chunk.sample_count]])
    return float(np.diff(bounds).max() - 1) * 1000.0 / chunk.sample_rate_hz
