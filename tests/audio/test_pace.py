from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import PcmChunk, apply_gain, chunk_of, resample, silence
from syrinx.audio.pace import syllables_per_second
from syrinx.audio.tempo import TempoStretch
from syrinx.testing.audio import noise, sine
from syrinx.testing.human_clips import human_clips

CLIP = human_clips()[1].audio


def beeps(per_second: float, *, seconds: float = 6.0) -> PcmChunk:
    """A low buzz that rises and falls so often, as vowels between consonants do."""
    times = np.arange(round(seconds * 16_000)) / 16_000
    buzz = np.add.reduce([np.sin(2 * np.pi * 120.0 * n * times) / n for n in range(1, 15)])
    envelope = 0.05 + 0.95 * np.sin(np.pi * per_second * times) ** 2
    return chunk_of(np.rint(6000 * buzz * envelope).astype(np.int16), sample_rate_hz=16_000)


@pytest.mark.parametrize("per_second", [2.0, 3.0, 4.0, 5.5, 7.0])
def test_rises_of_loudness_are_counted(per_second: float) -> None:
    assert syllables_per_second(beeps(per_second)) == pytest.approx(per_second, rel=0.1)


def test_a_reader_is_heard_at_her_pace() -> None:
    """She says 22 syllables in 4.7 s of speech."""
    assert syllables_per_second(CLIP) == pytest.approx(4.7, rel=0.2)


@pytest.mark.parametrize("tempo", [0.75, 1.3])
def test_who_speaks_faster_has_a_higher_pace(tempo: float) -> None:
    stretch = TempoStretch(CLIP.sample_rate_hz, tempo)
    faster = PcmChunk(pcm=stretch.feed(CLIP).pcm + stretch.flush().pcm, sample_rate_hz=CLIP.sample_rate_hz)
    pace, other = syllables_per_second(CLIP), syllables_per_second(faster)
    assert pace is not None
    assert other is not None
    assert other / pace == pytest.approx(tempo, rel=0.15)


def test_neither_rate_nor_level_nor_pauses_change_it() -> None:
    pace = syllables_per_second(CLIP)
    pause = silence(duration_ms=3000.0, sample_rate_hz=16_000)
    quiet = chunk_of(apply_gain(CLIP.samples(), -20.0), sample_rate_hz=16_000)
    for other in (resample(CLIP, 24_000), quiet, PcmChunk(pcm=pause.pcm + CLIP.pcm + pause.pcm, sample_rate_hz=16_000)):
        assert syllables_per_second(other) == pytest.approx(pace, rel=0.1)


@pytest.mark.parametrize(
    "sound",
    [
        sine(200.0, duration_ms=3000.0),
        noise(duration_ms=3000.0),
        silence(duration_ms=3000.0, sample_rate_hz=24_000),
        PcmChunk(pcm=b"", sample_rate_hz=24_000),
        PcmChunk(pcm=CLIP.pcm[: 2 * 12_000], sample_rate_hz=16_000),
    ],
    ids=["tone", "noise", "silence", "nothing", "a word"],
)
def test_what_is_not_spoken_has_no_pace(sound: PcmChunk) -> None:
    assert syllables_per_second(sound) is None
