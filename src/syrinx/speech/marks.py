"""Speech marks: when each sentence and word of a narration sounds, and where it stands in its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from syrinx.speech.narration import NarratedSentence, NarratedSound, NarratedWords, Narration, SentenceDone
from syrinx.speech.subtitles import Caption
from syrinx.text import split_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechMark:
    """A sentence or word; `dataclasses.asdict` of it can be sent as JSON."""

    text: str
    start_ms: float
    end_ms: float
    start_char: int | None
    """Where it stands in the request's text; both are None where it stands nowhere there."""
    end_char: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechMarks:
    """Of a whole narration; all in order."""

    engine: str
    voice: str
    language: str
    duration_ms: float
    exact: bool
    """False where any word's time was estimated by proportion, because the engine tells none. Times that an engine told
    are true to some 40 ms where its sound was stretched or shifted afterwards, for that moves sound in pieces."""
    sentences: tuple[SpeechMark, ...]
    words: tuple[SpeechMark, ...]


class MarksCollector:
    """Gathers the marks of a narration from its events, for who does something else with them, too."""

    def __init__(self, *, language: str) -> None:
        """`language` is the narration's."""
        self._language = language
        self._open: NarratedSentence | None = None
        self._words: list[SpeechMark] = []
        self._sentence_words: list[SpeechMark] = []
        self._sentences: list[SpeechMark] = []
        self._exact = True
        self._samples = 0
        self._rate_hz = 1

    @property
    def duration_ms(self) -> float:
        """Of the sound so far."""
        return 1000.0 * self._samples / self._rate_hz

    def feed(self, event: object) -> None:
        """Take the next event of the narration."""
        match event:
            case NarratedSound():
                self._samples += event.chunk.sample_count
                self._rate_hz = event.chunk.sample_rate_hz
            case NarratedSentence():
                self._open = event
            case NarratedWords():
                self._exact &= event.exact
                for word in event.words:
                    start = word.start_char
                    end = None if start is None else word.end_char or start + len(word.text)
                    # Its end is the next one's beginning, which is not known yet.
                    self._sentence_words.append(
                        SpeechMark(
                            text=word.text, start_ms=word.at_ms, end_ms=word.at_ms, start_char=start, end_char=end
                        )
                    )
            case SentenceDone():
                self._close(event.at_ms)
            case _:
                pass

    def _close(self, at_ms: float) -> None:
        sentence, self._open = self._open, None
        if sentence is None:
            return
        words, self._sentence_words = self._sentence_words, []
        ends = [*(word.start_ms for word in words[1:]), at_ms]
        timed: list[SpeechMark] = []
        for word, end_ms in zip(words, ends, strict=True):
            start_ms = min(word.start_ms, at_ms)
            timed.append(replace(word, start_ms=start_ms, end_ms=max(start_ms, min(end_ms, at_ms))))
        self._words += timed
        found = _sentences_of(sentence, timed, at_ms, self._language)
        if sentence.joined is not None and self._sentences:
            last, rest = self._sentences.pop(), found.pop(0)
            text = last.text + sentence.joined + rest.text
            found.insert(0, replace(last, text=text, end_ms=rest.end_ms, end_char=rest.end_char))
        self._sentences += found

    def marks(self, narration: Narration) -> SpeechMarks:
        """All of them, at the end."""
        return SpeechMarks(
            engine=narration.engine,
            voice=narration.voice,
            language=narration.language,
            duration_ms=self.duration_ms,
            exact=self._exact,
            sentences=tuple(self._sentences),
            words=tuple(self._words),
        )


def _sentences_of(
    spoken: NarratedSentence, words: Sequence[SpeechMark], end_ms: float, language: str
) -> list[SpeechMark]:
    """What was spoken at once, divided where it is several short sentences; each begins with its first word."""
    text = spoken.text
    end_char = spoken.end_char or spoken.start_char + len(text)
    whole = SpeechMark(text=text, start_ms=spoken.at_ms, end_ms=end_ms, start_char=spoken.start_char, end_char=end_char)
    found = [whole]
    is_plain = end_char - spoken.start_char == len(text)
    placed = list(_placed(words, text))
    at = begins = 0
    for sentence in split_sentences(text, language=language):
        at = text.find(sentence, at)
        after = at + len(sentence)
        first = next((number for number, (offset, _) in enumerate(placed) if offset >= at), None)
        # What has no word of its own, as a row of dots, stays with the sentence before.
        if at and first and placed[first][0] < after:
            word, before = placed[first][1], placed[first - 1][1]
            last = found.pop()
            start_char = spoken.start_char + at if is_plain else word.start_char
            said = text[begins:at].rstrip()
            last_char = spoken.start_char + begins + len(said) if is_plain else before.end_char
            found += (
                replace(last, text=said, end_ms=word.start_ms, end_char=last_char),
                replace(whole, text=text[at:], start_ms=word.start_ms, start_char=start_char),
            )
            begins = at
        at = after
    return found


def _placed(words: Sequence[SpeechMark], text: str) -> Iterator[tuple[int, SpeechMark]]:
    """Where in the text the words stand, those that stand there."""
    at = 0
    for word in words:
        offset = text.find(word.text, at)
        if offset >= 0:
            yield offset, word
            at = offset + len(word.text)


async def collect(narration: Narration) -> SpeechMarks:
    """Read a narration to its end, its sound passed over; the caller closes it. Raises as its events do."""
    collector = MarksCollector(language=narration.language)
    async with aclosing(narration.events()) as events:
        async for event in events:
            collector.feed(event)
    return collector.marks(narration)


def captions(marks: SpeechMarks) -> tuple[Caption, ...]:
    """The sentences for `speech.subtitles`."""
    found: list[Caption] = []
    words = list(marks.words)
    at = 0
    for sentence in marks.sentences:
        first = at
        while at < len(words) and words[at].start_ms < sentence.end_ms:
            at += 1
        places = tuple((offset, word.start_ms) for offset, word in _placed(words[first:at], sentence.text))
        found.append(Caption(text=sentence.text, start_ms=sentence.start_ms, end_ms=sentence.end_ms, words=places))
    return tuple(found)
