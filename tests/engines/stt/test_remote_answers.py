"""Transcripts in every shape that services send."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.engines.stt.contract import RecognizedWord
from syrinx.engines.stt.remote_answers import LANGUAGES, read_answer, words_of
from syrinx.errors import EngineError


def timed(*words: tuple[str, float, float]) -> list[RecognizedWord]:
    return [RecognizedWord(text=text, start_ms=start_ms, end_ms=end_ms) for text, start_ms, end_ms in words]


def test_a_verbose_answer_of_openai() -> None:
    understood = read_answer(
        json.dumps(
            {
                "task": "transcribe",
                "language": "german",
                "duration": 2.1,
                "text": " Guten Morgen, Welt.",
                "words": [
                    {"word": "Guten", "start": 0.1, "end": 0.4},
                    {"word": "Morgen", "start": 0.4, "end": 0.9},
                    {"word": "Welt", "start": 1.2, "end": 1.6},
                ],
                "segments": [{"text": " Guten Morgen, Welt.", "start": 0.0, "end": 2.0, "avg_logprob": -0.1}],
            }
        ).encode(),
        host="far",
    )
    assert understood.text == "Guten Morgen, Welt."
    assert understood.language == "de"
    assert understood.confidence == pytest.approx(0.905, abs=0.01)
    assert [(word.text, word.start_ms, word.end_ms) for word in understood.words] == [
        ("Guten", 100, 400),
        ("Morgen,", 400, 900),
        ("Welt.", 1_200, 1_600),
    ]
    assert [(part.text, part.start_ms, part.end_ms) for part in understood.segments] == [
        ("Guten Morgen, Welt.", 0, 2_000)
    ]


def test_whisper_cpp_times_pieces_of_words_within_segments() -> None:
    understood = read_answer(
        json.dumps(
            {
                "language": "english",
                "text": " Hello, whippersnappers.\n And off.\n",
                "segments": [
                    {
                        "text": " Hello, whippersnappers.",
                        "start": 0.0,
                        "end": 1.5,
                        "words": [
                            {"word": "[_BEG_]", "start": 0.0, "end": 0.0},
                            {"word": " Hello", "start": 0.0, "end": 0.4},
                            {"word": ",", "start": 0.4, "end": 0.5},
                            {"word": " whip", "start": 0.5, "end": 0.8},
                            {"word": "persnappers", "start": 0.8, "end": 1.4},
                            {"word": ".", "start": 1.4, "end": 1.5},
                        ],
                    },
                    {
                        "text": " And off.",
                        "start": 1.5,
                        "end": 2.0,
                        "words": [
                            {"word": " And", "start": 1.5, "end": 1.7},
                            {"word": " off", "start": 1.7, "end": 1.9},
                            {"word": ".", "start": 1.9, "end": 2.0},
                        ],
                    },
                ],
            }
        ).encode(),
        host="far",
    )
    assert [(word.text, word.start_ms, word.end_ms) for word in understood.words] == [
        ("Hello,", 0, 500),
        ("whippersnappers.", 500, 1_500),
        ("And", 1_500, 1_700),
        ("off.", 1_700, 2_000),
    ]
    assert [part.text for part in understood.segments] == ["Hello, whippersnappers.", "And off."]


def test_a_plain_answer_has_its_text_alone() -> None:
    understood = read_answer(b'{"text": " so it is \\n"}', host="far")
    assert (understood.text, understood.language, understood.words, understood.segments) == ("so it is", None, (), ())


def test_words_without_a_time_lie_between_their_neighbours() -> None:
    words = words_of("It cost 30 dollars then.", timed(("it", 0, 100), ("cost", 100, 300), ("then", 900, 1_000)))
    assert [(word.text, word.start_ms, word.end_ms) for word in words] == [
        ("It", 0, 100),
        ("cost", 100, 300),
        ("30", 300, 600),
        ("dollars", 600, 900),
        ("then.", 900, 1_000),
    ]


def test_times_of_another_text_are_not_believed() -> None:
    assert words_of("one two three four", timed(("five", 0, 1), ("six", 1, 2))) == ()
    assert words_of("", timed(("five", 0, 1))) == ()


WORDS = st.lists(st.sampled_from(["a", "owl", "sings,", "at", "night.", "7"]), max_size=12)


@given(written=WORDS, told=st.lists(st.tuples(st.sampled_from(["a", "owl", "sings", " at"]), st.floats(0, 9_000))))
def test_words_are_those_of_the_text_in_order_or_none(written: list[str], told: list[tuple[str, float]]) -> None:
    words = words_of(" ".join(written), timed(*((text, at_ms, at_ms + 50) for text, at_ms in told)))
    assert [word.text for word in words] in ([], written)
    for word in words:
        assert word.start_ms <= word.end_ms
    for earlier, later in pairwise(words):
        assert earlier.end_ms <= later.start_ms


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"text": null}', b'{"error": "x"}', b"\xff\xfe"])
def test_what_is_no_transcript_is_an_error(body: bytes) -> None:
    with pytest.raises(EngineError, match="far sent"):
        read_answer(body, host="far")


@pytest.mark.parametrize(
    "content",
    [
        {"text": "so", "segments": 7, "words": "x", "language": ["en"]},
        {"text": "so", "segments": [{"text": "other", "start": 0, "end": 1}], "language": "klingon"},
        {"text": "so", "words": [{"word": "so", "start": None, "end": 1}, {"word": "so"}, 3]},
        {"text": "so", "segments": [{"text": "so", "start": float("nan"), "end": 1}]},
    ],
)
def test_odd_fields_count_as_absent(content: object) -> None:
    understood = read_answer(json.dumps(content).encode(), host="far")
    assert (understood.text, understood.language, understood.words, understood.segments) == ("so", None, (), ())


def test_every_language_is_named_once() -> None:
    assert len(LANGUAGES) == len(set(LANGUAGES)) == 100


def test_a_name_of_two_words_is_known() -> None:
    assert read_answer(b'{"text": "so", "language": "Haitian Creole"}', host="far").language == "ht"
