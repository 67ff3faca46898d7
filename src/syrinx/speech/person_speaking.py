"""One person's voice as one engine speaks it: learnt where the engine learns voices, else that of its own voices which
comes nearest, raised or lowered."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.tempo import MAX_PITCH_SEMITONES, MAX_TEMPO, MIN_TEMPO, TempoStretch
from syrinx.engines.tts.contract import (
    Clones,
    Cloning,
    SpeechChunk,
    SpeechRequest,
    TextToSpeech,
    TtsCapabilities,
    Voice,
    WordTime,
)
from syrinx.engines.tts.requests import check_request
from syrinx.errors import EngineError, UnknownLanguage, UnknownVoice
from syrinx.speech.measured_voices import MeasuredVoices
from syrinx.speech.person_voice import PersonVoice
from syrinx.voices.likeness import pace_factor, shift_semitones


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrayal:
    """By which means an engine comes to sound like somebody."""

    engine: str
    tts: TextToSpeech
    cloning: Cloning | None = None
    """How it learns the voice; None where it does not, and a voice of its own speaks."""
    nearest: Voice | None = None
    """That voice; None is the engine's default for the language."""
    voice: str | None = None
    """That voice as the engine calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """What the engine is asked for, and what is left to be done afterwards."""

    speed: float
    pitch_semitones: float
    warmth: float
    tempo: float
    shift_semitones: float

    @property
    def needs_stretching(self) -> bool:
        return self.tempo != 1.0 or self.shift_semitones != 0.0


class PersonSpeaking:
    """Satisfies TextToSpeech, at the engine's rate; its one voice is the person's.

    How the person has set their voice counts on top of what a request asks for. What of both the engine cannot do of
    speed and pitch is done afterwards, as far as speech can be stretched; what goes beyond is left at that.
    """

    def __init__(self, person: PersonVoice, portrayal: Portrayal, measured: MeasuredVoices) -> None:
        self._person = person
        self._by = portrayal
        self._measured = measured

    @property
    def capabilities(self) -> TtsCapabilities:
        return replace(
            self._by.tts.capabilities,
            speed=(MIN_TEMPO, MAX_TEMPO),
            pitch_semitones=(-MAX_PITCH_SEMITONES, MAX_PITCH_SEMITONES),
            blends=False,
            clones=None,
        )

    @property
    def voices(self) -> Sequence[Voice]:
        return (self._person.voice,)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        """As the contract has it; raises also what learning the voice raises, before the first chunk."""
        check_request(request, self.capabilities)
        if request.voice not in {None, self._person.voice.id}:
            raise UnknownVoice(f"{request.voice!r:.60} is not this person's voice: only that one speaks here")
        if request.language.partition("-")[0].lower() not in self.capabilities.languages:
            spoken = ", ".join(self.capabilities.languages)
            raise UnknownLanguage(f"{self._by.engine} does not speak {request.language[:20]!r}: {spoken} are spoken")
        if self._person.used is not None:
            self._person.used()
        conditioning = await self._learnt()
        manner = await self._manner(request)
        spoken = self._by.tts.synthesize(
            replace(
                request,
                voice=self._by.voice,
                conditioning=conditioning,
                speed=manner.speed,
                pitch_semitones=manner.pitch_semitones,
                warmth=manner.warmth,
            )
        )
        if manner.needs_stretching:
            if "av.filter" not in sys.modules:
                # It takes a quarter of a second, in which others must not wait.
                await asyncio.to_thread(importlib.import_module, "av.filter")
            rate_hz = self._by.tts.capabilities.sample_rate_hz
            spoken = _stretched(spoken, TempoStretch(rate_hz, manner.tempo, manner.shift_semitones))
        async with aclosing(spoken) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _learnt(self) -> bytes:
        """b"" where a voice of the engine's own speaks."""
        by, person = self._by, self._person
        if by.cloning is None:
            return b""
        tts = by.tts
        if not isinstance(tts, Clones):
            raise EngineError(f"{by.engine} says that it learns voices, and has no way to", retryable=False)

        async def condition(sample: PcmChunk, transcript: str) -> bytes:
            return await tts.condition(sample, transcript=transcript, language=person.voice.language)

        return await person.conditioning(by.engine, by.cloning, condition)

    async def _manner(self, request: SpeechRequest) -> _Manner:
        able, wanted = self._by.tts.capabilities, self._person.settings
        pace, shift = await self._nearer(request.language)
        speed = _within(request.speed * wanted.pace * pace, (MIN_TEMPO, MAX_TEMPO))
        pitch = request.pitch_semitones + wanted.pitch_semitones + shift
        pitch = _within(pitch, (-MAX_PITCH_SEMITONES, MAX_PITCH_SEMITONES))
        own_speed = _within(speed, able.speed)
        fixed = self._by.nearest is not None and self._by.nearest.fixed_pitch
        own_pitch = 0.0 if fixed else _within(pitch, able.pitch_semitones)
        return _Manner(
            speed=own_speed,
            pitch_semitones=own_pitch,
            warmth=_within(request.warmth + wanted.warmth, (-1.0, 1.0)) if able.warmth else 0.0,
            tempo=speed / own_speed,
            shift_semitones=pitch - own_pitch,
        )

    async def _nearer(self, language: str) -> tuple[float, float]:
        """How much faster the nearest voice is to speak, and by how many semitones it is to be raised, to come nearer
        to the person; one that was learnt needs neither."""
        by, person = self._by, self._person
        if by.cloning is not None or by.nearest is None or (person.pitch_hz is None and person.pace is None):
            return 1.0, 0.0
        voice = await self._measured.of(by.engine, by.tts, voice=by.voice, language=language)
        shift = shift_semitones(by.nearest, pitch_hz=person.pitch_hz, voice_pitch_hz=voice.pitch_hz)
        return pace_factor(person.pace, voice.pace), shift


async def _stretched(
    source: AsyncGenerator[SpeechChunk, None], stretch: TempoStretch
) -> AsyncGenerator[SpeechChunk, None]:
    """The speech faster, slower, higher or lower, its words where they then are."""
    # Sound is held back: a word waits for the chunk in which it then begins.
    waiting: list[WordTime] = []
    given_ms = 0.0
    async with aclosing(source) as chunks:
        async for chunk in chunks:
            waiting += [replace(word, start_ms=word.start_ms * stretch.ratio) for word in chunk.words]
            audio = stretch.feed(chunk.audio)
            given_ms += audio.duration_ms
            if audio.sample_count:
                begun = [word for word in waiting if word.start_ms < given_ms]
                waiting = waiting[len(begun) :]
                yield replace(chunk, audio=audio, words=tuple(begun))
    rest = stretch.flush()
    if rest.sample_count:
        yield SpeechChunk(audio=rest, words=tuple(waiting))


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
