from __future__ import annotations

import pytest

from syrinx.engines.llm.thinking import ThinkingFilter


def filtered(text: str, piece: int) -> str:
    thinking = ThinkingFilter()
    said = "".join(thinking.feed(text[start : start + piece]) for start in range(0, len(text), piece))
    return said + thinking.finish()


@pytest.mark.parametrize("piece", [1, 2, 5, 100])
@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<think>Hm, 1 < 2 </thin k>.</think>\n\nHello there.", "Hello there."),
        ("\n<thinking>So.</thinking>Yes.", "Yes."),
        ("<think></think>Yes.", "Yes."),
        ("Hello there.", "Hello there."),
        ("<b>bold</b>", "<b>bold</b>"),
        ("<thin ice", "<thin ice"),
        ("<thi", "<thi"),
        ("I <think> so </think> yes", "I <think> so </think> yes"),
        ("<think>never ends, never said", ""),
        ("", ""),
    ],
)
def test_only_a_block_of_thoughts_at_the_start_is_left_out(text: str, spoken: str, piece: int) -> None:
    assert filtered(text, piece) == spoken


def test_an_answer_is_not_held_back() -> None:
    assert ThinkingFilter().feed("H") == "H"


def test_long_thoughts_are_not_kept_in_memory() -> None:
    thinking = ThinkingFilter()
    thinking.feed("<think>")
    for _ in range(100):
        thinking.feed("thought " * 100)
    assert len(thinking._held) < 100
    assert thinking.thought
