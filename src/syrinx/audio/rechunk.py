"""Cutting a stream of chunks of any length into frames of exactly one length."""

from __future__ import annotations

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.errors import BadAudio


class Rechunker:
    """Frames of exactly `frame_samples` out of chunks of any length; no sample is lost, added or reordered.

    Every chunk must have `sample_rate_hz`; another rate raises BadAudio and leaves what is waiting untouched.
    """

    def __init__(self, frame_samples: int, sample_rate_hz: int) -> None:
        if frame_samples <= 0 or sample_rate_hz <= 0:
            raise BadAudio(f"frames of {frame_samples} samples at {sample_rate_hz} Hz: both must be positive")
        self._frame_bytes = frame_samples * BYTES_PER_SAMPLE
        self._sample_rate_hz = sample_rate_hz
        self._waiting = bytearray()

    def feed(self, chunk: PcmChunk) -> list[PcmChunk]:
        """Take a chunk, give the frames that are now complete; fewer than `frame_samples` keep waiting."""
        if chunk.sample_rate_hz != self._sample_rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._sample_rate_hz} Hz")
        size = self._frame_bytes
        waiting = self._waiting
        waiting += chunk.pcm
        whole = len(waiting) - len(waiting) % size
        if not whole:
            return []
        ready = bytes(waiting[:whole])
        del waiting[:whole]
        return [self._frame(ready[start : start + size]) for start in range(0, whole, size)]

    def flush(self) -> PcmChunk | None:
        """What is left, shorter than a frame, or None; the next chunk begins a new frame."""
        if not self._waiting:
            return None
        rest = self._frame(bytes(self._waiting))
        self._waiting.clear()
        return rest

    def _frame(self, pcm: bytes) -> PcmChunk:
        return PcmChunk(pcm=pcm, sample_rate_hz=self._sample_rate_hz)
