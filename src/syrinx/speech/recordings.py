"""A finished recording turned into words with their times: what is asked for, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from syrinx.audio.activity import ActivityMeter, Stretch
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    SpeechToText,
    SttCapabilities,
    Task,
    Transcript,
    TranscriptionRequest,
)
from syrinx.errors import EngineEmpty, EngineError, UnknownEngine, WrongParameter
from syrinx.speech.recording_times import estimated_words, segments_of, words_within


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRequest:
    language: str | None = None
    """BCP 47, or "auto" to have it found out. None: found out where the ear can, else the house's own."""
    task: Task = "transcribe"
    engine: str = ""
    """An engine or model by name; "" chooses by itself."""
    prompt: str = ""
    """Words that came before, or terms that are likely, for engines that take it."""
    temperature: float | None = None
    """0 to 1, for engines that sample; None leaves it to the engine."""
    hotwords: tuple[str, ...] = ()
    """Names and terms likely to be said, the likeliest first, for engines that take them."""
    names_hotwords: bool = False
    """Whether the caller named some of them just now, and so is told where the engine takes none."""


Times = Literal["exact", "estimated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeard:
    """The recording as understood so far. The last one has `transcript.final`.

    The final transcript always has `segments`, and `words` where there are any: those of the engine (`times` "exact"),
    else by proportion of the text to the time in which somebody speaks ("estimated").
    """

    transcript: Transcript
    duration_ms: float
    """Of the audio read so far; of the whole in the last one."""
    times: Times = "exact"
    not_applied: tuple[str, ...] = ()
    """What was asked for and the engine cannot do ("prompt", "temperature", "hotwords"), to be told to the caller."""


class TranscribeRecording(Protocol):
    def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        """`audio` is mono at 16 kHz, read as fast as it is taken; the caller closes it. Closing this stops the work
        within one chunk. An engine that says it is busy is refused before anything is read.

        Raises UnknownLanguage, UnknownEngine, BadInput, EngineBusy, EngineUnavailable before the first item; BadAudio
        and EngineError as they come.
        """
        ...


RATE_HZ: Final = 16_000

OpenEar = Callable[[str], AbstractAsyncContextManager[SpeechToText]]
"""The ear of that name, or the one that chooses by itself for ""; held while the context lasts."""


class Transcriber:
    """A TranscribeRecording over the ears of the house.

    Of a recording it holds, besides what the ear holds, a byte for each 20 ms and the words.
    """

    def __init__(self, *, ear: OpenEar, language: str) -> None:
        """`language` is the house's own, BCP 47."""
        self._ear = ear
        self._language = language

    async def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        if request.temperature is not None and not 0.0 <= request.temperature <= 1.0:
            raise WrongParameter(
                f"a temperature of {request.temperature:g} cannot be: 0 to 1 would be right", parameter="temperature"
            )
        async with self._ear(request.engine) as ear:
            sound = _Sound()
            own = self._own(request, ear.capabilities)
            final: Transcript | None = None
            async with (
                aclosing(sound.through(audio)) as heard,
                aclosing(ear.transcribe(heard, own)) as transcripts,
            ):
                async for transcript in transcripts:
                    if transcript.final:
                        final = transcript
                    else:
                        yield RecordingHeard(transcript=transcript, duration_ms=sound.duration_ms)
            if final is None:
                raise EngineEmpty("the ear ended without saying what it understood: ask again")
            not_applied = await self._not_applied(request, final.engine, ear.capabilities)
            timed, times = await asyncio.to_thread(_timed, final, sound)
            yield RecordingHeard(transcript=timed, duration_ms=sound.duration_ms, times=times, not_applied=not_applied)

    def _own(self, request: RecordingRequest, able: SttCapabilities) -> TranscriptionRequest:
        return TranscriptionRequest(
            language=request.language or (DETECT if able.detects_language else self._language),
            task=request.task,
            recording=True,
            hotwords=request.hotwords,
            prompt=request.prompt,
            temperature=request.temperature,
        )

    async def _not_applied(self, request: RecordingRequest, engine: str, able: SttCapabilities) -> tuple[str, ...]:
        if engine and (request.prompt or request.temperature is not None or request.names_hotwords):
            # Where an ear was chosen among several, what that one can do counts. It is still open.
            try:
                async with self._ear(engine) as chosen:
                    able = chosen.capabilities
            except (EngineError, UnknownEngine):
                pass  # it was removed meanwhile; the words are there all the same
        asked = (
            ("prompt", bool(request.prompt) and not able.prompts),
            ("temperature", request.temperature is not None and not able.samples),
            ("hotwords", request.names_hotwords and not able.hotwords),
        )
        return tuple(name for name, is_lacking in asked if is_lacking)


class _Sound:
    """Notes of the recording, as it is read, what is needed in the end."""

    def __init__(self) -> None:
        self.duration_ms = 0.0
        self._meter = ActivityMeter(RATE_HZ)

    async def through(self, audio: AsyncIterator[PcmChunk]) -> AsyncGenerator[HeardAudio, None]:
        async for chunk in audio:
            self._meter.feed(chunk)
            self.duration_ms += chunk.duration_ms
            yield chunk

    def stretches(self) -> list[Stretch]:
        return self._meter.stretches() or [Stretch(start_ms=0.0, end_ms=self.duration_ms)]


def _timed(final: Transcript, sound: _Sound) -> tuple[Transcript, Times]:
    """With words and segments, where there is any text; blocks for some ten milliseconds an hour of words."""
    words, segments = final.words, final.segments
    times: Times = "exact"
    if not words and final.text.strip():
        times = "estimated"
        words = (
            words_within(segments, sound.stretches()) if segments else estimated_words(final.text, sound.stretches())
        )
    if not segments:
        segments = segments_of(final.text, words, language=final.language)
    return replace(final, words=words, segments=segments), times
