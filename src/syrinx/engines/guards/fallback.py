"""Another engine in place of one that fails before its first item."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import structlog

from syrinx.engines.contract import EngineT_co
from syrinx.engines.llm.contract import LanguageModel, LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.errors import EngineError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[T]):
    """One engine's way to serve the request. `start` may open the engine; the caller closes what it returns."""

    engine: str
    start: Callable[[], AsyncGenerator[T, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """What happened, for whoever shows it."""

    failed: str
    error: EngineError
    instead: str


OnFallback = Callable[[FellBack], None]


async def first_that_works(
    candidates: Sequence[Candidate[T]], *, on_fallback: OnFallback | None = None
) -> AsyncGenerator[T, None]:
    """The items of the first candidate that gives one; the last one's error when none does.

    Only EngineError leads on to the next: what is wrong with the request is wrong everywhere.
    """
    for index, candidate in enumerate(candidates):
        begun = False
        async with aclosing(candidate.start()) as items:
            try:
                async for item in items:
                    begun = True
                    yield item
            except EngineError as error:
                if begun or index + 1 == len(candidates):
                    raise
                fell_back = FellBack(failed=candidate.engine, error=error, instead=candidates[index + 1].engine)
            else:
                return
        _tell(fell_back, on_fallback)


def _tell(fell_back: FellBack, on_fallback: OnFallback | None) -> None:
    structlog.get_logger(__name__).warning(
        "another engine answers", failed=fell_back.failed, code=fell_back.error.code, instead=fell_back.instead
    )
    if on_fallback is not None:
        on_fallback(fell_back)


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute(Generic[EngineT_co]):
    """An engine that is opened when it is needed, for example `lambda: pool.lease("tts", "espeak")`."""

    engine: str
    open: Callable[[], AbstractAsyncContextManager[EngineT_co]]


class TtsWithFallback:
    """A TextToSpeech with substitutes. Its capabilities and voices are the first one's.

    A substitute speaks at its own sample rate: read it from the chunks. It gets the request as far as it can serve it:
    a voice that it lacks becomes its default, speed and pitch are brought into its range, and the voice context, which
    is another's voice, is left out.
    """

    def __init__(
        self,
        first: TextToSpeech,
        *,
        name: str,
        substitutes: Sequence[Substitute[TextToSpeech]],
        on_fallback: OnFallback | None = None,
    ) -> None:
        self._first = first
        self._name = name
        self._substitutes = tuple(substitutes)
        self._on_fallback = on_fallback

    @property
    def capabilities(self) -> TtsCapabilities:
        return self._first.capabilities

    @property
    def voices(self) -> Sequence[Voice]:
        return self._first.voices

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        candidates = [Candidate(engine=self._name, start=lambda: self._first.synthesize(request))]
        candidates += [
            Candidate(engine=substitute.engine, start=lambda substitute=substitute: _spoken_by(substitute, request))
            for substitute in self._substitutes
        ]
        return first_that_works(candidates, on_fallback=self._on_fallback)


async def _spoken_by(substitute: Substitute[TextToSpeech], request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
    async with (
        substitute.open() as engine,
        aclosing(engine.synthesize(fitted(request, engine.capabilities, engine.voices))) as chunks,
    ):
        async for chunk in chunks:
            yield chunk


def fitted(request: SpeechRequest, capabilities: TtsCapabilities, voices: Sequence[Voice]) -> SpeechRequest:
    """The request as far as another engine can serve it."""
    return replace(
        request,
        voice=request.voice if any(voice.id == request.voice for voice in voices) else None,
        speed=_within(request.speed, capabilities.speed),
        pitch_semitones=_within(request.pitch_semitones, capabilities.pitch_semitones),
        context=(),
    )


def _within(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(max(value, low), high)


class LlmWithFallback:
    """A LanguageModel with substitutes, which answer with their own model. Its capabilities are the first one's."""

    def __init__(
        self,
        first: LanguageModel,
        *,
        name: str,
        substitutes: Sequence[Substitute[LanguageModel]],
        on_fallback: OnFallback | None = None,
    ) -> None:
        self._first = first
        self._name = name
        self._substitutes = tuple(substitutes)
        self._on_fallback = on_fallback

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._first.capabilities

    def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        candidates = [Candidate(engine=self._name, start=lambda: self._first.reply(request))]
        candidates += [
            Candidate(engine=substitute.engine, start=lambda substitute=substitute: _answered_by(substitute, request))
            for substitute in self._substitutes
        ]
        return first_that_works(candidates, on_fallback=self._on_fallback)


async def _answered_by(substitute: Substitute[LanguageModel], request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
    async with (
        substitute.open() as engine,
        aclosing(engine.reply(replace(request, model=None))) as deltas,
    ):
        async for delta in deltas:
            yield delta
