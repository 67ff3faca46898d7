"""Whether two people speak in one sample: its moments fall into two groups that are clearly of two voices."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio.pitch import RATE_HZ, PitchTrack
from syrinx.voices.speaker_distance import CLEARLY_OTHER, VoiceTraits, traits_distance

_BLOCK_S: Final = 1.5
"""Long enough for its pitch to be more than one syllable's, short enough for a few words of somebody else."""
_LEAST_VOICED: Final = 0.25
"""Of what blocks mostly have: one with less says little."""
_FEWEST_BLOCKS: Final = 4
_LEAST_OF_EACH: Final = 2
_SHAPE_WEIGHT: Final = 0.8
"""Of a cepstral coefficient, against a semitone."""
_MOST_CHANGES: Final = 1.0 / 3.0
"""Of the blocks: people take turns, and one person's lively reading goes up and down all the time."""
_MOST_ROUNDS: Final = 20

Bools = npt.NDArray[np.bool_]


def speakers_suspected(traits: VoiceTraits, track: PitchTrack) -> int:
    """1 or 2; `track`: what the traits were taken from. In doubt, and of two voices of one kind, it is 1."""
    block_of = (track.starts[track.voiced] / RATE_HZ / _BLOCK_S).astype(np.intp)
    if not block_of.size:
        return 1
    counts = np.bincount(block_of)
    blocks = np.flatnonzero(counts >= _LEAST_VOICED * float(np.median(counts[counts > 0])))
    blocks = blocks[counts[blocks] > 0]
    if blocks.size < _FEWEST_BLOCKS:
        return 1
    middles = np.stack([_middle(traits, block_of == block) for block in blocks])
    second = _second_group(middles)
    smaller = min(int(second.sum()), int((~second).sum()))
    changes = int(np.count_nonzero(np.diff(second.astype(np.int8))))
    if smaller < _LEAST_OF_EACH or changes > _MOST_CHANGES * second.size:
        return 1
    of_first, of_second = (traits.some(np.isin(block_of, blocks[group])) for group in (~second, second))
    return 2 if traits_distance(of_first, of_second) >= CLEARLY_OTHER else 1


def _middle(traits: VoiceTraits, rows: Bools) -> npt.NDArray[np.floating]:
    return np.append(traits.shape[rows].mean(axis=0) * _SHAPE_WEIGHT, np.median(traits.semitones[rows]))


def _second_group(points: npt.NDArray[np.floating]) -> Bools:
    """Two means, begun on either side of the direction in which the points of shape (n, k) lie furthest apart."""
    around = points - points.mean(axis=0)
    second: Bools = around @ np.linalg.svd(around, full_matrices=False)[2][0] > 0.0
    for _ in range(_MOST_ROUNDS):
        if second.all() or not second.any():
            break
        to_first, to_second = (((points - points[group].mean(axis=0)) ** 2).sum(axis=1) for group in (~second, second))
        nearer = to_second < to_first
        if (nearer == second).all():
            break
        second = nearer
    return second
