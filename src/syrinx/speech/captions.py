"""Which word of the text shown sounds when: places found by alignment, times estimated where none are told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from functools import cached_property

from syrinx.engines.tts.contract import WordTime

_WIDE = "\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+(?:['’][^\W_{_WIDE}]+)*")

_AROUND = " \t\r\n.,;:!?…\"'“”‘’«»()[]{}*_`~|>—–"
"""What is not read and does not belong to the words beside it."""

MS_PER_WEIGHT = 62.0
"""Speech of usual speed gives a letter about 62 ms (16 letters a second, the gaps between words counted as one)."""
_WIDE_WEIGHT = 2.8
"""A Chinese or Japanese character is about a syllable."""
_PAUSE_WEIGHT = {",": 2.0, ";": 3.0, ":": 3.0, ".": 5.0, "!": 5.0, "?": 5.0, "、": 2.0, "，": 2.0, "。": 5.0}


def word_at(text: str, start: int) -> str:
    """The word, or Chinese or Japanese character, that begins at `start`; "" where none does."""
    found = _TOKEN.match(text, start)
    return found.group() if found else ""


class ShownPlaces:
    """Finds in `shown` the place of what stands in `spoken`."""

    def __init__(self, *, spoken: str, shown: str) -> None:
        self._spoken = spoken
        self._shown = shown
        self._offset = shown.find(spoken)

    def of(self, start_char: int) -> int | None:
        """Where the word at `start_char` of `spoken` stands in `shown`; None where it is spoken otherwise."""
        if self._offset >= 0:
            return self._offset + start_char
        return self._aligned.get(start_char)

    def read_for(self, start_char: int) -> tuple[int, int] | None:
        """From where to where that stands which the word at `start_char` of `spoken` is read for, perhaps with others.

        So "five" and "kilometres" are for "5 km". None for a word with a place of its own, and where nothing stands.
        """
        if self._offset >= 0:
            return None
        return self._readings.get(start_char)

    @cached_property
    def _tokens(self) -> tuple[list[re.Match[str]], list[re.Match[str]]]:
        return list(_TOKEN.finditer(self._spoken)), list(_TOKEN.finditer(self._shown))

    @cached_property
    def _blocks(self) -> list[Match]:
        """Words that are spoken as they are shown; the last is empty and stands at both ends."""
        spoken, shown = self._tokens
        return SequenceMatcher(
            None, [t.group().lower() for t in spoken], [t.group().lower() for t in shown], autojunk=False
        ).get_matching_blocks()

    @cached_property
    def _aligned(self) -> dict[int, int]:
        spoken, shown = self._tokens
        return {
            spoken[block.a + k].start(): shown[block.b + k].start() for block in self._blocks for k in range(block.size)
        }

    @cached_property
    def _readings(self) -> dict[int, tuple[int, int]]:
        spoken, shown = self._tokens
        readings: dict[int, tuple[int, int]] = {}
        before_a = before_b = 0
        for block in self._blocks:
            # What lies between two words that are spoken as shown is read as what is said between them.
            start = shown[before_b - 1].end() if before_b else 0
            end = shown[block.b].start() if block.b < len(shown) else len(self._shown)
            between = self._shown[start:end]
            start += len(between) - len(between.lstrip(_AROUND))
            end -= len(between) - len(between.rstrip(_AROUND))
            if start < end:
                readings |= {token.start(): (start, end) for token in spoken[before_a : block.a]}
            before_a, before_b = block.a + block.size, block.b + block.size
        return readings


@dataclass(frozen=True, slots=True)
class _Weighed:
    text: str
    start_char: int
    before: float
    """The weight of all that is spoken before this word."""


class EstimatedWords:
    """Times for the words of a text whose engine tells none, as its sound becomes known: by length, and punctuation."""

    def __init__(self, spoken: str, *, ms_per_weight: float = MS_PER_WEIGHT) -> None:
        self._ms_per_weight = ms_per_weight
        self._words: list[_Weighed] = []
        weight = 0.0
        end = 0
        for token in _TOKEN.finditer(spoken):
            weight += sum(_PAUSE_WEIGHT.get(character, 0.0) for character in spoken[end : token.start()])
            self._words.append(_Weighed(token.group(), token.start(), weight))
            weight += _WIDE_WEIGHT if re.match(f"[{_WIDE}]", token.group()) else len(token.group()) + 1.0
            end = token.end()
        self.weight = weight
        """Of the whole; the duration divided by it is this voice's `ms_per_weight`."""
        self._next = 0
        self._last_ms = 0.0

    def due(self, until_ms: float) -> list[WordTime]:
        """Words that, at the rate assumed, begin before `until_ms` and were not given yet."""
        due: list[WordTime] = []
        while self._next < len(self._words):
            word = self._words[self._next]
            start_ms = word.before * self._ms_per_weight
            if start_ms >= until_ms:
                break
            due.append(self._given(word, start_ms))
        return due

    def rest(self, total_ms: float) -> list[WordTime]:
        """All words not given yet, now that the whole is known to last `total_ms`."""
        if self._next >= len(self._words):
            return []
        from_weight, from_ms = 0.0, 0.0
        if self._next:
            from_weight, from_ms = self._words[self._next - 1].before, self._last_ms
        rate = max(0.0, total_ms - from_ms) / max(1e-9, self.weight - from_weight)
        return [self._given(word, from_ms + (word.before - from_weight) * rate) for word in self._words[self._next :]]

    def _given(self, word: _Weighed, start_ms: float) -> WordTime:
        self._next += 1
        self._last_ms = start_ms
        return WordTime(text=word.text, start_char=word.start_char, start_ms=start_ms)
