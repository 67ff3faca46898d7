"""The rules of the floor as tables: turns, automatic listening, failures, coming and going."""

from __future__ import annotations

import pytest
from tests.conversation.floor import DO_NOT_LISTEN, LISTEN, LOST, STARTED, Floor, ended, words

from syrinx.conversation.turn_events import (
    Interrupted,
    Left,
    ReplyEnded,
    ReplyPlayed,
    ReplyProgressed,
    ReplyShown,
    Returned,
    TurnEvent,
    Typed,
)
from syrinx.speech.events import (
    HearingFailed,
)

# A turn without interruptions.


def test_a_turn_goes_from_listening_over_hearing_and_thinking_to_speaking_and_back() -> None:
    floor = Floor(barge_in=True)
    assert floor.tell(LISTEN) == ["ear on", "state listening heard"]
    assert floor.tell(STARTED) == ["state hearing heard"]
    assert floor.tell(words("what is")) == ["partial 1: what is"]
    assert floor.tell(ended("what is the time")) == [
        "final 1: what is the time",
        "prepare 1: what is the time",
        "commit 1: what is the time",
        "state thinking heard",
    ]
    assert floor.tell(ReplyShown(reply=1, audible=True)) == ["audio 1", "state speaking heard"]
    assert floor.tell(ReplyEnded(reply=1)) == []
    assert floor.tell(ReplyPlayed(reply=1)) == ["stop 1 finished", "state listening heard"]


def test_a_noise_without_words_is_not_answered() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    assert floor.tell(STARTED, ended("")) == ["state hearing heard", "state listening heard"]


def test_words_that_turn_out_to_be_none_are_withdrawn() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED)
    assert floor.tell(words("uh"), ended("")) == ["partial 1: uh", "final 1: ", "state listening heard"]


def test_every_utterance_has_a_turn_of_its_own() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, ended(""))
    assert "final 2: hello" in floor.tell(STARTED, ended("hello"))


def test_nothing_is_heard_before_it_is_wanted() -> None:
    assert Floor().tell(STARTED, words("hello"), ended("hello")) == []


def test_a_typed_turn_is_answered_without_the_microphone() -> None:
    floor = Floor()
    assert floor.tell(Typed(text="hello")) == ["prepare 1: hello", "commit 1: hello", "state thinking"]
    floor.tell(ReplyShown(reply=1, audible=True), ReplyEnded(reply=1))
    assert floor.tell(ReplyPlayed(reply=1)) == ["stop 1 finished", "state idle"]


def test_a_reply_without_sound_is_over_when_it_has_been_shown() -> None:
    floor = Floor()
    floor.tell(Typed(text="hello"))
    assert floor.tell(ReplyShown(reply=1, audible=False)) == []
    assert floor.tell(ReplyEnded(reply=1)) == ["stop 1 finished unheard", "state idle"]


def test_a_reply_is_not_over_before_it_has_all_been_sent() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    reply = floor.speaking()
    assert floor.tell(ReplyPlayed(reply=reply)) == []
    assert floor.turns.state == "speaking"


# Automatic listening (seed 2).


def test_the_microphone_rests_while_the_reply_sounds_and_is_heard_again_after_it() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    reply = floor.ask()
    assert floor.tell(ReplyShown(reply=reply, audible=True)) == ["audio 1", "state speaking"]
    assert floor.tell(ReplyEnded(reply=reply), ReplyPlayed(reply=reply)) == [
        "stop 1 finished",
        "state listening heard",
    ]


@pytest.mark.parametrize(
    ("by_hand", "heard_after"),
    [
        ((), True),
        ((DO_NOT_LISTEN,), False),
        ((LISTEN,), True),
        ((DO_NOT_LISTEN, LISTEN), True),
        ((LISTEN, DO_NOT_LISTEN), False),
    ],
)
def test_what_the_person_presses_while_the_reply_sounds_wins(by_hand: tuple[TurnEvent, ...], heard_after: bool) -> None:
    floor = Floor()
    floor.tell(LISTEN)
    reply = floor.speaking()
    floor.tell(*by_hand)
    floor.tell(ReplyEnded(reply=reply), ReplyPlayed(reply=reply))
    assert floor.turns.listening is heard_after


def test_a_press_while_the_reply_sounds_opens_the_microphone_at_once() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.tell(LISTEN) == ["state speaking heard"]


def test_listening_is_not_begun_for_someone_who_never_asked_for_it() -> None:
    floor = Floor()
    floor.tell(Typed(text="hello"), ReplyShown(reply=1, audible=True), ReplyEnded(reply=1), ReplyPlayed(reply=1))
    assert not floor.turns.listening


def test_with_an_open_microphone_the_reply_does_not_stop_the_listening() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.turns.listening


