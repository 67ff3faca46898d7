"""Words are compared as people hear them, and counted as jiwer counts them."""

from __future__ import annotations

import random

import jiwer
import pytest

from syrinx.speech.word_errors import WordErrors, taken_together, word_errors, words


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("Has never been surpassed.", "has never been surpassed", "en"),
        ("It's 3.5% of $1,000.", "its three point five percent of one thousand dollars", "en"),
        ("It’s the well-known 21st century!", "It's the well known twenty-first century", "en"),
        ("Er zahlte 12 €, oder?", "er zahlte zwölf Euro oder", "de"),
        ("Ça coûte trois euros", "ça coûte 3 euros.", "fr"),
        ("中午雨停了,3个人。", "中午 雨停了 三个人", "zh"),
        ("ＡＢＣ café", "abc cafe\u0301", "en"),
    ],
)
def test_what_sounds_the_same_is_no_error(said: str, heard: str, language: str) -> None:
    assert word_errors(said, heard, language=language).wrong == 0


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("the rain has stopped now", WordErrors(substitutions=0, insertions=0, deletions=0, of=5)),
        ("the train has stopped now", WordErrors(substitutions=1, insertions=0, deletions=0, of=5)),
        ("the rain has stopped", WordErrors(substitutions=0, insertions=0, deletions=1, of=5)),
        ("and the rain has stopped now", WordErrors(substitutions=0, insertions=1, deletions=0, of=5)),
        ("", WordErrors(substitutions=0, insertions=0, deletions=5, of=5)),
    ],
)
def test_each_kind_of_error_is_counted(heard: str, expected: WordErrors) -> None:
    assert word_errors("The rain has stopped now.", heard) == expected


def test_characters_are_compared_where_words_are_not_set_apart() -> None:
    assert word_errors("雨停了", "雨听了", language="zh") == WordErrors(
        substitutions=1, insertions=0, deletions=0, of=3
    )


def test_vowels_that_are_written_as_marks_count() -> None:
    assert words("नावों को", language="hi") == ["नावों", "को"]
    assert word_errors("की", "को", language="hi").wrong == 1


@pytest.mark.parametrize(("heard", "rate"), [("", 0.0), ("...", 0.0), ("hello there", 1.0)])
def test_a_text_without_words_has_a_rate_all_the_same(heard: str, rate: float) -> None:
    assert word_errors("", heard).rate == rate


def test_texts_together_weigh_by_their_words() -> None:
    together = taken_together([word_errors("a b c d e f g h i j", "a b c d e f g h i j"), word_errors("no", "go")])
    assert (together.wrong, together.of) == (1, 11)
    assert taken_together([]).rate == 0.0


def test_any_two_texts_are_counted_as_jiwer_counts_them() -> None:
    chance = random.Random(7)  # noqa: S311 - the same texts at every run
    for _ in range(400):
        said = chance.choices(["ab", "cd", "ef", "gh"], k=chance.randint(1, 12))
        heard = chance.choices(["ab", "cd", "ef", "gh"], k=chance.randint(0, 12))
        theirs = jiwer.process_words(" ".join(said), " ".join(heard))
        ours = word_errors(" ".join(said), " ".join(heard))
        assert ours.wrong == theirs.substitutions + theirs.insertions + theirs.deletions
        assert ours.insertions - ours.deletions == len(heard) - len(said)
        assert ours.rate == pytest.approx(theirs.wer)
