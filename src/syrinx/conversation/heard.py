"""How much of a reply has been heard: which words of which sentence sounded before the player's position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from syrinx.speech.events import SpokenWord

MS_PER_CHAR = 65.0
"""Rate assumed for a sentence of which neither word times nor the end are known: about 15 characters a second."""

_GAP = "… "

_FIRST_WIDE_CHAR = "\u2e80"
"""From here on scripts write words without spaces between them: a cut may fall behind any character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardPart:
    """A stretch of a reply by one speaker: as written, and as much of it as was heard."""

    speaker: str
    text: str
    heard: str


@dataclass(slots=True, kw_only=True)
class _Sentence:
    speaker: str
    text: str
    at_ms: float
    spoken: bool
    end_ms: float | None = None
    broke_off: bool = False
    words: list[SpokenWord] = field(default_factory=list[SpokenWord])


class HeardReply:
    """The sentences of one reply as they are given out, in order; times are ms from its first sample."""

    def __init__(self) -> None:
        self._sentences: dict[int, _Sentence] = {}

    def sentence(self, *, index: int, speaker: str, text: str, at_ms: float, spoken: bool) -> None:
        self._sentences[index] = _Sentence(speaker=speaker, text=text, at_ms=at_ms, spoken=spoken)

    def words(self, index: int, words: Sequence[SpokenWord]) -> None:
        self._sentences[index].words.extend(words)

    def sentence_ended(self, index: int, at_ms: float, *, broke_off: bool = False) -> None:
        """No more sound of the sentence from `at_ms` on; when it `broke_off`, not all of its text was spoken."""
        sentence = self._sentences[index]
        sentence.end_ms = at_ms
        sentence.broke_off = broke_off

    def parts(self, played_ms: float, *, all_of_it: bool = False) -> tuple[HeardPart, ...]:
        """The reply up to `played_ms`, one part per run of a speaker; `all_of_it` when it was played to its end.

        A sentence without sound counts as heard once its place was reached, for it has been shown by then. One that
        broke off counts as far as it was spoken, with an ellipsis where the same speaker goes on behind it.
        """
        if all_of_it:
            played_ms = math.inf
        parts: list[HeardPart] = []
        is_gap_before = False
        for sentence in self._sentences.values():
            heard = _heard_of(sentence, played_ms)
            if parts and parts[-1].speaker == sentence.speaker:
                last = parts.pop()
                is_joined_over_gap = is_gap_before and last.heard and heard
                whole = f"{last.heard.rstrip()}{_GAP}{heard}" if is_joined_over_gap else last.heard + heard
                parts.append(HeardPart(speaker=last.speaker, text=last.text + sentence.text, heard=whole))
            else:
                parts.append(HeardPart(speaker=sentence.speaker, text=sentence.text, heard=heard))
            is_gap_before = sentence.broke_off and heard != sentence.text
        return tuple(
            HeardPart(speaker=part.speaker, text=part.text.strip(), heard=part.heard.strip()) for part in parts
        )


def _heard_of(sentence: _Sentence, played_ms: float) -> str:
    if not sentence.spoken:
        return sentence.text if played_ms >= sentence.at_ms else ""
    if played_ms <= sentence.at_ms:
        return ""
    if sentence.end_ms is not None and played_ms >= sentence.end_ms:
        if not sentence.broke_off:
            return sentence.text
        # Words whose time lies behind the break were announced and not spoken.
        played_ms = sentence.end_ms - 1.0
    begun = [word for word in sentence.words if word.at_ms <= played_ms and word.start_char is not None]
    if begun:
        word = begun[-1]
        assert word.start_char is not None  # noqa: S101 - as filtered above; tells the type checker
        return sentence.text[: _word_end(sentence.text, word.start_char)]
    if sentence.words:
        first = next((word.start_char for word in sentence.words if word.start_char is not None), None)
        if first is not None:
            return ""
    length_ms = len(sentence.text) * MS_PER_CHAR
    if sentence.end_ms is not None:
        spoken_ms = sentence.end_ms - sentence.at_ms
        # How long the whole of a broken sentence would have been is not known: at least as long as what came of it.
        length_ms = max(length_ms, spoken_ms) if sentence.broke_off else spoken_ms
    place = int(len(sentence.text) * (played_ms - sentence.at_ms) / max(length_ms, 1.0))
    return sentence.text[: _word_end(sentence.text, min(place, len(sentence.text)))]


def _word_end(text: str, place: int) -> int:
    """Behind the word that stands at `place`."""
    end = place
    while end < len(text) and (text[end].isalnum() or text[end] in "'’") and text[end] < _FIRST_WIDE_CHAR:
        end += 1
    if end == place and end < len(text) and text[end] >= _FIRST_WIDE_CHAR:
        end += 1
    return end
