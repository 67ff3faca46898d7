"""Words of a reply told as they are written, where a dictionary has them read otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from syrinx.speech.events import SentenceWords, SpokenWord
from syrinx.text.places import Places


@dataclass(slots=True, kw_only=True)
class _Sentence:
    shown: str
    places: Places
    """Where the text that was read stands in `shown`."""
    last: tuple[int, int] | None = None
    """The replaced stretch of `shown` that was told last."""


class WrittenWords:
    """Of one reply. Words of sentences that were read as they are shown are left alone."""

    def __init__(self) -> None:
        self._sentences: dict[int, _Sentence] = {}

    def read_otherwise(self, index: int, *, shown: str, places: Places) -> None:
        """The words of this sentence are going to stand where `places` says."""
        self._sentences[index] = _Sentence(shown=shown, places=places)

    def told(self, event: SentenceWords) -> SentenceWords | None:
        """The event with places in the text shown; None where all its words go on with one that was told before.

        Of the words that are read for one stretch the first is that stretch, as it is written.
        """
        sentence = self._sentences.get(event.index)
        if sentence is None:
            return event
        words = tuple(placed for word in event.words if (placed := _placed(word, sentence)) is not None)
        return replace(event, words=words) if words else None


def _placed(word: SpokenWord, sentence: _Sentence) -> SpokenWord | None:
    places = sentence.places
    start, end = word.read_for or (word.start_char, None)
    if start is None:
        return word
    if places.is_kept(start):
        if word.start_char is not None:
            return replace(word, start_char=places.of(word.start_char))
        return replace(word, read_for=None if end is None else places.span(start, end))
    stretch = places.span(start, start + 1)
    if stretch == sentence.last:
        return None
    sentence.last = stretch
    return replace(word, text=sentence.shown[stretch[0] : stretch[1]], start_char=stretch[0], read_for=None)
