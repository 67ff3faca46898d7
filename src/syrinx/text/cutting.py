"""Where to part a run-on sentence that has grown past the longest segment."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.punctuation import breaks_grapheme, has_content, is_han_or_kana

_SENTENCE_END: Final = re.compile(r"[.!?…‽][\"'”’»)\]}]*\s|[。！？｡।॥][」』”’）》]*")
_CLAUSE_END: Final = re.compile(r"[,;:][\"'”’»)\]]*\s|\s[—–-]\s|—|[，、；：]")
_BEFORE_CONJUNCTION: Final = re.compile(
    r"\s(?=(?:and|but|or|because|which|that|so|when|where|while|if|y|pero|porque|que|cuando|et|mais|parce|qui|quand|und|"
    r"aber|weil|dass|wenn|e|ma|perché|che|quando|mas|porque|और|लेकिन|क्योंकि|कि)\s)",
    re.IGNORECASE,
)
_SPACE: Final = re.compile(r"\s+")
_NOT_AT_LINE_START: Final = frozenset("。，、；：！？」』）】》〉ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ.,!?;:)")


def best_cut(text: str, start: int, max_chars: int) -> int:
    """The best place to part `text[start:]`, at most `max_chars` behind `start` and always behind it.

    In this order: behind a sentence or a clause in the later part, before a conjunction in the later half, at the last
    space, between two Chinese or Japanese characters; between graphemes only for a word longer than a segment.
    `text` must reach at least one character beyond `start + max_chars`, so that a word's end can be seen.
    """
    limit = start + max_chars
    for pattern, earliest in ((_SENTENCE_END, 0.25), (_CLAUSE_END, 0.4), (_BEFORE_CONJUNCTION, 0.5)):
        floor = start + int(max_chars * earliest)
        found = [match.end() for match in pattern.finditer(text, start, limit) if match.end() > floor]
        for position in reversed(found):
            if has_content(text, start, position) and not breaks_grapheme(text, position):
                return position
    if text[limit].isspace():
        return limit
    space = 0
    for match in _SPACE.finditer(text, start, limit):
        if has_content(text, start, match.start()):
            space = match.end()
    between = _last_place_between_wide(text, max(space, start), limit)
    if between is not None:
        return between
    if space:
        return space
    for position in range(limit, start, -1):
        if not breaks_grapheme(text, position):
            return position
    return limit


def _last_place_between_wide(text: str, floor: int, limit: int) -> int | None:
    for position in range(limit, floor + 1, -1):
        if (
            is_han_or_kana(text[position - 1])
            and text[position] not in _NOT_AT_LINE_START
            and not breaks_grapheme(text, position)
        ):
            return position
    return None
