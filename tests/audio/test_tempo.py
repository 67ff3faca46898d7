"""Tempo and pitch: the asked length, the asked pitch, whole to the end, and the same however it is cut."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from syrinx.audio import PcmChunk, chunk_of, rms_dbfs, silence
from syrinx.audio.tempo import TempoStretch
from syrinx.errors import BadAudio, BadInput
from syrinx.testing.audio import dominant_frequency_hz, noise, sine

TEMPOS = [0.25, 0.5, 0.8, 1.1, 1.5, 2.0, 3.0, 4.0]


def stretched(stretch: TempoStretch, chunk: PcmChunk, chunk_samples: int) -> PcmChunk:
    samples = chunk.samples()
    pcm = b"".join(
        stretch.feed(chunk_of(samples[start : start + chunk_samples], sample_rate_hz=chunk.sample_rate_hz)).pcm
        for start in range(0, samples.size, chunk_samples)
    )
    return PcmChunk(pcm=pcm + stretch.flush().pcm, sample_rate_hz=chunk.sample_rate_hz)


@pytest.mark.parametrize("sample_rate_hz", [8_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("tempo", TEMPOS)
def test_the_length_changes_and_the_pitch_stays(tempo: float, sample_rate_hz: int) -> None:
    tone = sine(300, duration_ms=2003, sample_rate_hz=sample_rate_hz)
    out = stretched(TempoStretch(sample_rate_hz, tempo), tone, 1000)
    assert out.sample_count == round(tone.sample_count / tempo)
    assert dominant_frequency_hz(out) == pytest.approx(300, abs=3)
    assert rms_dbfs(out.samples()) == pytest.approx(rms_dbfs(tone.samples()), abs=1)


@pytest.mark.parametrize("tempo", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("semitones", [-12, -3.5, 4, 12])
def test_the_pitch_changes_by_semitones(tempo: float, semitones: float) -> None:
    tone = sine(300, duration_ms=2003)
    out = stretched(TempoStretch(24_000, tempo, semitones), tone, 1000)
    assert out.sample_count == round(tone.sample_count / tempo)
    assert dominant_frequency_hz(out) == pytest.approx(300 * 2 ** (semitones / 12), rel=0.012)


@pytest.mark.parametrize("semitones", [0, 4])
@pytest.mark.parametrize("tempo", [0.25, 0.7, 1.3, 4.0])
@pytest.mark.parametrize("sound", [sine(300, duration_ms=1500), noise(duration_ms=1500)], ids=["tone", "noise"])
def test_chunks_give_what_the_whole_gives(sound: PcmChunk, tempo: float, semitones: float) -> None:
    whole = stretched(TempoStretch(24_000, tempo, semitones), sound, sound.sample_count)
    for chunk_samples in (37, 480, 7001):
        assert stretched(TempoStretch(24_000, tempo, semitones), sound, chunk_samples) == whole


@pytest.mark.parametrize("tempo", TEMPOS)
def test_a_burst_stays_in_its_place(tempo: float) -> None:
    """Where the middle of the energy lies, since the edges of a burst are blended."""
    quiet = silence(duration_ms=1500, sample_rate_hz=24_000).pcm
    burst = noise(duration_ms=200, amplitude=0.5).pcm
    stretch = TempoStretch(24_000, tempo)
    out = stretched(stretch, PcmChunk(pcm=quiet + burst + quiet, sample_rate_hz=24_000), 480)
    energy = out.samples().astype(np.float64) ** 2
    middle_ms = float((energy * np.arange(energy.size)).sum() / energy.sum()) / 24.0
    assert middle_ms / stretch.ratio == pytest.approx(1600, abs=60 if tempo > 2 else 40)


@pytest.mark.parametrize("tempo", TEMPOS)
def test_the_end_is_not_lost(tempo: float) -> None:
    """A sound at the very end is still there, and not silenced, when the stretch is over."""
    quiet = silence(duration_ms=1000, sample_rate_hz=24_000).pcm
    sound = PcmChunk(pcm=quiet + sine(500, duration_ms=150).pcm, sample_rate_hz=24_000)
    out = stretched(TempoStretch(24_000, tempo), sound, 480)
    last = out.samples()[-round(24 * 80 / tempo) :]
    assert rms_dbfs(last) > rms_dbfs(sine(500, duration_ms=100).samples()) - 6


@pytest.mark.parametrize("tempo", TEMPOS)
def test_little_is_held_back(tempo: float) -> None:
    stretch = TempoStretch(24_000, tempo)
    given = sum(stretch.feed(noise(duration_ms=20, seed=turn)).sample_count for turn in range(100))
    assert 2000 - given * tempo / 24 <= 260


def test_nothing_asked_passes_the_same_chunk_through() -> None:
    stretch = TempoStretch(24_000, 1.0)
    chunk = noise(duration_ms=20)
    assert stretch.feed(chunk) is chunk
    assert stretch.flush().sample_count == 0
    assert stretch.ratio == 1


@pytest.mark.parametrize("sample_count", [0, 1, 100, 1000])
def test_a_few_samples_have_their_length_too(sample_count: int) -> None:
    chunk = chunk_of(np.full(sample_count, 900, np.int16), sample_rate_hz=24_000)
    assert stretched(TempoStretch(24_000, 0.5), chunk, 1000).sample_count == 2 * sample_count


def test_after_a_flush_another_stream_begins() -> None:
    stretch = TempoStretch(24_000, 1.4)
    sound = sine(300, duration_ms=700)
    assert stretched(stretch, sound, 480) == stretched(stretch, sound, 480)


def test_silence_stays_silent() -> None:
    out = stretched(TempoStretch(24_000, 0.6), silence(duration_ms=900, sample_rate_hz=24_000), 480)
    assert not out.samples().any()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match=r"from 0\.25 to 4"):
        TempoStretch(24_000, 4.5)
    with pytest.raises(BadInput, match="tempo"):
        TempoStretch(24_000, float("nan"))
    with pytest.raises(BadInput, match="up to 12"):
        TempoStretch(24_000, 1, -13)
    with pytest.raises(BadAudio, match="16000 Hz in a stream of 24000 Hz"):
        TempoStretch(24_000, 2).feed(noise(duration_ms=20, sample_rate_hz=16_000))


def test_the_natural_tempo_loads_no_library() -> None:
    code = (
        "import sys; from syrinx.audio import silence; from syrinx.audio.tempo import TempoStretch;"
        "s = TempoStretch(24000, 1.0); s.feed(silence(duration_ms=9, sample_rate_hz=24000)); s.flush();"
        "sys.exit('av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
