"""Counts what each caller has spoken and listened to, wherever the house does it for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from typing import Final, TypeVar

from syrinx.accounts import current_caller
from syrinx.accounts.limits import Limits
from syrinx.audio import PcmChunk
from syrinx.conversation import ConversationSettings, Engines, FallbackVoice
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.stt.contract import HeardAudio, SpeechToText, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.errors import SyrinxError
from syrinx.speech.narration import Narrate, Narration, NarrationRequest
from syrinx.speech.recordings import RecordingHeard, RecordingRequest, TranscribeRecording
from syrinx.voices.cloning import CountText
from syrinx.voices.conditionings import Transcribe

COUNTED_EVERY_MS: Final = 2000.0
"""Of sound: so much may be heard beyond a quota before that is noticed."""

Sound = TypeVar("Sound")


def metered(narrate: Narrate, limits: Limits) -> Narrate:
    """Counts the characters of each text as it is sent, markup included, before anything is done with it; what is
    refused before it sounds is given back. Raises QuotaReached besides."""

    async def counted(request: NarrationRequest) -> Narration:
        caller, characters = current_caller(), len(request.text)
        await limits.characters(caller, characters)
        try:
            return await narrate(request)
        except SyrinxError:
            await limits.characters_unspoken(caller, characters)
            raise

    return counted


def metered_transcription(transcribe: TranscribeRecording, limits: Limits) -> TranscribeRecording:
    """Counts the sound of each recording as it is decoded; where the quota ends within it, QuotaReached is raised and
    nothing more is read."""

    async def counted(
        audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        sound = _CountedSound(limits)
        async with aclosing(sound.of(audio)) as heard, aclosing(transcribe(heard, request)) as found:
            async for each in found:
                if each.transcript.final:
                    sound.check()
                yield each

    return counted


def metered_listening(transcribe: Transcribe, limits: Limits) -> Transcribe:
    """Counts each sample as sound that is listened to, before it is. Raises QuotaReached besides."""

    async def counted(sample: PcmChunk, language: str) -> str:
        await limits.audio(current_caller(), sample.duration_ms / 1000)
        return await transcribe(sample, language)

    return counted


def counting_texts(limits: Limits) -> CountText:
    """Counts what is going to be spoken for the caller by work that is nobody's request any more when it is done."""

    async def count(text: str) -> None:
        await limits.characters(current_caller(), len(text))

    return count


class _CountedSound:
    """The sound that one ear is given. What is refused ends it: raised here it would be taken for the ear's failure."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._caller = current_caller()
        self._uncounted_ms = 0.0
        self._refused: SyrinxError | None = None

    async def of(self, audio: AsyncIterator[Sound]) -> AsyncGenerator[Sound, None]:
        async for each in audio:
            if isinstance(each, PcmChunk):
                self._uncounted_ms += each.duration_ms
                if self._uncounted_ms >= COUNTED_EVERY_MS and not await self._counts():
                    return
            yield each
        await self._counts()

    def check(self) -> None:
        """Raises QuotaReached."""
        if self._refused is not None:
            raise self._refused

    async def _counts(self) -> bool:
        try:
            await self._limits.audio(self._caller, self._uncounted_ms / 1000)
        except SyrinxError as refused:
            self._refused = refused
        self._uncounted_ms = 0.0
        return self._refused is None


class MeteredEngines:
    """The engines of talks, which count for whom they are asked. Replies that are prepared and never heard count too:
    they are work as well."""

    def __init__(self, inner: Engines, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    @asynccontextmanager
    async def stt(self, name: str) -> AsyncGenerator[SpeechToText, None]:
        async with self._inner.stt(name) as ear:
            yield _MeteredEar(ear, self._limits)

    @asynccontextmanager
    async def tts(self, name: str) -> AsyncGenerator[TextToSpeech, None]:
        async with self._inner.tts(name) as voice:
            yield _MeteredVoice(voice, self._limits)

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        async with self._inner.tts_fallback(name) as fallback:
            yield fallback and replace(fallback, tts=_MeteredVoice(fallback.tts, self._limits))

    def llm(self, name: str) -> AbstractAsyncContextManager[LanguageModel]:
        return self._inner.llm(name)

    def vad(self) -> AbstractAsyncContextManager[VoiceActivityDetector]:
        return self._inner.vad()

    async def check(self, settings: ConversationSettings) -> None:
        await self._inner.check(settings)


class _MeteredEar:
    def __init__(self, inner: SpeechToText, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    @property
    def capabilities(self) -> SttCapabilities:
        return self._inner.capabilities

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        sound = _CountedSound(self._limits)
        async with aclosing(sound.of(audio)) as heard, aclosing(self._inner.transcribe(heard, request)) as found:
            async for each in found:
                if each.final:
                    sound.check()
                yield each


class _MeteredVoice:
    def __init__(self, inner: TextToSpeech, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    @property
    def capabilities(self) -> TtsCapabilities:
        return self._inner.capabilities

    @property
    def voices(self) -> tuple[Voice, ...]:
        return tuple(self._inner.voices)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        caller, characters = current_caller(), len(request.text)
        await self._limits.characters(caller, characters)
        has_sounded = False
        try:
            async with aclosing(self._inner.synthesize(request)) as chunks:
                async for chunk in chunks:
                    has_sounded = True
                    yield chunk
        except SyrinxError:
            if not has_sounded:
                await self._limits.characters_unspoken(caller, characters)
            raise
