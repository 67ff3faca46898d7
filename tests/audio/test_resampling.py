"""Resampling: same pitch, same level, right length, no seam between chunks."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, StreamResampler, chunk_of, resample, rms_dbfs, silence
from syrinx.errors import BadAudio
from syrinx.testing.audio import dominant_frequency_hz, noise, sine

RATES = [(22_050, 24_000), (24_000, 16_000), (16_000, 24_000), (48_000, 16_000), (8_000, 48_000), (44_100, 16_000)]


def stream_through(chunk: PcmChunk, to_hz: int, chunk_samples: int) -> PcmChunk:
    resampler = StreamResampler(chunk.sample_rate_hz, to_hz)
    samples = chunk.samples()
    pcm = b"".join(
        resampler.feed(chunk_of(samples[start : start + chunk_samples], sample_rate_hz=chunk.sample_rate_hz)).pcm
        for start in range(0, samples.size, chunk_samples)
    )
    return PcmChunk(pcm=pcm + resampler.flush().pcm, sample_rate_hz=to_hz)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("chunk_samples", [37, 320, 5000])
def test_length_pitch_and_level_survive(from_hz: int, to_hz: int, chunk_samples: int) -> None:
    tone = sine(1000, duration_ms=517, sample_rate_hz=from_hz)
    out = stream_through(tone, to_hz, chunk_samples)
    assert abs(out.sample_count - tone.sample_count * to_hz / from_hz) <= 1
    assert dominant_frequency_hz(out) == pytest.approx(1000, abs=4)
    assert rms_dbfs(out.samples()) == pytest.approx(rms_dbfs(tone.samples()), abs=0.1)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_chunks_give_what_the_whole_gives(from_hz: int, to_hz: int) -> None:
    sound = noise(duration_ms=200, sample_rate_hz=from_hz)
    assert stream_through(sound, to_hz, 160).pcm == resample(sound, to_hz).pcm


@pytest.mark.parametrize("sample_count", [0, 1, 2, 100])
def test_a_few_samples_keep_their_length_too(sample_count: int) -> None:
    chunk = chunk_of(np.full(sample_count, 1000, np.int16), sample_rate_hz=16_000)
    assert abs(resample(chunk, 24_000).sample_count - sample_count * 1.5) <= 1


def test_equal_rates_pass_the_same_chunk_through() -> None:
    chunk = noise(duration_ms=20)
    resampler = StreamResampler(24_000, 24_000)
    assert resampler.feed(chunk) is chunk
    assert resampler.flush().sample_count == 0
    assert resample(chunk, 24_000) is chunk


def test_silence_stays_silent() -> None:
    assert not resample(silence(duration_ms=100, sample_rate_hz=22_050), 24_000).samples().any()


def test_full_scale_clips_and_does_not_wrap() -> None:
    square = chunk_of(np.repeat(np.array([32767, -32768] * 40, np.int16), 100), sample_rate_hz=16_000)
    out = resample(square, 48_000).samples().astype(int)
    middle_of_high_half = out[150:151]
    assert middle_of_high_half[0] > 30_000
    assert out.max() == 32767
    assert out.min() == -32768


def test_after_a_flush_another_stream_begins() -> None:
    resampler = StreamResampler(16_000, 24_000)
    sound = noise(duration_ms=50, sample_rate_hz=16_000)
    first = resampler.feed(sound).pcm + resampler.flush().pcm
    assert resampler.feed(sound).pcm + resampler.flush().pcm == first


def test_what_is_above_half_the_new_rate_is_gone() -> None:
    out = resample(sine(10_000, duration_ms=300, sample_rate_hz=48_000), 16_000)
    assert rms_dbfs(out.samples()[100:-100]) < -80


def test_a_wrong_rate_is_refused() -> None:
    with pytest.raises(BadAudio, match="8000 Hz in a stream of 16000 Hz"):
        StreamResampler(16_000, 24_000).feed(noise(duration_ms=20, sample_rate_hz=8_000))
    with pytest.raises(BadAudio, match="cannot resample at 1 Hz"):
        StreamResampler(1, 24_000)
