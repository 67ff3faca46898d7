"""How high a voice is: the median pitch of all that is voiced in a recording."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import SILENCE_DBFS, rms_dbfs
from syrinx.audio.pcm import PcmChunk
from syrinx.audio.resampling import resample

LOWEST_HZ: Final = 65.0
HIGHEST_HZ: Final = 420.0
"""Between a deep man's and a child's voice."""

RATE_HZ: Final = 16_000
"""At which pitch is looked for."""
WINDOW_SAMPLES: Final = 640
"""40 ms: more than two periods of the lowest pitch."""
_HOP: Final = 160
_MOST_WINDOWS: Final = 3000
"""Of a longer recording fewer windows per second are measured; a median needs no more."""
_AT_ONCE: Final = 500
_VOICED: Final = 0.5
"""Height of the autocorrelation's peak from which a window counts as voiced."""
_QUIET_DB: Final = 30.0
"""A window further below the loudest one is a pause."""
_FEWEST_VOICED: Final = 10

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchTrack:
    """What was found in windows of 40 ms, in order; every array has shape (windows,)."""

    starts: npt.NDArray[np.intp]
    """Where each begins, in samples at `RATE_HZ`."""
    pitch_hz: npt.NDArray[np.floating]
    """Of no meaning where it is not voiced."""
    voiced: npt.NDArray[np.bool_]


def median_pitch_hz(chunk: PcmChunk) -> float | None:
    """In Hz; None where too little is voiced to say. Blocks: some 0.1 s for a minute."""
    track = pitch_track(chunk)
    found = track.pitch_hz[track.voiced]
    return float(np.median(found)) if found.size >= _FEWEST_VOICED else None


def pitch_track(chunk: PcmChunk, *, most_windows: int = _MOST_WINDOWS) -> PitchTrack:
    """Every 10 ms, of a longer recording no more than `most_windows`; none where it is silent. Blocks as above."""
    samples = resample(chunk, RATE_HZ).samples()
    if samples.size < WINDOW_SAMPLES or rms_dbfs(samples) <= SILENCE_DBFS:
        return PitchTrack(starts=np.zeros(0, np.intp), pitch_hz=np.zeros(0), voiced=np.zeros(0, np.bool_))
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)
    hop = max(_HOP, math.ceil(len(windows) / most_windows))
    pitches: list[npt.NDArray[np.floating]] = []
    heights: list[npt.NDArray[np.floating]] = []
    levels: list[npt.NDArray[np.floating]] = []
    for start in range(0, len(windows), hop * _AT_ONCE):
        some = windows[start : start + hop * _AT_ONCE : hop].astype(np.float32)
        pitch_hz, height = _pitch(some)
        pitches.append(pitch_hz)
        heights.append(height)
        levels.append(10.0 * np.log10(np.einsum("ij,ij->i", some, some) / WINDOW_SAMPLES + 1.0))
    level_db = np.concatenate(levels)
    return PitchTrack(
        starts=np.arange(0, len(windows), hop, dtype=np.intp),
        pitch_hz=np.concatenate(pitches),
        voiced=(np.concatenate(heights) >= _VOICED) & (level_db > level_db.max() - _QUIET_DB),
    )


def _pitch(windows: Floats) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Pitch in Hz and height of the autocorrelation's peak (0 to 1) of windows of shape (n, WINDOW_SAMPLES)."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * WINDOW_SAMPLES, axis=1)) ** 2
    correlation = np.fft.irfft(power, axis=1)[:, :WINDOW_SAMPLES]
    # An unbiased estimate: fewer products overlap at longer lags.
    correlation = correlation / np.linspace(1.0, 1.0 / WINDOW_SAMPLES, WINDOW_SAMPLES)
    first, last = round(RATE_HZ / HIGHEST_HZ), math.ceil(RATE_HZ / LOWEST_HZ)
    energy = np.maximum(correlation[:, 0], 1.0)
    # A slight preference for short lags keeps the pitch from being halved.
    lags = correlation[:, first:last] / energy[:, None] * np.linspace(1.0, 0.85, last - first)
    best = lags.argmax(axis=1)
    return RATE_HZ / (best + first), lags[np.arange(len(best)), best]
