from __future__ import annotations

from typing import Any

import pytest

from syrinx.conversation.characters import Cast, Character
from syrinx.errors import BadInput

ADA = Character(name="Ada", description="warm, low", scene="a quiet room", persona="You love numbers.")
BEN = Character(name="Ben", persona="You love birds.")
CLEO = Character(name="Cleo")


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({"name": ""}, "1 to 40 characters"),
        ({"name": "x" * 41}, "1 to 40 characters"),
        ({"name": " Ada"}, "no space around"),
        ({"name": "A]da"}, "no brackets"),
        ({"name": "A\nda"}, "no control characters"),
        ({"name": "Speaker1"}, "choose another name"),
        ({"name": "Ada", "persona": "x" * 4001}, "4000 characters at the most"),
        ({"name": "Ada", "speed": 3.0}, "from 0.5 to 2"),
        ({"name": "Ada", "speed": float("nan")}, "from 0.5 to 2"),
        ({"name": "Ada", "colour": "red"}, "#5b8def"),
    ],
)
def test_a_character_that_cannot_be_is_refused_with_what_would_be_right(fields: dict[str, Any], right: str) -> None:
    with pytest.raises(BadInput, match=right):
        Character(**fields)


@pytest.mark.parametrize("characters", [(), tuple(Character(name=f"C{number}") for number in range(9))])
def test_there_are_one_to_eight_characters(characters: tuple[Character, ...]) -> None:
    with pytest.raises(BadInput, match="1 to 8"):
        Cast(characters)


def test_two_characters_cannot_share_a_name() -> None:
    with pytest.raises(BadInput, match="same name"):
        Cast((ADA, Character(name="ada")))


def test_the_first_answers_first_and_then_they_take_turns() -> None:
    cast = Cast((ADA, BEN, CLEO))
    names: list[str] = []
    for _ in range(4):
        names.append(cast.answering("hello").name)
        cast.answered(names[-1])
    assert names == ["Ada", "Ben", "Cleo", "Ada"]


@pytest.mark.parametrize("said", ["Ben, what do you think?", "what do you think, BEN", "ask Ben before Ada does"])
def test_the_one_who_is_addressed_by_name_answers(said: str) -> None:
    assert Cast((ADA, BEN, CLEO)).answering(said) is BEN


def test_a_name_inside_a_word_addresses_nobody() -> None:
    assert Cast((ADA, BEN)).answering("the bench is broken") is ADA


def test_the_one_who_was_chosen_answers_once_whoever_is_addressed() -> None:
    cast = Cast((ADA, BEN, CLEO))
    cast.choose("cleo")
    assert cast.answering("Ben?") is CLEO
    cast.answered("Cleo")
    assert cast.answering("") is ADA


def test_the_language_model_may_hand_over_to_another() -> None:
    cast = Cast((ADA, BEN, CLEO))
    cast.answered("Ben")
    assert cast.answering("") is CLEO


def test_choosing_someone_who_is_not_there_names_those_who_are() -> None:
    with pytest.raises(BadInput, match="Ada, Ben"):
        Cast((ADA, BEN)).choose("Dora")


def test_a_lone_character_is_told_who_it_is_and_that_it_is_heard() -> None:
    prompt = Cast((ADA,)).system_prompt(ADA, language="de")
    for fact in ("You are Ada.", "You love numbers.", "warm, low", "a quiet room", "spoken sentences", "code de"):
        assert fact in prompt
    assert "SPEAKER" not in prompt


def test_several_characters_are_told_their_marks_and_who_answers() -> None:
    prompt = Cast((ADA, BEN)).system_prompt(BEN, language="en")
    for fact in ("[SPEAKER0] is Ada.", "[SPEAKER1] is Ben. You love birds.", "Now Ben answers. Begin with [SPEAKER1]"):
        assert fact in prompt


def test_speakers_are_known_by_place_and_by_name() -> None:
    names = Cast((ADA, BEN)).speaker_names
    assert (names["SPEAKER1"], names["Ada"]) == ("Ben", "Ada")
