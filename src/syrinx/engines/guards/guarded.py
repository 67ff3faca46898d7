"""Engines with all guards around every request; they satisfy the same contracts as what they guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.contract import Kind, Patience
from syrinx.engines.guards.admission import Admission
from syrinx.engines.guards.breaker import BreakerPolicy, CircuitBreaker
from syrinx.engines.guards.pace import Pace
from syrinx.engines.guards.streams import (
    RetryPolicy,
    Start,
    TimeLimits,
    final_in_time,
    in_our_words,
    never_silent,
    not_empty,
    read_ahead,
    retried,
    within_time,
)
from syrinx.engines.llm.contract import LanguageModel, LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.stt.contract import HeardAudio, SpeechToText, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import (
    LARGEST_CONDITIONING_BYTES,
    Clones,
    SpeechChunk,
    SpeechRequest,
    TextToSpeech,
    TtsCapabilities,
    Voice,
)
from syrinx.errors import BadInput, EngineError, SyrinxError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """What the guards of one kind of engine allow."""

    limits: TimeLimits = field(default_factory=TimeLimits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    final_within_s: float = 20.0
    """For speech to text: the final transcript of somebody who speaks now, counted from the end of the audio."""
    recording_silence_s: float = 120.0
    """For speech to text: how long an engine may be at work on a recording between two signs of life."""
    condition_within_s: float = 120.0
    """For text to speech: how long learning a voice may take."""
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    """For engines elsewhere."""

    def with_patience(self, patience: Patience) -> GuardSettings:
        """These, but where an engine asks for another time."""
        limits = TimeLimits(
            first_item_s=self.limits.first_item_s if patience.first_item_s is None else patience.first_item_s,
            next_item_s=self.limits.next_item_s if patience.next_item_s is None else patience.next_item_s,
        )
        return replace(
            self,
            limits=limits,
            final_within_s=patience.final_within_s or self.final_within_s,
            recording_silence_s=patience.recording_silence_s or self.recording_silence_s,
        )


UTTERANCE = GuardSettings(limits=TimeLimits(first_item_s=None, next_item_s=None), retry=RetryPolicy(attempts=1))
"""For speech to text: it is silent while the speaker is, and audio that was read cannot be read again."""


MOST_AHEAD = 4096
"""Deltas of a reply that may wait for their reader: more than nearly all replies have, some 100 kB."""


class Guard:
    """The guards of one opened engine: from the outside metrics, admission, circuit breaker where there is one,
    retries, emptiness, time-outs."""

    def __init__(
        self,
        *,
        kind: Kind,
        name: str,
        admission: Admission,
        metrics: EngineMetrics,
        settings: GuardSettings,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._kind: Kind = kind
        self._name = name
        self._admission = admission
        self._metrics = metrics
        self._settings = settings
        self._breaker = breaker
        self._log = structlog.get_logger(__name__)
        metrics.watch(kind, name, active=lambda: admission.active, queued=lambda: admission.queued)

    def stream(self, start: Start[T], *, lasting: bool = False) -> AsyncGenerator[T, None]:
        """One guarded request. Nothing happens before its first item is asked for. One that is `lasting` leaves some
        places to others."""
        admitted = self._admitted(start, self._settings.limits, lasting=lasting)
        return self._metrics.metered(admitted, kind=self._kind, engine=self._name)

    async def learnt(self, condition: Callable[[], Awaitable[bytes]]) -> bytes:
        """What an engine keeps of a voice, computed under the same guards but with a patience of its own."""

        async def start() -> AsyncGenerator[bytes, None]:
            yield _checked(await condition(), name=self._name)

        limits = TimeLimits(first_item_s=self._settings.condition_within_s, next_item_s=None)
        admitted = self._admitted(start, limits, lasting=True)
        async with aclosing(self._metrics.timed_learning(admitted, engine=self._name)) as items:
            return b"".join([item async for item in items])

    async def _admitted(self, start: Start[T], limits: TimeLimits, *, lasting: bool) -> AsyncGenerator[T, None]:
        def attempt() -> AsyncGenerator[T, None]:
            items = within_time(in_our_words(start(), name=self._name), limits, name=self._name)
            return not_empty(items, name=self._name)

        if self._breaker is not None:
            self._breaker.refuse_while_open()
        # A place is kept between tries, so that a request that is tried again does not queue behind newer ones.
        async with self._admission.place(lasting=lasting) as waited_s:
            self._metrics.observe_queue(self._kind, self._name, waited_s)
            tries = retried(attempt, self._settings.retry, on_retry=self._tell_of_retry)
            if self._breaker is not None:
                tries = self._breaker.watched(tries)
            async with aclosing(tries) as items:
                async for item in items:
                    yield item

    async def _paced(self, start: Callable[[Pace], AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
        """The request with its real-time factor measured, if it comes to its end."""
        pace = Pace()
        async with aclosing(start(pace)) as items:
            async for item in items:
                yield item
        if (factor := pace.real_time_factor) is not None:
            self._metrics.observe_real_time_factor(self._kind, self._name, factor)

    def speech(self, start: Start[SpeechChunk]) -> AsyncGenerator[SpeechChunk, None]:
        """One guarded request that makes sound."""
        return self.stream(
            lambda: self._paced(lambda pace: pace.working(start(), sound_ms=lambda chunk: chunk.audio.duration_ms))
        )

    def stream_ahead(self, start: Start[T]) -> AsyncGenerator[T, None]:
        """One guarded request whose place is free again when the engine is done, not when the reader is."""
        return read_ahead(self.stream(start), most=MOST_AHEAD)

    def utterance(
        self,
        transcribe: Callable[[AsyncIterator[HeardAudio]], AsyncGenerator[T, None]],
        audio: AsyncIterator[HeardAudio],
    ) -> AsyncGenerator[T, None]:
        """One guarded request that reads what somebody is saying."""
        return self.stream(
            lambda: final_in_time(transcribe, audio, within_s=self._settings.final_within_s, name=self._name)
        )

    def recording(
        self,
        transcribe: Callable[[AsyncIterator[HeardAudio]], AsyncGenerator[T, None]],
        audio: AsyncIterator[HeardAudio],
    ) -> AsyncGenerator[T, None]:
        """One guarded request that reads a finished recording: it may take long, but not stand still."""

        async def start(pace: Pace) -> AsyncGenerator[T, None]:
            limit_s = self._settings.recording_silence_s
            async with aclosing(pace.heard(audio)) as heard:
                telling = never_silent(
                    lambda given: pace.working(transcribe(given)), heard, limit_s=limit_s, name=self._name
                )
                async with aclosing(telling) as items:
                    async for item in items:
                        yield item

        return self.stream(lambda: self._paced(start), lasting=True)

    def _tell_of_retry(self, error: SyrinxError, wait_s: float) -> None:
        self._log.warning(
            "engine request is tried again",
            kind=self._kind,
            engine=self._name,
            code=error.code,
            wait_s=round(wait_s, 3),
        )


def _checked(conditioning: bytes, *, name: str) -> bytes:
    if not 0 < len(conditioning) <= LARGEST_CONDITIONING_BYTES:
        raise EngineError(
            f"{name} learnt {len(conditioning)} bytes of a voice: between 1 and {LARGEST_CONDITIONING_BYTES} are kept",
            retryable=False,
        )
    return conditioning


class GuardedTts:
    """A TextToSpeech behind guards, and Clones where that is."""

    def __init__(self, engine: TextToSpeech, guard: Guard) -> None:
        self._engine = engine
        self._guard = guard

    @property
    def capabilities(self) -> TtsCapabilities:
        return self._engine.capabilities

    @property
    def voices(self) -> Sequence[Voice]:
        return self._engine.voices

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        return self._guard.speech(lambda: self._engine.synthesize(request))

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        engine = self._engine
        if engine.capabilities.clones is None or not isinstance(engine, Clones):
            raise BadInput("this engine learns no voices: name one of its own instead")
        return await self._guard.learnt(lambda: engine.condition(sample, transcript=transcript, language=language))


class GuardedStt:
    """A SpeechToText behind guards; its requests are never retried."""

    def __init__(self, engine: SpeechToText, guard: Guard) -> None:
        self._engine = engine
        self._guard = guard

    @property
    def capabilities(self) -> SttCapabilities:
        return self._engine.capabilities

    def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        guarded = self._guard.recording if request.recording else self._guard.utterance
        return guarded(lambda heard: self._engine.transcribe(heard, request), audio)


class GuardedLlm:
    """A LanguageModel behind guards."""

    def __init__(self, engine: LanguageModel, guard: Guard) -> None:
        self._engine = engine
        self._guard = guard

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._engine.capabilities

    def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        # A reply is read as slowly as it is spoken; who else asks need not wait for that.
        return self._guard.stream_ahead(lambda: self._engine.reply(request))
