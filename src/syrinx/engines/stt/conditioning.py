"""Makes microphone audio fit for a recogniser as it arrives: noise suppressed, level measured, voiced sound found."""

from __future__ import annotations

import importlib.util
from typing import Protocol

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import FULL_SCALE
from syrinx.audio.pcm import Samples

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
"""10 ms: what the suppressor takes, and the grid on which level and voicing are measured."""

SPEECH_LEVEL_DB = -26.0
"""Where speech is brought to before it is decoded: the level of `STRANGER.mean`, with room for its peaks."""
LEAST_VOICED_MS = 60
"""Less periodic sound than this in an utterance is no speech: it never reaches the decoder."""

_GAIN_RANGE_DB = (-20.0, 36.0)
_LEAST_VARIETY_DB = 3.2
"""A sound of steadier colour is a hum or a tone."""
_SUPPRESSION = 1
"""Of 0 (off) to 4. Measured on recordings of people: 2 and more costs clean speech more than noisy speech gains."""
_WINDOW_SAMPLES = 512
_VOICED = 0.7
"""Normalised autocorrelation at the best pitch. Human speech: 57 to 85 % of its loud frames are above; coughs, claps,
breath, keys and white noise: none."""
_LOWEST_PITCH_HZ, _HIGHEST_PITCH_HZ = 70, 400
_LOUDEST_TO_LOUD_DB = 20.0
_BAND_EDGES = (3, 10, 20, 32, 50, 80, 120, 250)
"""In bins of 31.25 Hz: about as wide as the ear's bands, from 94 Hz to 7.8 kHz."""
_INAUDIBLE_POWER = 1e4
_DIGITAL_SILENCE = 1e-10
"""Power of what is taken for -100 dB."""

Levels = npt.NDArray[np.float64]


def suppression_available() -> bool:
    """Whether the noise suppressor is installed (its package has no build for Windows)."""
    return importlib.util.find_spec("webrtc_noise_gain") is not None


class _ProcessedFrame(Protocol):
    audio: bytes


class _Processor(Protocol):
    """What is used of `webrtc_noise_gain.AudioProcessor`."""

    def Process10ms(self, audio: bytes) -> _ProcessedFrame: ...  # noqa: N802 - the library's own name


class NoiseSuppressor:
    """Removes a constant background from one stream; holds back up to 10 ms. Passes audio through where unavailable."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._processor = _suppressor() if enabled and suppression_available() else None
        self._waiting = b""

    def push(self, pcm: bytes) -> Samples:
        """Cleaned samples of shape (n,), n a multiple of 160: as many whole 10 ms frames as have come."""
        self._waiting += pcm
        whole = len(self._waiting) // (2 * FRAME_SAMPLES) * 2 * FRAME_SAMPLES
        block, self._waiting = self._waiting[:whole], self._waiting[whole:]
        if self._processor is None:
            return np.frombuffer(block, dtype="<i2")
        step = 2 * FRAME_SAMPLES
        clean = b"".join(self._processor.Process10ms(block[at : at + step]).audio for at in range(0, whole, step))
        return np.frombuffer(clean, dtype="<i2")

    def flush(self) -> Samples:
        """What was held back, filled up with silence to a whole frame; empty when nothing was."""
        if not self._waiting:
            return np.zeros(0, dtype=np.int16)
        return self.push(bytes(2 * FRAME_SAMPLES - len(self._waiting)))


def _suppressor() -> _Processor:
    from webrtc_noise_gain import AudioProcessor  # noqa: PLC0415 - a native library, loaded only where an ear is opened

    return AudioProcessor(0, _SUPPRESSION)


def frame_levels_db(samples: Samples) -> Levels:
    """RMS of every whole 10 ms frame in dB of full scale, shape (n // 160,); digital silence is -100."""
    frames = samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES).astype(np.float64)
    return _rms_db(frames)


