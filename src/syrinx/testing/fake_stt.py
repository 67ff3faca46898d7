"""A speech recogniser for tests that says what its script tells it to, at times counted in the audio it was given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    RecognizedSegment,
    RecognizedWord,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.errors import BadAudio, BadInput, EngineError, UnknownLanguage

Failure = Literal["raises", "hangs", "empty"]
"""`raises`: `SttScript.error`. `hangs`: nothing more is read or said until the generator is closed or cancelled.
`empty`: the audio is read to its end and nothing more is said, not even a final transcript."""

Sleep = Callable[[float], Awaitable[object]]


def _engine_failure() -> EngineError:
    return EngineError("the scripted recogniser failed as its script says")


@dataclass(frozen=True, slots=True, kw_only=True)
class SttScript:
    """What one utterance is understood as."""

    text: str = ""
    """The final text of every utterance that has audio; also its settled text once the last partial is due."""
    partials: tuple[tuple[float, str], ...] = ()
    """(milliseconds of audio received, the whole text so far), in order of time."""
    settle_delay_s: float = 0.0
    """Slept before a settled transcript, and before the final one if audio has come since the last Pause."""
    words: tuple[RecognizedWord, ...] = ()
    """Of the final text."""
    segments: tuple[RecognizedSegment, ...] = ()
    """Of the final text, told when the request is for a recording."""
    detected: str | None = None
    """The language told when the request leaves it open; None tells the first that is known."""
    confidence: float | None = None
    adaptation: str | None = None
    failure: Failure | None = None
    failure_after_ms: float = 0.0
    """The failure comes with the chunk that completes this much audio, at the latest when the audio ends."""
    error: Callable[[], Exception] = field(default=_engine_failure)

    def text_at(self, heard_ms: float) -> str:
        """The partial that is due once `heard_ms` of audio have come."""
        return next((text for after_ms, text in reversed(self.partials) if after_ms <= heard_ms), "")

    def stable_chars_at(self, heard_ms: float) -> int:
        """How much of the beginning is the same in all that is still to be told."""
        later = [text for due_ms, text in self.partials if due_ms > heard_ms]
        columns = zip(self.text_at(heard_ms), *later, self.text, strict=False)
        return sum(1 for _ in takewhile(lambda characters: len(set(characters)) == 1, columns))

    def settled_text_at(self, heard_ms: float) -> str:
        """What a Pause at that time is answered with."""
        if self.partials and heard_ms < self.partials[-1][0]:
            return self.text_at(heard_ms)
        return self.text


class ScriptedStt:
    """Plays one script per utterance.

    `scripts` holds the utterances in order of their requests, the last one serving all that follow; or it is a function
    that chooses by the first chunk heard (needed where several utterances run at once).
    `sleep` is the only clock: tests inject a virtual one.
    """

    def __init__(
        self,
        scripts: tuple[SttScript, ...] | Callable[[PcmChunk], SttScript] = (SttScript(),),
        *,
        sleep: Sleep = asyncio.sleep,
        sample_rate_hz: int = 16_000,
        languages: tuple[str, ...] = ("en",),
        detects_language: bool = False,
        translates: bool = False,
    ) -> None:
        if not callable(scripts) and not scripts:
            raise ValueError("a scripted recogniser needs at least one script")
        self._scripts = scripts
        self._sleep = sleep
        self._capabilities = SttCapabilities(
            sample_rate_hz=sample_rate_hz,
            languages=languages,
            detects_language=detects_language,
            translates=translates,
        )
        self.requests: list[TranscriptionRequest] = []
        """Every request so far, in order."""
        self.active = 0
        """Utterances under way: 0 when nothing was left behind."""
        self.heard_ms = 0.0
        """Audio received over all utterances."""

    @property
    def capabilities(self) -> SttCapabilities:
        return self._capabilities

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        self._refuse_what_it_cannot(request)
        number = len(self.requests)
        self.requests.append(request)
        self.active += 1
        try:
            async with aclosing(self._play(audio, request, number)) as transcripts:
                async for transcript in transcripts:
                    yield transcript
        finally:
            self.active -= 1

    def _refuse_what_it_cannot(self, request: TranscriptionRequest) -> None:
        can = self._capabilities
        if request.task == "translate" and not can.translates:
            raise BadInput("this recogniser does not translate: ask it to transcribe")
        if request.language == DETECT and can.detects_language:
            return
        if request.language.partition("-")[0] not in can.languages:
            raise UnknownLanguage(f"'{request.language}' is not understood here: use one of {', '.join(can.languages)}")

    def _language(self, request: TranscriptionRequest, script: SttScript | None) -> str:
        if request.language != DETECT:
            return request.language
        return (script.detected if script is not None else None) or self._capabilities.languages[0]

    def _script(self, number: int, first: PcmChunk) -> SttScript:
        if callable(self._scripts):
            return self._scripts(first)
        return self._scripts[min(number, len(self._scripts) - 1)]

    def _checked(self, chunk: PcmChunk) -> PcmChunk:
        expected_hz = self._capabilities.sample_rate_hz
        if chunk.sample_rate_hz != expected_hz:
            raise BadAudio(f"audio at {chunk.sample_rate_hz} Hz was sent: this recogniser takes {expected_hz} Hz")
        return chunk

    async def _play(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest, number: int
    ) -> AsyncGenerator[Transcript, None]:
        script: SttScript | None = None
        heard_ms = 0.0
        said = ""
        settled = False

        def told(text: str) -> Transcript:
            return Transcript(
                text=text,
                language=self._language(request, script),
                stable_chars=0 if script is None else script.stable_chars_at(heard_ms),
                heard_ms=heard_ms if request.recording else None,
            )

        async for item in audio:
            if isinstance(item, PcmChunk):
                chunk = self._checked(item)
                script = script or self._script(number, chunk)
                settled = False
                heard_ms += chunk.duration_ms
                self.heard_ms += chunk.duration_ms
                if script.failure is not None and heard_ms >= script.failure_after_ms:
                    await _fail(script, audio)
                    return
                text = script.text_at(heard_ms)
                if text != said:
                    said = text
                    yield told(said)
            else:
                if script is not None:
                    await self._sleep(script.settle_delay_s)
                    said = script.settled_text_at(heard_ms)
                settled = True
                yield replace(told(said), settled=True)
        if script is None:
            yield replace(told(""), final=True)
            return
        if script.failure is not None:
            await _fail(script, audio)
            return
        if not settled:
            await self._sleep(script.settle_delay_s)
        yield replace(
            told(script.text),
            final=True,
            stable_chars=len(script.text),
            words=script.words,
            segments=script.segments if request.recording else (),
            confidence=script.confidence,
            adaptation=script.adaptation,
        )


async def _fail(script: SttScript, audio: AsyncIterator[HeardAudio]) -> None:
    if script.failure == "raises":
        raise script.error()
    if script.failure == "hangs":
        await asyncio.Event().wait()
    async for _ in audio:
        pass
