"""Bringing clips together without a click: overlaps and seams."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import clip_to_int16
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk, Samples, chunk_of
from syrinx.errors import BadAudio

EDGE_MS = 5.0
NEAR_ZERO = 64
"""A clip whose first or last sample is at most this far from zero (-54 dBFS) begins or ends without a click."""

Gains = npt.NDArray[np.floating]


def crossfade(first: PcmChunk, second: PcmChunk, overlap_ms: float) -> PcmChunk:
    """The last `overlap_ms` of `first` mixed into the beginning of `second` at equal power.

    For clips that have nothing to do with each other: their powers add up, so the loudness stays level. The result is
    as long as both together less the overlap, which is never longer than the shorter clip. Raises BadAudio when the
    rates differ.
    """
    overlap = _overlap_samples(first, second, overlap_ms)
    angle = (np.arange(overlap, dtype=np.float32) + 0.5) * np.float32(np.pi / 2 / max(1, overlap))
    return _overlapped(first, second, np.cos(angle), np.sin(angle))


def hamming_join(first: PcmChunk, second: PcmChunk, overlap_ms: float) -> PcmChunk:
    """The last `overlap_ms` of `first` mixed into the beginning of `second` with the halves of a Hamming window.

    For clips that tell the same sound where they overlap, as two decodings of the same codes do: their amplitudes add
    up to one. Length and errors as of `crossfade`.
    """
    overlap = _overlap_samples(first, second, overlap_ms)
    window = np.hamming(2 * overlap).astype(np.float32)
    rise, fall = window[:overlap], window[overlap:]
    return _overlapped(first, second, fall / (rise + fall), rise / (rise + fall))


class ClipJoiner:
    """Lets streamed clips follow each other without a click, at the same length and with little held back.

    A clip that does not begin or end near zero gets a raised-cosine edge of `edge_ms` (at most 10); one that does is
    left as it is, so that a consonant at its beginning keeps its attack. The last `edge_ms` of what was fed wait until
    more comes or `end_clip` is called. All chunks must have `sample_rate_hz`: BadAudio otherwise.
    """

    def __init__(self, sample_rate_hz: int, *, edge_ms: float = EDGE_MS) -> None:
        if not 0.0 < edge_ms <= 10.0:
            raise BadAudio(f"edges of {edge_ms} ms cannot be: more than 0 and at most 10 ms")
        self._sample_rate_hz = sample_rate_hz
        self._rise = _rise(max(1, _samples_in(edge_ms, sample_rate_hz)))
        self._position = 0
        self._rises = False
        self._held = b""

    def feed(self, chunk: PcmChunk) -> list[PcmChunk]:
        """Take the next chunk of the clip, give what may be heard now (nothing or one chunk)."""
        if chunk.sample_rate_hz != self._sample_rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._sample_rate_hz} Hz")
        if not chunk.sample_count:
            return []
        held = self._held + self._with_rise(chunk)
        ready = max(0, len(held) - self._rise.size * BYTES_PER_SAMPLE)
        self._held = held[ready:]
        return self._chunks(held[:ready])

    def end_clip(self) -> list[PcmChunk]:
        """The end of the clip (nothing or one chunk); what is fed next begins another clip."""
        tail = self._held
        self._held = b""
        self._position = 0
        if tail and abs(int.from_bytes(tail[-BYTES_PER_SAMPLE:], "little", signed=True)) > NEAR_ZERO:
            samples = np.frombuffer(tail, "<i2") * self._rise[::-1][-(len(tail) // BYTES_PER_SAMPLE) :]
            tail = clip_to_int16(samples).tobytes()
        return self._chunks(tail)

    def _with_rise(self, chunk: PcmChunk) -> bytes:
        samples = chunk.samples()
        begun = self._position
        if begun == 0:
            self._rises = abs(int(samples[0])) > NEAR_ZERO
        self._position += samples.size
        if not self._rises or begun >= self._rise.size:
            return chunk.pcm
        part = self._rise[begun : begun + samples.size]
        return clip_to_int16(samples[: part.size] * part).tobytes() + chunk.pcm[part.size * BYTES_PER_SAMPLE :]

    def _chunks(self, pcm: bytes) -> list[PcmChunk]:
        return [PcmChunk(pcm=pcm, sample_rate_hz=self._sample_rate_hz)] if pcm else []


def _samples_in(duration_ms: float, sample_rate_hz: int) -> int:
    if duration_ms < 0:
        raise BadAudio(f"a duration of {duration_ms} ms cannot be: zero or more")
    return round(duration_ms * sample_rate_hz / 1000)


@cache
def _rise(sample_count: int) -> Gains:
    """Half a Hann window: from 0, towards 1, without corners. Kept, for every sentence wants it; not to be written."""
    rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(sample_count) / max(1, sample_count))).astype(np.float32)
    rise.setflags(write=False)
    return rise


def _overlap_samples(first: PcmChunk, second: PcmChunk, overlap_ms: float) -> int:
    if first.sample_rate_hz != second.sample_rate_hz:
        raise BadAudio(f"clips of {first.sample_rate_hz} and {second.sample_rate_hz} Hz cannot be joined: resample one")
    return min(first.sample_count, second.sample_count, _samples_in(overlap_ms, first.sample_rate_hz))


def _overlapped(first: PcmChunk, second: PcmChunk, fall: Gains, rise: Gains) -> PcmChunk:
    overlap = rise.size
    before, after = first.samples(), second.samples()
    kept = before.size - overlap
    mixed: Samples = clip_to_int16(before[kept:] * fall + after[:overlap] * rise)
    joined = np.concatenate([before[:kept], mixed, after[overlap:]])
    return chunk_of(joined, sample_rate_hz=first.sample_rate_hz)
