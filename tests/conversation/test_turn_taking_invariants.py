"""What must hold whatever is told in whatever order: hypothesis plays person, ear, engines and player."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from syrinx.conversation import turn_actions as actions
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

TEXTS = st.sampled_from(["", "mm-hm", "stop", "what is the time", "what is the time in paris"])
RULES = TurnRules()


class AnyTalk(RuleBasedStateMachine):
    """Keeps a shell's view of the world: which replies live, sound, are held."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = TurnTaking(rules=RULES)
        self.now_ms = 0.0
        self.alive: int | None = None
        self.committed = False
        self.sounding = False
        self.held_since_ms: float | None = None
        self.wanted = False
        self.away = False
        self.ear_open = False
        self.last_reply = 0
        self.last_turn = 0
        self.shown: tuple[str, bool] = ("idle", False)

    def tell(self, event: TurnEvent) -> list[actions.Action]:
        done = self.turns.handle(event, self.now_ms)
        for action in done:
            self.carry_out(action)
        return done

    def carry_out(self, action: actions.Action) -> None:
        match action:
            case actions.PrepareReply(reply=reply, turn=turn):
                assert self.alive is None, "a second reply is begun while one is alive"
                assert reply > self.last_reply
                assert turn >= self.last_turn
                self.alive, self.last_reply, self.last_turn = reply, reply, turn
                self.committed = False
            case actions.CommitReply(reply=reply, text=text):
                assert reply == self.alive
                assert text.strip()
                self.committed = True
            case actions.BeginAudio(reply=reply):
                assert reply == self.alive
                assert self.committed, "a reply sounds that may not be heard"
                assert self.held_since_ms is None, "a reply begins to sound beneath speech"
                assert not self.sounding
                self.sounding = True
            case actions.HoldReply(reply=reply, audible=audible):
                assert reply == self.alive
                assert audible is self.sounding
                self.held_since_ms = self.now_ms
            case actions.ResumeReply(reply=reply, audible=audible):
                assert reply == self.alive
                assert self.held_since_ms is not None
                assert audible is self.sounding
                self.held_since_ms = None
            case actions.DiscardReply(reply=reply):
                assert reply == self.alive
                assert not self.sounding, "a reply is thrown away in silence although it sounds"
                self.reply_over()
            case actions.StopReply(reply=reply, audible=audible):
                assert reply == self.alive
                assert audible is self.sounding
                self.reply_over()
            case actions.SetEar(open=wanted):
                assert wanted is not self.ear_open
                self.ear_open = wanted
            case actions.ShowState(state=state, listening=listening):
                assert (state, listening) != self.shown
                self.shown = (state, listening)
            case _:
                pass

    def reply_over(self) -> None:
        self.alive = None
        self.sounding = False
        self.committed = False
        self.held_since_ms = None

    @rule(event=st.sampled_from([SpeechStarted(at_ms=0, speech_from_ms=0), SpeechResumed(at_ms=0)]))
    def hearing(self, event: TurnEvent) -> None:
        self.tell(event)

    @rule(text=TEXTS, kind=st.sampled_from(["partial", "paused", "ended", "failed"]))
    def words(self, text: str, kind: str) -> None:
        event: TurnEvent
        match kind:
            case "partial":
                event = PartialTranscript(at_ms=0, text=text)
            case "paused":
                event = SpeechPaused(at_ms=0, speech_until_ms=0, text=text)
            case "failed":
                event = HearingFailed(at_ms=0, error=EngineError("lost"))
            case _:
                event = UtteranceEnded(at_ms=0, speech_until_ms=0, text=text, reason="silence", transcript_took_ms=0)
        self.tell(event)

    @rule(wanted=st.booleans())
    def button(self, wanted: bool) -> None:
        self.wanted = wanted
        self.tell(ListeningWanted(wanted=wanted))

    @rule()
    def types(self) -> None:
        self.tell(Typed(text="hello"))
        assert self.alive is not None

    @rule()
    def interrupts(self) -> None:
        self.tell(Interrupted())
        assert not self.sounding

    @rule(barge_in=st.booleans())
    def chooses(self, barge_in: bool) -> None:
        self.turns.barge_in = barge_in

    @rule(away=st.booleans())
    def leaves_or_returns(self, away: bool) -> None:
        self.away = away
        self.tell(Left() if away else Returned())
        if away:
            assert self.alive is None
            assert not self.ear_open

    @precondition(lambda self: self.alive is not None and self.committed and self.held_since_ms is None)
    @rule(audible=st.booleans())
    def more_of_the_reply(self, audible: bool) -> None:
        assert self.alive is not None
        self.tell(ReplyShown(reply=self.alive, audible=audible))

    @precondition(lambda self: self.alive is not None)
    @rule(failed=st.booleans())
    def reply_ends(self, failed: bool) -> None:
        assert self.alive is not None
        self.tell(ReplyEnded(reply=self.alive, error=EngineError("lost") if failed else None))

    @precondition(lambda self: self.sounding)
    @rule()
    def reply_played(self) -> None:
        assert self.alive is not None
        self.tell(ReplyPlayed(reply=self.alive))

    @rule(back=st.integers(min_value=1, max_value=50), event=st.sampled_from([ReplyShown, ReplyEnded, ReplyPlayed]))
    def stale(self, back: int, event: type[Any]) -> None:
        number = (self.alive or self.last_reply + 1) - back
        values = {"audible": True} if event is ReplyShown else {}
        assert self.tell(event(reply=number, **values)) == []

    @rule(wait_ms=st.sampled_from([10.0, 400.0, 1300.0, 7000.0, 35_000.0]))
    def time_passes(self, wait_ms: float) -> None:
        until_ms = self.now_ms + wait_ms
        ticks = 0
        while (due_ms := self.turns.deadline_ms) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self.tell(Tick())
            ticks += 1
            assert ticks < 10, "a deadline is not settled by its Tick"
        self.now_ms = until_ms

    @rule()
    def reply_moves_on(self) -> None:
        if self.alive is not None:
            assert self.tell(ReplyProgressed(reply=self.alive)) == []

    @invariant()
    def what_is_held_is_let_go_in_time(self) -> None:
        if self.held_since_ms is not None:
            assert self.now_ms < self.held_since_ms + RULES.hold_ms

    @invariant()
    def nothing_sounds_in_a_state_that_denies_it(self) -> None:
        assert self.shown == (self.turns.state, self.turns.listening)
        if self.turns.state == "speaking":
            assert self.sounding
        if self.turns.state in {"idle", "listening"}:
            assert self.alive is None or not self.committed

    @invariant()
    def the_microphone_is_heard_when_and_only_when_it_may_be(self) -> None:
        assert self.turns.listening_wanted is self.wanted
        if self.turns.listening:
            assert self.wanted
            assert not self.away
            assert self.ear_open
        if self.wanted and not self.away and not self.sounding:
            assert self.turns.listening

    def teardown(self) -> None:
        """Left alone, every talk comes to rest: listening if that is wanted, idle if not."""
        if self.away:
            self.leaves_or_returns(away=False)
        if self.alive is not None:
            self.reply_ends(failed=False)
        self.time_passes(60_000.0)
        if self.alive is not None:
            self.tell(ReplyPlayed(reply=self.alive))
            self.time_passes(60_000.0)
        if self.alive is not None:  # an answer to what was being said
            self.reply_ends(failed=True)
        assert self.turns.state == ("listening" if self.wanted else "idle")


TestAnyTalk = AnyTalk.TestCase
TestAnyTalk.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
