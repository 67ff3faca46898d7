"""Where in a recording somebody makes sound, by its loudness alone, in little memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import frame_dbfs
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.errors import BadAudio

FRAME_MS: Final = 20.0
_INAUDIBLE_DBFS: Final = -60.0
"""A recording without anything louder is silent."""
_QUIETEST_DBFS: Final = -100.0
_UP_FROM_THE_FLOOR: Final = 0.35
"""Of the way from the background to the loudest, in dB, lies what counts as sound: above breath and room ..."""
_BELOW_THE_LOUDEST_DB: Final = 30.0
"""... and not so low, where the background is silence, that its decay counts."""
_JOINED_FRAMES: Final = 15
"""A shorter gap (0.3 s) is within a phrase: a plosive is preceded by silence."""
_LEAST_FRAMES: Final = 4
"""A shorter sound (80 ms) alone is a click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some of the recording with sound in it."""

    start_ms: float
    end_ms: float


class ActivityMeter:
    """Takes a recording in chunks of one rate; an hour takes 180 kB."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._frame_bytes = BYTES_PER_SAMPLE * round(FRAME_MS * sample_rate_hz / 1000)
        self._waiting = b""
        self._levels_db = bytearray()
        """int8, one for each frame."""

    def feed(self, chunk: PcmChunk) -> None:
        if chunk.sample_rate_hz != self._sample_rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._sample_rate_hz} Hz")
        pcm = self._waiting + chunk.pcm
        whole = len(pcm) - len(pcm) % self._frame_bytes
        self._waiting = pcm[whole:]
        if whole:
            levels = frame_dbfs(np.frombuffer(pcm[:whole], "<i2"), self._frame_bytes // BYTES_PER_SAMPLE)
            self._levels_db += np.rint(np.maximum(levels, _QUIETEST_DBFS)).astype(np.int8).tobytes()

    def stretches(self) -> list[Stretch]:
        """In order, apart from each other by at least 0.3 s; none where nothing can be heard."""
        levels = np.frombuffer(self._levels_db, np.int8).astype(np.float32)
        if not levels.size:
            return []
        floor, loudest = (float(level) for level in np.percentile(levels, (10, 99)))
        if loudest < _INAUDIBLE_DBFS:
            return []
        threshold = max(floor + _UP_FROM_THE_FLOOR * (loudest - floor), loudest - _BELOW_THE_LOUDEST_DB)
        return [Stretch(start_ms=start * FRAME_MS, end_ms=end * FRAME_MS) for start, end in _runs(levels >= threshold)]


def _runs(sounds: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From and to (exclusive), joined over short gaps, without what is too short."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sounds, [False]]).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if joined and start - joined[-1][1] < _JOINED_FRAMES:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [run for run in joined if run[1] - run[0] >= _LEAST_FRAMES]
