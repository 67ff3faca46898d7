"""The rules of the floor as tables: what is told, and what is to be done about it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from syrinx.conversation.turn_actions import Action
from syrinx.conversation.turn_events import (
    Interrupted,
    Left,
    ListeningWanted,
    ReplyEnded,
    ReplyPlayed,
    ReplyProgressed,
    ReplyShown,
    Returned,
    Tick,
    TurnEvent,
    TurnRules,
    Typed,
)
from syrinx.conversation.turn_taking import TurnTaking
from syrinx.errors import EngineError
from syrinx.speech.events import (
    HearingFailed,
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)

STARTED = SpeechStarted(at_ms=0, speech_from_ms=0)
RESUMED = SpeechResumed(at_ms=0)
LISTEN = ListeningWanted(wanted=True)
DO_NOT_LISTEN = ListeningWanted(wanted=False)
LOST = EngineError("lost")


def words(text: str) -> PartialTranscript:
    return PartialTranscript(at_ms=0, text=text)


def paused(text: str) -> SpeechPaused:
    return SpeechPaused(at_ms=0, speech_until_ms=0, text=text)


def ended(text: str) -> UtteranceEnded:
    return UtteranceEnded(at_ms=0, speech_until_ms=0, text=text, reason="silence", transcript_took_ms=0)


class Floor:
    """A TurnTaking with a clock of its own; actions are read as short lines."""

    def __init__(self, *, barge_in: bool = False, **rules: Any) -> None:
        self.turns = TurnTaking(rules=TurnRules(**rules), barge_in=barge_in)
        self.now_ms = 0.0

    def after(self, wait_ms: float) -> Floor:
        self.now_ms += wait_ms
        return self

    def tell(self, *events: TurnEvent) -> list[str]:
        return [line(action) for event in events for action in self.turns.handle(event, self.now_ms)]

    def tick(self, wait_ms: float) -> list[str]:
        """Let time pass as a shell would: Ticks come at the deadlines."""
        until_ms = self.now_ms + wait_ms
        lines: list[str] = []
        while (due_ms := self.turns.deadline_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            lines += self.tell(Tick())
        self.now_ms = until_ms
        return lines

    def ask(self, text: str = "what is the time") -> int:
        """Have something said and its reply begin to be made; gives the reply's number."""
        lines = self.tell(STARTED, ended(text))
        return int(next(part for part in lines if part.startswith("commit")).split()[1].rstrip(":"))

    def speaking(self, text: str = "what is the time") -> int:
        reply = self.ask(text)
        self.tell(ReplyShown(reply=reply, audible=True))
        return reply


def line(action: Action) -> str:
    values: dict[str, Any] = {field.name: getattr(action, field.name) for field in dataclasses.fields(action)}
    match type(action).__name__:
        case "ShowState":
            return f"state {values['state']}" + (" heard" if values["listening"] else "")
        case "ShowTranscript":
            return f"{'final' if values['final'] else 'partial'} {values['turn']}: {values['text']}"
        case "SetEar":
            return "ear on" if values["open"] else "ear off"
        case "PrepareReply" | "CommitReply":
            return (
                f"{'prepare' if 'Prepare' in type(action).__name__ else 'commit'} {values['reply']}: {values['text']}"
            )
        case "StopReply":
            return f"stop {values['reply']} {values['reason']}" + ("" if values["audible"] else " unheard")
        case "HoldReply" | "ResumeReply":
            name = "hold" if "Hold" in type(action).__name__ else "resume"
            return f"{name} {values['reply']}" + ("" if values["audible"] else " unheard")
        case "BeginAudio":
            return f"audio {values['reply']}"
        case "DiscardReply":
            return f"discard {values['reply']}"
        case "ReportFailure":
            return f"failure {values['turn']} {values['error'].code}"
        case name:
            return name


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


@pytest.mark.parametrize("said", ["", "mm-hm", "uh-huh", "yeah", "okay"])
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
