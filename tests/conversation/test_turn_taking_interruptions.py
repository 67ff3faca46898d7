"""The rules of the floor as tables: speech over a reply, over its making, and replies prepared early."""

from __future__ import annotations

import pytest
from tests.conversation.floor import LISTEN, LOST, RESUMED, STARTED, Floor, ended, paused, words

from syrinx.conversation.turn_events import (
    Interrupted,
    ReplyEnded,
    ReplyShown,
    Typed,
)

# Speaking over the reply.


def test_speech_over_the_reply_holds_it_and_words_cancel_it() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.tell(STARTED) == ["hold 1", "state hearing heard"]
    assert floor.tell(words("no wait")) == ["stop 1 interrupted", "partial 2: no wait"]
    assert floor.tell(ended("no wait a moment")) == [
        "final 2: no wait a moment",
        "prepare 2: no wait a moment",
        "commit 2: no wait a moment",
        "state thinking heard",
    ]


@pytest.mark.parametrize("said", ["stop", "wait please", "what is that", "yeah but why"])
def test_words_that_mean_something_cancel_the_reply(said: str) -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    assert "stop 1 interrupted" in floor.tell(words(said))


@pytest.mark.parametrize(
    ("language", "orders"),
    [
        ("en", "stop, wait, no, hold on, hang on, shut up, okay stop, yeah no, quiet, enough"),
        ("es", "para, espera, no, alto, basta, cállate, vale para, un momento"),
        ("fr", "stop, arrête, attends, non, tais-toi, d'accord stop, ça suffit"),
        ("de", "stopp, halt, warte, nein, moment, sei still, okay stopp"),
        ("it", "ferma, fermati, basta, aspetta, no, zitto, va bene basta"),
        ("pt", "para, pare, espera, não, chega, cala a boca, tá bom chega"),
        ("zh", "停, 停下, 等等, 等一下, 不, 不要, 闭嘴, 别说了, 好的停"),
        ("ja", "止めて, ストップ, 待って, いや, だめ, 黙って, はいストップ"),
        ("hi", "रुको, रुकिए, नहीं, बस, चुप, ठीक है रुको"),
    ],
)
def test_a_clear_stop_cancels_the_reply_with_its_first_partial_words(language: str, orders: str) -> None:
    for said in orders.split(", "):
        floor = Floor(barge_in=True)
        floor.turns.language = language
        floor.tell(LISTEN)
        floor.speaking()
        assert floor.tell(STARTED) == ["hold 1", "state hearing heard"]
        assert floor.tell(words(said)) == ["stop 1 interrupted", f"partial 2: {said}"]


@pytest.mark.parametrize("said", ["", "mm-hm", "uh-huh", "yeah", "okay", "yeah okay"])
def test_a_cough_or_a_nod_lets_the_reply_go_on(said: str) -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.tell(STARTED, words(said)) == ["hold 1", "state hearing heard"]
    assert floor.tell(ended(said)) == ["resume 1", "state speaking heard"]


def test_a_held_reply_goes_on_when_the_noise_has_been_over_for_long_enough() -> None:
    floor = Floor(barge_in=True, decide_ms=1200)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    floor.after(300).tell(paused(""))
    assert floor.tick(1100) == []
    assert floor.tick(200) == ["resume 1", "state speaking heard"]


def test_a_held_reply_goes_on_beneath_a_noise_that_never_ends() -> None:
    floor = Floor(barge_in=True, hold_ms=6000)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    assert floor.tick(5900) == []
    assert floor.tick(200) == ["resume 1", "state speaking heard"]


def test_words_that_come_after_the_reply_went_on_still_cancel_it() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    floor.tick(7000)
    assert floor.tell(words("stop that")) == ["stop 1 interrupted", "partial 2: stop that", "state hearing heard"]


def test_speech_over_the_rest_of_a_reply_that_has_all_been_sent_holds_it_too() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.tell(ReplyEnded(reply=floor.speaking()))
    assert floor.tell(STARTED) == ["hold 1", "state hearing heard"]
    assert floor.tell(ended("")) == ["resume 1", "state speaking heard"]


