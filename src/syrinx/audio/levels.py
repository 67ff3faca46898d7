"""How loud samples are, and making them louder or quieter without wrapping round."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from syrinx.audio.pcm import Samples

FULL_SCALE = 32768.0
SILENCE_DBFS = -120.0
"""What silence, and no samples at all, measure; nothing measures less."""


def rms_dbfs(samples: Samples) -> float:
    """Root mean square over int16 samples of shape (n,), in dB of full scale: a full sine has -3, a full square 0."""
    if not samples.size:
        return SILENCE_DBFS
    wide = samples.astype(np.float32)
    return _dbfs(math.sqrt(float(np.dot(wide, wide)) / samples.size))


def peak_dbfs(samples: Samples) -> float:
    """The largest magnitude among int16 samples of shape (n,), in dB of full scale."""
    if not samples.size:
        return SILENCE_DBFS
    return _dbfs(float(max(int(samples.max()), -int(samples.min()))))


def frame_dbfs(samples: Samples, frame_samples: int) -> npt.NDArray[np.float32]:
    """`rms_dbfs` of each whole frame of `frame_samples`, shape (frames,)."""
    whole = samples.size - samples.size % frame_samples
    frames = samples[:whole].reshape(-1, frame_samples).astype(np.float32)
    power = np.einsum("ij,ij->i", frames, frames) / frame_samples / np.float32(FULL_SCALE**2)
    return 10.0 * np.log10(np.maximum(power, np.float32(10.0 ** (SILENCE_DBFS / 10.0))))


def apply_gain(samples: Samples, gain_db: float) -> Samples:
    """Louder or quieter int16 samples, same shape; what does not fit is clipped to full scale."""
    return clip_to_int16(samples.astype(np.float32) * np.float32(10.0 ** (gain_db / 20.0)))


def clip_to_int16(samples: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Samples:
    """Round floating samples at int16 scale (-32768..32767) to int16; what does not fit is clipped."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def _dbfs(magnitude: float) -> float:
    if magnitude <= 0.0:
        return SILENCE_DBFS
    return max(SILENCE_DBFS, 20.0 * math.log10(magnitude / FULL_SCALE))
