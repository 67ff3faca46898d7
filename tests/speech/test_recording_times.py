"""Estimated times are in order, within the sound, and no segment is too long to read."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio.activity import Stretch
from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord
from syrinx.speech.recording_times import (
    LONGEST_SEGMENT_MS,
    SEGMENT_CHARS,
    estimated_words,
    segments_of,
    words_within,
)


def stretch(start_ms: float, end_ms: float) -> Stretch:
    return Stretch(start_ms=start_ms, end_ms=end_ms)


def every(step_ms: float, text: str, *, pause_after: str = "", pause_ms: float = 0.0) -> list[RecognizedWord]:
    """A word each `step_ms`, without a pause but where asked for."""
    words: list[RecognizedWord] = []
    at_ms = 0.0
    for word in text.split():
        words.append(RecognizedWord(text=word, start_ms=at_ms, end_ms=at_ms + step_ms))
        at_ms += step_ms + (pause_ms if word == pause_after else 0.0)
    return words


def test_longer_words_take_longer() -> None:
    short, long = estimated_words("a extraordinarily", [stretch(500, 2500)])
    assert short.start_ms == 500
    assert long.end_ms == pytest.approx(2500)
    assert long.end_ms - long.start_ms > 5 * (short.end_ms - short.start_ms)


def test_no_word_lies_in_a_pause_or_reaches_over_one() -> None:
    stretches = [stretch(100, 900), stretch(5000, 5700), stretch(9000, 9800)]
    words = estimated_words("one two three four five six seven eight nine ten", stretches)
    for word in words:
        assert any(each.start_ms <= word.start_ms <= word.end_ms <= each.end_ms + 1e-6 for each in stretches)
    assert words[-1].start_ms >= 9000


def test_chinese_is_timed_by_character_and_keeps_its_marks() -> None:
    words = estimated_words("你好，世界。", [stretch(0, 1000)])
    assert [word.text for word in words] == ["你", "好，", "世", "界。"]


def test_without_text_or_sound_there_are_no_words() -> None:
    assert estimated_words("", [stretch(0, 1)]) == ()
    assert estimated_words("hello", []) == ()


def test_words_of_segments_stay_within_their_segment() -> None:
    segments = [
        RecognizedSegment(text="hello there", start_ms=0, end_ms=2000),
        RecognizedSegment(text="general", start_ms=2000, end_ms=3000),
    ]
    words = words_within(segments, [stretch(200, 1500), stretch(2100, 2900), stretch(2950, 4000)])
    assert [word.text for word in words] == ["hello", "there", "general"]
    assert words[0].start_ms == 200
    assert words[1].end_ms == pytest.approx(1500)
    assert 2100 <= words[2].start_ms <= words[2].end_ms <= 2900


def test_a_segment_ends_with_its_sentence_and_keeps_its_marks() -> None:
    text = "Hello there, Dr. Smith. How are you? Fine!"
    segments = segments_of(text, every(300, text), language="en")
    assert [each.text for each in segments] == ["Hello there, Dr. Smith.", "How are you?", "Fine!"]
    assert [each.start_ms for each in segments] == [0, 1200, 2100]


def test_marks_that_the_words_lack_come_from_the_text() -> None:
    segments = segments_of("Hello, there. All well?", every(300, "hello there all well"), language="en")
    assert [each.text for each in segments] == ["Hello, there.", "All well?"]


def test_a_pause_ends_a_segment() -> None:
    words = every(300, "and so it goes on", pause_after="it", pause_ms=600)
    assert [each.text for each in segments_of("and so it goes on", words, language="en")] == ["and so it", "goes on"]


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,12}[.,?!]?", fullmatch=True), max_size=120), st.integers(50, 3000))
def test_segments_are_the_whole_text_and_none_is_too_long(said: list[str], step_ms: int) -> None:
    text = " ".join(said)
    segments = segments_of(text, every(step_ms, text), language="en")
    assert " ".join(each.text for each in segments) == text
    for each in segments:
        assert len(each.text) <= SEGMENT_CHARS
        assert each.end_ms - each.start_ms <= LONGEST_SEGMENT_MS
    for before, after in pairwise(segments):
        assert before.end_ms <= after.start_ms


@given(
    st.text(max_size=300),
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(1, 1e4)), min_size=1, max_size=20),
)
def test_estimated_words_are_in_order_and_are_the_whole_text(text: str, lengths: list[tuple[float, float]]) -> None:
    stretches: list[Stretch] = []
    at_ms = 0.0
    for pause_ms, lasts_ms in lengths:
        stretches.append(stretch(at_ms + pause_ms, at_ms + pause_ms + lasts_ms))
        at_ms = stretches[-1].end_ms
    words = estimated_words(text, stretches)
    assert re.sub(r"\s", "", "".join(word.text for word in words)) == re.sub(r"\s", "", text)
    for word in words:
        assert stretches[0].start_ms - 1e-3 <= word.start_ms <= word.end_ms <= at_ms + 1e-3
    for before, after in pairwise(words):
        assert before.end_ms <= after.start_ms + 1e-3


@given(st.text(max_size=300), st.text(max_size=100))
def test_words_that_are_not_in_the_text_do_no_harm(text: str, other: str) -> None:
    segments = segments_of(text, every(200, other), language="en")
    if other.split():
        assert re.sub(r"\s", "", "".join(each.text for each in segments)) == re.sub(r"\s", "", text)
