"""Speaker tags found in a stream, whatever the deltas, and nothing else mistaken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.text import SpeakerTagParser


def spoken(text: str, chunk: int, names: tuple[str, ...] = ("Ana", "Bob")) -> list[tuple[str | None, str]]:
    parser = SpeakerTagParser(names)
    pieces = [piece for at in range(0, len(text), chunk) for piece in parser.feed(text[at : at + chunk])]
    pieces += parser.flush()
    joined: list[tuple[str | None, str]] = []
    for speaker, piece in pieces:
        assert piece
        if joined and joined[-1][0] == speaker:
            joined[-1] = (speaker, joined[-1][1] + piece)
        else:
            joined.append((speaker, piece))
    return joined


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[SPEAKER0] Hi there. [SPEAKER1] Hello!", [("SPEAKER0", "Hi there. "), ("SPEAKER1", "Hello!")]),
        ("Before. [ana]\nHi.", [(None, "Before. "), ("Ana", "Hi.")]),
        ("An [aside] and [1] and [Spe", [(None, "An [aside] and [1] and [Spe")]),
        ("See [Ana](https://a.b) now", [(None, "See [Ana](https://a.b) now")]),
        ("[[Bob] x", [(None, "["), ("Bob", "x")]),
        ("[Bob]", []),
        ("[Carl] Hi", [(None, "[Carl] Hi")]),
    ],
)
def test_tags_part_the_stream(chunk: int, text: str, expected: list[tuple[str | None, str]]) -> None:
    assert spoken(text, chunk) == expected


def test_only_what_may_become_a_tag_is_held_back() -> None:
    parser = SpeakerTagParser(["Ana"])
    assert parser.feed("Well [") == [(None, "Well ")]
    assert parser.feed("An") == []
    assert parser.feed("d so") == [(None, "[And so")]
    assert parser.feed("[SPEAKER12345") == [(None, "[SPEAKER12345")]


@given(st.lists(st.sampled_from(["[", "]", "(", " ", "Ana", "SPEAKER", "7", "x", "\n", "[Bob]"]), max_size=25))
def test_chunking_never_changes_who_says_what(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert spoken(text, 1) == spoken(text, 4) == spoken(text, 1000)
