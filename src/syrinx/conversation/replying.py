"""The reply under way: from the request to the language model to what memory keeps of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Any

from syrinx.audio.pcm import PcmChunk
from syrinx.conversation.characters import Cast
from syrinx.conversation.delivery import Delivery
from syrinx.conversation.dictionary import Dictionary
from syrinx.conversation.events import Notice, TurnMetrics
from syrinx.conversation.memory import Memory
from syrinx.conversation.outbox import Outbox
from syrinx.conversation.playback import Playback
from syrinx.conversation.reply import ReplyPlan, make_reply
from syrinx.conversation.settings import ConversationRules, ConversationSettings, Engines
from syrinx.conversation.silent_voice import SilentVoice
from syrinx.conversation.turn_actions import CommitReply, PrepareReply, StopReply
from syrinx.conversation.turn_events import ReplyEnded, ReplyShown
from syrinx.conversation.voice_context import VoiceContext
from syrinx.engines.llm.contract import ReplyRequest
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.errors import EngineError
from syrinx.speech.events import SynthesisEvent, UtteranceEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySummary:
    """What is left of a reply that is over."""

    played_ms: float
    heard: str
    metrics: TurnMetrics


@dataclass(slots=True, kw_only=True)
class _SpeechEnd:
    """When the person finished, and when that was decided and understood; ms of the clock."""

    ended_ms: float
    endpoint_ms: float | None = None
    transcript_ms: float | None = None
    engine: str = ""
    """Which ear understood it."""


class Replying:
    """At most one reply at a time, made in a task that the caller owns (`prepare` gives the coroutine).

    Turn-taking says what becomes of it; what it says about another reply than the present one does nothing.
    """

    def __init__(
        self,
        *,
        engines: Engines,
        rules: ConversationRules,
        outbox: Outbox,
        memory: Memory,
        cast: Cast,
        dictionary: Dictionary,
        now_ms: Callable[[], float],
        tell: Callable[[ReplyShown | ReplyEnded], None],
    ) -> None:
        self.cast = cast
        self.context = VoiceContext()
        self._engines = engines
        self._rules = rules
        self._outbox = outbox
        self._memory = memory
        self._dictionary = dictionary
        self._now_ms = now_ms
        self._tell = tell
        self._delivery: Delivery | None = None
        self._task: asyncio.Task[None] | None = None
        self._speech_end: _SpeechEnd | None = None
        self._details: dict[str, str] = {}
        self._no_model = False
        """Whether a script makes the reply under way, as far as that is known."""
        self._player_reports = False
        self._said_no_model = False

    # The end of the person's turn, from which the time line counts.

    def typed(self) -> None:
        """The person has just sent a typed turn."""
        self._speech_end = _SpeechEnd(ended_ms=self._now_ms())

    def utterance_ended(self, event: UtteranceEnded) -> None:
        now_ms = self._now_ms()
        endpoint_ms = now_ms - event.transcript_took_ms
        ended_ms = endpoint_ms - (event.at_ms - event.speech_until_ms)
        self._speech_end = _SpeechEnd(
            ended_ms=ended_ms, endpoint_ms=endpoint_ms, transcript_ms=now_ms, engine=event.engine
        )

    # What turn-taking decides.

    def prepare(self, action: PrepareReply, settings: ConversationSettings) -> Coroutine[Any, Any, None]:
        """Begin a reply: nothing of it goes out before `commit`. The coroutine makes and sends it."""
        answering = self.cast.answering(action.text)
        delivery = Delivery(
            number=action.reply,
            turn=action.turn,
            speaker=answering.name,
            outbox=self._outbox,
            playback=Playback(rules=self._rules.playback, reports=self._player_reports),
            now_ms=self._now_ms,
            tell=self._tell,
        )
        plan = ReplyPlan(
            cast=self.cast,
            answering=answering,
            language=settings.language,
            voice=settings.voice,
            context=self.context,
            on_text=delivery.text,
            on_segment=delivery.segment,
            on_cut=delivery.cut_short,
            rules=self._rules.synthesis,
        )
        request = ReplyRequest(
            messages=self._memory.messages(
                system=self.cast.system_prompt(answering, language=settings.language),
                turn=action.turn,
                said=action.text,
                tag=self.cast.tag if self.cast.several else None,
            ),
            language=settings.language,
        )
        self._delivery = delivery
        self._task = None
        self._details = {}
        self._no_model = False
        return self._deliver(delivery, request, plan, settings)

    def begun(self, task: asyncio.Task[None]) -> None:
        """The task that runs what `prepare` gave."""
        self._task = task

    def commit(self, action: CommitReply) -> None:
        delivery = self._delivery
        if delivery is None or delivery.number != action.reply:
            return
        self._memory.said(action.turn, action.text)
        self.context.turn_of(delivery.speaker)
        end = self._speech_end
        if end is not None:
            timeline = delivery.timeline
            timeline.speech_ended(end.ended_ms)
            if end.endpoint_ms is not None:
                timeline.mark("endpoint", end.endpoint_ms)
            if end.transcript_ms is not None:
                timeline.mark("transcript", end.transcript_ms)
            self._details["said"] = "typed" if end.endpoint_ms is None else "spoken"
            self._details["heard_by"] = end.engine
        delivery.commit()
        self._note_model(action.turn)

    def discard(self, reply: int) -> None:
        if self._delivery is not None and self._delivery.number == reply:
            self._end_task()

    def hold(self, reply: int) -> None:
        if self._delivery is not None and self._delivery.number == reply:
            self._delivery.hold()

    def resume(self, reply: int) -> None:
        if self._delivery is not None and self._delivery.number == reply:
            self._delivery.resume()

    def begin_audio(self, reply: int) -> None:
        if self._delivery is not None and self._delivery.number == reply:
            self._delivery.begin_audio(self._rules.synthesis.output_rate_hz)

    def stop(self, action: StopReply) -> ReplySummary | None:
        """End the reply and remember what was heard of it; None when it is not the present one."""
        delivery = self._delivery
        if delivery is None or delivery.number != action.reply:
            return None
        now_ms = self._now_ms()
        played_ms = delivery.playback.played_ms(now_ms)
        to_its_end = action.reason == "finished" or delivery.playback.done(now_ms)
        if action.reason == "finished":
            played_ms = delivery.playback.sent_ms
        parts = delivery.heard.parts(played_ms, all_of_it=to_its_end)
        self._memory.replied(delivery.turn, parts)
        if parts:
            self.cast.answered(next((part for part in reversed(parts) if part.heard), parts[0]).speaker)
        timeline = delivery.timeline
        if played_ms > 0:
            # A player that sent no report is taken to have begun when it got the first sound.
            timeline.mark("first_played", timeline.reached_ms("first_audio") or now_ms)
        timeline.mark("end", now_ms)
        used = {**self._details, "spoken_by": delivery.engine}
        metrics = timeline.metrics(delivery.turn, {name: value for name, value in used.items() if value})
        self._end_task()
        heard = " ".join(part.heard for part in parts if part.heard)
        return ReplySummary(played_ms=round(played_ms, 1), heard=heard, metrics=metrics)

    # What the player tells, and time.

    def reported(self, turn: int, played_ms: float) -> None:
        self._player_reports = True
        if self._delivery is not None and self._delivery.turn == turn:
            self._delivery.reported(played_ms)

    def played_out(self) -> int | None:
        """The reply whose sound has been sent and played to its end, if there is one."""
        delivery = self._delivery
        if delivery is None or not delivery.playback.sent_ms or not delivery.playback.done(self._now_ms()):
            return None
        return delivery.number

    def played_out_at_ms(self) -> float | None:
        """When `played_out` will be true if no report comes."""
        delivery = self._delivery
        if delivery is None or not delivery.playback.sent_ms:
            return None
        return delivery.playback.done_at_ms(self._now_ms())

    def moved_on(self) -> tuple[int, float] | None:
        """The reply under way and when it last moved on; now, when it waits for its player and not for its engines."""
        delivery = self._delivery
        if delivery is None:
            return None
        return delivery.number, self._now_ms() if delivery.waits else delivery.progress_ms

    # Making it.

    async def _deliver(
        self, delivery: Delivery, request: ReplyRequest, plan: ReplyPlan, settings: ConversationSettings
    ) -> None:
        if self._delivery is not delivery:
            return
        await delivery.run(self._made(delivery, request, plan, settings))

    async def _made(
        self, delivery: Delivery, request: ReplyRequest, plan: ReplyPlan, settings: ConversationSettings
    ) -> AsyncGenerator[SynthesisEvent, None]:
        """The reply, with its engines leased for as long as it is being made."""
        engines = self._engines
        # Read for every reply: what the person changes meanwhile counts from the next one on.
        plan = replace(plan, pronunciations=await self._dictionary.now(settings.language))
        async with AsyncExitStack() as leases:
            llm = await leases.enter_async_context(engines.llm(settings.llm))
            self._no_model = not llm.capabilities.is_language_model
            self._details["answered_by"] = llm.capabilities.model
            if delivery.committed:
                self._note_model(delivery.turn)
            fallback = await leases.enter_async_context(engines.tts_fallback(settings.tts))
            tts: TextToSpeech
            try:
                tts = await leases.enter_async_context(engines.tts(settings.tts))
            except EngineError as error:
                # The reply is read where it cannot be heard, or spoken by the fallback.
                tts = SilentVoice(error)
            if tts.capabilities.voice_context:
                delivery.on_sentence = lambda speaker, clip: self._keep_voice(plan, speaker, clip)
            made = make_reply(request, plan, llm=llm, tts=tts, fallback=fallback)
            async with aclosing(made) as events:
                async for event in events:
                    yield event

    def _note_model(self, turn: int) -> None:
        """Say once that a script answers; never of a reply that may yet be thrown away."""
        if self._no_model and not self._said_no_model:
            self._said_no_model = True
            message = "No language model is configured: a simple script answers."
            self._outbox.put(Notice(code="no_language_model", message=message, turn=turn))

    def _keep_voice(self, plan: ReplyPlan, speaker: str, clip: PcmChunk) -> None:
        self.context.add(speaker, plan.voice_of(plan.cast.named(speaker)), clip)

    def _end_task(self) -> None:
        task, self._task, self._delivery = self._task, None, None
        # A reply that ends by itself says so from within its own task, which is about to return.
        if task is not None and task is not asyncio.current_task():
            task.cancel()
