"""A sample of a voice looked at in frames: how loud each is, where somebody speaks, where it is clipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio import PcmChunk, peak_dbfs
from syrinx.audio.activity import FRAME_MS, ActivityMeter
from syrinx.audio.levels import frame_dbfs
from syrinx.audio.pitch import RATE_HZ, PitchTrack, pitch_track

_LEAST_VOICED: Final = 0.12
"""Of the windows of a stretch: less is no speech, but a rustle, a knock or breath."""
_STEADY_DB: Final = 6.0
"""What keeps its level so closely is a tone or a noise: syllables rise and fall by more."""
_FLAT: Final = 0.97
"""Of the peak: a sample so near to it may have been cut off."""
_CLIPPED_FROM_DBFS: Final = -9.0
"""A lower peak comes of a quiet recording (or of one that was clipped and made quieter by much)."""
_FLAT_SAMPLES: Final = 4
"""In a frame of 20 ms: a wave that is not cut off passes its peak faster, but for deep tones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Somebody speaks from frame `first` to `last`, that one not included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFrames:
    """Frames of 20 ms; the arrays have shape (frames,)."""

    level_dbfs: npt.NDArray[np.float32]
    flat: npt.NDArray[np.int_]
    """How many samples of each lie at the recording's peak; 0 everywhere where that is no sign of clipping."""
    spoken: tuple[Spoken, ...]
    """In order, apart from each other by at least 0.3 s."""
    track: PitchTrack

    @property
    def speech(self) -> npt.NDArray[np.bool_]:
        """Which frames lie where somebody speaks."""
        mask = np.zeros(self.level_dbfs.size, np.bool_)
        for part in self.spoken:
            mask[part.first : part.last] = True
        return mask

    @property
    def speech_s(self) -> float:
        return sum(part.last - part.first for part in self.spoken) * FRAME_MS / 1000.0

    @property
    def clipped(self) -> npt.NDArray[np.bool_]:
        return self.flat >= _FLAT_SAMPLES


def sample_frames(sample: PcmChunk) -> SampleFrames:
    """Blocks: some 0.2 s for a minute."""
    frame = round(FRAME_MS * sample.sample_rate_hz / 1000.0)
    level_dbfs = frame_dbfs(sample.samples(), frame)
    track = pitch_track(sample)
    meter = ActivityMeter(sample.sample_rate_hz)
    meter.feed(sample)
    sounding = [
        Spoken(first=round(stretch.start_ms / FRAME_MS), last=round(stretch.end_ms / FRAME_MS))
        for stretch in meter.stretches()
    ]
    at_frame = (track.starts / RATE_HZ * 1000.0 / FRAME_MS).astype(np.intp)
    return SampleFrames(
        level_dbfs=level_dbfs,
        flat=_flat_samples(sample, frame),
        spoken=tuple(part for part in sounding if _is_speech(part, level_dbfs, at_frame, track.voiced)),
        track=track,
    )


def _is_speech(
    part: Spoken,
    level_dbfs: npt.NDArray[np.float32],
    at_frame: npt.NDArray[np.intp],
    voiced: npt.NDArray[np.bool_],
) -> bool:
    low, high = np.percentile(level_dbfs[part.first : part.last], (10, 95))
    if high - low < _STEADY_DB:
        return False
    # Of a long recording not every frame was looked at.
    first, last = np.searchsorted(at_frame, (part.first, part.last))
    return bool(voiced[first:last].mean() >= _LEAST_VOICED) if last > first else False


def _flat_samples(sample: PcmChunk, frame: int) -> npt.NDArray[np.int_]:
    samples = sample.samples()
    whole = samples.size - samples.size % frame
    if peak_dbfs(samples) < _CLIPPED_FROM_DBFS:
        return np.zeros(whole // frame, np.int_)
    near = np.abs(samples[:whole].astype(np.int32)) >= _FLAT * max(int(samples.max()), -int(samples.min()))
    return near.reshape(-1, frame).sum(axis=1)
