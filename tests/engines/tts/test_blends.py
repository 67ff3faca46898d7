"""Mixes of voices are read as they are written, and refused in words."""

from __future__ import annotations

import pytest

from syrinx.engines.tts.blends import MOST_VOICES, is_blend, parse_blend
from syrinx.errors import BadInput


def test_a_name_alone_is_a_mix_of_one() -> None:
    assert parse_blend("af_heart") == (("af_heart", 1.0),)
    assert parse_blend(" af_heart ") == (("af_heart", 1.0),)


def test_voices_without_weights_have_equal_shares() -> None:
    assert parse_blend("a+b") == (("a", 0.5), ("b", 0.5))
    assert parse_blend("a + b + c + d") == (("a", 0.25), ("b", 0.25), ("c", 0.25), ("d", 0.25))


def test_weights_are_brought_to_a_sum_of_one() -> None:
    assert dict(parse_blend("a+b*0.5")) == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert dict(parse_blend("a*3 + b * 1")) == pytest.approx({"a": 0.75, "b": 0.25})
    assert parse_blend("a*1e-3") == (("a", 1.0),)


def test_a_voice_named_twice_has_both_shares() -> None:
    assert dict(parse_blend("a+b+a*2")) == pytest.approx({"a": 0.75, "b": 0.25})


@pytest.mark.parametrize(
    "text", ["", "+", "a+", "+a", "a++b", "*2", "a*", "a*x", "a*0", "a*-1", "a*nan", "a*inf", "a*1*2"]
)
def test_what_is_no_mix_is_refused_and_the_right_way_is_shown(text: str) -> None:
    with pytest.raises(BadInput, match=r"a\+b\*0\.5"):
        parse_blend(text)


def test_too_many_voices_are_refused_and_the_most_are_taken() -> None:
    assert len(parse_blend("+".join(f"v{number}" for number in range(MOST_VOICES)))) == MOST_VOICES
    with pytest.raises(BadInput, match="may have 8 voices, not 9"):
        parse_blend("+".join(f"v{number}" for number in range(MOST_VOICES + 1)))


@pytest.mark.parametrize(("text", "expected"), [("af_heart", False), ("", False), ("a+b", True), ("a*0.5", True)])
def test_a_mix_is_known_by_its_signs(text: str, expected: bool) -> None:
    assert is_blend(text) is expected
