"""Words are found again in what is shown, and get sensible times where their engine tells none."""

from __future__ import annotations

import pytest

from syrinx.speech.captions import EstimatedWords, ShownPlaces


def test_equal_text_keeps_its_places_behind_leading_space() -> None:
    places = ShownPlaces(spoken="Hello there.", shown="  Hello there. ")
    assert [places.of(0), places.of(6)] == [2, 8]


def test_words_among_markup_are_found() -> None:
    shown = "This is **very** important: [read it](http://x.org)."
    spoken = "This is very important: read it."
    places = ShownPlaces(spoken=spoken, shown=shown)
    for word in ("This", "very", "important", "read"):
        assert places.of(spoken.index(word)) == shown.index(word)


def test_what_is_spoken_otherwise_has_no_place_and_its_neighbours_keep_theirs() -> None:
    spoken, shown = "It costs three dollars and fifty cents now.", "It costs $3.50 now."
    places = ShownPlaces(spoken=spoken, shown=shown)
    assert places.of(spoken.index("three")) is None
    assert places.of(spoken.index("costs")) == shown.index("costs")
    assert places.of(spoken.index("now")) == shown.index("now")


def test_a_repeated_word_is_the_right_one_of_them() -> None:
    spoken, shown = "two and two is four", "2 and *two* is four"
    places = ShownPlaces(spoken=spoken, shown=shown)
    assert places.of(spoken.rindex("two")) == shown.index("two")


def test_estimates_come_as_the_sound_comes_and_cover_all_words_once() -> None:
    words = EstimatedWords("One longer sentence, with a pause.", ms_per_weight=60)
    early = words.due(500)
    assert [word.text for word in early] == ["One", "longer"]
    assert words.due(500) == []
    rest = words.rest(2000)
    assert [word.text for word in rest] == ["sentence", "with", "a", "pause"]
    times = [word.start_ms for word in early + rest]
    assert times == sorted(times)
    assert times[-1] < 2000
    assert words.rest(2000) == []


def test_a_comma_takes_time() -> None:
    plain, paused = EstimatedWords("now then go").rest(1000), EstimatedWords("now, then go").rest(1000)
    assert paused[1].start_ms > plain[1].start_ms


@pytest.mark.parametrize("text", ["今天天气很好", "日本語です"])
def test_text_without_spaces_is_timed_character_by_character(text: str) -> None:
    words = EstimatedWords(text).rest(1200)
    assert [word.text for word in words] == list(text)
    assert [word.start_char for word in words] == list(range(len(text)))


def test_text_without_words_has_no_times() -> None:
    assert EstimatedWords("?!").rest(500) == []


def test_what_is_read_otherwise_is_found_between_its_neighbours() -> None:
    shown = "Tom & Al paid $5.50 for **5 km**, today."
    spoken = "Tom and Al paid five dollars fifty for five kilometres, today."
    places = ShownPlaces(spoken=spoken, shown=shown)

    def read_for(word: str, *, last: bool = False) -> str | None:
        found = places.read_for(spoken.rindex(word) if last else spoken.index(word))
        return None if found is None else shown[found[0] : found[1]]

    assert read_for("and") == "&"
    assert [read_for(word) for word in ("five", "dollars", "fifty")] == ["$5.50"] * 3
    assert [read_for("five", last=True), read_for("kilometres")] == ["5 km"] * 2
    assert [read_for(word) for word in ("Tom", "paid", "today")] == [None] * 3


def test_nothing_is_read_for_what_stands_as_it_is_spoken_or_nowhere() -> None:
    assert ShownPlaces(spoken="Hello there.", shown="> Hello there.").read_for(0) is None
    assert ShownPlaces(spoken="Look there is code here", shown="Look here").read_for(5) is None
