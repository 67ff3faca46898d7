"""Times for the words of a recording where its ear tells none, and the division of words into segments."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from syrinx.audio.activity import Stretch
from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord
from syrinx.text import split_sentences

SEGMENT_GAP_MS: Final = 600.0
LONGEST_SEGMENT_MS: Final = 12_000.0
SEGMENT_CHARS: Final = 84
"""Two lines of a subtitle (the usual 42 characters each)."""
_WIDE: Final = "\u3040-\u30ff\u3400-\u9fff"
_WORD: Final = re.compile(rf"[{_WIDE}][^\s\w]*|[^\s{_WIDE}]+")
"""What stands between spaces; of Chinese and Japanese each character. A mark belongs to what it follows."""
_GAP_WEIGHT: Final = 1.0
_WIDE_WEIGHT: Final = 2.8
"""A Chinese or Japanese character is about a syllable."""


def estimated_words(text: str, stretches: Sequence[Stretch]) -> tuple[RecognizedWord, ...]:
    """The words of a text spread over the time in which somebody speaks, each in proportion to its length.

    Words are in order and none reaches over a pause. No stretches, no words.
    """
    words = _WORD.findall(text)
    if not words or not stretches:
        return ()
    weights = [_weight(word) for word in words]
    course = _Course(stretches)
    scale = course.length_ms / sum(weights)
    edges_ms = [edge * scale for edge in accumulate(weights, initial=0.0)]
    return tuple(
        RecognizedWord(text=word, start_ms=start_ms, end_ms=end_ms)
        for word, (start_ms, end_ms) in zip(words, map(course.place, edges_ms, edges_ms[1:]), strict=False)
    )


def words_within(segments: Sequence[RecognizedSegment], stretches: Sequence[Stretch]) -> tuple[RecognizedWord, ...]:
    """The words of segments whose own times are known, spread over the sound within each."""
    ends_ms = [each.end_ms for each in stretches]
    return tuple(
        word
        for segment in segments
        for word in estimated_words(
            segment.text, list(_within(segment, stretches, bisect_left(ends_ms, segment.start_ms)))
        )
    )


def segments_of(text: str, words: Sequence[RecognizedWord], *, language: str) -> tuple[RecognizedSegment, ...]:
    """`text` divided after sentences, in pauses, and where a subtitle would get too long; whole where there are no
    words. Together the segments are the text, but for the spaces between them."""
    places = _places(text, words)
    sentence_ends = list(_sentence_ends(text, language))
    begins: list[int] = []
    """Which words begin a segment."""
    for number in range(len(words)):
        if not begins or _is_new(number, begins[-1], words, places, sentence_ends):
            begins.append(number)
    edges = [*(0 if not each else places[each] for each in begins), len(text)]
    return tuple(
        RecognizedSegment(text=said, start_ms=words[first].start_ms, end_ms=words[after - 1].end_ms)
        for (first, after), (start, end) in zip(pairwise([*begins, len(words)]), pairwise(edges), strict=True)
        if (said := text[start:end].strip())
    )


def _is_new(
    number: int, first: int, words: Sequence[RecognizedWord], places: Sequence[int], sentence_ends: Sequence[int]
) -> bool:
    word = words[number]
    ended = bisect_right(sentence_ends, places[number]) > bisect_right(sentence_ends, places[number - 1])
    paused = word.start_ms - words[number - 1].end_ms >= SEGMENT_GAP_MS
    too_long = word.end_ms - words[first].start_ms > LONGEST_SEGMENT_MS
    return ended or paused or too_long or places[number] + len(word.text) - places[first] > SEGMENT_CHARS


def _places(text: str, words: Sequence[RecognizedWord]) -> list[int]:
    """Where each word begins in the text; one that is written otherwise there follows the word before it."""
    lower = text.lower() if len(text.lower()) == len(text) else text
    places: list[int] = []
    at = 0
    for word in words:
        sought = word.text.strip().lower()
        found = lower.find(sought, at, at + len(sought) + SEGMENT_CHARS)
        places.append(found if found >= 0 else at)
        at = places[-1] + (len(sought) if found >= 0 else 0)
    return places


def _sentence_ends(text: str, language: str) -> Iterator[int]:
    at = 0
    for sentence in split_sentences(text, language=language):
        at = text.find(sentence, at) + len(sentence)
        yield at


def _weight(word: str) -> float:
    return sum(_WIDE_WEIGHT if character > "\u3040" else 1.0 for character in word if character.isalnum()) + _GAP_WEIGHT


def _within(segment: RecognizedSegment, stretches: Sequence[Stretch], first: int) -> Iterator[Stretch]:
    """Those from the first on that overlap the segment, as far as they do."""
    found = False
    for stretch in stretches[first : bisect_left(stretches, segment.end_ms, key=_start_ms)]:
        start_ms, end_ms = max(stretch.start_ms, segment.start_ms), min(stretch.end_ms, segment.end_ms)
        if end_ms > start_ms:
            found = True
            yield Stretch(start_ms=start_ms, end_ms=end_ms)
    if not found:
        yield Stretch(start_ms=segment.start_ms, end_ms=max(segment.end_ms, segment.start_ms))


def _start_ms(stretch: Stretch) -> float:
    return stretch.start_ms


class _Course:
    """Stretches as if there were no pauses between them."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self._edges_ms = list(accumulate((each.end_ms - each.start_ms for each in stretches), initial=0.0))
        self.length_ms = self._edges_ms[-1]

    def place(self, from_ms: float, to_ms: float) -> tuple[float, float]:
        """The real time of some of the course, on that side of a pause on which most of it lies."""
        edges_ms = self._edges_ms
        last = len(self._stretches) - 1
        first = min(bisect_right(edges_ms, from_ms) - 1, last)
        reached = range(first, max(first, min(bisect_left(edges_ms, to_ms), last)) + 1)
        number = max(reached, key=lambda each: min(to_ms, edges_ms[each + 1]) - max(from_ms, edges_ms[each]))
        offset_ms = self._stretches[number].start_ms - edges_ms[number]
        begins_ms = max(from_ms, edges_ms[number])
        return begins_ms + offset_ms, max(begins_ms, min(to_ms, edges_ms[number + 1])) + offset_ms
