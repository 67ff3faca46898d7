"""Words of a reply are told as they are written, whatever a dictionary has them read as."""

from __future__ import annotations

from syrinx.conversation.written_words import WrittenWords
from syrinx.engines.tts.contract import WordTime
from syrinx.speech.captions import EstimatedWords, ShownPlaces
from syrinx.speech.events import SentenceWords, SpokenWord
from syrinx.text import speakable
from syrinx.text.pronunciations import Pronunciation, Pronunciations


def told(shown: str, *entries: tuple[str, str], at_once: int = 100) -> list[list[tuple[str, int | None]]]:
    """The words of a sentence, `at_once` of them in an event, and where they stand in it."""
    book = Pronunciations(tuple(Pronunciation(written=written, spoken=spoken) for written, spoken in entries))
    reading = book.apply(shown, language="en")
    spoken = speakable(reading.text)
    places = ShownPlaces(spoken=spoken, shown=reading.text)
    written = WrittenWords()
    written.read_otherwise(0, shown=shown, places=reading.places)
    times: list[WordTime] = EstimatedWords(spoken).rest(1000.0)
    words = [
        SpokenWord(
            text=word.text,
            at_ms=word.start_ms,
            start_char=places.of(word.start_char),
            read_for=places.read_for(word.start_char),
        )
        for word in times
    ]
    batches = [tuple(words[start : start + at_once]) for start in range(0, len(words), at_once)]
    events = [written.told(SentenceWords(index=0, words=batch, exact=True)) for batch in batches]
    return [[(word.text, word.start_char) for word in event.words] for event in events if event is not None]


def test_what_is_read_for_one_word_is_that_word() -> None:
    assert told("Ask SQL now.", ("SQL", "S Q L")) == [[("Ask", 0), ("SQL", 4), ("now", 8)]]


def test_a_word_that_is_told_in_several_events_is_told_once() -> None:
    assert told("Ask SQL now.", ("SQL", "S Q L"), at_once=1) == [[("Ask", 0)], [("SQL", 4)], [("now", 8)]]


def test_a_word_that_comes_twice_is_told_twice() -> None:
    assert told("SQL SQL", ("SQL", "S Q L")) == [[("SQL", 0), ("SQL", 4)]]


def test_a_phrase_is_told_as_one() -> None:
    assert told("In New York it rains.", ("new york", "the city")) == [
        [("In", 0), ("New York", 3), ("it", 12), ("rains", 15)]
    ]


def test_figures_in_what_is_read_belong_to_the_word_that_is_written() -> None:
    assert told("A V8 here.", ("V8", "8 of V")) == [[("A", 0), ("V8", 2), ("here", 5)]]


def test_figures_that_are_written_have_no_place_as_ever() -> None:
    assert told("Ask SQL 5 times.", ("SQL", "S Q L")) == [[("Ask", 0), ("SQL", 4), ("five", None), ("times", 10)]]


def test_sentences_that_are_read_as_they_are_written_are_left_alone() -> None:
    event = SentenceWords(index=3, words=(SpokenWord(text="Ask", at_ms=0.0, start_char=0),), exact=False)
    assert WrittenWords().told(event) is event
