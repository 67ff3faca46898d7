"""The part of a stream that a decision about sentence ends may look at."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

_LONGEST_WORD = 16


class Verdict(NamedTuple):
    """What was decided about a place: cut there, or go on reading at `resume`.

    Functions that judge return `None` instead while the text that decides has not arrived. They are monotone: once they
    give a verdict, more text never changes it. That is what makes segments independent of how a stream is cut up.
    """

    cut: int | None
    resume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`text[start:end]`, the characters not yet released; `final` says that none will follow.

    `line_offset` is how many characters of its line were released before `start`; 0 at a line's start.
    """

    text: str
    start: int
    end: int
    final: bool
    line_offset: int

    def next_visible(self, position: int) -> int | None:
        """Where the next character that is not white space stands; None if it has not arrived (`end` if none will)."""
        text, end = self.text, self.end
        while position < end and text[position].isspace():
            position += 1
        return position if position < end or self.final else None

    def word_at(self, position: int) -> str | None:
        """The word that begins at `position`, "" if none does; None while it may still grow."""
        text, end = self.text, self.end
        stop = position
        while stop < end and stop - position < _LONGEST_WORD and _is_in_word(text[stop]):
            stop += 1
        if stop == end and not self.final:
            return None
        return text[position:stop]

    def line_start(self, position: int) -> int:
        """Where the line of `position` begins within the view, and `start` if it began before it."""
        found = self.text.rfind("\n", self.start, position)
        return self.start if found < 0 else found + 1

    def opens_line(self, position: int) -> bool:
        """Whether only white space stands between the beginning of the line and `position`."""
        begin = self.line_start(position)
        if begin == self.start and self.line_offset > 0:
            return False
        return self.text[begin:position].strip() == ""


def _is_in_word(character: str) -> bool:
    return (
        character.isalpha()
        or character in "'’"
        or (character >= "\u0300" and unicodedata.category(character).startswith("M"))
    )
