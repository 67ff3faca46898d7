"""Engines with all guards around every request; they satisfy the same contracts as what they guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from syrinx.engines.contract import Kind
from syrinx.engines.guards.admission import Admission
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
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.errors import SyrinxError

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


UTTERANCE = GuardSettings(limits=TimeLimits(first_item_s=None, next_item_s=None), retry=RetryPolicy(attempts=1))
"""For speech to text: it is silent while the speaker is, and audio that was read cannot be read again."""


MOST_AHEAD = 4096
"""Deltas of a reply that may wait for their reader: more than nearly all replies have, some 100 kB."""


class Guard:
    """The guards of one opened engine: from the outside metrics, admission, retries, emptiness, time-outs."""

    def __init__(
        self, *, kind: Kind, name: str, admission: Admission, metrics: EngineMetrics, settings: GuardSettings
    ) -> None:
        self._kind: Kind = kind
        self._name = name
        self._admission = admission
        self._metrics = metrics
        self._settings = settings
        self._log = structlog.get_logger(__name__)
        metrics.watch(kind, name, active=lambda: admission.active, queued=lambda: admission.queued)

    def stream(self, start: Start[T]) -> AsyncGenerator[T, None]:
        """One guarded request. Nothing happens before its first item is asked for."""
        return self._metrics.metered(self._admitted(start), kind=self._kind, engine=self._name)

    async def _admitted(self, start: Start[T]) -> AsyncGenerator[T, None]:
        def attempt() -> AsyncGenerator[T, None]:
            items = within_time(in_our_words(start(), name=self._name), self._settings.limits, name=self._name)
            return not_empty(items, name=self._name)

        # A place is kept between tries, so that a request that is tried again does not queue behind newer ones.
        async with self._admission.place():
            tries = retried(attempt, self._settings.retry, on_retry=self._tell_of_retry)
            async with aclosing(tries) as items:
                async for item in items:
                    yield item

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
        return self.stream(
            lambda: never_silent(transcribe, audio, limit_s=self._settings.recording_silence_s, name=self._name)
        )

    def _tell_of_retry(self, error: SyrinxError, wait_s: float) -> None:
        self._log.warning(
            "engine request is tried again",
            kind=self._kind,
            engine=self._name,
            code=error.code,
            wait_s=round(wait_s, 3),
        )


class GuardedTts:
    """A TextToSpeech behind guards."""

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
        return self._guard.stream(lambda: self._engine.synthesize(request))


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
