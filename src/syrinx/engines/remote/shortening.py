"""Silence taken out of sound before it travels, with a map by which times still point into the whole."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import SILENCE_DBFS
from syrinx.audio.pcm import PcmChunk, chunk_of

FRAME_MS: Final = 20.0
MARGIN_MS: Final = 250.0
"""So much silence stays on either side of sound: soft beginnings and ends are quieter than any threshold."""
BELOW_LOUD_DB: Final = 35.0
"""What is so much quieter than the loudest half second counts as silence ..."""
QUIETEST_DBFS: Final = -70.0
LOUDEST_DBFS: Final = -45.0
"""... within these bounds: a hum is not speech, and loud speech does not make soft speech silence."""
_LOUD_FRAMES: Final = 25
"""Half a second: a single clap does not set the measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Samples of the whole that were kept: `count` of them from `whole_start` on, sent from `sent_start` on."""

    whole_start: int
    sent_start: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """What is left of a clip. Times of what is sent are turned into times of the whole, in milliseconds."""

    audio: PcmChunk
    """Empty where there is nothing but silence."""
    stretches: tuple[Stretch, ...]
    sound_end: int = 0
    """The sample of the whole at which the last sound ends."""

    def whole_start_ms(self, sent_ms: float) -> float:
        """When something begins that is heard to begin then: at a cut, after the silence."""
        sample = self._sample(sent_ms)
        return self._whole_ms(sample, bisect_right(self._starts(), sample) - 1)

    def whole_end_ms(self, sent_ms: float) -> float:
        """When something ends that is heard to end then: at a cut, before the silence."""
        sample = self._sample(sent_ms)
        return self._whole_ms(sample, bisect_left(self._starts(), sample) - 1)

    def _sample(self, sent_ms: float) -> float:
        return max(0.0, sent_ms * self.audio.sample_rate_hz / 1000)

    def _starts(self) -> list[int]:
        return [stretch.sent_start for stretch in self.stretches]

    def _whole_ms(self, sample: float, index: int) -> float:
        if not self.stretches:
            return 0.0
        stretch = self.stretches[max(0, index)]
        within = min(sample - stretch.sent_start, stretch.count)
        return 1000.0 * (stretch.whole_start + within) / self.audio.sample_rate_hz


def shortened(clip: PcmChunk) -> Shortened:
    """Without the silence at the ends and in the middle, but for MARGIN_MS beside every sound.

    Costs some milliseconds for a minute of sound: not in the event loop.
    """
    samples = clip.samples()
    frame = max(1, round(FRAME_MS * clip.sample_rate_hz / 1000))
    levels = frame_levels_dbfs(clip, frame=frame)
    if not levels.size:
        return Shortened(audio=PcmChunk(pcm=b"", sample_rate_hz=clip.sample_rate_hz), stretches=())
    loud = np.flatnonzero(levels > silence_threshold_dbfs(levels))
    margin = round(MARGIN_MS * clip.sample_rate_hz / 1000)
    spans: list[tuple[int, int]] = []
    for first, last in _runs(loud):
        start, end = max(0, first * frame - margin), min(samples.size, (last + 1) * frame + margin)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    stretches: list[Stretch] = []
    sent = 0
    for start, end in spans:
        stretches.append(Stretch(whole_start=start, sent_start=sent, count=end - start))
        sent += end - start
    kept = [samples[start:end] for start, end in spans]
    audio = chunk_of(np.concatenate(kept) if kept else samples[:0], sample_rate_hz=clip.sample_rate_hz)
    sound_end = min(samples.size, (int(loud[-1]) + 1) * frame) if loud.size else 0
    return Shortened(audio=audio, stretches=tuple(stretches), sound_end=sound_end)


def silence_threshold_dbfs(levels: npt.NDArray[np.float64]) -> float:
    """Frames up to this level count as silence; `levels` of shape (n,), n > 0."""
    loudest = np.sort(levels)[-min(_LOUD_FRAMES, levels.size)]
    return float(min(LOUDEST_DBFS, max(QUIETEST_DBFS, loudest - BELOW_LOUD_DB)))


def frame_levels_dbfs(clip: PcmChunk, *, frame: int) -> npt.NDArray[np.float64]:
    """The level of each stretch of `frame` samples, the last one shorter, shape (n,)."""
    samples = clip.samples()
    count = -(-samples.size // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: samples.size] = samples
    power = np.mean((padded / np.float32(32768.0)).reshape(count, frame).astype(np.float64) ** 2, axis=1)
    return 10.0 * np.log10(np.maximum(power, 10.0 ** (SILENCE_DBFS / 10.0)))


def quietest_cut(clip: PcmChunk, *, from_sample: int, window_ms: float = 300.0) -> int:
    """Where a clip is best cut in two: the middle of the quietest `window_ms` behind `from_sample`."""
    frame = max(1, round(FRAME_MS * clip.sample_rate_hz / 1000))
    behind = PcmChunk(pcm=clip.pcm[2 * from_sample :], sample_rate_hz=clip.sample_rate_hz)
    levels = frame_levels_dbfs(behind, frame=frame)
    width = max(1, round(window_ms / FRAME_MS))
    if levels.size <= width:
        return clip.sample_count
    power = 10.0 ** (levels / 10.0)
    sums = np.convolve(power, np.ones(width), mode="valid")
    # The last of the quietest, so that pieces are long.
    best = sums.size - 1 - int(np.argmin(sums[::-1]))
    return min(clip.sample_count, from_sample + (best * frame) + (width * frame) // 2)


def _runs(indices: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each row of neighbours."""
    if not indices.size:
        return []
    breaks = np.flatnonzero(np.diff(indices) > 1)
    firsts = np.concatenate([indices[:1], indices[breaks + 1]])
    lasts = np.concatenate([indices[breaks], indices[-1:]])
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
