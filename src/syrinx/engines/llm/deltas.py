"""A finished text as the stream of small deltas in which a language model would have sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"\s*\S+|\s+\Z")
_LONGEST_DELTA = 12
"""Scripts without spaces would come as one delta; a longer stretch is cut at this many characters."""


def word_deltas(text: str) -> Iterator[str]:
    """Cut `text` in front of its spaces; joined, the deltas are the text exactly, and none is empty."""
    for match in _WORD.finditer(text):
        word = match.group()
        for start in range(0, len(word), _LONGEST_DELTA):
            yield word[start : start + _LONGEST_DELTA]
