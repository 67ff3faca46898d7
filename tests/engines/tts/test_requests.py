"""What all engines share: refusals in the same words, pieces that lose nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.engines.tts.contract import LARGEST_CONDITIONING_BYTES, Cloning, SpeechRequest, TtsCapabilities
from syrinx.engines.tts.requests import check_request, has_words, split_text, without_controls
from syrinx.errors import BadInput

CAPABILITIES = TtsCapabilities(sample_rate_hz=16_000, languages=("en",), speed=(0.5, 2.0))


@given(text=st.text(max_size=300), max_chars=st.integers(1, 60))
def test_pieces_are_the_text_and_none_is_too_long(text: str, max_chars: int) -> None:
    end = 0
    for piece in split_text(text, max_chars=max_chars):
        assert 0 < len(piece.text) <= max_chars
        assert text[piece.start_char :].startswith(piece.text)
        assert not has_words(text[end : piece.start_char])
        end = piece.start_char + len(piece.text)
    assert not has_words(text[end:])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One two. Three four five six", "One two. "),
        ("One two, three four five six", "One two, "),
        ("One two three four five six", "One two three four "),
        ("Onetwothreefourfivesixseven", "Onetwothreefourfives"),
        ("一二三。四五六七八九十一二三四五六七八九十", "一二三。"),
        ("Pay 3.50 for 4,5 kg of it. Now", "Pay 3.50 for 4,5 kg "),
    ],
)
def test_a_piece_ends_where_a_reader_would_pause(text: str, first: str) -> None:
    assert next(split_text(text, max_chars=20)).text == first


def test_a_short_text_is_one_piece() -> None:
    assert [piece.text for piece in split_text("One. Two. Three.", max_chars=20)] == ["One. Two. Three."]


def test_controls_become_spaces_and_nothing_moves() -> None:
    assert without_controls("a\0b\nc\ud800d\u2028e\ufefff") == "a b c d e f"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (SpeechRequest(text="?! …"), "at least one letter or digit"),
        (SpeechRequest(text="hi", speed=2.1), "from 0.5 to 2.0"),
        (SpeechRequest(text="hi", speed=float("nan")), "from 0.5 to 2.0"),
        (SpeechRequest(text="hi", pitch_semitones=1.0), "from 0.0 to 0.0"),
        (SpeechRequest(text="hi", warmth=1.5), "from -1 to 1"),
        (SpeechRequest(text="hi", warmth=float("nan")), "from -1 to 1"),
        (SpeechRequest(text="hi", warmth=0.5), "leave the warmth at 0"),
        (SpeechRequest(text="hi", conditioning=b"learnt"), "learns no voices"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(request_: SpeechRequest, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        check_request(request_, CAPABILITIES)


def test_a_learnt_voice_speaks_where_the_engine_learns_them_and_no_other_is_named() -> None:
    learning = replace(CAPABILITIES, clones=Cloning(shortest_s=1.0, best_s=9.0, version="1"), warmth=True)
    learnt = SpeechRequest(text="hi", conditioning=b"learnt", warmth=-1.0)
    check_request(learnt, learning)
    with pytest.raises(BadInput, match="cannot both speak"):
        check_request(replace(learnt, voice="af_heart"), learning)
    with pytest.raises(BadInput, match="at most 8388608 bytes"):
        check_request(replace(learnt, conditioning=bytes(LARGEST_CONDITIONING_BYTES + 1)), learning)
