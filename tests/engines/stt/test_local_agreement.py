"""What was called stable never changes, and what two decodings agree upon becomes stable."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.engines.stt.local_agreement import (
    CUT_AFTER_S,
    FORCE_AFTER_S,
    LocalAgreement,
    TimedWord,
    same_word,
    text_of,
)
from syrinx.testing.human_clips import RECORDINGS

WORD_S = 0.3


def said(text: str, *, start_s: float = 0.0) -> list[TimedWord]:
    """Every word takes as long."""
    return [
        TimedWord(text=f" {word}", start_s=start_s + number * WORD_S, end_s=start_s + (number + 1) * WORD_S)
        for number, word in enumerate(text.split())
    ]


def stable(agreement: LocalAgreement) -> str:
    return agreement.text[: agreement.stable_chars]


def test_what_was_heard_once_is_shown_and_not_yet_stable() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("has never"))
    assert agreement.text == "has never"
    assert stable(agreement) == ""


def test_what_two_decodings_agree_upon_is_stable() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("has never bean"))
    agreement.hear(said("has never been surpassed"))
    assert stable(agreement) == "has never"
    assert agreement.text == "has never been surpassed"


def test_case_and_punctuation_may_drift_until_another_word_is_agreed_upon() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("hello there."))
    agreement.hear(said("Hello there, how"))
    assert (stable(agreement), agreement.text) == ("Hello there", "Hello there, how")
    agreement.hear(said("hello there! how are"))
    assert (stable(agreement), agreement.text) == ("Hello there! how", "Hello there! how are")


def test_a_later_change_of_mind_does_not_touch_what_is_stable() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("i scream for ice"))
    agreement.hear(said("i scream for"))
    agreement.hear(said("ice cream for you"))
    assert agreement.text.startswith("i scream for")
    agreement.settle(said("ice cream for you all"))
    assert agreement.text == "i scream for you all"


def test_a_word_that_was_left_out_later_is_not_said_twice() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("well the cat sat"))
    agreement.hear(said("well the cat sat"))
    agreement.hear(said("the cat sat down"))
    assert agreement.text == "well the cat sat down"


def test_settling_leaves_open_whether_more_is_said() -> None:
    agreement = LocalAgreement()
    agreement.settle(said("good morning."))
    assert (agreement.text, agreement.stable_chars) == ("good morning.", 0)


def test_a_long_buffer_is_cut_at_a_stable_sentence_and_the_rest_goes_on() -> None:
    agreement = LocalAgreement()
    words = "one two three. four five six. seven eight"
    agreement.hear(said(words))
    agreement.hear(said(words))
    assert not agreement.cut(CUT_AFTER_S)
    assert agreement.cut(CUT_AFTER_S + 0.1)
    assert agreement.cut_s == pytest.approx(6 * WORD_S)
    assert agreement.context == "one two three. four five six."
    agreement.hear(said("seven eight nine", start_s=agreement.cut_s))
    assert agreement.text == f"{words} nine"


def test_without_a_sentence_a_very_long_buffer_is_cut_at_a_word() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("and so on and on"))
    agreement.hear(said("and so on and off"))
    assert not agreement.cut(CUT_AFTER_S + 1)
    assert agreement.cut(FORCE_AFTER_S + 0.1)
    assert agreement.context == "and so on and"
    assert agreement.text == "and so on and off"


def test_words_never_agreed_upon_are_taken_as_they_are_when_the_buffer_is_full() -> None:
    agreement = LocalAgreement()
    agreement.hear(said("something or other"))
    assert agreement.cut(FORCE_AFTER_S + 0.1)
    assert stable(agreement) == "something or other"
    assert LocalAgreement().cut(FORCE_AFTER_S + 0.1)


def test_languages_without_spaces_are_joined_as_they_are_written() -> None:
    agreement = LocalAgreement()
    words = [TimedWord(text=text, start_s=i / 4, end_s=(i + 1) / 4) for i, text in enumerate("今天天气。")]
    agreement.hear(words)
    agreement.hear(words)
    assert agreement.text == "今天天气。"
    assert same_word(" Hello,", "hello")


hypotheses = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d.", "D", "e,", "E!", "..."]), max_size=12).map(
        lambda words: said(" ".join(words))
    ),
    min_size=1,
    max_size=12,
)


@given(hypotheses, st.lists(st.booleans(), min_size=12, max_size=12), st.integers(0, 12))
def test_whatever_is_heard_the_stable_beginning_only_grows(
    heard: list[list[TimedWord]], cuts: list[bool], settle_from: int
) -> None:
    agreement = LocalAgreement()
    told = [""]
    for number, (words, cut) in enumerate(zip(heard, cuts, strict=False)):
        words_here = [
            TimedWord(text=word.text, start_s=word.start_s + agreement.cut_s, end_s=word.end_s + agreement.cut_s)
            for word in words
        ]
        if number >= settle_from:
            agreement.settle(words_here)
        else:
            agreement.hear(words_here)
        if cut:
            before = agreement.text
            agreement.cut(agreement.cut_s + FORCE_AFTER_S + 1)
            assert agreement.text == before
        assert agreement.text.startswith(told[-1])
        told.append(stable(agreement))
        assert text_of(agreement.words) == agreement.text
        edges = [edge for word in agreement.words for edge in (word.start_s, word.end_s)]
        assert edges == sorted(edges)
    assert all(later.startswith(earlier) for earlier, later in pairwise(told))


def test_words_of_people_become_stable_about_two_decodings_after_they_were_said() -> None:
    """The recogniser is scripted: it hears every word that has ended, the last one wrongly while it is young."""
    words = " ".join(
        (RECORDINGS / f"LJ001-000{number}.txt").read_text(encoding="utf-8").strip() for number in (2, 4, 8)
    )
    whole = said(words)
    agreement = LocalAgreement()
    late_s: list[float] = []
    every_s = 0.5
    for step in range(1, int(whole[-1].end_s / every_s) + 5):
        heard_s = step * every_s
        heard = [word for word in whole if word.end_s <= heard_s]
        if heard and heard[-1].end_s > heard_s - 0.2:
            heard[-1] = TimedWord(text=" um", start_s=heard[-1].start_s, end_s=heard[-1].end_s)
        before = len(stable(agreement).split())
        agreement.hear(heard)
        late_s += [heard_s - word.end_s for word in whole[before : len(stable(agreement).split())]]
    assert agreement.text == " ".join(words.split())
    assert stable(agreement) == agreement.text.rstrip(".,")
    late_words = sum(late_s) / len(late_s) / WORD_S
    assert late_words < 3.5
