from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, apply_gain, chunk_of, resample, rms_dbfs, silence
from syrinx.errors import BadAudio
from syrinx.testing.audio import click_ratio, longest_silence_ms, noise
from syrinx.testing.human_clips import human_clips
from syrinx.voices.best_seconds import best_seconds

RATE_HZ = 24_000
CLIPS = [resample(clip.audio, RATE_HZ) for clip in human_clips()]
LONG = CLIPS[1]


def joined(*chunks: PcmChunk) -> PcmChunk:
    return PcmChunk(pcm=b"".join(chunk.pcm for chunk in chunks), sample_rate_hz=RATE_HZ)


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=RATE_HZ)


def louder(clip: PcmChunk, gain_db: float) -> PcmChunk:
    return chunk_of(apply_gain(clip.samples(), gain_db), sample_rate_hz=RATE_HZ)


def where(part: PcmChunk, whole: PcmChunk) -> float:
    """The correlation of `part` with the place in `whole` that it comes from, 1 where it is there."""
    a, b = part.samples().astype(np.float64), whole.samples().astype(np.float64)
    size = 1 << (a.size + b.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)[: b.size - a.size + 1]
    at = int(products.argmax())
    there = b[at : at + a.size]
    return float(products[at] / np.sqrt((a**2).sum() * (there**2).sum()))


def test_a_sample_that_is_no_longer_is_taken_as_it_is() -> None:
    assert best_seconds(LONG, 10.0) is LONG
    assert best_seconds(LONG, LONG.duration_ms / 1000.0) is LONG


def test_speech_is_taken_and_not_the_silence_around_it() -> None:
    sample = joined(quiet(6000), LONG, quiet(9000))
    best = best_seconds(sample, 8.0)
    assert LONG.duration_ms * 0.9 <= best.duration_ms <= 8000.0
    assert where(best, sample) > 0.999


def test_long_pauses_are_left_out_without_a_click() -> None:
    sample = joined(CLIPS[0], quiet(3000), CLIPS[2], quiet(3000), CLIPS[0])
    best = best_seconds(sample, 8.0)
    assert best.duration_ms == pytest.approx(sum(CLIPS[n].duration_ms for n in (0, 2, 0)), rel=0.12)
    assert longest_silence_ms(best) < 400.0
    quiet_places = np.flatnonzero(np.abs(best.samples()) < 8)
    assert all(click_ratio(best.samples(), int(at)) <= 1.5 for at in quiet_places[:: max(1, quiet_places.size // 50)])


def test_it_begins_and_ends_in_silence() -> None:
    best = best_seconds(joined(LONG, LONG, LONG), 6.0).samples()
    assert abs(int(best[0])) <= 8
    assert abs(int(best[-1])) <= 8
    assert rms_dbfs(best[:240]) < rms_dbfs(best) - 15.0


def test_never_more_than_was_asked_for_and_nearly_all_of_it() -> None:
    sample = joined(*CLIPS, *CLIPS, *CLIPS)
    for seconds in (1.0, 2.5, 5.0, 10.0, 20.0):
        best_s = best_seconds(sample, seconds).duration_ms / 1000.0
        assert 0.55 * seconds <= best_s <= seconds


def test_clipped_phrases_are_passed_over() -> None:
    good = louder(LONG, -3.0)
    clipped = louder(LONG, 18.0)
    best = best_seconds(joined(clipped, quiet(600), good, quiet(600), clipped), 6.0)
    assert best.duration_ms > 0.8 * good.duration_ms
    assert np.abs(best.samples().astype(int)).max() < 25_000


def test_quiet_phrases_are_passed_over() -> None:
    best = best_seconds(joined(louder(LONG, -20.0), quiet(600), LONG, quiet(600), louder(LONG, -20.0)), 6.0)
    assert rms_dbfs(best.samples()) == pytest.approx(rms_dbfs(LONG.samples()), abs=1.0)


def test_one_sample_gives_the_same_every_time() -> None:
    sample = joined(*CLIPS, *CLIPS)
    assert best_seconds(sample, 7.0) == best_seconds(PcmChunk(pcm=sample.pcm, sample_rate_hz=RATE_HZ), 7.0)


def test_where_nobody_speaks_the_loudest_place_is_taken() -> None:
    best = best_seconds(joined(quiet(3000), noise(duration_ms=3000.0), quiet(3000)), 2.0)
    assert best.duration_ms == pytest.approx(2000.0, abs=1.0)
    assert rms_dbfs(best.samples()) == pytest.approx(rms_dbfs(noise(duration_ms=2000.0).samples()), abs=0.5)


def test_less_than_a_phrase_is_speech_still() -> None:
    best = best_seconds(joined(quiet(3000), LONG, quiet(3000)), 0.5)
    assert best.duration_ms == pytest.approx(500.0, abs=21.0)
    assert rms_dbfs(best.samples()) > rms_dbfs(LONG.samples()) - 3.0


def test_no_seconds_at_all_are_refused() -> None:
    with pytest.raises(BadAudio, match="more than 0"):
        best_seconds(LONG, 0.0)
