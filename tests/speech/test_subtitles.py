"""Subtitle files are exact in time, whole in text, and readable by any player."""

from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.speech.subtitles import LINE_CHARS, LINES, Caption, cues, srt, vtt

captions = st.lists(
    st.builds(
        Caption,
        text=st.text(max_size=300),
        start_ms=st.floats(0, 1e7, allow_nan=False),
        end_ms=st.floats(0, 1e7, allow_nan=False),
    ),
    max_size=8,
)


def one(text: str, start_ms: float = 0.0, end_ms: float = 1000.0) -> Caption:
    return Caption(text=text, start_ms=start_ms, end_ms=end_ms)


def test_an_srt_file_numbers_its_cues_and_gives_times_with_a_comma() -> None:
    assert srt([one("Hello.", 0, 1500), one("World.", 2000.4, 3661007)]) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello.\n\n2\n00:00:02,000 --> 01:01:01,007\nWorld.\n"
    )


def test_a_vtt_file_begins_with_its_name_and_gives_times_with_a_point() -> None:
    assert vtt([one("Hello.", 0, 1500)]) == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello.\n"


def test_without_captions_there_is_an_empty_file() -> None:
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"
    assert cues([one(" \n ")]) == []


def test_more_than_ninety_nine_hours_take_three_digits() -> None:
    assert "123:00:00.000 --> 123:00:01.000" in vtt([one("late", 123 * 3_600_000, 123 * 3_600_000 + 1000)])


def test_what_would_be_markup_is_shown_as_it_is_written() -> None:
    assert "AT&amp;T &lt;i&gt;x&lt;/i&gt; --&gt; y" in vtt([one("AT&T <i>x</i> --> y")])


def test_the_arrow_that_divides_times_does_not_stand_in_the_text_of_srt() -> None:
    assert srt([one("a --> b")]).count("-->") == 1


def test_a_long_sentence_stands_on_two_lines_of_about_the_same_length() -> None:
    (cue,) = cues([one("produced the block books, which were the immediate predecessors")])
    assert len(cue.lines) == 2
    assert abs(len(cue.lines[0]) - len(cue.lines[1])) < 15


def test_what_fills_more_than_a_screen_is_divided_in_proportion_to_its_text() -> None:
    text = " ".join(["word"] * 60)
    found = cues([one(text, 1000, 31_000)])
    assert len(found) >= 4
    assert (found[0].start_ms, found[-1].end_ms) == (1000, 31_000)
    for cue in found[:-1]:
        assert cue.end_ms - cue.start_ms == pytest.approx(30_000 / len(found), rel=0.35)


def test_no_word_is_left_over_for_a_cue_of_its_own() -> None:
    text = "produced the block books which were the immediate predecessors of the true printed book"
    first, second = cues([one(text, 0, 5000)])
    assert second.end_ms - second.start_ms == pytest.approx(2500, abs=400)
    assert " ".join((*first.lines, *second.lines)) == text


def test_cues_that_overlap_end_where_the_next_begins() -> None:
    assert [(cue.start_ms, cue.end_ms) for cue in cues([one("b", 500, 900), one("a", 0, 700)])] == [
        (0, 500),
        (500, 900),
    ]


def test_text_without_spaces_is_broken_anywhere() -> None:
    found = cues([one("語" * 100)])
    assert "".join(line for cue in found for line in cue.lines) == "語" * 100


@given(captions)
def test_every_cue_fits_the_screen_and_none_overlaps_the_next(given_captions: list[Caption]) -> None:
    found = cues(given_captions)
    for cue in found:
        assert 1 <= len(cue.lines) <= LINES
        assert all(0 < len(line) <= LINE_CHARS for line in cue.lines)
        assert 0 <= cue.start_ms < cue.end_ms
    for before, after in pairwise(found):
        assert before.end_ms <= after.start_ms


@given(st.text(max_size=400))
def test_nothing_of_the_text_is_lost(text: str) -> None:
    shown = "".join(line for cue in cues([one(text, 0, 60_000)]) for line in cue.lines)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(captions)
def test_a_vtt_file_has_one_block_for_each_cue(given_captions: list[Caption]) -> None:
    blocks = vtt(given_captions).removesuffix("\n").split("\n\n")[1:]
    found = cues(given_captions)
    assert len(blocks) == len(found)
    for block, cue in zip(blocks, found, strict=True):
        times, _, text = block.partition("\n")
        assert times.count("-->") == 1
        assert "-->" not in text
        assert html.unescape(text).split("\n") == list(cue.lines)
