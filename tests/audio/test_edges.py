"""Edge silence: taken off to a stated margin, never anything of the sound."""

from __future__ import annotations

import pytest

from syrinx.audio import EdgeTrimmer, PcmChunk, chunk_of, silence, trim_silence
from syrinx.errors import BadAudio
from syrinx.testing.audio import noise, sine

RATE_HZ = 24_000


def clip_of(before_ms: float, after_ms: float) -> PcmChunk:
    parts = (
        silence(duration_ms=before_ms, sample_rate_hz=RATE_HZ),
        noise(duration_ms=300),
        silence(duration_ms=after_ms, sample_rate_hz=RATE_HZ),
    )
    return PcmChunk(pcm=b"".join(part.pcm for part in parts), sample_rate_hz=RATE_HZ)


def stream_through(trimmer: EdgeTrimmer, clip: PcmChunk, chunk_samples: int) -> PcmChunk:
    samples = clip.samples()
    pcm = b"".join(
        chunk.pcm
        for start in range(0, samples.size, chunk_samples)
        for chunk in trimmer.feed(chunk_of(samples[start : start + chunk_samples], sample_rate_hz=RATE_HZ))
    )
    return PcmChunk(pcm=pcm + b"".join(chunk.pcm for chunk in trimmer.end_clip()), sample_rate_hz=RATE_HZ)


def test_a_margin_of_silence_stays_at_either_end() -> None:
    trimmed, removed_start_ms = trim_silence(clip_of(200, 700), margin_ms=20)
    assert trimmed.duration_ms == pytest.approx(340, abs=1)
    assert removed_start_ms == pytest.approx(180, abs=1)


def test_a_clip_with_less_silence_than_the_margin_is_left_alone() -> None:
    clip = clip_of(5, 5)
    assert trim_silence(clip, margin_ms=20) == (clip, 0.0)


def test_nothing_but_silence_comes_back_empty() -> None:
    trimmed, removed_start_ms = trim_silence(silence(duration_ms=500, sample_rate_hz=RATE_HZ))
    assert (trimmed.sample_count, removed_start_ms) == (0, 500.0)


def test_quiet_but_audible_sound_is_kept() -> None:
    tone = sine(200, duration_ms=100, amplitude=0.01)
    assert trim_silence(tone)[0].duration_ms == pytest.approx(100, abs=1)


@pytest.mark.parametrize("chunk_samples", [1, 100, 480, 7001])
def test_how_the_clip_was_cut_does_not_matter(chunk_samples: int) -> None:
    clip = clip_of(200, 300)
    trimmer = EdgeTrimmer(RATE_HZ)
    whole, removed_start_ms = trim_silence(clip)
    assert stream_through(trimmer, clip, chunk_samples) == whole
    assert trimmer.removed_start_ms == removed_start_ms


def test_silence_inside_the_clip_is_kept_whole() -> None:
    loud = noise(duration_ms=100).pcm
    clip = PcmChunk(pcm=loud + bytes(2 * RATE_HZ) + loud, sample_rate_hz=RATE_HZ)
    assert stream_through(EdgeTrimmer(RATE_HZ, max_held_ms=100), clip, 480) == clip


def test_no_more_silence_is_held_back_than_allowed() -> None:
    trimmer = EdgeTrimmer(RATE_HZ, max_held_ms=100)
    trimmer.feed(noise(duration_ms=100))
    given_ms = heard_ms = 0.0
    for _ in range(20):
        given_ms += 20.0
        heard_ms += sum(chunk.duration_ms for chunk in trimmer.feed(silence(duration_ms=20, sample_rate_hz=RATE_HZ)))
        assert given_ms - heard_ms <= 100.0


def test_each_clip_is_trimmed_for_itself() -> None:
    trimmer = EdgeTrimmer(RATE_HZ)
    first = stream_through(trimmer, clip_of(100, 100), 480)
    assert trimmer.removed_start_ms == pytest.approx(80, abs=1)
    assert stream_through(trimmer, clip_of(100, 100), 480) == first
    assert trimmer.removed_start_ms == pytest.approx(80, abs=1)


def test_a_wrong_rate_or_margin_is_refused() -> None:
    with pytest.raises(BadAudio, match="16000 Hz in a stream of 24000 Hz"):
        EdgeTrimmer(RATE_HZ).feed(noise(duration_ms=20, sample_rate_hz=16_000))
    with pytest.raises(BadAudio, match="neither may be negative"):
        EdgeTrimmer(RATE_HZ, margin_ms=-1)
