"""How final a voice sounded just before it went quiet: pitch, loudness and length of the last syllables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from syrinx.audio.pcm import Samples

SAMPLE_RATE_HZ = 16_000
LOOK_BACK_MS = 1200
"""How much audio before the pause is looked at: the last phrase, against which its end is compared."""
HOP = 160
WINDOW = 640
"""40 ms, two periods of the lowest pitch looked for."""
LOWEST_HZ, HIGHEST_HZ = 65.0, 420.0
VOICED = 0.45
"""Height of the autocorrelation's peak from which a window counts as voiced."""
QUIET_DB = 28.0
"""Below the loudest by this much is not speech any more."""
TAIL_HOPS = 18
"""The end of the phrase: 180 ms, about its last syllable."""

PITCH_WEIGHT, LEVEL_WEIGHT, LENGTH_WEIGHT, TAIL_WEIGHT = 0.14, 0.235, 0.55, 0.015
BALANCE = -1.75
"""Logistic regression of true ends against hesitations over three synthetic voices (bench/endpointing.py makes the
material), tested on each voice by the other two and on other sentences: the area under the curve is 0.74 to 0.86. The
weight of the tail is a third less than fitted, for silence that was put in flatters it. So the voice is a strong hint,
and no more."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseEnd:
    """Measurements of the end of a phrase against the phrase before it."""

    pitch_fall_semitones: float
    """How far the last voiced stretch lies below the phrase's median pitch; 0 where there is no pitch to compare."""
    level_fall_db: float
    """How far the last syllable lies below the phrase's loudness."""
    last_voiced_ms: float
    """Length of the last voiced stretch: long before a pause of either kind, longer before an end."""
    tail_ms: float
    """From the last voiced sound to the end of all sound: the last consonant and the dying away of the voice."""


def measure(samples: Samples) -> PhraseEnd | None:
    """Measure int16 samples of shape (n,) at 16 kHz that end in or after the pause; None without voiced speech."""
    wide = samples[-SAMPLE_RATE_HZ * LOOK_BACK_MS // 1000 :].astype(np.float32)
    if wide.size < 4 * WINDOW:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(wide, WINDOW)[::HOP]
    level_db = 10.0 * np.log10(np.einsum("ij,ij->i", windows, windows) / WINDOW + 1.0)
    speech = np.flatnonzero(level_db > level_db.max() - QUIET_DB)
    end = int(speech[-1]) + 1
    windows, level_db = windows[:end], level_db[:end]
    pitch_hz, height = _pitch(windows)
    voiced = (height >= VOICED) & (level_db > level_db.max() - QUIET_DB)
    at = np.flatnonzero(voiced)
    if at.size < 8:
        return None
    semitones = 12.0 * np.log2(pitch_hz[at])
    median = float(np.median(semitones))
    keep = np.abs(semitones - median) < 9.0
    at, semitones = at[keep], semitones[keep]
    last = at >= at[-1] - TAIL_HOPS
    tail_at, tail = at[last], semitones[last]
    gaps = np.flatnonzero(np.diff(at) > 3)
    begun = int(at[gaps[-1] + 1]) if gaps.size else int(at[0])
    hop_ms = 1000.0 * HOP / SAMPLE_RATE_HZ
    return PhraseEnd(
        pitch_fall_semitones=median - float(np.median(tail[-6:])),
        level_fall_db=float(np.median(level_db[at])) - float(np.mean(level_db[tail_at[-8:]])),
        last_voiced_ms=hop_ms * (int(at[-1]) - begun + 1),
        tail_ms=hop_ms * (end - 1 - int(at[-1])),
    )


def finality(samples: Samples) -> float:
    """How final the voice sounds, 0 to 1, by the audio up to a pause (as for `measure`); 0.5 when it says nothing."""
    end = measure(samples)
    if end is None:
        return 0.5
    evidence = (
        BALANCE
        + PITCH_WEIGHT * min(8.0, max(-6.0, end.pitch_fall_semitones))
        + LEVEL_WEIGHT * min(15.0, max(-6.0, end.level_fall_db))
        + LENGTH_WEIGHT * math.log(end.last_voiced_ms / 250.0)
        + TAIL_WEIGHT * min(100.0, end.tail_ms)
    )
    return 1.0 / (1.0 + math.exp(-evidence))


def _pitch(windows: Floats) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Pitch in Hz and height of the autocorrelation's peak (0 to 1) of windows of shape (n, WINDOW)."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * WINDOW, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :WINDOW]
    # An unbiased estimate: fewer products overlap at longer lags.
    correlation = correlation / np.linspace(1.0, 1.0 / WINDOW, WINDOW)
    first, last = round(SAMPLE_RATE_HZ / HIGHEST_HZ), math.ceil(SAMPLE_RATE_HZ / LOWEST_HZ)
    energy = np.maximum(correlation[:, 0], 1.0)
    # A slight preference for short lags keeps the pitch from being halved.
    lags = correlation[:, first:last] / energy[:, None] * np.linspace(1.0, 0.85, last - first)
    best = lags.argmax(axis=1)
    return SAMPLE_RATE_HZ / (best + first), lags[np.arange(len(best)), best]