def test_the_button_stops_the_reply_at_once() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.tell(Interrupted()) == ["stop 1 interrupted", "state listening heard"]


def test_the_button_stops_a_reply_of_which_nothing_is_out_without_a_sound() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.ask()
    assert floor.tell(Interrupted()) == ["discard 1", "state listening heard"]


def test_the_button_does_nothing_when_nothing_is_under_way() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    assert floor.tell(Interrupted()) == []


def test_typing_interrupts_the_reply_and_what_is_being_said() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    assert floor.tell(Typed(text="never mind")) == [
        "DiscardUtterance",
        "stop 1 interrupted",
        "prepare 2: never mind",
        "commit 2: never mind",
        "state thinking heard",
    ]


# Words said while the reply is being thought of.


def test_words_said_while_thinking_go_on_with_the_same_turn() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.ask("tell me a story")
    assert floor.tell(STARTED) == ["hold 1 unheard", "state hearing heard"]
    assert floor.tell(words("about a fox")) == ["discard 1", "partial 1: tell me a story about a fox"]
    assert floor.tell(ended("about a fox")) == [
        "final 1: tell me a story about a fox",
        "prepare 2: tell me a story about a fox",
        "commit 2: tell me a story about a fox",
        "state thinking heard",
    ]


def test_a_cough_while_thinking_only_delays_the_reply() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.ask()
    floor.tell(STARTED)
    assert floor.tell(ended("")) == ["resume 1 unheard", "state thinking heard"]


def test_words_said_while_thinking_that_turn_out_to_be_none_leave_the_question_to_be_answered() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.ask("tell me a story")
    floor.tell(STARTED, words("now please"))
    assert floor.tell(ended("")) == [
        "final 1: tell me a story",
        "prepare 2: tell me a story",
        "commit 2: tell me a story",
        "state thinking heard",
    ]


def test_what_is_said_goes_on_in_a_turn_of_its_own_once_the_reply_is_out() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    reply = floor.ask("tell me a story")
    floor.tell(STARTED)
    floor.tick(7000)
    floor.tell(ReplyShown(reply=reply, audible=True))
    assert floor.tell(words("no stop")) == ["stop 1 interrupted", "partial 2: no stop", "state hearing heard"]


# The reply prepared before the end of the utterance is confirmed.


def test_a_reply_is_prepared_in_a_pause_and_used_when_the_words_stay_the_same() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, words("what is the time"))
    assert floor.tell(paused("what is the time")) == ["prepare 1: what is the time"]
    assert floor.tell(ended("What is the time?")) == [
        "final 1: What is the time?",
        "commit 1: What is the time?",
        "state thinking heard",
    ]


def test_a_prepared_reply_is_thrown_away_when_the_speaker_goes_on() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, paused("what is the time"))
    assert floor.tell(RESUMED) == ["discard 1"]
    assert "commit 2: what is the time in paris" in floor.tell(ended("what is the time in paris"))


def test_a_prepared_reply_is_thrown_away_when_the_final_words_differ() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, paused("what is the dime"))
    assert floor.tell(ended("what is the time"))[1:4] == [
        "discard 1",
        "prepare 2: what is the time",
        "commit 2: what is the time",
    ]


def test_replies_are_prepared_only_so_often_per_utterance() -> None:
    floor = Floor(preparations=2)
    floor.tell(LISTEN, STARTED)
    prepared: list[str] = []
    for text in ("one", "one two", "one two three", "one two three four"):
        prepared += [part for part in floor.tell(paused(text), RESUMED) if part.startswith("prepare")]
    assert prepared == ["prepare 1: one", "prepare 2: one two"]


def test_preparing_can_be_switched_off() -> None:
    floor = Floor(preparations=0)
    floor.tell(LISTEN, STARTED)
    assert floor.tell(paused("what is the time")) == ["partial 1: what is the time"]


def test_nothing_is_prepared_for_a_noise() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED)
    assert floor.tell(paused("")) == []


def test_a_prepared_reply_that_fails_unheard_is_made_anew() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, paused("hello"))
    assert floor.tell(ReplyEnded(reply=1, error=LOST)) == ["discard 1"]
    assert "commit 2: hello" in floor.tell(ended("hello"))
