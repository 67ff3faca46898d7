"""How a voice's spectrum is shaped from moment to moment: mel cepstra within what every microphone hears."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.pcm import Samples

LOWEST_HZ: Final = 200.0
HIGHEST_HZ: Final = 3600.0
"""Nearly what a telephone passes; beyond it recordings tell more of microphones and codecs than of people."""
COEFFICIENTS: Final = 10
"""From the second on: loudness, and the tilt that any microphone adds, are left out."""

_BANDS: Final = 24
_FFT: Final = 1024
_DEEPEST: Final = 12.0
"""Natural logarithm of power (52 dB): a band further below its own loudest counts as that."""
_AT_ONCE: Final = 1000

Floats = npt.NDArray[np.floating]


def cepstra(samples: Samples, starts: npt.NDArray[np.intp], *, window: int, sample_rate_hz: int) -> Floats:
    """Of the windows that begin at `starts`, shape (starts, COEFFICIENTS). All windows must lie within `samples`."""
    if not starts.size:
        return np.zeros((0, COEFFICIENTS))
    windows = np.lib.stride_tricks.sliding_window_view(samples, window)
    taper, filters = np.hanning(window).astype(np.float32), _filters(sample_rate_hz)
    pieces: list[Floats] = []
    for first in range(0, starts.size, _AT_ONCE):
        some = windows[starts[first : first + _AT_ONCE]].astype(np.float32) * taper
        pieces.append(np.log(np.abs(np.fft.rfft(some, _FFT, axis=1)) ** 2 @ filters.T + 1.0))
    bands = np.concatenate(pieces)
    return np.maximum(bands, bands.max(axis=0) - _DEEPEST) @ _cosines().T


@cache
def _filters(sample_rate_hz: int) -> Floats:
    """Triangles of equal width on the mel scale (O'Shaughnessy, 1987), shape (_BANDS, _FFT // 2 + 1)."""
    lowest, highest = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (LOWEST_HZ, HIGHEST_HZ))
    mel = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    below, centre, above = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.fft.rfftfreq(_FFT, 1.0 / sample_rate_hz)
    rising, falling = (bins - below) / (centre - below), (above - bins) / (above - centre)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


@cache
def _cosines() -> Floats:
    order = np.arange(2, COEFFICIENTS + 2)[:, None]
    return np.cos(np.pi * order * (np.arange(_BANDS) + 0.5) / _BANDS) * np.sqrt(2.0 / _BANDS)
