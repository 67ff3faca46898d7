"""Where segments are made ahead of their turn: how many at once, how much may wait, and what happens when one fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from syrinx.engines.guards.deadline import Deadline
from syrinx.engines.tts.contract import SpeechChunk, TextToSpeech
from syrinx.errors import BadInput, EngineBusy, EngineEmpty, EngineError, EngineTimeout, SyrinxError
from syrinx.speech.rules import SynthesisRules
from syrinx.speech.voicing import Finishing, Gathered, Sound, SpokenSegment, Voicing, fallback_request, rest_of

_log = logging.getLogger(__name__)

HEAD_WAITING_MS = 1000.0
"""The segment being heard may always have this much ready, however much waits behind it: else they would block it."""
MAX_BUSY_WAIT_S = 2.0
"""The longest wait for an engine that says it is busy; a listener waits with it."""


class Workshop:
    """Reads segments and voices them ahead; `aclose` ends all its tasks."""

    def __init__(
        self,
        segments: AsyncIterator[SpokenSegment],
        tts: TextToSpeech,
        *,
        rules: SynthesisRules,
        fallback: TextToSpeech | None,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.fallback_error: SyrinxError | None = None
        """Why the fallback engine speaks, once it does."""
        self._tts = tts
        self._fallback = fallback
        self._rules = rules
        self._sleep = sleep
        self._fallback_from: int | None = None
        self._head = 0
        """Order of the voicing that is being taken, or is next."""
        self._voicings: deque[Voicing] = deque()
        """From the head on, all that were read."""
        self._read_to_end = False
        self._closed = False
        self._sounded = False
        """Whether anything was taken yet."""
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._heard_until_s = 0.0
        """When all that was taken has been heard by one who began at once and never paused; others are behind."""
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read(segments), name="segments of a reply")

    async def next_voicing(self) -> Voicing | None:
        """The next segment's, in order, whether or not it has sound yet; None after the last.

        Raises what the source of segments raised, after the last one that it gave.
        """
        if self._voicings and self._voicings[0].order < self._head:
            self._voicings.popleft()
            self._room.set()
            self._changed.set()
            self._start_more()
        while not self._voicings:
            if self._read_to_end:
                self._reader.result()
                return None
            self._changed.clear()
            await self._changed.wait()
        self._head = self._voicings[0].order + 1
        return self._voicings[0]

    def take(self, voicing: Voicing) -> Sound | None:
        """The next sound of the voicing at the head, if any is ready."""
        sound = voicing.take()
        if sound is not None:
            self._room.set()
            self._heard_until_s = max(self._heard_until_s, self._clock()) + sound.chunk.duration_ms / 1000
            if self._rules.shares:
                # Behind whoever waits for this sound: the first of it must not wait for the next segment to begin.
                self._sounded = True
                self._loop.call_soon(self._start_more)
        return sound

    async def aclose(self) -> None:
        self._closed = True
        tasks: list[asyncio.Task[Any]] = [self._reader, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, segments: AsyncIterator[SpokenSegment]) -> None:
        order = 0
        try:
            async for segment in segments:
                voicing = Voicing(segment, order)
                order += 1
                if not segment.spoken:
                    voicing.finish()
                self._voicings.append(voicing)
                self._changed.set()
                self._start_more()
                while self._not_begun() >= self._rules.waiting_segments:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._read_to_end = True
            self._changed.set()

    def _not_begun(self) -> int:
        return sum(1 for voicing in self._voicings if voicing.task is None and not voicing.done)

    def _start_more(self) -> None:
        for voicing in self._voicings:
            if self._closed or len(self._tasks) >= self._rules.concurrent or not self._may_start():
                return
            if voicing.task is None and not voicing.done:
                self._start(voicing)

    def _may_start(self) -> bool:
        if not self._rules.shares:
            return True
        if self._tasks and not self._sounded:
            return False
        return self._waiting_ms() < self._rules.waiting_audio_ms

    def _start(self, voicing: Voicing) -> None:
        task = asyncio.create_task(self._make(voicing), name=f"segment {voicing.segment.index} of a reply")
        voicing.task = task
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.set()
        self._start_more()

    async def _make(self, voicing: Voicing) -> None:
        try:
            voicing.finish(await self._tried(voicing))
        except SyrinxError as error:
            voicing.finish(error)
        except Exception as error:  # noqa: BLE001 - an engine's unforeseen failure must not stall the reply: it is logged, and told
            _log.exception("an engine failed in a way that its contract does not name")
            voicing.finish(EngineError(f"the engine failed unexpectedly ({type(error).__name__})"))

    async def _tried(self, voicing: Voicing) -> SyrinxError | None:
        """Voice the segment, by the fallback engine if need be; gives the error that nothing could be done about."""
        error: SyrinxError | None = None
        while True:
            falls_back = self._fallback is not None and (
                self._fallback_from is not None and voicing.order >= self._fallback_from
            )
            error = await self._tried_on(voicing, falls_back=falls_back)
            if error is None or isinstance(error, BadInput) or falls_back or self._fallback is None:
                return error
            if voicing.taken and not voicing.words:
                return error
            self._fall_back(voicing, error)

    async def _tried_on(self, voicing: Voicing, *, falls_back: bool) -> SyrinxError | None:
        error: SyrinxError | None = None
        attempt = 0
        patient_until_s = self._clock() + (self._rules.busy_patience_s if voicing.order else 0.0)
        while attempt < self._rules.attempts:
            if error is not None:
                wait_s = self._rules.retry_delay_s
                if isinstance(error, EngineBusy):
                    wait_s = min(MAX_BUSY_WAIT_S, error.retry_after_s)
                await self._sleep(wait_s)
            error = await self._spoken(voicing, falls_back=falls_back)
            if error is None:
                return None
            if not (isinstance(error, EngineBusy) and self._clock() < patient_until_s):
                attempt += 1
            # A hang has cost the listener one wait already; a second is not worth it.
            if not error.retryable or isinstance(error, EngineTimeout):
                return error
            if voicing.taken and not voicing.words:
                return error
        return error

    async def _spoken(self, voicing: Voicing, *, falls_back: bool) -> SyrinxError | None:
        """Speak the segment, or its rest from the last word begun where some of it has been heard already."""
        request = voicing.segment.request
        engine = self._tts
        voicing.by_fallback = falls_back
        if falls_back and self._fallback is not None:
            engine = self._fallback
            request = fallback_request(request, self._tts, engine)
        from_char = 0
        if voicing.taken and voicing.words:
            from_char = voicing.words[-1].start_char
        elif not voicing.taken:
            voicing.restart()
        finishing = Finishing(
            voicing.segment,
            engine_rate_hz=engine.capabilities.sample_rate_hz,
            output_rate_hz=self._rules.output_rate_hz,
            fell_back=falls_back,
            from_ms=voicing.made_ms,
            from_char=from_char,
        )
        gathered = Gathered()
        error: SyrinxError | None = None
        try:
            async with aclosing(engine.synthesize(rest_of(request, from_char))) as chunks:
                with Deadline() as deadline:
                    while True:
                        begun = bool(gathered) or finishing.sounded
                        chunk = await self._next_chunk(voicing, chunks, deadline, first=not begun)
                        if chunk is None:
                            break
                        gathered.add(chunk)
                        if gathered.ms >= self._enough_ms(voicing):
                            voicing.put(finishing.feed(gathered.taken()))
                            # A quick engine has its next chunk ready: without this it would go on to its end first.
                            await asyncio.sleep(0)
        except SyrinxError as failure:
            error = failure
        if gathered:
            voicing.put(finishing.feed(gathered.taken()))
        voicing.put(finishing.end())
        if error is None and not finishing.sounded:
            return EngineEmpty("the voice made no sound for a sentence that has words")
        return error

    async def _next_chunk(
        self, voicing: Voicing, chunks: AsyncGenerator[SpeechChunk, None], deadline: Deadline, *, first: bool
    ) -> SpeechChunk | None:
        while not self._rules.shares and not self._may_make(voicing):
            self._room.clear()
            await self._room.wait()
        limit_s = self._rules.first_chunk_timeout_s if first else self._rules.next_chunk_timeout_s
        try:
            return await deadline.wait_for(chunks, limit_s)
        except StopAsyncIteration:
            return None
        except TimeoutError as error:
            raise EngineTimeout(f"the voice gave nothing for {limit_s:g} s") from error

    def _may_make(self, voicing: Voicing) -> bool:
        if voicing.order < self._head and voicing.waiting_ms < HEAD_WAITING_MS:
            return True
        return self._waiting_ms() < self._rules.waiting_audio_ms

    def _waiting_ms(self) -> float:
        return sum([voicing.waiting_ms for voicing in self._voicings])

    def _enough_ms(self, voicing: Voicing) -> float:
        """How much of an engine's sound is worth working on.

        Work costs by the piece, so half of what the listener surely has yet to hear may come in one: the other half
        is heard while it is being gathered. At the beginning, and where the engine is slow, that is every chunk.
        """
        ahead_ms = max(0.0, 1000.0 * (self._heard_until_s - self._clock()))
        before_ms = sum([other.waiting_ms for other in self._voicings if other.order <= voicing.order])
        return min(self._rules.gathered_ms, (ahead_ms + before_ms) / 2)

    def _fall_back(self, voicing: Voicing, error: SyrinxError) -> None:
        """From this segment on the fallback engine speaks; what was made ahead in the other voice is made anew."""
        if self._fallback_from is None or voicing.order < self._fallback_from:
            self._fallback_from = voicing.order
        self.fallback_error = self.fallback_error or error
        for later in self._voicings:
            if later.order > voicing.order and later.task is not None and not later.by_fallback:
                later.task.cancel()
                later.restart()
                later.task = None
        self._start_more()
