"""What Whisper makes up is not believed, and what people say is."""

from __future__ import annotations

import pytest
from tests.engines.stt.whisper_stand_in import words_of

from syrinx.engines.stt.whisper_doubts import Hypothesis, believed, is_repetitive


def heard(text: str, *, avg_logprob: float = -0.2, no_speech_prob: float = 0.05) -> Hypothesis:
    return Hypothesis(words=words_of(text), avg_logprob=avg_logprob, no_speech_prob=no_speech_prob)


def test_what_is_said_clearly_is_believed_word_for_word() -> None:
    for text, voiced_ms in (
        ("Thank you.", 600),
        ("Bye!", 400),
        ("I would like to go home now.", 1500),
        ("no no no no no", 900),
    ):
        assert believed(heard(text), voiced_ms=voiced_ms).text == text


@pytest.mark.parametrize(
    ("hypothesis", "voiced_ms"),
    [
        (heard("Thank you.", avg_logprob=-0.7), 600),
        (heard("Thanks for watching!", no_speech_prob=0.5), 900),
        (heard("Thank you."), 150),
        (heard("ご視聴ありがとうございました", avg_logprob=-0.8), 800),
        (heard("anything at all", avg_logprob=-1.2, no_speech_prob=0.8), 2000),
        (heard("so many words in hardly any time at all"), 300),
    ],
)
def test_what_the_audio_hardly_bears_out_is_nothing(hypothesis: Hypothesis, voiced_ms: float) -> None:
    assert believed(hypothesis, voiced_ms=voiced_ms).text == ""


def test_a_phrase_without_end_is_said_once() -> None:
    looped = heard("I went home " + "and then " * 9 + "slept")
    assert is_repetitive(looped)
    assert believed(looped, voiced_ms=9000).text == "I went home and then slept"
    assert believed(heard("you " * 20), voiced_ms=9000).text == "you"
    assert not is_repetitive(heard("no, no, no, I did not say that"))


def test_text_that_is_far_too_even_is_repetitive() -> None:
    assert is_repetitive(heard("la li la lo " * 3 + "la li lu la lo li " * 9))
    assert not is_repetitive(heard("produced the block books, which were the predecessors of the true printed book"))
