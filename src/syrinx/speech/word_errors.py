"""How many words an ear got wrong, counted as people count: not by case, commas or the way a number is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from syrinx.text import speakable

_APOSTROPHES: Final = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
_WITHOUT_SPACES: Final = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
"""Kana and Han: their words are not set apart, so that each character counts as one, as is usual for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """What turns the words said into the words heard, with as few changes as can be."""

    substitutions: int
    insertions: int
    deletions: int
    of: int
    """Words that were said."""

    @property
    def wrong(self) -> int:
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float:
        """Errors per word said, above 1 where much more was heard. Of no words: 0 where none were heard, else 1."""
        return self.wrong / self.of if self.of else float(self.wrong > 0)


def word_errors(said: str, heard: str, *, language: str = "en") -> WordErrors:
    """Compare a transcript with what was said. Takes time in proportion to the product of both lengths."""
    return _compared(words(said, language=language), words(heard, language=language))


def taken_together(errors: Iterable[WordErrors]) -> WordErrors:
    """Of several texts as if they were one, so that a long text weighs more than a short one."""
    listed = tuple(errors)
    return WordErrors(
        substitutions=sum(each.substitutions for each in listed),
        insertions=sum(each.insertions for each in listed),
        deletions=sum(each.deletions for each in listed),
        of=sum(each.of for each in listed),
    )


def words(text: str, *, language: str = "en") -> list[str]:
    """The words of a text in the form in which they are compared.

    Numbers, money and times in words, as our voices read them; lower case; no punctuation; hyphens part words,
    apostrophes do not ("it's" is "its").
    """
    spoken = unicodedata.normalize("NFKC", speakable(text, language=language)).casefold()
    joined = _APOSTROPHES.sub("", spoken)
    # Letters, digits and the marks upon them: Devanagari's vowels are marks. All else parts words.
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in joined)
    return _WITHOUT_SPACES.sub(r" \1 ", kept).split()


def _compared(said: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """Levenshtein's distance over words, with the kinds of changes of one shortest way counted along it."""
    # For each beginning of `heard`: changes in all, substitutions, insertions, deletions.
    row = [(count, 0, count, 0) for count in range(len(heard) + 1)]
    for index, word in enumerate(said, start=1):
        corner, row[0] = row[0], (index, 0, 0, index)
        for place, other in enumerate(heard, start=1):
            above, left = row[place], row[place - 1]
            if word == other:
                best = corner
            else:
                best = min(
                    (corner[0] + 1, corner[1] + 1, corner[2], corner[3]),
                    (left[0] + 1, left[1], left[2] + 1, left[3]),
                    (above[0] + 1, above[1], above[2], above[3] + 1),
                    key=_changes,
                )
            corner, row[place] = above, best
    _, substitutions, insertions, deletions = row[-1]
    return WordErrors(substitutions=substitutions, insertions=insertions, deletions=deletions, of=len(said))


def _changes(way: tuple[int, int, int, int]) -> int:
    return way[0]
