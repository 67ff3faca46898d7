"""Segments become words as people write them; noise that was taken for a word does not."""

from __future__ import annotations

import pytest

from syrinx.engines.stt.sphinx_speaker import STRANGER, speaker_from
from syrinx.engines.stt.sphinx_words import Segment, believable, recognized, sentence, spoken

PHONES = {"see": 2, "i": 1, "never": 4, "said(2)": 3}


def phones_of(word: str) -> int:
    return PHONES.get(word, 3)


def test_marks_silence_and_noise_are_no_words() -> None:
    names = ("<s>", "i", "<sil>", "[NOISE]", "said(2)", "++BREATH++", "</s>")
    words = spoken([Segment(name, at * 10, at * 10 + 9) for at, name in enumerate(names)])
    assert [word.spelling for word in words] == ["i", "said"]


def test_words_have_times_from_the_start_of_the_utterance() -> None:
    (word,) = recognized([Segment("i'm", 20, 29)], offset_ms=1_000)
    assert (word.text, word.start_ms, word.end_ms) == ("I'm", 1_200, 1_300)


@pytest.mark.parametrize(
    ("spellings", "written"),
    [
        (["has", "never"], "Has never"),
        (["so", "i", "think", "i'll", "go"], "So I think I'll go"),
        ([], ""),
        (["it"], "It"),
    ],
)
def test_only_the_start_and_i_get_capitals(spellings: list[str], written: str) -> None:
    assert sentence(spellings) == written


def test_one_short_word_over_a_long_noise_is_not_believed() -> None:
    assert not believable([Segment("see", 3, 138)], phones_of)
    assert not believable([Segment("see", 3, 138), Segment("i", 140, 150)], phones_of)
    assert not believable([], phones_of)


def test_words_of_a_speakers_pace_are_believed_however_few() -> None:
    assert believable([Segment("see", 3, 40)], phones_of)
    assert believable([Segment("never", 0, 60), Segment("said(2)", 61, 95)], phones_of)


def test_what_is_known_of_a_speaker_survives_as_text_and_shifts_with_listening() -> None:
    shifted = STRANGER.heard(tuple(value + 5 for value in STRANGER.mean), frames=50, gain_db=4.0)
    assert shifted.mean == pytest.approx([value + 2.5 for value in STRANGER.mean])
    back = speaker_from(shifted.to_text())
    assert back.mean == pytest.approx(shifted.mean, abs=0.001)
    assert (back.frames, back.gain_db) == (100, 4.0)
    assert speaker_from(None) is STRANGER
