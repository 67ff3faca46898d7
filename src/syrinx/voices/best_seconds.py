"""The best of a sample for an engine that learns from so many seconds: clean, dense speech, cut at its pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.audio import PcmChunk, Samples, chunk_of, clip_to_int16
from syrinx.audio.activity import FRAME_MS
from syrinx.errors import BadAudio
from syrinx.voices.sample_frames import SampleFrames, Spoken, sample_frames

_MARGIN_FRAMES: Final = 6
"""0.12 s of the room before and after a phrase, so that no consonant is lost; two of them are the pause at a join."""
_EDGE_MS: Final = 15.0
"""Over so much each piece rises from silence and falls to it."""
_SHORTEST_FRAMES: Final = 25
"""A phrase that has to be cut is not cut shorter than half a second."""
_LONG_FRAMES: Final = 250
"""A phrase of more than 5 s is looked at in parts: there may be a quiet place within it."""
_QUIETER_DB: Final = 12.0
"""Below the sample's speech: as good as nothing."""
_CLIPPED: Final = 0.015
"""Of a phrase's frames, as in `sample_checks`."""
_CLIPPED_COSTS: Final = 4.0
_BAD: Final = 0.5
"""A phrase of less worth, next to good ones, is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrase:
    part: Spoken
    worth: float
    """Of each of its frames, 0 to 1."""

    @property
    def frames(self) -> int:
        return self.part.last - self.part.first

    @property
    def room(self) -> int:
        """Frames that it takes with its margins."""
        return self.frames + 2 * _MARGIN_FRAMES


def best_seconds(sample: PcmChunk, seconds: float) -> PcmChunk:
    """At most `seconds` of it, in order: phrases that follow each other, long pauses and bad phrases left out.

    The whole sample where it is no longer, and its loudest place where no phrase fits. Equal samples give equal
    results. Raises BadAudio where `seconds` is not positive. Blocks: less than half a second for a minute.
    """
    if seconds <= 0:
        raise BadAudio(f"the best {seconds:g} seconds of a sample cannot be: more than 0 can")
    if sample.duration_ms <= seconds * 1000.0:
        return sample
    most = max(1, int(seconds * 1000.0 / FRAME_MS))
    frames = sample_frames(sample)
    phrases = _valued([short for part in frames.spoken for short in _split(part, frames.level_dbfs, most)], frames)
    good = [phrase for phrase in phrases if phrase.worth >= _BAD]
    chosen = _best_run(good or phrases, most)
    pieces = _pieces(chosen, frames.level_dbfs.size) if chosen else [_loudest(frames.level_dbfs, most)]
    return _joined(sample, pieces)


def _loudest(level_dbfs: npt.NDArray[np.float32], most: int) -> Spoken:
    """Where most can be heard, pauses counted: in dB, so that no knock outweighs speech."""
    heard = np.concatenate([[0.0], np.cumsum(level_dbfs, dtype=np.float64)])
    first = int(np.argmax(heard[most:] - heard[:-most]))
    return Spoken(first=first, last=first + most)


def _split(part: Spoken, level_dbfs: npt.NDArray[np.float32], most: int) -> Iterator[Spoken]:
    """Parts that are not too long, cut where they are quietest."""
    longest = max(2 * _SHORTEST_FRAMES, min(_LONG_FRAMES, most - 2 * _MARGIN_FRAMES))
    smoothed = np.convolve(level_dbfs[part.first : part.last], np.ones(5) / 5.0, mode="same")
    first = part.first
    while part.last - first > longest:
        begin = first - part.first
        within = smoothed[begin + _SHORTEST_FRAMES : begin + longest - _SHORTEST_FRAMES + 1]
        cut = first + _SHORTEST_FRAMES + int(np.argmin(within))
        yield Spoken(first=first, last=cut)
        first = cut
    yield Spoken(first=first, last=part.last)


def _valued(parts: Sequence[Spoken], frames: SampleFrames) -> list[_Phrase]:
    clipped = [float(frames.clipped[part.first : part.last].mean()) for part in parts]
    levels = [float(np.percentile(frames.level_dbfs[part.first : part.last], 75)) for part in parts]
    # What is too loud for the microphone says nothing of how loud the rest should be.
    sound = [level for level, share in zip(levels, clipped, strict=True) if share < _CLIPPED]
    usual_dbfs = float(np.median(sound or levels)) if parts else 0.0
    return [
        _Phrase(
            part=part,
            worth=max(0.0, 1.0 - max(0.0, usual_dbfs - level) / _QUIETER_DB) * max(0.0, 1.0 - _CLIPPED_COSTS * share),
        )
        for part, level, share in zip(parts, levels, clipped, strict=True)
    ]


def _best_run(phrases: Sequence[_Phrase], most: int) -> list[Spoken]:
    """The phrases in a row that fit and are worth most; the first of equals."""
    best: list[Spoken] = []
    best_worth = 0.0
    first, room, worth = 0, 0, 0.0
    for last, phrase in enumerate(phrases):
        room += phrase.room
        worth += phrase.worth * phrase.frames
        while room > most and first <= last:
            room -= phrases[first].room
            worth -= phrases[first].worth * phrases[first].frames
            first += 1
        if worth > best_worth + 1e-9:
            best, best_worth = [each.part for each in phrases[first : last + 1]], worth
    return best


def _pieces(chosen: Sequence[Spoken], frame_count: int) -> list[Spoken]:
    """With their margins; those that touch or overlap are one."""
    pieces: list[Spoken] = []
    for part in chosen:
        first, last = max(0, part.first - _MARGIN_FRAMES), min(frame_count, part.last + _MARGIN_FRAMES)
        if pieces and first <= pieces[-1].last:
            pieces[-1] = Spoken(first=pieces[-1].first, last=last)
        else:
            pieces.append(Spoken(first=first, last=last))
    return pieces


def _joined(sample: PcmChunk, pieces: Sequence[Spoken]) -> PcmChunk:
    frame = round(FRAME_MS * sample.sample_rate_hz / 1000.0)
    samples = sample.samples()
    edge = round(_EDGE_MS * sample.sample_rate_hz / 1000.0)
    cut = [_with_edges(samples[piece.first * frame : piece.last * frame], edge) for piece in pieces]
    return chunk_of(np.concatenate(cut), sample_rate_hz=sample.sample_rate_hz)


def _with_edges(samples: Samples, edge: int) -> Samples:
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    gains = np.ones(samples.size)
    gains[:edge] *= rise[: samples.size]
    gains[-edge:] *= rise[::-1][-samples.size :]
    return clip_to_int16(samples * gains)
