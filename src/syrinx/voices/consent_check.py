"""Whether a phrase was read aloud: what was understood is laid beside it, word by word, in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from syrinx.voices.errors import PhraseWord

_ALIKE: Final = 0.8
"""Of the letters, from which a longer word counts as the other: "consents" for "consent"."""
_SHORT: Final = 4
"""Letters up to which a word must be heard as it stands."""
_ASIDE: Final = 0.2
"""What a word that is no part of the phrase takes away where it stands between those that are."""
_DRAWN_WEIGHT: Final = 2.0
_NAMES: Final = frozenset({"syrinx", "openai"})
"""Ears do not know them: they count neither way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    words: tuple[PhraseWord, ...]
    """All of the phrase, as it is written."""
    agreement: float
    """0 to 1: the share of the words that were understood, drawn ones counted twice."""
    drawn: float
    """0 to 1: the share of the drawn ones; 1 where none were drawn."""

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words if not word.understood)


def understood(phrase: str, heard: str, *, drawn: Collection[str] = ()) -> Understanding:
    """How much of `phrase` is in the transcript `heard`; `drawn` are the words of it that were drawn anew.

    Case, accents and punctuation do not count, nor what is said before and after. Words between those of the phrase
    take a little away, so that no long talk holds every phrase somewhere. Takes time in proportion to the product of
    both lengths.
    """
    drawn_words = {part for word in drawn for part in parts_of(word)}
    shown = [word for word in phrase.split() if parts_of(word)]
    expected = [(part, place) for place, word in enumerate(shown) for part in parts_of(word)]
    weights = [_weight(part, drawn_words) for part, _ in expected]
    found, points = _aligned([part for part, _ in expected], weights, parts_of(heard))
    missed = {expected[index][1] for index in range(len(expected)) if index not in found and weights[index]}
    of_drawn = [index for index, (part, _) in enumerate(expected) if part in drawn_words]
    return Understanding(
        words=tuple(PhraseWord(text=word, understood=place not in missed) for place, word in enumerate(shown)),
        agreement=max(0.0, points / (sum(weights) or 1.0)),
        drawn=sum(index in found for index in of_drawn) / len(of_drawn) if of_drawn else 1.0,
    )


def _weight(part: str, drawn: Collection[str]) -> float:
    if part in _NAMES:
        return 0.0
    return _DRAWN_WEIGHT if part in drawn else 1.0


def parts_of(text: str) -> list[str]:
    """The words as they are compared: without case, accents and punctuation; apostrophes and hyphens part words."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", bare)


def _same(expected: str, heard: str) -> bool:
    if expected == heard:
        return True
    if min(len(expected), len(heard)) <= _SHORT:
        return False
    return SequenceMatcher(None, expected, heard, autojunk=False).ratio() >= _ALIKE


def _aligned(expected: list[str], weights: list[float], heard: list[str]) -> tuple[set[int], float]:
    """Which of `expected` are in `heard`, in order, and their points, which are the most that can be had.

    A word misheard costs no more than that it is missing.
    """
    rows, columns = len(expected) + 1, len(heard) + 1
    best = [[0.0] * columns for _ in range(rows)]
    steps = [[(0, 0)] * columns for _ in range(rows)]
    """By which (row, column) back it was reached; a step of both that gave points is a word found."""
    for row in range(1, rows):
        for column in range(1, columns):
            same = _same(expected[row - 1], heard[column - 1])
            best[row][column], steps[row][column] = max(
                (best[row - 1][column - 1] + weights[row - 1] * same, (1, 1)),
                (best[row - 1][column], (1, 0)),
                (best[row][column - 1] - _ASIDE, (0, 1)),
            )
    row, column = rows - 1, max(range(columns), key=lambda at: best[rows - 1][at])
    points, found = best[row][column], set[int]()
    while row and column:
        back = steps[row][column]
        if back == (1, 1) and best[row][column] > best[row - 1][column - 1]:
            found.add(row - 1)
        row, column = row - back[0], column - back[1]
    return found, points