def _rms_db(rows: Levels) -> Levels:
    return 10.0 * np.log10(np.maximum(np.mean((rows / FULL_SCALE) ** 2, axis=1), _DIGITAL_SILENCE))


def speech_level_db(levels_db: Levels) -> float:
    """The level of the speech among frames: the mean power of those within 20 dB of the loudest; -100 for none."""
    if not levels_db.size:
        return -100.0
    loud = levels_db[levels_db > np.percentile(levels_db, 95) - _LOUDEST_TO_LOUD_DB]
    return float(10.0 * np.log10(np.mean(10.0 ** (loud / 10.0))))


def gain_to_speech_level_db(samples: Samples) -> float:
    """What brings the speech in `samples` to SPEECH_LEVEL_DB, as far as that is sensible."""
    lowest, highest = _GAIN_RANGE_DB
    return min(max(SPEECH_LEVEL_DB - speech_level_db(frame_levels_db(samples)), lowest), highest)


def holds_speech(samples: Samples, *, least_voiced_ms: float = LEAST_VOICED_MS) -> bool:
    """Whether somebody may be speaking; False for coughs, claps, hums and hiss."""
    return voiced_ms(samples) >= least_voiced_ms and variety_db(samples) >= _LEAST_VARIETY_DB


def voiced_ms(samples: Samples) -> int:
    """Milliseconds in which vocal cords, or something like them, sound: a periodic tone of 70 to 400 Hz."""
    windows, loud = _loud_windows(samples)
    if not windows.size:
        return 0
    power = np.abs(np.fft.rfft(windows, 2 * _WINDOW_SAMPLES)) ** 2
    bin_hz = SAMPLE_RATE_HZ / (2 * _WINDOW_SAMPLES)
    power[:, : round(_LOWEST_PITCH_HZ / bin_hz)] = 0.0
    power[:, round(3 * _HIGHEST_PITCH_HZ / bin_hz) :] = 0.0
    correlation = np.fft.irfft(power)
    lags = np.arange(SAMPLE_RATE_HZ // _HIGHEST_PITCH_HZ, SAMPLE_RATE_HZ // _LOWEST_PITCH_HZ + 1)
    overlap = 1.0 - lags / _WINDOW_SAMPLES
    peaks = (correlation[:, lags] / (np.maximum(correlation[:, :1], 1e-9) * overlap)).max(axis=1)
    return int(np.count_nonzero((peaks > _VOICED) & loud)) * 10


def variety_db(samples: Samples) -> float:
    """How much the sound's colour changes while it is loud: the spread of seven bands around their common level, in dB.

    Articulation moves it: people speaking show 4 to 10 even within 0.3 s, hums and tones 0 to 2.
    """
    windows, loud = _loud_windows(samples)
    if not windows.size:
        return 0.0
    power = np.abs(np.fft.rfft(windows[loud] * np.hanning(_WINDOW_SAMPLES))) ** 2
    bands = np.add.reduceat(power[:, : _BAND_EDGES[-1]], _BAND_EDGES[:-1], axis=1)
    colour_db = 10.0 * np.log10(bands + _INAUDIBLE_POWER)
    colour_db -= colour_db.mean(axis=1, keepdims=True)
    return float(np.std(colour_db, axis=0).mean())


def _loud_windows(samples: Samples) -> tuple[Levels, npt.NDArray[np.bool_]]:
    """Windows of 32 ms every 10 ms, shape (n, 512), without offset; and which of them are loud."""
    if samples.size < _WINDOW_SAMPLES:
        return np.zeros((0, _WINDOW_SAMPLES)), np.zeros(0, dtype=np.bool_)
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW_SAMPLES)[::FRAME_SAMPLES].astype(np.float64)
    windows = windows - windows.mean(axis=1, keepdims=True)
    loudness_db = _rms_db(windows)
    return windows, loudness_db > np.percentile(loudness_db, 95) - _LOUDEST_TO_LOUD_DB
