"""One talk: its engines, tasks and memory behind calls that never block, its events read from one stream.

Turn-taking decides (turn_taking.py), this does: every outside event goes through `_tell`, whose actions are carried out
in order. The microphone's ear is one task, a reply under way another; a conversation in which nothing happens has none
but `run`, and one timer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Literal

from syrinx.accounts import LOCAL_USER
from syrinx.audio.pcm import PcmChunk
from syrinx.conversation import turn_actions as actions
from syrinx.conversation.characters import Cast
from syrinx.conversation.dictionary import Dictionary, ReadPronunciations, no_pronunciations
from syrinx.conversation.ear import OpenEar, open_ear
from syrinx.conversation.events import (
    AudioPaused,
    AudioResumed,
    AudioStopped,
    ConversationEvent,
    Failed,
    Notice,
    SpeakerNext,
    State,
    StateChanged,
)
from syrinx.conversation.keeping import Keep, Keeping
from syrinx.conversation.memory import Memory
from syrinx.conversation.microphone import Microphone
from syrinx.conversation.outbox import Outbox
from syrinx.conversation.replying import Replying
from syrinx.conversation.settings import (
    MAX_TYPED_CHARS,
    ConversationRules,
    ConversationSettings,
    Engines,
    SettingsChange,
)
from syrinx.conversation.talk_tasks import TalkTasks
from syrinx.conversation.turn_events import (
    Interrupted,
    Left,
    ListeningWanted,
    ReplyPlayed,
    ReplyProgressed,
    Returned,
    Tick,
    TurnEvent,
    Typed,
)
from syrinx.conversation.turn_taking import TurnTaking
from syrinx.conversation.understanding import Understanding
from syrinx.errors import BadInput, SyrinxError
from syrinx.speech.events import HearingFailed, PartialTranscript, SpeechPaused, UtteranceEnded

CloseReason = Literal["asked", "idle", "overrun", "expired", "stopping"]


class Conversation:
    """Everything but `run`, `change` and `aclose` returns at once. To be used from one event loop.

    `events` may be read by one reader at a time. After `detach` nobody reads: the reply under way is stopped and events
    are dropped until `attach`. `clock` counts seconds; only differences matter. `pronunciations` are asked for at every
    utterance and every reply; while they cannot be read, those read last hold, and the reader is told once. `keep`
    gets each turn of `user`'s talk as it changes, in the background; a `conversation_id` is one of which something is
    kept already, and `memory` what that was.
    """

    def __init__(
        self,
        *,
        engines: Engines,
        settings: ConversationSettings | None = None,
        rules: ConversationRules | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
        ear: OpenEar = open_ear,
        pronunciations: ReadPronunciations = no_pronunciations,
        user: str = LOCAL_USER,
        conversation_id: str | None = None,
        keep: Keep | None = None,
    ) -> None:
        self.id = conversation_id or secrets.token_urlsafe(12)
        self.user = user
        self.resume_token = secrets.token_urlsafe(24)
        self.settings = settings or ConversationSettings()
        self.memory = memory or Memory()
        self.close_reason: CloseReason | None = None
        self._engines = engines
        self._clock = clock
        self._rules = rules or ConversationRules()
        self._outbox = Outbox()
        self._understanding = Understanding(self.settings.language, assumed=self._rules.language)
        last_turn = max((entry.turn for entry in self.memory.entries), default=0)
        self._turns = TurnTaking(
            rules=self._rules.turns,
            language=self._understanding.language,
            barge_in=self.settings.barge_in,
            first_turn=last_turn + 1,
            at_ms=self._now_ms(),
        )
        self._microphone = Microphone(open_ear=ear, engines=engines, rules=self._rules.endpointing)
        self._dictionary = Dictionary(pronunciations, tell=self._outbox.put)
        self.keeping = Keeping(
            keep,
            self.id,
            begun=conversation_id is not None,
            wanted=lambda: self.settings.keep,
            language=lambda: self._understanding.language,
            tell=self._outbox.put,
        )
        self.memory.watch(noted=self.keeping.note, forgotten=self.keeping.forgotten)
        self._replying = Replying(
            engines=engines,
            rules=self._rules,
            outbox=self._outbox,
            memory=self.memory,
            cast=Cast(self.settings.characters),
            dictionary=self._dictionary,
            now_ms=self._now_ms,
            tell=self._tell,
        )
        self._tasks = TalkTasks()
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    # What may be read.

    @property
    def state(self) -> State:
        return self._turns.state

    @property
    def listening(self) -> bool:
        return self._turns.listening

    @property
    def speaker(self) -> str:
        """Who answers next."""
        return self._replying.cast.answering().name

    def events(self) -> AsyncGenerator[ConversationEvent, None]:
        """What happens from now on, in order; ends when the conversation is closed (`close_reason` says why).

        Raises TakenOver when another reader begins, or after `detach`.
        """
        return self._outbox.events()

    # What the person does.

    def hear(self, chunk: PcmChunk) -> None:
        """Take microphone audio at 16 kHz, of any length; dropped while the microphone is not being heard.

        Raises BadAudio on another rate, RateLimited when audio comes much faster than it can be heard.
        """
        if self._turns.listening:
            self._microphone.feed(chunk)

    def start_listening(self) -> None:
        self._tell(ListeningWanted(wanted=True))

    def stop_listening(self) -> None:
        """What was said up to here is answered."""
        self._tell(ListeningWanted(wanted=False))

    def interrupt(self) -> None:
        """Stop the reply, whether it sounds already or not."""
        self._tell(Interrupted())

    def say(self, text: str) -> None:
        """A typed turn; it interrupts a reply that is under way. Raises BadInput on no text or too much."""
        said = text.strip()
        if not said or len(text) > MAX_TYPED_CHARS:
            raise BadInput(f"a typed turn has 1 to {MAX_TYPED_CHARS} characters that are not all space")
        self._replying.typed()
        self._tell(Typed(text=said))

    def played(self, turn: int, played_ms: float) -> None:
        """The player's report; one about a turn that is over is stale and ignored."""
        self._replying.reported(turn, played_ms)
        self._watch_playback()
        self._arm()

    async def change(self, change: SettingsChange) -> None:
        """Change settings from the next turn on: all of them or, when one cannot be (BadInput, NotFound), none."""
        settings = change.applied_to(self.settings)
        cast = self._replying.cast if settings.characters == self.settings.characters else Cast(settings.characters)
        if change.character is not None:
            cast.named(change.character)
        await self._engines.check(settings)
        new_ear = settings.stt != self.settings.stt
        new_voices = cast is not self._replying.cast or settings.voice != self.settings.voice
        self.settings = settings
        self._understanding.chosen = settings.language
        self._turns.language = self._understanding.language
        self._turns.barge_in = settings.barge_in
        before = self.speaker
        self._replying.cast = cast
        if change.character is not None:
            cast.choose(change.character)
        if new_voices or self.speaker != before:
            self._replying.context.clear()
        if self.speaker != before:
            self._outbox.put(SpeakerNext(speaker=self.speaker))
        if new_ear and self._microphone.open:
            self._set_ear(open=False)
            self._set_ear(open=True)

    def reset(self, what: Literal["voice", "conversation"] = "conversation") -> None:
        """`voice`: forget what keeps a voice steady. `conversation`: also the reply under way and all that was said."""
        if what == "conversation":
            self._tell(Interrupted())
            self.memory.forget()
        self._replying.context.clear()

    # Coming and going.

    def detach(self) -> None:
        """The reader is gone: stop the reply under way, keeping what was heard of it, and hear nothing."""
        self._tell(Left())
        self._outbox.detach()

    def attach(self) -> None:
        """A new reader comes, and a former one gets TakenOver; listening goes on if it was wanted."""
        self._outbox.attach()
        self._tell(Returned())

    async def run(self) -> None:
        """Own all tasks until the conversation is closed; to be run once. Cancelling it closes the conversation."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks.begin(tasks)
                self._arm()
                try:
                    await self._closing.wait()
                finally:
                    self._stop()
        finally:
            self._outbox.close()
            try:
                await self.keeping.aclose()
            finally:
                self._ended.set()

    def close(self, reason: CloseReason = "asked") -> None:
        """Begin to close: the reply is stopped, `run` and then `events` end."""
        if self.close_reason is None:
            self.close_reason = reason
        self._tasks.end()
        self._closing.set()

    async def aclose(self) -> None:
        """Close and wait until nothing of it is left; `run` must have been started."""
        self.close()
        await self._ended.wait()

    def _stop(self) -> None:
        self._tasks.end()
        self._closing.set()
        self._tell(Left())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The shell around turn-taking.

    def _now_ms(self) -> float:
        return 1000.0 * self._clock()

    def _tell(self, event: TurnEvent) -> None:
        """Hand an event to turn-taking and do what it answers."""
        now_ms = self._now_ms()
        if isinstance(event, PartialTranscript | SpeechPaused | UtteranceEnded):
            self._understanding.hear(event)
            self._turns.language = self._understanding.language
        if isinstance(event, UtteranceEnded):
            self._replying.utterance_ended(event)
        for action in self._turns.handle(event, now_ms):
            self._act(action)
        if self._outbox.overrun and not self._closing.is_set():
            self.close("overrun")
        self._arm()

    def _act(self, action: actions.Action) -> None:
        match action:
            case actions.ShowState(state=state, listening=listening):
                self._outbox.put(StateChanged(state=state, listening=listening))
            case actions.ShowTranscript(turn=turn, text=text, final=final):
                self._outbox.put(self._understanding.transcript(turn, text, final=final))
            case actions.SetEar(open=wanted):
                self._set_ear(open=wanted)
            case actions.ReleaseUtterance():
                self._microphone.release()
            case actions.DiscardUtterance():
                self._microphone.discard()
            case actions.PrepareReply():
                settings = replace(self.settings, language=self._understanding.language)
                self._tasks.spawn(self._replying.prepare(action, settings), self._replying.begun)
            case actions.CommitReply():
                self._replying.commit(action)
            case actions.DiscardReply(reply=reply):
                self._replying.discard(reply)
            case actions.HoldReply(reply=reply, turn=turn, audible=audible):
                self._replying.hold(reply)
                if audible:
                    self._outbox.put(AudioPaused(turn=turn))
            case actions.ResumeReply(reply=reply, turn=turn, audible=audible):
                if audible:
                    self._outbox.put(AudioResumed(turn=turn))
                self._replying.resume(reply)
            case actions.BeginAudio(reply=reply):
                self._replying.begin_audio(reply)
            case actions.StopReply():
                self._stopped(action)
            case actions.ReportFailure(turn=turn, error=error):
                self._outbox.put(Failed(error=error, turn=turn))
            case actions.CloseIdle():
                seconds = round(self._rules.turns.idle_ms / 1000)
                message = f"nothing was said for {seconds} s, so the conversation was closed: begin another any time"
                self._outbox.put(Notice(code="idle", message=message))
                self.close("idle")

    def _stopped(self, action: actions.StopReply) -> None:
        before = self.speaker
        summary = self._replying.stop(action)
        if summary is None:
            return
        if action.audible:
            self._outbox.drop_audio()
            self._outbox.put(
                AudioStopped(turn=action.turn, reason=action.reason, played_ms=summary.played_ms, heard=summary.heard)
            )
        self._outbox.put(summary.metrics)
        if self.speaker != before:
            self._outbox.put(SpeakerNext(speaker=self.speaker))

    def _set_ear(self, *, open: bool) -> None:  # noqa: A002 - the word of the action
        if not open:
            self._microphone.close()
            return
        ear = self._microphone.listen(
            self.settings.stt,
            language=lambda: self.settings.language,
            hotwords=self._hotwords,
            tell=self._tell,
            failed=self._ear_failed,
        )
        self._tasks.spawn(ear, self._microphone.begun)

    async def _hotwords(self) -> tuple[str, ...]:
        names = tuple(character.name for character in self.settings.characters)
        return names + await self._dictionary.hotwords(self.settings.language)

    def _ear_failed(self, error: SyrinxError) -> None:
        self._tell(HearingFailed(at_ms=0.0, error=error))
        self._tell(ListeningWanted(wanted=False))

    # Time.

    def _watch_playback(self) -> None:
        """Tell turn-taking when the player has played all."""
        finished = self._replying.played_out()
        if finished is not None:
            self._tell(ReplyPlayed(reply=finished))

    def _arm(self) -> None:
        """Set the one timer; one that is due too early is left, for it sets itself again."""
        if not self._tasks.running:
            return
        now_ms = self._now_ms()
        due = [self._turns.deadline_ms, self._replying.played_out_at_ms()]
        due_ms = min((at_ms for at_ms in due if at_ms is not None), default=None)
        if due_ms is None:
            return
        loop = asyncio.get_running_loop()
        # Half a millisecond late rather than a rounding too early, which would have it set itself again at once.
        at_s = loop.time() + (max(0.0, due_ms - now_ms) + 0.5) / 1000
        if self._timer is not None:
            if self._timer.when() <= at_s + 0.001:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at_s, self._time_passed)

    def _time_passed(self) -> None:
        self._timer = None
        moved_on = self._replying.moved_on()
        if moved_on is not None:
            reply, at_ms = moved_on
            self._turns.handle(ReplyProgressed(reply=reply), at_ms)
        self._watch_playback()
        self._tell(Tick())
