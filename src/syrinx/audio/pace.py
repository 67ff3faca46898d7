"""How fast somebody speaks: syllables, counted as rises of loudness, in each second of speech."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.activity import ActivityMeter
from syrinx.audio.levels import frame_dbfs
from syrinx.audio.pcm import PcmChunk, Samples
from syrinx.audio.resampling import resample

_RATE_HZ: Final = 8_000
_FRAME: Final = 80
"""10 ms."""
_SMOOTHED: Final = 9
"""Frames: shorter than a syllable, longer than the period of a deep voice."""
_VOWEL_HZ: Final = (300.0, 2500.0)
"""Where vowels are loud and hissing consonants are not (Mermelstein, 1975)."""
_DIP_DB: Final = 2.0
"""Between two syllables the loudness falls by at least so much."""
_BELOW_THE_LOUDEST_DB: Final = 25.0
"""A peak further down is no vowel."""
_SHORTEST_S: Final = 1.0
_FEWEST: Final = 3
_PIECE_S: Final = 20


def syllables_per_second(chunk: PcmChunk) -> float | None:
    """While speaking, pauses from 0.3 s on left out; None where less than a second is spoken, or nothing in syllables.

    As near as loudness tells: mostly some 10 to 20 % fewer than are written, so compare paces with each other. Blocks:
    some 50 ms for a minute.
    """
    at_8_khz = resample(chunk, _RATE_HZ)
    meter = ActivityMeter(_RATE_HZ)
    meter.feed(at_8_khz)
    stretches = meter.stretches()
    spoken_s = sum(stretch.end_ms - stretch.start_ms for stretch in stretches) / 1000.0
    if spoken_s < _SHORTEST_S:
        return None
    level_db = _vowel_levels(at_8_khz.samples())
    loudest = float(np.percentile(level_db, 99))
    frame_ms = 1000.0 * _FRAME / _RATE_HZ
    syllables = sum(
        _peaks(
            level_db[round(stretch.start_ms / frame_ms) : round(stretch.end_ms / frame_ms)],
            above=loudest - _BELOW_THE_LOUDEST_DB,
        )
        for stretch in stretches
    )
    return syllables / spoken_s if syllables >= _FEWEST else None


def _vowel_levels(samples: Samples) -> npt.NDArray[np.floating]:
    """Of each frame, smoothed."""
    piece = _PIECE_S * _RATE_HZ
    pieces = [frame_dbfs(_band(samples[at : at + piece]), _FRAME) for at in range(0, samples.size, piece)]
    level_db = np.concatenate(pieces)
    window = np.hanning(_SMOOTHED + 2)[1:-1]
    power = np.convolve(10.0 ** (level_db / 10.0), window / window.sum(), mode="same")
    return 10.0 * np.log10(power)


def _band(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples.astype(np.float32))
    hz = np.fft.rfftfreq(samples.size, 1.0 / _RATE_HZ)
    spectrum[(hz < _VOWEL_HZ[0]) | (hz > _VOWEL_HZ[1])] = 0.0
    return np.rint(np.fft.irfft(spectrum, samples.size)).clip(-32768, 32767).astype(np.int16)


def _peaks(level_db: npt.NDArray[np.floating], *, above: float) -> int:
    """How many there are that a dip of `_DIP_DB` parts from each other."""
    if level_db.size < 2:
        return 0
    slopes = np.sign(np.diff(level_db))
    turns = [0, *(np.flatnonzero(np.diff(slopes)) + 1).tolist(), level_db.size - 1]
    count, rising, extreme = 0, True, float(level_db[0])
    for _, at in pairwise(turns):
        level = float(level_db[at])
        if rising:
            if level < extreme - _DIP_DB:
                count += extreme >= above
                rising, extreme = False, level
            else:
                extreme = max(extreme, level)
        elif level > extreme + _DIP_DB:
            rising, extreme = True, level
        else:
            extreme = min(extreme, level)
    return count + (rising and extreme >= above)
