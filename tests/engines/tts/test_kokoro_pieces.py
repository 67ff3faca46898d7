"""A text is cut for Kokoro: the first piece early, nothing lost, nothing too long."""

from __future__ import annotations

import pytest

from syrinx.engines.tts.kokoro_pieces import (
    CLAUSE_PAUSE_MS,
    FIRST_CHARS,
    MOST_PHONEMES,
    PIECE_CHARS,
    SENTENCE_PAUSE_MS,
    cut_sounds,
    cut_text,
)
from syrinx.engines.tts.kokoro_sounds import Sounds, SpokenWord

STORY = (
    "When the morning came we went down to the river, because the boat was waiting there; it was cold. "
    "Nobody spoke a word until the sun was up.\nThen Dr. Smith said that the water was rising, and that we should go, "
    "and that whoever wanted to stay might stay, but that he for one had seen enough of it to last him for a whole "
    "long life and would not be persuaded. Really? Yes. We went along with him in the end. "
)


def test_together_the_pieces_are_the_text() -> None:
    pieces = list(cut_text(STORY * 20, language="en"))
    assert "".join(piece.text for piece in pieces) == STORY * 20
    assert all((STORY * 20)[piece.start_char :].startswith(piece.text) for piece in pieces)


def test_the_first_piece_is_an_early_clause_and_the_rest_are_whole_sentences() -> None:
    pieces = [piece.text.strip() for piece in cut_text(STORY, language="en")]
    assert pieces[0] == "When the morning came we went down to the river,"
    assert pieces[2] == "Nobody spoke a word until the sun was up."
    # Very short sentences sound clipped alone.
    assert pieces[-1].startswith("Really? Yes. We went") or pieces[-1] == "We went along with him in the end."


def test_no_piece_is_longer_than_it_may_be() -> None:
    text = "a run of words without any end or pause that goes " * 40
    lengths = [len(piece.text) for piece in cut_text(text, language="en")]
    assert lengths[0] <= FIRST_CHARS
    assert max(lengths) <= PIECE_CHARS


def test_one_endless_word_is_cut_too() -> None:
    pieces = list(cut_text("x" * 1000, language="en"))
    assert "".join(piece.text for piece in pieces) == "x" * 1000
    assert max(len(piece.text) for piece in pieces) <= PIECE_CHARS


@pytest.mark.parametrize(
    ("text", "pause_ms"),
    [
        ("Nobody spoke until the sun was up. Then we went down to the river.", SENTENCE_PAUSE_MS),
        ('"Nobody spoke until the sun was up!" Then we went down to the river.', SENTENCE_PAUSE_MS),
        ("Nobody spoke until the sun was up\nThen we went down to the river.", SENTENCE_PAUSE_MS),
        ("When the morning came we went down, because the boat was there.", CLAUSE_PAUSE_MS),
        ("जब सुबह हुई तो हम नदी के पास गए। फिर हम वहाँ बहुत देर तक बैठे रहे।", SENTENCE_PAUSE_MS),
    ],
)
def test_the_end_of_a_piece_says_how_long_to_pause(text: str, pause_ms: float) -> None:
    first, second = cut_text(text, language="hi" if "।" in text else "en")
    assert first.pause_before_ms == 0.0
    assert second.pause_before_ms == pause_ms


def test_between_words_there_is_no_pause() -> None:
    pieces = list(cut_text("words and more words " * 30, language="en"))
    assert len(pieces) > 2
    assert {piece.pause_before_ms for piece in pieces} == {0.0}


def test_pieces_without_words_are_passed_over_but_not_their_pause() -> None:
    text = "Nobody spoke until the sun was up. ... ... !!! \n ... Then we went down to the river."
    pieces = list(cut_text(text, language="en"))
    assert [piece.pause_before_ms for piece in pieces] == [0.0, SENTENCE_PAUSE_MS]


def sounds(phonemes: str) -> Sounds:
    """One word at each beginning of a run without spaces."""
    words: list[SpokenWord] = []
    for at, letter in enumerate(phonemes):
        if letter != " " and (at == 0 or phonemes[at - 1] == " "):
            words.append(SpokenWord(text=str(len(words)), start_char=at, phoneme=at))
    return Sounds(phonemes=phonemes, words=tuple(words))


def test_sounds_that_fit_stay_whole() -> None:
    whole = sounds("ab cd")
    assert list(cut_sounds(whole)) == [whole]
    assert list(cut_sounds(Sounds(phonemes=""))) == []


def test_too_many_sounds_are_cut_between_words_into_parts_of_about_one_length() -> None:
    whole = sounds("abcdefgh " * 99 + "end")
    parts = list(cut_sounds(whole))
    assert " ".join(part.phonemes for part in parts) == whole.phonemes
    assert len(parts) == 3
    assert all(250 < len(part.phonemes) <= MOST_PHONEMES for part in parts)
    assert [word.text for part in parts for word in part.words] == [word.text for word in whole.words]
    for part in parts:
        assert all(part.phonemes[word.phoneme] in "ae" for word in part.words)


def test_one_word_of_six_hundred_sounds_is_cut_and_said_once() -> None:
    whole = sounds("x" * 600)
    parts = list(cut_sounds(whole))
    assert [len(part.phonemes) for part in parts] == [300, 300]
    assert [word.text for part in parts for word in part.words] == ["0"]
