"""A voice engine whose speech leaves it with a watermark in it, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.tempo import MAX_PITCH_SEMITONES, MAX_TEMPO, MIN_TEMPO, TempoStretch
from syrinx.engines.tts.contract import (
    Clones,
    SpeechChunk,
    SpeechRequest,
    TextToSpeech,
    TtsCapabilities,
    Voice,
)
from syrinx.errors import BadInput, EngineError

MarkSpeech = Callable[[PcmChunk], Awaitable[PcmChunk]]
"""The same clip with a mark in it; raises where that cannot be done."""


class WatermarkedTts:
    """Marks each request's speech as a whole: it comes when the last of it was made, and later than it would.

    No mark outlives a change of pitch. So what the engine cannot do of speed and pitch is done here, before the mark:
    there is nothing left that others would do to the sound behind it.
    """

    def __init__(self, engine: TextToSpeech, mark: MarkSpeech) -> None:
        self._engine = engine
        self._mark = mark
        self._voices: tuple[Sequence[Voice], Sequence[Voice]] = ((), ())
        """The engine's, and what is told of them: others keep what they know of the very list."""

    @property
    def capabilities(self) -> TtsCapabilities:
        return replace(
            self._engine.capabilities,
            speed=(MIN_TEMPO, MAX_TEMPO),
            pitch_semitones=(-MAX_PITCH_SEMITONES, MAX_PITCH_SEMITONES),
        )

    @property
    def voices(self) -> Sequence[Voice]:
        own = self._engine.voices
        if self._voices[0] is not own:
            self._voices = (own, [replace(voice, fixed_pitch=False) for voice in own])
        return self._voices[1]

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        _check(request)
        able = self._engine.capabilities
        speed = _within(request.speed, able.speed)
        pitch = 0.0 if self._is_fixed(request) else _within(request.pitch_semitones, able.pitch_semitones)
        asked = replace(request, speed=speed, pitch_semitones=pitch)
        async with aclosing(self._engine.synthesize(asked)) as spoken:
            chunks = [chunk async for chunk in spoken]
        pcm = b"".join(chunk.audio.pcm for chunk in chunks)
        if not pcm:
            return
        clip = PcmChunk(pcm=pcm, sample_rate_hz=chunks[0].audio.sample_rate_hz)
        stretch = TempoStretch(clip.sample_rate_hz, request.speed / speed, request.pitch_semitones - pitch)
        clip = await asyncio.to_thread(_stretched, clip, stretch)
        words = tuple(replace(word, start_ms=word.start_ms * stretch.ratio) for chunk in chunks for word in chunk.words)
        yield SpeechChunk(audio=await self._mark(clip), words=words, engine=chunks[0].engine)

    def _is_fixed(self, request: SpeechRequest) -> bool:
        """Whether the voice's pitch may be one that the engine cannot change: who names none gets any of them."""
        named = [voice for voice in self._engine.voices if voice.id == request.voice]
        return not request.conditioning and any(voice.fixed_pitch for voice in named or self._engine.voices)

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        if not isinstance(self._engine, Clones):
            raise EngineError("this engine does not learn voices", retryable=False)
        return await self._engine.condition(sample, transcript=transcript, language=language)


def _stretched(clip: PcmChunk, stretch: TempoStretch) -> PcmChunk:
    return PcmChunk(pcm=stretch.feed(clip).pcm + stretch.flush().pcm, sample_rate_hz=clip.sample_rate_hz)


def _check(request: SpeechRequest) -> None:
    """What is cut to the engine's own bounds below, it cannot refuse itself."""
    if not MIN_TEMPO <= request.speed <= MAX_TEMPO:
        raise BadInput(f"a speed of {request.speed} cannot be spoken: from {MIN_TEMPO:g} to {MAX_TEMPO:g} can")
    if not abs(request.pitch_semitones) <= MAX_PITCH_SEMITONES:
        raise BadInput(
            f"a pitch of {request.pitch_semitones} semitones cannot be spoken: up to {MAX_PITCH_SEMITONES:g} can"
        )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
