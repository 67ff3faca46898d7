"""Silence is taken out of sound, sound never, and times find their way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio.pcm import PcmChunk, chunk_of, silence
from syrinx.engines.remote.shortening import MARGIN_MS, frame_levels_dbfs, quietest_cut, shortened
from syrinx.testing.audio import noise, sine

RATE_HZ = 16_000


def tone(duration_ms: float, *, amplitude: float = 0.5) -> PcmChunk:
    return sine(300, duration_ms=duration_ms, sample_rate_hz=RATE_HZ, amplitude=amplitude)


def joined(*parts: PcmChunk) -> PcmChunk:
    return PcmChunk(pcm=b"".join(part.pcm for part in parts), sample_rate_hz=RATE_HZ)


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=RATE_HZ)


def test_silence_at_the_ends_and_long_silence_inside_go_but_for_a_margin():
    clip = joined(quiet(3_000), tone(1_000), quiet(5_000), tone(500), quiet(2_000))
    short = shortened(clip)
    assert short.audio.duration_ms == pytest.approx(1_500 + 4 * MARGIN_MS, abs=50)
    loud = np.abs(short.audio.samples().astype(np.int32)) > 1_000
    assert loud.sum() == (np.abs(clip.samples().astype(np.int32)) > 1_000).sum(), "no sound is lost"


def test_times_point_into_the_whole():
    short = shortened(joined(quiet(3_000), tone(1_000), quiet(5_000), tone(500)))
    assert short.whole_start_ms(MARGIN_MS) == pytest.approx(3_000, abs=25)
    assert short.whole_end_ms(MARGIN_MS + 1_000) == pytest.approx(4_000, abs=25)
    assert short.whole_start_ms(3 * MARGIN_MS + 1_000) == pytest.approx(9_000, abs=25)
    # Where two stretches meet, what ends there ended before the silence and what begins there began after it.
    cut_ms = 1_000 + 2 * MARGIN_MS
    assert short.whole_end_ms(cut_ms) == pytest.approx(4_000 + MARGIN_MS, abs=25)
    assert short.whole_start_ms(cut_ms + 0.1) == pytest.approx(9_000 - MARGIN_MS, abs=25)
    assert short.whole_end_ms(1e9) == pytest.approx(9_500, abs=25), "a time past the end is the end"


def test_nothing_but_silence_leaves_nothing():
    for clip in (quiet(5_000), quiet(0), noise(duration_ms=2_000, sample_rate_hz=RATE_HZ, amplitude=0.0004)):
        short = shortened(clip)
        assert short.audio.sample_count == 0
        assert short.whole_start_ms(10.0) == 0.0


def test_soft_speech_beside_a_clap_is_kept():
    soft = tone(2_000, amplitude=0.01)
    clap = tone(20, amplitude=1.0)
    short = shortened(joined(clap, quiet(4_000), soft, quiet(4_000)))
    assert short.audio.duration_ms > 2_000


def test_the_hum_of_a_room_counts_as_silence_beside_speech():
    hum = noise(duration_ms=6_000, sample_rate_hz=RATE_HZ, amplitude=0.002)
    speech = tone(1_000, amplitude=0.4)
    short = shortened(joined(hum, speech, hum))
    assert short.audio.duration_ms < 1_700


@given(
    parts=st.lists(st.tuples(st.booleans(), st.integers(1, 1_500)), max_size=8),
    times_ms=st.lists(st.floats(0, 15_000), min_size=2, max_size=6),
)
def test_the_map_keeps_the_order_of_times_and_stays_within_the_whole(
    parts: list[tuple[bool, int]], times_ms: list[float]
):
    clip = joined(*(tone(length) if loud else quiet(length) for loud, length in parts))
    short = shortened(clip)
    assert short.audio.sample_count <= clip.sample_count
    assert sum(stretch.count for stretch in short.stretches) == short.audio.sample_count
    for stretch in short.stretches:
        begin, end = 2 * stretch.whole_start, 2 * (stretch.whole_start + stretch.count)
        sent = short.audio.pcm[2 * stretch.sent_start : 2 * (stretch.sent_start + stretch.count)]
        assert clip.pcm[begin:end] == sent
    for to_whole in (short.whole_start_ms, short.whole_end_ms):
        whole_ms = [to_whole(at_ms) for at_ms in sorted(times_ms)]
        assert whole_ms == sorted(whole_ms)
        assert all(0 <= at_ms <= clip.duration_ms + 0.1 for at_ms in whole_ms)


def test_a_piece_is_cut_in_its_latest_pause():
    clip = joined(tone(2_000), quiet(600), tone(2_000), quiet(600), tone(1_000))
    cut = quietest_cut(clip, from_sample=RATE_HZ)
    assert 4_600 < 1000 * cut / RATE_HZ < 5_200


def test_without_a_pause_a_piece_is_cut_all_the_same():
    clip = tone(3_000)
    assert RATE_HZ <= quietest_cut(clip, from_sample=RATE_HZ) <= clip.sample_count


def test_levels_are_those_of_a_sine():
    levels = frame_levels_dbfs(tone(100, amplitude=1.0), frame=RATE_HZ // 50)
    assert levels == pytest.approx([-3.0] * 5, abs=0.3)
    assert frame_levels_dbfs(chunk_of(np.zeros(100, np.int16), sample_rate_hz=RATE_HZ), frame=320)[0] == -120.0
