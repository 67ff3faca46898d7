"""From one sample rate to another, chunk by chunk, without seams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from syrinx.audio.levels import clip_to_int16
from syrinx.audio.pcm import PcmChunk, Samples, chunk_of
from syrinx.errors import BadAudio

if TYPE_CHECKING:
    import soxr

MIN_RATE_HZ = 1_000
MAX_RATE_HZ = 768_000


class StreamResampler:
    """Chunks of `from_hz` in, chunks of `to_hz` out; the whole is the input's length times the ratio, to a sample.

    The filter needs to look ahead, so that the first chunks may come back short or empty; `flush` gives the rest and
    makes the resampler ready for another stream. Equal rates pass chunks through untouched.
    Raises BadAudio on a rate outside 1 to 768 kHz and on a chunk that is not of `from_hz`.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        for rate in (from_hz, to_hz):
            if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
                raise BadAudio(f"cannot resample at {rate} Hz: rates from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be")
        self._from_hz = from_hz
        self._to_hz = to_hz
        self._stream = None if from_hz == to_hz else _open_stream(from_hz, to_hz)

    def feed(self, chunk: PcmChunk) -> PcmChunk:
        """The next stretch of output, possibly empty."""
        if chunk.sample_rate_hz != self._from_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._from_hz} Hz")
        if self._stream is None:
            return chunk
        return self._resampled(self._stream, chunk.samples(), last=False)

    def flush(self) -> PcmChunk:
        """What the filter still held; the stream ends here."""
        if self._stream is None:
            return PcmChunk(pcm=b"", sample_rate_hz=self._to_hz)
        rest = self._resampled(self._stream, np.zeros(0, np.int16), last=True)
        self._stream.clear()
        return rest

    def _resampled(self, stream: soxr.ResampleStream, samples: Samples, *, last: bool) -> PcmChunk:
        # In floats: soxr dithers its 16-bit output, so that silence would not stay silent nor a clip repeat exactly.
        resampled = stream.resample_chunk(samples.astype(np.float32), last=last)
        return chunk_of(clip_to_int16(resampled), sample_rate_hz=self._to_hz)


def resample(chunk: PcmChunk, to_hz: int) -> PcmChunk:
    """A whole clip at another rate."""
    resampler = StreamResampler(chunk.sample_rate_hz, to_hz)
    if chunk.sample_rate_hz == to_hz:
        return chunk
    begun = resampler.feed(chunk)
    return PcmChunk(pcm=begun.pcm + resampler.flush().pcm, sample_rate_hz=to_hz)


def _open_stream(from_hz: int, to_hz: int) -> soxr.ResampleStream:
    # Imported here: a server that never resamples need not load it, and none pays for it at start.
    import soxr  # noqa: PLC0415

    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
