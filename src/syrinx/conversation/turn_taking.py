"""Who may speak: what hearing, the player and the reply tell goes in with its time, what is to be done comes out.

Pure: no tasks, no clock, no engines. The rules are those of docs/protocol.md, sections "Turns" and "Coming back":

| state     | who has the floor                                                       |
|-----------|-------------------------------------------------------------------------|
| idle      | nobody, and the microphone is not heard                                 |
| listening | nobody, and the microphone is heard                                     |
| hearing   | the person: an utterance is under way (a reply may be held beneath it)  |
| thinking  | a reply is being made, nothing of it is out yet                         |
| speaking  | a reply is sounding                                                     |

At most one reply is alive at any time; whatever tells of another one is stale and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from syrinx.conversation import turn_actions as actions
from syrinx.conversation.events import State, StopReason
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
from syrinx.conversation.turn_parts import PendingReply, Utterance, same_words, state_of, watched_until_ms
from syrinx.errors import EngineTimeout, SyrinxError
from syrinx.speech.events import (
    HearingFailed,
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)
from syrinx.text import is_backchannel, word_count


class TurnTaking:
    """Give every event to `handle`, do the actions that it returns in their order, and send Tick at `deadline_ms`.

    Times are ms of one steady clock. `turn` numbers grow by one per utterance or typed text, from `first_turn` on.
    `barge_in`, `language` and `listening_wanted` may be read at any time; the first two may also be set, and count
    from the next event on.
    """

    def __init__(
        self,
        *,
        rules: TurnRules | None = None,
        language: str = "en",
        barge_in: bool = False,
        first_turn: int = 1,
        at_ms: float = 0.0,
    ) -> None:
        self.rules = rules or TurnRules()
        self.language = language
        self.barge_in = barge_in
        self.listening_wanted = False
        self.state: State = "idle"
        self._next_turn = first_turn
        self._next_reply = 1
        self._stopped_automatically = False
        self._away = False
        self._ear_open = False
        self._shown: tuple[State, bool] = ("idle", False)
        self._utterance: Utterance | None = None
        self._reply: PendingReply | None = None
        self._active_ms = at_ms
        self._closing = False
        self._do: Callable[[actions.Action], None] = [].append

    @property
    def listening(self) -> bool:
        """Whether the microphone is being heard."""
        return self.listening_wanted and not self._stopped_automatically and not self._away

    @property
    def deadline_ms(self) -> float | None:
        """When a Tick is due at the latest; None when nothing waits for time to pass."""
        watched_ms = watched_until_ms(self._utterance, self._reply, self.rules)
        if watched_ms is None and self._may_idle_out():
            return self._active_ms + self.rules.idle_ms
        return watched_ms

    def handle(self, event: TurnEvent, at_ms: float) -> list[actions.Action]:
        """Take one event in and say what is to be done, in order."""
        done: list[actions.Action] = []
        self._do = done.append
        if not isinstance(event, Tick | ReplyProgressed):
            self._active_ms = at_ms
        match event:
            case SpeechStarted():
                self._speech_started(at_ms)
            case PartialTranscript(text=text):
                self._understood(text, at_ms)
            case SpeechPaused(text=text):
                self._speech_paused(text, at_ms)
            case SpeechResumed():
                self._speech_resumed(at_ms)
            case UtteranceEnded(text=text):
                self._utterance_ended(text, at_ms)
            case HearingFailed(error=error):
                self._do(actions.ReportFailure(turn=self._utterance.turn if self._utterance else None, error=error))
                self._utterance_ended("", at_ms)
            case ReplyShown() | ReplyProgressed() | ReplyEnded() | ReplyPlayed():
                self._reply_told(event, at_ms)
            case ListeningWanted(wanted=wanted):
                self._listening_wanted(wanted, at_ms)
            case Typed(text=text):
                self._typed(text, at_ms)
            case Interrupted():
                if self._reply is not None and self._reply.committed:
                    self._part_utterance(self._reply)
                    self._stop_reply("interrupted")
            case Left():
                self._away = True
                self._drop_utterance()
                self._stop_reply("interrupted")
            case Returned():
                self._away = False
            case Tick():
                self._time_passed(at_ms)
        self._settle()
        return done

    # What the person does.

    def _listening_wanted(self, wanted: bool, at_ms: float) -> None:
        # The person's own hand wins over what was stopped automatically, whichever way it goes.
        self._stopped_automatically = False
        self.listening_wanted = wanted
        utterance = self._utterance
        if utterance is not None and not wanted and not utterance.released:
            utterance.released = True
            utterance.event_ms = at_ms
            self._do(actions.ReleaseUtterance())

    def _typed(self, text: str, at_ms: float) -> None:
        self._drop_utterance()
        self._stop_reply("interrupted")
        self._answer(self._take_turn(), text, at_ms)

    # What hearing tells.

    def _speech_started(self, at_ms: float) -> None:
        if not self.listening or self._utterance is not None:
            return
        reply = self._reply
        if reply is not None and not reply.out:
            # Nothing of the reply is out: if these are words, they go on with what the person was saying.
            self._utterance = Utterance(turn=reply.turn, said_before=reply.said, event_ms=at_ms)
        else:
            self._utterance = Utterance(turn=self._take_turn(), event_ms=at_ms)
        if reply is not None:
            self._hold(reply, at_ms)

    def _understood(self, text: str, at_ms: float) -> None:
        """The words so far: show them, and let them cancel the reply beneath if they are meant."""
        utterance = self._utterance
        if utterance is None:
            return
        utterance.event_ms = at_ms
        if text == utterance.text:
            return
        utterance.text = text
        reply = self._reply
        if reply is not None and reply is not utterance.prepared:
            if not self._is_meant(text):
                return
            self._stop_reply("interrupted")
        self._show_transcript(utterance, final=False)

    def _speech_paused(self, text: str, at_ms: float) -> None:
        utterance = self._utterance
        if utterance is None:
            return
        self._understood(text, at_ms)
        utterance.quiet_ms = at_ms
        if utterance.prepared is not None and not same_words(utterance.prepared.said, utterance.whole_text):
            self._discard_prepared(utterance)
        may_prepare = utterance.preparations < self.rules.preparations and not utterance.released
        if self._reply is None and text.strip() and may_prepare:
            utterance.preparations += 1
            utterance.prepared = self._prepare(utterance.turn, utterance.whole_text, at_ms)

    def _speech_resumed(self, at_ms: float) -> None:
        if (utterance := self._utterance) is not None:
            utterance.event_ms = at_ms
            utterance.quiet_ms = None
            self._discard_prepared(utterance)

    def _utterance_ended(self, text: str, at_ms: float) -> None:
        utterance = self._utterance
        if utterance is None:
            return
        utterance.text = text
        reply = self._reply
        if reply is not None and reply is not utterance.prepared:
            if not self._is_meant(text):
                # A cough, an "mm-hm": the reply goes on as if nothing had been said.
                self._withdraw(utterance)
                self._utterance = None
                self._resume(reply, at_ms)
                return
            self._stop_reply("interrupted")
        self._utterance = None
        whole = utterance.whole_text
        if not whole:
            self._discard_prepared(utterance)
            self._withdraw(utterance)
            return
        self._show_transcript(utterance, final=True)
        if utterance.prepared is not None and same_words(utterance.prepared.said, whole):
            self._commit(utterance.prepared, whole, at_ms)
        else:
            self._discard_prepared(utterance)
            self._answer(utterance.turn, whole, at_ms)

    def _is_meant(self, text: str) -> bool:
        """Whether words spoken over a reply are meant to interrupt it: any words but a mere sign of listening."""
        return word_count(text) > 0 and not is_backchannel(text, self.language)

    # What the reply and its player tell.

    def _reply_told(self, event: ReplyShown | ReplyProgressed | ReplyEnded | ReplyPlayed, at_ms: float) -> None:
        reply = self._reply
        if reply is None or reply.number != event.reply:
            return
        match event:
            case ReplyShown(audible=audible):
                self._part_utterance(reply)
                reply.progress_ms = at_ms
                reply.out = True
                if audible and not reply.audible:
                    self._begin_audio(reply)
            case ReplyProgressed():
                reply.progress_ms = max(reply.progress_ms, at_ms)
            case ReplyEnded(error=error):
                self._reply_ended(reply, error)
            case ReplyPlayed():
                if reply.ended:
                    self._stop_reply("failed" if reply.failed else "finished")

    def _begin_audio(self, reply: PendingReply) -> None:
        reply.audible = True
        self._do(actions.BeginAudio(reply=reply.number, turn=reply.turn))
        if self.listening and not self.barge_in:
            self._stopped_automatically = True
            self._drop_utterance()

    def _reply_ended(self, reply: PendingReply, error: SyrinxError | None) -> None:
        reply.ended = True
        if not reply.committed:
            # A reply that was only prepared may fail unheard: at the end of the utterance another is made.
            if self._utterance is not None:
                self._discard_prepared(self._utterance)
            return
        if error is not None:
            reply.failed = True
            self._do(actions.ReportFailure(turn=reply.turn, error=error))
        if not reply.audible:
            self._part_utterance(reply)
            self._stop_reply("failed" if error else "finished")

    # What time brings.

    def _time_passed(self, at_ms: float) -> None:
        rules, reply, utterance = self.rules, self._reply, self._utterance
        if reply is not None and reply.held_ms is not None:
            quiet_ms = utterance.quiet_ms if utterance is not None else None
            nothing_said = quiet_ms is not None and at_ms >= quiet_ms + rules.decide_ms
            if nothing_said or at_ms >= reply.held_ms + rules.hold_ms:
                self._resume(reply, at_ms)
        elif reply is not None and reply.silent_for_ms(at_ms) >= rules.silent_engine_ms:
            seconds = round(rules.silent_engine_ms / 1000)
            error = EngineTimeout(f"no more of the reply came for {seconds} s: it was given up, please ask again")
            self._do(actions.ReportFailure(turn=reply.turn, error=error))
            self._part_utterance(reply)
            self._stop_reply("failed")
        if utterance is not None and utterance is self._utterance:
            self._utterance_watched(utterance, at_ms)
        if self._may_idle_out() and at_ms >= self._active_ms + rules.idle_ms:
            self._closing = True
            self._do(actions.CloseIdle())

    def _utterance_watched(self, utterance: Utterance, at_ms: float) -> None:
        """An utterance of which nothing is heard any more is first asked for its words, then given up."""
        if not utterance.released and at_ms >= utterance.event_ms + self.rules.utterance_ms:
            utterance.released = True
            utterance.event_ms = at_ms
            self._do(actions.ReleaseUtterance())
        elif utterance.released and at_ms >= utterance.event_ms + self.rules.transcript_ms:
            error = EngineTimeout("what was said was not understood in time: please say it again")
            self._do(actions.ReportFailure(turn=utterance.turn, error=error))
            self._do(actions.DiscardUtterance())
            self._utterance_ended("", at_ms)

    # Steps.

    def _take_turn(self) -> int:
        turn = self._next_turn
        self._next_turn += 1
        return turn

    def _prepare(self, turn: int, text: str, at_ms: float) -> PendingReply:
        reply = PendingReply(number=self._next_reply, turn=turn, said=text, progress_ms=at_ms)
        self._next_reply += 1
        self._reply = reply
        self._do(actions.PrepareReply(reply=reply.number, turn=turn, text=text))
        return reply

    def _commit(self, reply: PendingReply, text: str, at_ms: float) -> None:
        reply.committed = True
        reply.said = text
        reply.progress_ms = at_ms
        self._do(actions.CommitReply(reply=reply.number, turn=reply.turn, text=text))

    def _answer(self, turn: int, text: str, at_ms: float) -> None:
        self._commit(self._prepare(turn, text, at_ms), text, at_ms)

    def _hold(self, reply: PendingReply, at_ms: float) -> None:
        reply.held_ms = at_ms
        self._do(actions.HoldReply(reply=reply.number, turn=reply.turn, audible=reply.audible))

    def _resume(self, reply: PendingReply, at_ms: float) -> None:
        if reply.held_ms is None:
            return
        reply.held_ms = None
        reply.progress_ms = at_ms
        self._do(actions.ResumeReply(reply=reply.number, turn=reply.turn, audible=reply.audible))

    def _stop_reply(self, reason: StopReason) -> None:
        """End the reply, if there is one: silently where nothing of it is out."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        if self._utterance is not None and self._utterance.prepared is reply:
            self._utterance.prepared = None
        if reply.out or reply.failed or reason != "interrupted":
            self._do(actions.StopReply(reply=reply.number, turn=reply.turn, audible=reply.audible, reason=reason))
        else:
            self._do(actions.DiscardReply(reply=reply.number))
        self._stopped_automatically = False

    def _discard_prepared(self, utterance: Utterance) -> None:
        if utterance.prepared is not None and utterance.prepared is self._reply:
            self._reply = None
            self._do(actions.DiscardReply(reply=utterance.prepared.number))
        utterance.prepared = None

    def _part_utterance(self, reply: PendingReply) -> None:
        """What is being said no longer goes on with the reply's turn, for that has been answered or given up."""
        utterance = self._utterance
        if utterance is not None and utterance.turn == reply.turn and utterance.prepared is not reply:
            self._withdraw(utterance)
            utterance.turn = self._take_turn()
            utterance.said_before = ""

    def _drop_utterance(self) -> None:
        """Forget what is being said: it is not going to be answered."""
        utterance, self._utterance = self._utterance, None
        if utterance is None:
            return
        self._discard_prepared(utterance)
        self._withdraw(utterance)
        self._do(actions.DiscardUtterance())

    def _show_transcript(self, utterance: Utterance, *, final: bool) -> None:
        utterance.shown = True
        self._do(actions.ShowTranscript(turn=utterance.turn, text=utterance.whole_text, final=final))

    def _withdraw(self, utterance: Utterance) -> None:
        if utterance.shown:
            utterance.shown = False
            self._do(actions.ShowTranscript(turn=utterance.turn, text=utterance.said_before, final=True))

    def _may_idle_out(self) -> bool:
        return self._reply is None and self._utterance is None and not self._away and not self._closing

    def _settle(self) -> None:
        ear_open = not self._away and (self.listening_wanted or self._utterance is not None)
        if ear_open != self._ear_open:
            self._ear_open = ear_open
            self._do(actions.SetEar(open=ear_open))
        self.state = state_of(self._utterance, self._reply, listening=self.listening)
        shown = (self.state, self.listening)
        if shown != self._shown:
            self._shown = shown
            self._do(actions.ShowState(state=self.state, listening=self.listening))
