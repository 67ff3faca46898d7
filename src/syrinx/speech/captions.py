"""Which word of the text shown sounds when: places found by alignment, times estimated where none are told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from syrinx.engines.tts.contract import WordTime

_WIDE = "\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+(?:['’][^\W_{_WIDE}]+)*")

MS_PER_WEIGHT = 62.0
"""Speech of usual speed gives a letter about 62 ms (16 letters a second, the gaps between words counted as one)."""
_WIDE_WEIGHT = 2.8
"""A Chinese or Japanese character is about a syllable."""
_PAUSE_WEIGHT = {",": 2.0, ";": 3.0, ":": 3.0, ".": 5.0, "!": 5.0, "?": 5.0, "、": 2.0, "，": 2.0, "。": 5.0}


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

    @cached_property
    def _aligned(self) -> dict[int, int]:
        spoken, shown = list(_TOKEN.finditer(self._spoken)), list(_TOKEN.finditer(self._shown))
        matcher = SequenceMatcher(
            None, [t.group().lower() for t in spoken], [t.group().lower() for t in shown], autojunk=False
        )
        return {
            spoken[block.a + k].start(): shown[block.b + k].start()
            for block in matcher.get_matching_blocks()
            for k in range(block.size)
        }


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
