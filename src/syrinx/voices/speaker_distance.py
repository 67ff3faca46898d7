"""Whether two recordings are clearly of two people, by pitch and by the shape of the voice's spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio import PcmChunk, resample
from syrinx.audio.cepstra import cepstra
from syrinx.audio.pitch import RATE_HZ, WINDOW_SAMPLES, PitchTrack, pitch_track

CLEARLY_OTHER: Final = 0.5
"""A `speaker_distance` from here on is of two people: no two clips of one of ten people who read aloud, through a
telephone, other microphones or in mild noise, came further than 0.48."""

_HALF_WAY: Final = 8.0
_CEPSTRA_WEIGHT: Final = 5.0
"""One standard deviation of the spectrum counts as so many semitones."""
_QUANTILES: Final = (10, 25, 50, 75, 90)
_AGREEING: Final = 3
"""So many of the pitch's quantiles are compared, those that differ least: a few windows taken an octave off, and one
sentence read with more feeling than another, change the others."""
_FEWEST_VOICED: Final = 50
"""Half a second."""

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTraits:
    """How a voice sounds wherever it is voiced; both arrays have one row for each window."""

    semitones: Floats
    """Above 100 Hz, shape (windows,)."""
    shape: Floats
    """Shape (windows, COEFFICIENTS)."""

    def some(self, rows: npt.NDArray[np.bool_]) -> VoiceTraits:
        return VoiceTraits(semitones=self.semitones[rows], shape=self.shape[rows])


def speaker_distance(a: PcmChunk, b: PcmChunk) -> float:
    """0 (nothing tells them apart) to 1 (surely two people); from `CLEARLY_OTHER` on, believe it.

    This is no verification of a speaker: two people of one sex mostly come out as near as one person to themselves,
    and so does whoever imitates a voice. It is there to notice that the wrong person, or the wrong file, was recorded.
    Where one of both has less than half a second of voice, nothing can be told and it is 0. Blocks: some 0.2 s for a
    minute.
    """
    return traits_distance(voice_traits(a), voice_traits(b))


def voice_traits(chunk: PcmChunk, track: PitchTrack | None = None) -> VoiceTraits:
    """`track`: of the same chunk, where it is known already."""
    at_16_khz = resample(chunk, RATE_HZ)
    track = track or pitch_track(at_16_khz)
    starts = track.starts[track.voiced]
    return VoiceTraits(
        semitones=12.0 * np.log2(track.pitch_hz[track.voiced] / 100.0),
        shape=cepstra(at_16_khz.samples(), starts, window=WINDOW_SAMPLES, sample_rate_hz=RATE_HZ),
    )


def traits_distance(a: VoiceTraits, b: VoiceTraits) -> float:
    """As `speaker_distance`."""
    if min(a.semitones.size, b.semitones.size) < _FEWEST_VOICED:
        return 0.0
    apart = np.abs(np.percentile(a.semitones, _QUANTILES) - np.percentile(b.semitones, _QUANTILES))
    pitch = float(np.sort(apart)[:_AGREEING].mean())
    spread = np.sqrt((a.shape.var(axis=0) + b.shape.var(axis=0)) / 2.0) + 1e-6
    shape = float(np.sqrt((((a.shape.mean(axis=0) - b.shape.mean(axis=0)) / spread) ** 2).mean()))
    far = float(np.hypot(pitch, _CEPSTRA_WEIGHT * shape))
    return far / (far + _HALF_WAY)
