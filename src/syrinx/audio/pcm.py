"""PCM as Syrinx passes it around: signed 16-bit little-endian mono, always together with its sample rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from syrinx.errors import BadAudio

BYTES_PER_SAMPLE = 2

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmChunk:
    """Some mono PCM, s16le. `pcm` holds whole samples; an odd number of bytes is refused with BadAudio."""

    pcm: bytes
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if len(self.pcm) % BYTES_PER_SAMPLE:
            raise BadAudio(f"{len(self.pcm)} bytes is half a sample too many: s16le PCM has 2 bytes per sample")
        if self.sample_rate_hz <= 0:
            raise BadAudio(f"a sample rate of {self.sample_rate_hz} Hz is impossible: it must be positive")

    @property
    def sample_count(self) -> int:
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def duration_ms(self) -> float:
        return 1000.0 * self.sample_count / self.sample_rate_hz

    def samples(self) -> Samples:
        """A read-only view of shape (sample_count,), int16."""
        return np.frombuffer(self.pcm, dtype="<i2")


def chunk_of(samples: Samples, *, sample_rate_hz: int) -> PcmChunk:
    """Wrap int16 samples of shape (n,)."""
    return PcmChunk(pcm=samples.astype("<i2", copy=False).tobytes(), sample_rate_hz=sample_rate_hz)


def silence(*, duration_ms: float, sample_rate_hz: int) -> PcmChunk:
    """Digital silence, its length rounded to the nearest sample."""
    return PcmChunk(
        pcm=bytes(BYTES_PER_SAMPLE * round(duration_ms * sample_rate_hz / 1000)), sample_rate_hz=sample_rate_hz
    )
