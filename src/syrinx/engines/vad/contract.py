"""Voice activity detection: 32 ms frames of 16 kHz PCM go in, the probability of speech in each comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FRAME_SAMPLES = 512
FRAME_MS = 32
SAMPLE_RATE_HZ = 16_000

Frames = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class VadCapabilities:
    max_batch: int
    """Talks whose frames go into one call at the most."""


class VadStream(Protocol):
    """The detector's memory of one microphone. Not to be shared between microphones."""

    async def probability(self, frame: npt.NDArray[np.int16]) -> float:
        """Probability (0 to 1) that this frame of shape (512,) holds speech.

        Frames are given in order, one at a time: the next only after this has returned. Frames of different streams
        that are waiting at the same moment are computed in one batch; the results equal those computed singly.
        Raises BadAudio on another shape, EngineError when the model fails.
        """
        ...

    def reset(self) -> None:
        """Forget all that was heard."""
        ...

    def close(self) -> None:
        """Give the stream's place back; further calls of `probability` raise EngineError."""
        ...


class VoiceActivityDetector(Protocol):
    @property
    def capabilities(self) -> VadCapabilities: ...

    def stream(self) -> VadStream:
        """Begin listening to one more microphone; the caller closes it."""
        ...
