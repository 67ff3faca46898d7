"""Loudness that a text asks for: louder without a peak being cut off."""

from __future__ import annotations

from typing import Final

import numpy as np

from syrinx.audio import clip_to_int16

_KNEE: Final = 0.75 * 32767.0
_ROOM: Final = 32767.0 - _KNEE


def with_gain(pcm: bytes, gain_db: float) -> bytes:
    """s16le louder or quieter. What would rise above three quarters of full scale is bent and never reaches it.

    Each sample is treated by itself, so that it makes no difference how a stream is cut.
    """
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) * np.float32(10.0 ** (gain_db / 20.0))
    if gain_db > 0.0:
        magnitude = np.abs(samples)
        bent = _KNEE + _ROOM * np.tanh((magnitude - _KNEE) / _ROOM)
        samples = np.where(magnitude > _KNEE, np.copysign(bent, samples), samples)
    return clip_to_int16(samples).astype("<i2", copy=False).tobytes()