@pytest.mark.parametrize("reason", ["interrupted", "failed"])
def test_the_microphone_is_heard_again_however_the_reply_ends(reason: str) -> None:
    floor = Floor()
    floor.tell(LISTEN)
    reply = floor.speaking()
    if reason == "interrupted":
        floor.tell(Interrupted())
    else:
        floor.tell(ReplyEnded(reply=reply, error=LOST), ReplyPlayed(reply=reply))
    assert floor.turns.listening
    assert floor.turns.state == "listening"


def test_stopping_to_listen_ends_the_utterance_and_it_is_answered() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, words("what is"))
    assert floor.tell(DO_NOT_LISTEN) == ["ReleaseUtterance", "state thinking"]
    assert floor.tell(ended("what is the time")) == [
        "final 1: what is the time",
        "prepare 1: what is the time",
        "commit 1: what is the time",
        "ear off",
    ]


def test_stopping_to_listen_in_silence_just_stops() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    assert floor.tell(DO_NOT_LISTEN) == ["ear off", "state idle"]


# Failures and watchdogs.


def test_a_reply_that_fails_before_anything_is_out_is_reported_and_listening_goes_on() -> None:
    floor = Floor()
    floor.tell(LISTEN)
    reply = floor.ask()
    assert floor.tell(ReplyEnded(reply=reply, error=LOST)) == [
        "failure 1 engine_failed",
        "stop 1 failed unheard",
        "state listening heard",
    ]


def test_a_reply_that_breaks_off_is_played_as_far_as_it_came() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    reply = floor.speaking()
    assert floor.tell(ReplyEnded(reply=reply, error=LOST)) == ["failure 1 engine_failed"]
    assert floor.tell(ReplyPlayed(reply=reply)) == ["stop 1 failed", "state listening heard"]


@pytest.mark.parametrize("audible", [False, True])
def test_an_engine_that_gives_nothing_is_given_up(audible: bool) -> None:
    floor = Floor(silent_engine_ms=30_000)
    floor.tell(LISTEN)
    reply = floor.ask()
    if audible:
        floor.tell(ReplyShown(reply=reply, audible=True))
    assert floor.tick(29_000) == []
    assert floor.tick(2000)[0] == "failure 1 engine_timeout"
    assert floor.turns.state == "listening"


def test_a_reply_that_moves_on_is_not_given_up() -> None:
    floor = Floor(silent_engine_ms=30_000)
    floor.tell(LISTEN)
    reply = floor.ask()
    for _ in range(5):
        assert floor.tick(20_000) == []
        floor.tell(ReplyProgressed(reply=reply))
    assert floor.turns.state == "thinking"


def test_a_failing_ear_is_reported_and_the_held_reply_goes_on() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED)
    assert floor.tell(HearingFailed(at_ms=0, error=LOST)) == [
        "failure 2 engine_failed",
        "resume 1",
        "state speaking heard",
    ]


def test_an_utterance_of_which_nothing_more_is_heard_is_ended_and_then_given_up() -> None:
    floor = Floor(utterance_ms=40_000, transcript_ms=15_000)
    floor.tell(LISTEN, STARTED, words("well"))
    assert floor.tick(41_000) == ["ReleaseUtterance", "state thinking heard"]
    assert floor.tick(15_000) == [
        "failure 1 engine_timeout",
        "DiscardUtterance",
        "final 1: ",
        "state listening heard",
    ]


def test_a_conversation_in_which_nothing_happens_is_closed_once() -> None:
    floor = Floor(idle_ms=900_000)
    floor.tell(LISTEN)
    assert floor.tick(899_000) == []
    assert floor.tick(2000) == ["CloseIdle"]
    assert floor.tick(2_000_000) == []


def test_a_long_reply_is_no_idle_time() -> None:
    floor = Floor(idle_ms=900_000)
    floor.tell(LISTEN)
    reply = floor.speaking()
    floor.tell(ReplyEnded(reply=reply))
    assert floor.tick(1_000_000) == []


@pytest.mark.parametrize(
    "stale",
    [
        ReplyShown(reply=1, audible=True),
        ReplyProgressed(reply=1),
        ReplyEnded(reply=1, error=LOST),
        ReplyPlayed(reply=1),
    ],
)
def test_what_tells_of_a_reply_that_is_over_changes_nothing(stale: TurnEvent) -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    floor.tell(STARTED, words("stop it now"), ended("stop it now"))
    assert floor.tell(stale) == []
    assert floor.turns.state == "thinking"


# Coming and going.


def test_a_lost_socket_stops_the_reply_and_the_listening_until_someone_returns() -> None:
    floor = Floor(barge_in=True)
    floor.tell(LISTEN)
    floor.speaking()
    assert floor.tell(Left()) == ["stop 1 interrupted", "ear off", "state idle"]
    assert floor.tell(STARTED, ended("hello")) == []
    assert floor.tell(Returned()) == ["ear on", "state listening heard"]


def test_a_lost_socket_drops_what_was_being_said() -> None:
    floor = Floor()
    floor.tell(LISTEN, STARTED, words("what is"))
    assert floor.tell(Left()) == ["final 1: ", "DiscardUtterance", "ear off", "state idle"]
