"""Text made fit for speech where some of its words have their sounds given: `speakable`, the sounds kept in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syrinx.text.places import PhonemeSpan
from syrinx.text.speakable import speakable

_STAND_INS: Final = "\ua015\ua016\ua017\ua018"
"""Letters of a script (Yi) that nothing in the reading of numbers, markup or abbreviations looks at."""


def speakable_with_phonemes(
    text: str, phonemes: Sequence[PhonemeSpan], *, language: str
) -> tuple[str, tuple[PhonemeSpan, ...]]:
    """What `speakable` makes of the text, and where in it the same words stand with the same sounds.

    The words with sounds are left as they are written. `phonemes` are in order and do not overlap.
    """
    stand_in = next((letter for letter in _STAND_INS if letter not in text), None)
    if not phonemes or stand_in is None:
        return speakable(text, language=language), ()
    pieces: list[str] = []
    at = 0
    for span in phonemes:
        pieces += (text[at : span.start_char], stand_in)
        at = span.end_char
    spoken = speakable("".join((*pieces, text[at:])), language=language)
    parts = spoken.split(stand_in)
    if len(parts) != len(phonemes) + 1:
        # A word stood in what is not read at all, as the address behind a link.
        return speakable(text, language=language), ()
    read = parts[0]
    placed: list[PhonemeSpan] = []
    for span, after in zip(phonemes, parts[1:], strict=True):
        word = text[span.start_char : span.end_char]
        placed.append(replace(span, start_char=len(read), end_char=len(read) + len(word)))
        read += word + after
    return read, tuple(placed)
