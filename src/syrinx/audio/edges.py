"""Taking the silence off the ends of a clip, so that the gap between two sentences is ours to choose."""

from __future__ import annotations

import math

from syrinx.audio.levels import FULL_SCALE
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.errors import BadAudio

THRESHOLD_DBFS = -50.0
MARGIN_MS = 20.0
MAX_HELD_MS = 400.0


def trim_silence(
    chunk: PcmChunk, *, threshold_dbfs: float = THRESHOLD_DBFS, margin_ms: float = MARGIN_MS
) -> tuple[PcmChunk, float]:
    """A whole clip without the silence at its ends, and how many ms were taken off its beginning.

    Silence is what has no sample above `threshold_dbfs`; `margin_ms` of it stay at either end. A clip of nothing but
    silence comes back empty.
    """
    trimmer = EdgeTrimmer(
        chunk.sample_rate_hz, threshold_dbfs=threshold_dbfs, margin_ms=margin_ms, max_held_ms=chunk.duration_ms
    )
    parts = [*trimmer.feed(chunk), *trimmer.end_clip()]
    pcm = b"".join(part.pcm for part in parts)
    return PcmChunk(pcm=pcm, sample_rate_hz=chunk.sample_rate_hz), trimmer.removed_start_ms


class EdgeTrimmer:
    """`trim_silence` for a clip that arrives in chunks.

    Silence inside the clip waits until sound follows, but never more than `max_held_ms` of it: what is longer goes out,
    so that a listener waits no longer than that, and counts as part of the clip even if the clip ends there.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        *,
        threshold_dbfs: float = THRESHOLD_DBFS,
        margin_ms: float = MARGIN_MS,
        max_held_ms: float = MAX_HELD_MS,
    ) -> None:
        if margin_ms < 0 or max_held_ms < 0:
            raise BadAudio(f"a margin of {margin_ms} ms, {max_held_ms} ms held at most: neither may be negative")
        self._sample_rate_hz = sample_rate_hz
        # Whole, so that samples are compared as the integers they are: above 103.6 is above 103.
        self._threshold = min(32767, math.floor(FULL_SCALE * 10.0 ** (threshold_dbfs / 20.0)))
        self._margin_bytes = self._bytes_in(margin_ms)
        self._max_held_bytes = max(self._bytes_in(max_held_ms), self._margin_bytes)
        self._restart()

    @property
    def removed_start_ms(self) -> float:
        """How much was taken off the beginning of this clip so far: what the times of its words are too late by."""
        return 1000.0 * self._removed_bytes / BYTES_PER_SAMPLE / self._sample_rate_hz

    def feed(self, chunk: PcmChunk) -> list[PcmChunk]:
        """Take the next chunk of the clip, give what may be heard now (nothing or one chunk)."""
        if chunk.sample_rate_hz != self._sample_rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._sample_rate_hz} Hz")
        if self._ended:
            self._restart()
        samples = chunk.samples()
        loud = (samples > self._threshold) | (samples < -self._threshold)
        silent_after = int(loud[::-1].argmax()) if loud.size else 0
        if not loud.size or not loud[-1 - silent_after]:
            return self._hold(chunk.pcm)
        if not self._sounding:
            quiet = len(self._held) + int(loud.argmax()) * BYTES_PER_SAMPLE
            removed = max(0, quiet - self._margin_bytes)
            self._removed_bytes += removed
            sound = (self._held + chunk.pcm)[removed:]
            self._sounding = True
        else:
            sound = self._held + chunk.pcm
        silent_from = len(sound) - silent_after * BYTES_PER_SAMPLE
        self._held = b""
        return self._chunks(sound[:silent_from]) + self._hold(sound[silent_from:])

    def end_clip(self) -> list[PcmChunk]:
        """The margin of silence at the end, where there is one; what is fed next begins another clip."""
        self._ended = True
        if not self._sounding:
            self._removed_bytes += len(self._held)
            return []
        return self._chunks(self._held[: self._margin_bytes])

    def _restart(self) -> None:
        self._held = b""
        self._removed_bytes = 0
        self._sounding = False
        self._ended = False

    def _hold(self, quiet: bytes) -> list[PcmChunk]:
        """Keep silence back; give what is past the limit, or drop it where no sound has been yet."""
        held = self._held + quiet
        limit = self._max_held_bytes if self._sounding else self._margin_bytes
        spare = max(0, len(held) - limit)
        self._held = held[spare:]
        if self._sounding:
            return self._chunks(held[:spare])
        self._removed_bytes += spare
        return []

    def _bytes_in(self, duration_ms: float) -> int:
        return BYTES_PER_SAMPLE * round(duration_ms * self._sample_rate_hz / 1000)

    def _chunks(self, pcm: bytes) -> list[PcmChunk]:
        return [PcmChunk(pcm=pcm, sample_rate_hz=self._sample_rate_hz)] if pcm else []
