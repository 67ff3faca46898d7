"""A text-to-speech engine that follows a script: how fast it speaks, and how it fails."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.pitch import median_pitch_hz
from syrinx.engines.tts.contract import Cloning, SpeechChunk, SpeechRequest, TtsCapabilities, Voice, WordTime
from syrinx.engines.tts.requests import check_request
from syrinx.errors import BadAudio, BadInput, EngineError, SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.testing.audio import sine

Sleep = Callable[[float], Awaitable[object]]
"""Waits so many seconds: `asyncio.sleep`, or a test's own that only counts."""

VOICES = (
    Voice(id="low", name="Low", language="en-US", gender="male"),
    Voice(id="high", name="High", language="en-US", gender="female"),
    Voice(id="mittel", name="Mittel", language="de-DE", gender="neutral"),
)
PITCH_HZ: Mapping[str, float] = {"low": 150.0, "high": 300.0, "mittel": 200.0}
CLONING = Cloning(shortest_s=1.0, best_s=10.0, version="tones-1")
"""What a scripted engine wants of a sample that learns voices."""
_LEARNT = re.compile(rb"tones-1 (\d{2,3}\.\d)")
_WARMTH_DB = 6.0
"""How much louder it speaks at its warmest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsScript:
    """How every request is served, unless `ScriptedTts.scripts` says otherwise for its text."""

    first_chunk_s: float = 0.0
    """Time before the first chunk."""
    real_time_factor: float = 0.0
    """Time per further chunk, as a part of its own duration."""
    chunk_ms: float = 60.0
    char_ms: float = 50.0
    """How long a character of text sounds at speed 1."""
    fail: Literal["never", "raise", "hang", "empty"] = "never"
    fail_after: int = 0
    """Chunks given before it raises or hangs; past the last one it does so at the end."""
    error: SyrinxError = field(default_factory=lambda: EngineError("the scripted engine fails here as it was told"))


class ScriptedTts:
    """Speaks every word as a tone of its voice's pitch; counts what runs, so that tests see what is left behind."""

    def __init__(
        self,
        script: TtsScript | None = None,
        *,
        scripts: Mapping[str, TtsScript] | None = None,
        sleep: Sleep = asyncio.sleep,
        sample_rate_hz: int = 24_000,
        cloning: Cloning | None = None,
        warmth: bool = False,
    ) -> None:
        """With `cloning` (for example CLONING) it learns voices: what it keeps of one is its median pitch, at which its
        tones then sound. With `warmth` the warm speak louder."""
        self.script = script or TtsScript()
        self.scripts = dict(scripts or {})
        """By the text of the request; takes precedence over `script`."""
        self.requests: list[SpeechRequest] = []
        """All requests that passed the checks, in order of their arrival."""
        self.active = 0
        self.most_active = 0
        self.closed_early = 0
        """Requests whose reader left, or was cancelled, before the end."""
        self.capabilities = TtsCapabilities(
            sample_rate_hz=sample_rate_hz,
            languages=("de", "en"),
            word_times=True,
            speed=(0.5, 3.0),
            pitch_semitones=(-12.0, 12.0),
            voice_context=True,
            clones=cloning,
            warmth=warmth,
        )
        self.learnt: list[tuple[str, str]] = []
        """Transcript and language of every sample that it was given to learn from."""
        self.voices: Sequence[Voice] = VOICES
        self._sleep = sleep

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        pitch_hz = self._check(request)
        script = self.scripts.get(request.text, self.script)
        self.requests.append(request)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        finished = False
        try:
            await self._sleep(script.first_chunk_s)
            if script.fail != "empty":
                for index, chunk in enumerate(self._speech(request, pitch_hz, script)):
                    if script.fail != "never" and index >= script.fail_after:
                        await self._fail(script)
                    if index:
                        await self._sleep(script.real_time_factor * chunk.audio.duration_ms / 1000)
                    yield chunk
                if script.fail != "never":
                    await self._fail(script)
            finished = True
        except SyrinxError:
            finished = True
            raise
        finally:
            self.active -= 1
            self.closed_early += not finished

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        wanted = self.capabilities.clones
        if wanted is None:
            raise BadInput("this scripted engine learns no voices: give it some `cloning`")
        self.learnt.append((transcript, language))
        await self._sleep(self.script.first_chunk_s)
        if self.script.fail == "raise":
            raise self.script.error
        if self.script.fail == "hang":
            await asyncio.Event().wait()
        if sample.duration_ms < 1000.0 * wanted.shortest_s:
            raise BadAudio(f"{sample.duration_ms / 1000:.1f} s are too short: give at least {wanted.shortest_s:g} s")
        pitch_hz = await asyncio.to_thread(median_pitch_hz, sample)
        if pitch_hz is None:
            raise BadAudio("nothing voiced is to be heard in the sample: give one of somebody who speaks")
        return f"{CLONING.version} {pitch_hz:.1f}".encode()

    def _check(self, request: SpeechRequest) -> float:
        """The pitch at which it is to be spoken, in Hz, but for the request's own."""
        check_request(request, self.capabilities)
        if not request.conditioning:
            return PITCH_HZ[self._voice(request).id]
        if _primary(request.language) not in self.capabilities.languages:
            raise self._unknown_language(request)
        learnt = _LEARNT.fullmatch(request.conditioning)
        if learnt is None:
            raise BadInput("this conditioning is not one that this engine has made: make it anew from the sample")
        return float(learnt[1])

    def _voice(self, request: SpeechRequest) -> Voice:
        if request.voice is not None:
            for voice in self.voices:
                if voice.id == request.voice:
                    return voice
            raise UnknownVoice(f"no voice {request.voice!r}: there are {', '.join(voice.id for voice in self.voices)}")
        for voice in self.voices:
            if voice.language.startswith(_primary(request.language) + "-"):
                return voice
        raise self._unknown_language(request)

    def _unknown_language(self, request: SpeechRequest) -> UnknownLanguage:
        spoken = " and ".join(self.capabilities.languages)
        return UnknownLanguage(f"no language {request.language!r}: there are {spoken}")

    async def _fail(self, script: TtsScript) -> None:
        if script.fail == "raise":
            raise script.error
        await asyncio.Event().wait()

    def _speech(self, request: SpeechRequest, pitch_hz: float, script: TtsScript) -> list[SpeechChunk]:
        rate_hz = self.capabilities.sample_rate_hz
        char_ms = script.char_ms / request.speed
        tone = sine(
            pitch_hz * 2.0 ** (request.pitch_semitones / 12.0),
            duration_ms=len(request.text) * char_ms,
            sample_rate_hz=rate_hz,
            amplitude=0.5 * 10.0 ** (_WARMTH_DB * (request.warmth - 1.0) / 20.0) if self.capabilities.warmth else 0.5,
        )
        words = [
            WordTime(text=match.group(), start_char=match.start(), start_ms=match.start() * char_ms)
            for match in re.finditer(r"\w+", request.text)
        ]
        count = max(1, math.ceil(tone.duration_ms / script.chunk_ms))
        step = 2 * round(script.chunk_ms * rate_hz / 1000)
        chunks: list[SpeechChunk] = []
        for index in range(count):
            audio = PcmChunk(pcm=tone.pcm[index * step : (index + 1) * step], sample_rate_hz=rate_hz)
            begin_ms = 1000.0 * index * step / 2 / rate_hz
            end_ms = begin_ms + audio.duration_ms
            inside = tuple(word for word in words if begin_ms <= word.start_ms < end_ms)
            chunks.append(SpeechChunk(audio=audio, words=inside))
        return chunks


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()
