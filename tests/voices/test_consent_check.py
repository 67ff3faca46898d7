from __future__ import annotations

from itertools import combinations

import pytest

from syrinx.voices.consent_check import Understanding, _same, parts_of, understood
from syrinx.voices.consent_wordings import WORDINGS, wording_of
from syrinx.voices.consents import ENOUGH, ENOUGH_DRAWN

PHRASE = (
    "I am the owner of this voice, and I agree that Syrinx makes a synthetic voice from it. "
    "My words for today are garden, window, tiger, river, candle."
)
DRAWN = ("garden", "window", "tiger", "river", "candle", "hotel")


def heard(text: str) -> Understanding:
    return understood(PHRASE, text, drawn=DRAWN)


def is_enough(found: Understanding) -> bool:
    return found.agreement >= ENOUGH and found.drawn >= ENOUGH_DRAWN


def test_a_phrase_heard_as_it_stands_agrees_wholly_whatever_its_case_and_commas() -> None:
    found = heard(PHRASE.upper().replace(",", " ").replace("SYRINX", "sir inks"))
    assert found.agreement == pytest.approx(1.0, abs=0.02)
    assert found.drawn == 1.0
    assert found.missing == ()


MISHEARD = """
I am the older of this voice and I agree that some inks makes us synthetic boys from it my word for today your garden \
window tiger river candle
Hi and the honor of this place and I agree that sir inks makes a synthetic life from it my words for today our garden \
win doe tiger river candle
I am the owner of this voice him by agree that shrinks makes us and civic voice from it my words for today are garden \
window shorter river candle
okay here we go er I am the owner of this voice and I agree that Syrinx makes a synthetic voice from it my words for \
today are garden window tiger river candle thank you
"""
"""The first three as the ear that comes with Syrinx heard them from voices that come with it."""
ANOTHER_DAYS = """
I am the owner of this voice and I agree that Syrinx makes a synthetic voice from it my words for today are purple \
doctor garden monkey window
"""


@pytest.mark.parametrize("text", MISHEARD.strip().splitlines())
def test_an_ear_that_mishears_some_words_is_enough(text: str) -> None:
    assert is_enough(heard(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am the owner of this voice and I agree",
        "garden window tiger river candle",
        ANOTHER_DAYS,
        " ".join(reversed(PHRASE.split())),
    ],
    ids=["nothing", "the beginning", "the drawn words alone", "another day's", "in another order"],
)
def test_what_is_not_the_phrase_is_not_enough(text: str) -> None:
    assert not is_enough(heard(text))


def test_a_long_talk_in_which_the_words_lie_scattered_is_not_the_phrase() -> None:
    scattered = " so then we talked about something else and ".join(parts_of(PHRASE))
    assert not is_enough(heard(scattered))


def test_what_was_not_understood_is_named_as_it_is_written() -> None:
    found = heard(PHRASE.replace("window", "").replace("agree", "a tree"))
    assert found.missing == ("agree", "window,")
    assert " ".join(word.text for word in found.words) == PHRASE


def test_accents_and_apostrophes_do_not_count() -> None:
    phrase = WORDINGS["fr"].published
    assert understood(phrase, phrase.replace("é", "e").replace("'", " ")).agreement == pytest.approx(1.0)


@pytest.mark.parametrize("language", WORDINGS)
def test_words_to_draw_from_are_told_apart_and_stand_nowhere_else(language: str) -> None:
    wording = WORDINGS[language]
    assert len(set(wording.words)) >= 50
    parts = [parts_of(word) for word in wording.words]
    assert all(len(part) == 1 for part in parts)
    assert [pair for pair in combinations(parts, 2) if _same(pair[0][0], pair[1][0])] == []
    fixed = parts_of(f"{wording.statement} {wording.introduction}")
    assert [part for part in parts if any(_same(part[0], other) for other in fixed)] == []


@pytest.mark.parametrize("language", WORDINGS)
def test_every_wording_has_its_places(language: str) -> None:
    wording = WORDINGS[language]
    assert wording.statement.count("{words}") == 1
    assert wording.introduction.count("{name}") == 1
    assert "OpenAI" in wording.published
    assert "Syrinx" in wording.statement


def test_languages_without_a_wording_take_english_and_regions_their_language() -> None:
    assert wording_of("pt-BR") == ("pt-BR", WORDINGS["pt"])
    assert wording_of("ja") == ("en", WORDINGS["en"])
