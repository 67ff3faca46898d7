"""Narrations and recordings that follow a script, for tests of what carries them over a wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord, Transcript
from syrinx.errors import SyrinxError
from syrinx.speech.auto_voice import VoiceMatch
from syrinx.speech.narration import (
    NarratedSentence,
    NarratedSound,
    NarratedWord,
    NarratedWords,
    NarrationEvent,
    NarrationRequest,
    NarrationTiming,
    SentenceDone,
)
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.testing.audio import sine

RATE_HZ = 24_000
_TIMING = NarrationTiming(queued_ms=1.0, first_sound_ms=2.0, cached=False)


@dataclass(kw_only=True)
class ScriptedNarration:
    """One sentence of `chunks` times 100 ms; an `error` is raised behind them."""

    request: NarrationRequest
    chunks: int = 10
    chunk_s: float = 0.0
    """Slept before each chunk."""
    error: SyrinxError | None = None
    engine: str = "tones"
    sample_rate_hz: int = RATE_HZ
    language: str = "en"
    not_applied: tuple[str, ...] = ()
    voice_match: VoiceMatch = "exact"
    timing: NarrationTiming = _TIMING
    given: int = 0
    closed: bool = False

    @property
    def voice(self) -> str:
        return self.request.voice or ""

    async def events(self) -> AsyncGenerator[NarrationEvent, None]:
        text = self.request.text
        words = text.split()
        yield NarratedSentence(index=0, text=text, start_char=0, at_ms=0.0)
        step_ms = 100.0 * self.chunks / max(1, len(words))
        yield NarratedWords(
            index=0,
            words=tuple(
                NarratedWord(text=word, at_ms=step_ms * place, start_char=text.find(word))
                for place, word in enumerate(words)
            ),
            exact=True,
        )
        for _ in range(self.chunks):
            await asyncio.sleep(self.chunk_s)
            self.given += 1
            yield NarratedSound(chunk=sine(440.0, duration_ms=100.0, sample_rate_hz=self.sample_rate_hz))
        if self.error is not None:
            raise self.error
        yield SentenceDone(index=0, at_ms=100.0 * self.chunks)

    async def aclose(self) -> None:
        self.closed = True


@dataclass(kw_only=True)
class ScriptedNarrator:
    """Begins a ScriptedNarration for each request; `refusal` is raised instead."""

    refusal: SyrinxError | None = None
    chunks: int = 10
    chunk_s: float = 0.0
    error: SyrinxError | None = None
    not_applied: tuple[str, ...] = ()
    begun: list[ScriptedNarration] = field(default_factory=list[ScriptedNarration])

    async def __call__(self, request: NarrationRequest) -> ScriptedNarration:
        if self.refusal is not None:
            raise self.refusal
        narration = ScriptedNarration(
            request=request,
            chunks=self.chunks,
            chunk_s=self.chunk_s,
            error=self.error,
            language=request.language or "en",
            not_applied=self.not_applied,
        )
        self.begun.append(narration)
        return narration


@dataclass(kw_only=True)
class ScriptedTranscriber:
    """Hears the same words in every recording, one more with each second; `error` is raised at the end instead."""

    words: Sequence[str] = ("hello", "there")
    error: SyrinxError | None = None
    requests: list[RecordingRequest] = field(default_factory=list[RecordingRequest])
    active: int = 0

    async def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        self.requests.append(request)
        self.active += 1
        try:
            heard_ms = 0.0
            told = 0
            async for chunk in audio:
                heard_ms += chunk.duration_ms
                if told < min(len(self.words), int(heard_ms / 1000.0)):
                    told += 1
                    text = " ".join(self.words[:told])
                    yield RecordingHeard(transcript=Transcript(text=text, heard_ms=heard_ms), duration_ms=heard_ms)
            if self.error is not None:
                raise self.error
            yield RecordingHeard(transcript=self._final(heard_ms, request), duration_ms=heard_ms)
        finally:
            self.active -= 1

    def _final(self, duration_ms: float, request: RecordingRequest) -> Transcript:
        text = " ".join(self.words)
        step_ms = duration_ms / max(1, len(self.words))
        return Transcript(
            text=text,
            final=True,
            language=request.language or "en",
            confidence=0.9,
            words=tuple(
                RecognizedWord(text=word, start_ms=step_ms * place, end_ms=step_ms * (place + 1))
                for place, word in enumerate(self.words)
            ),
            segments=(RecognizedSegment(text=text, start_ms=0.0, end_ms=duration_ms, confidence=0.9),),
            heard_ms=duration_ms,
            stable_chars=len(text),
            engine="ear",
        )
