"""From PocketSphinx's segments to words as people write them, and the judgement whether they were words at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syrinx.engines.stt.contract import RecognizedWord

FRAME_MS = 10.0
_VARIANT = re.compile(r"\(\d+\)$")
_STRETCHED_FRAMES_PER_PHONE = 30.0
"""Spoken words take 4 to 26 frames a phone; what is found in a long steady noise takes 30 to 180."""
_FEW_WORDS = 4
"""Only a short result can be noise taken for words; more of them would have to fit by chance."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One entry of the decoder's segmentation: frames of 10 ms, the last one included."""

    word: str
    start_frame: int
    end_frame: int

    @property
    def spelling(self) -> str:
        """Without the number of the pronunciation: "the(2)" is "the"."""
        return _VARIANT.sub("", self.word)

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame + 1


def spoken(segments: Sequence[Segment]) -> list[Segment]:
    """Only words: no sentence marks, silence or [NOISE]."""
    return [segment for segment in segments if segment.word[:1] not in ("<", "[", "+")]


def believable(words: Sequence[Segment], phones_of: Callable[[str], int]) -> bool:
    """Whether these words could have been spoken, or are one long noise for which a short word was the best match.

    `phones_of` tells how many phones a pronunciation has.
    """
    if not words or len(words) > _FEW_WORDS:
        return bool(words)
    stretched = sum(
        word.frames for word in words if word.frames >= _STRETCHED_FRAMES_PER_PHONE * max(phones_of(word.word), 1)
    )
    return stretched * 2 <= sum(word.frames for word in words)


def recognized(words: Sequence[Segment], *, offset_ms: float) -> tuple[RecognizedWord, ...]:
    """Words with times; `offset_ms` is where the decoder's first frame lies in the utterance."""
    return tuple(
        RecognizedWord(
            text=_written(word.spelling),
            start_ms=offset_ms + word.start_frame * FRAME_MS,
            end_ms=offset_ms + (word.end_frame + 1) * FRAME_MS,
        )
        for word in words
    )


def sentence(words: Sequence[str]) -> str:
    """Spellings joined as a sentence: a capital at the start and for "I"; no punctuation is invented."""
    return capitalized(" ".join(_written(word) for word in words))


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _written(spelling: str) -> str:
    return "I" + spelling[1:] if spelling == "i" or spelling.startswith("i'") else spelling
