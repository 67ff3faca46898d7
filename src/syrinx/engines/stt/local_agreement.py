"""LocalAgreement: which words of an utterance that is decoded again and again are going to stay.

After Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System" (2023), section 3: what two
decodings one after the other agree upon, from the beginning, is confirmed (n = 2) and never changed again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CUT_AFTER_S: Final = 15.0
"""A buffer longer than this is cut at the end of a confirmed sentence (the paper's buffer trimming threshold)."""
FORCE_AFTER_S: Final = 24.0
"""One longer than this is cut at a confirmed word; where there is none, what was heard last is taken as it is, for
Whisper hears no more than 30 s at once."""
_FORCED_REST_S: Final = 4.0
"""So much of the end is still left open then."""
_SENTENCE_ENDS: Final = (".", "?", "!", "。", "？", "！", "…")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    text: str
    """As the model wrote it, with the space before it where its language has spaces."""
    start_s: float
    """From the utterance's first sample."""
    end_s: float


class LocalAgreement:
    """What is known of one utterance. Words are given in the utterance's time, of what was heard after `cut_s`."""

    def __init__(self) -> None:
        self.cut_s = 0.0
        """Audio before this need not be decoded any more."""
        self._done: list[TimedWord] = []
        self._confirmed: list[TimedWord] = []
        self._tentative: list[TimedWord] = []

    @property
    def words(self) -> tuple[TimedWord, ...]:
        return (*self._done, *self._confirmed, *self._tentative)

    @property
    def text(self) -> str:
        return text_of(self.words)

    @property
    def stable_chars(self) -> int:
        """The end of the last confirmed word, without its punctuation: a full stop may still become a comma."""
        return len(bare_end(text_of([*self._done, *self._confirmed])))

    @property
    def context(self) -> str:
        """What was said before `cut_s`, to be told to the model."""
        return text_of(self._done)

    def hear(self, words: Sequence[TimedWord]) -> None:
        """Take one more decoding of all that was heard since `cut_s`."""
        at = _continuation(self._confirmed, words)
        rest = list(words[at:])
        if self._confirmed and at:
            self._soften(words[at - 1])
        agreed = 0
        for earlier, later in zip(self._tentative, rest, strict=False):
            if not same_word(earlier.text, later.text):
                break
            agreed += 1
        self._confirmed += self._in_time(rest[:agreed])
        self._tentative = self._in_time(rest[agreed:])

    def settle(self, words: Sequence[TimedWord]) -> None:
        """Take a decoding as the last word on what was heard: like `hear`, but nothing more is confirmed by it."""
        at = _continuation(self._confirmed, words)
        if self._confirmed and at:
            self._soften(words[at - 1])
        self._tentative = self._in_time(words[at:])

    def cut(self, heard_s: float) -> bool:
        """Let go of what is confirmed once more than the limits were heard since `cut_s`; True when that moved."""
        length_s = heard_s - self.cut_s
        if length_s <= CUT_AFTER_S:
            return False
        # The last confirmed word keeps its punctuation open, so it never ends a sentence for certain.
        ends = [number for number, word in enumerate(self._confirmed[:-1], 1) if word.text.endswith(_SENTENCE_ENDS)]
        if length_s > FORCE_AFTER_S:
            if not self._confirmed:
                sure = [word for word in self._tentative if word.end_s <= heard_s - _FORCED_REST_S]
                self._confirmed, self._tentative = sure, self._tentative[len(sure) :]
            ends = ends or [len(self._confirmed)]
        if not ends:
            return False
        if ends[-1] == 0:
            self.cut_s = heard_s - _FORCED_REST_S  # half a minute without a word
            return True
        self._done += self._confirmed[: ends[-1]]
        self._confirmed = self._confirmed[ends[-1] :]
        self.cut_s = max(self.cut_s, self._done[-1].end_s)
        return True

    def _soften(self, heard: TimedWord) -> None:
        """The last confirmed word takes the punctuation that it is heard with now."""
        last = self._confirmed[-1]
        if same_word(last.text, heard.text):
            bare = bare_end(last.text)
            ending = heard.text[len(bare_end(heard.text)) :]
            self._confirmed[-1] = TimedWord(text=bare + ending, start_s=last.start_s, end_s=last.end_s)

    def _in_time(self, words: Sequence[TimedWord]) -> list[TimedWord]:
        """Words never begin before the word that they follow has ended: two decodings may time them differently."""
        known = [*self._done, *self._confirmed]
        last_s = known[-1].end_s if known else 0.0
        timed: list[TimedWord] = []
        for word in words:
            start_s = max(word.start_s, last_s)
            last_s = max(word.end_s, start_s)
            timed.append(TimedWord(text=word.text, start_s=start_s, end_s=last_s))
        return timed


def text_of(words: Sequence[TimedWord]) -> str:
    return "".join(word.text for word in words).strip()


def same_word(one: str, other: str) -> bool:
    """Whether they are one word but for case and punctuation; of bare punctuation, whether it is the same."""
    return _core(one) == _core(other)


def bare_end(text: str) -> str:
    """Without the punctuation at its end."""
    end = len(text)
    while end and not text[end - 1].isalnum() and not unicodedata.category(text[end - 1]).startswith("M"):
        end -= 1
    return text[:end]


def _core(word: str) -> str:
    bare = "".join(c for c in word.casefold() if c.isalnum() or unicodedata.category(c).startswith("M"))
    return bare or word.strip()


def _continuation(confirmed: Sequence[TimedWord], words: Sequence[TimedWord]) -> int:
    """Where in `words` what follows the confirmed words begins: at the least edit distance between those and the words
    before it; among equals, where the last confirmed word ends."""
    if not confirmed:
        return 0
    distance = list(range(len(words) + 1))
    for number, known in enumerate(confirmed, 1):
        before, distance[0] = distance[0], number
        for at, word in enumerate(words, 1):
            changed = before + (0 if same_word(known.text, word.text) else 1)
            before = distance[at]
            distance[at] = min(changed, before + 1, distance[at - 1] + 1)
    end_s = confirmed[-1].end_s
    return min(range(len(words) + 1), key=lambda at: (distance[at], abs((words[at - 1].end_s if at else 0.0) - end_s)))
