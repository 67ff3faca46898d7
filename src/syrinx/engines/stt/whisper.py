"""Whisper by faster-whisper: a neural ear for a hundred languages, for talks as they happen and for long recordings."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    SpeechToText,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.engines.stt.whisper_decoding import DecodeQueue
from syrinx.engines.stt.whisper_files import broken
from syrinx.engines.stt.whisper_live import LiveHearing
from syrinx.engines.stt.whisper_model import (
    COMPUTE_TYPES,
    DEVICES,
    SAMPLE_RATE_HZ,
    Manner,
    Recognizer,
    load,
)
from syrinx.engines.stt.whisper_recording import RecordingHearing
from syrinx.engines.stt.whisper_voice import warm_up
from syrinx.errors import BadInput, ConfigurationError, EngineUnavailable, UnknownLanguage

REMEDY: Final = "syrinx models pull whisper-base"
_CORES: Final = os.cpu_count() or 1
_MOST_THREADS: Final = 64
_DEFAULT_THREADS: Final = min(_CORES, 8)
"""In all, for all decoders together: beyond that one decoding hardly gets faster."""
_MOST_DECODERS: Final = 16
_RECORDING_BEAM: Final = 5
_LIVE_BEAM: Final = 1
"""A wider beam takes twice as long for what is mostly the same text, just when a person waits (docs/adr/0009)."""
_MOST_BEAM: Final = 10
_BATCH: Final = {"cpu": 1, "cuda": 16}
"""Windows of a recording in one call. On a processor live talks would wait for all of them (docs/adr/0009)."""
_OPTIONS: Final = ("path", "device", "compute_type", "threads", "beam_size", "decoders")
_SAME: Final = {"nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh", "jw": "jv"}
"""Other tags of languages that Whisper knows."""


class WhisperStt:
    """Any recogniser behind the contract. `beam_size` None takes the usual ones."""

    def __init__(
        self, recognizer: Recognizer, queue: DecodeQueue, *, beam_size: int | None = None, batch_size: int = 1
    ) -> None:
        self.capabilities = SttCapabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            languages=recognizer.languages,
            word_times=True,
            detects_language=len(recognizer.languages) > 1,
            translates=recognizer.translates,
            prompts=True,
            hotwords=True,
            samples=True,
        )
        self._recognizer = recognizer
        self._queue = queue
        self._beam_size = beam_size
        self._batch_size = batch_size

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        language = self._language(request)
        manner = Manner(
            language=language or "en",
            translate=request.task == "translate",
            beam_size=(self._beam_size or _RECORDING_BEAM) if request.recording else _LIVE_BEAM,
            hotwords=request.hotwords,
            context=request.prompt.strip(),
            temperature=request.temperature or 0.0,
        )
        if request.recording:
            hearing = RecordingHearing(
                self._recognizer, self._queue, language=language, manner=manner, batch_size=self._batch_size
            )
        else:
            hearing = LiveHearing(
                self._recognizer,
                self._queue,
                language=language,
                manner=manner,
                final_beam_size=self._beam_size or _LIVE_BEAM,
            )
        async with aclosing(hearing.transcripts(audio)) as transcripts:
            async for transcript in transcripts:
                yield transcript

    def _language(self, request: TranscriptionRequest) -> str | None:
        """The recogniser's tag; None is to be found out."""
        known = self.capabilities.languages
        if request.task == "translate" and not self.capabilities.translates:
            why = "was made faster by leaving translation out" if len(known) > 1 else "knows English only"
            raise BadInput(
                f"this Whisper model {why}: ask for `transcribe`, or take one that translates, such as whisper-small"
            )
        if request.language == DETECT and self.capabilities.detects_language:
            return None
        primary = request.language.partition("-")[0].lower()
        tag = _SAME.get(primary, primary)
        if tag not in known:
            raise UnknownLanguage(
                f"this Whisper model does not understand {request.language[:20]!r}: it knows {', '.join(known)}"
            )
        return tag


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    path: Path | None
    device: str
    compute_type: str
    threads: int
    decoders: int
    beam_size: int | None


class WhisperProvider:
    """Options: `path`, the folder of a CTranslate2 Whisper model, which must be given; `device` auto, cpu or cuda;
    `compute_type` auto (int8 on a processor, float16 on CUDA) or one of CTranslate2's; `decoders`, how many decodings
    run at once (1), and `threads`, of the processor for all of them (the cores, at most 8); `beam_size` of finals (5 in
    recordings, 1 while somebody speaks).
    """

    info = EngineInfo(
        name="whisper",
        kind="stt",
        title="Whisper (faster-whisper)",
        licence="MIT",
        preference=50,
        # Fair sharing is the engine's own work: a talk that waited outside could not even be listened to.
        max_active=256,
    )

    def check(self, options: Options) -> Availability:
        try:
            settings = _settings(options)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message, remedy="correct the option")
        if importlib.util.find_spec("faster_whisper") is None:
            return Availability(
                available=False, reason="the faster-whisper package is missing", remedy="pip install faster-whisper"
            )
        if settings.path is None:
            return Availability(available=False, reason="no Whisper model is installed", remedy=REMEDY)
        wrong = broken(settings.path)
        if wrong:
            return Availability(available=False, reason=wrong, remedy=REMEDY)
        return Availability(
            available=True,
            facts={
                "version": importlib.metadata.version("faster-whisper"),
                "model": str(settings.path),
                "device": settings.device,
                "compute type": settings.compute_type,
                "decoders": f"{settings.decoders} with {settings.threads} threads in all",
            },
        )

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[SpeechToText, None]:
        settings = _settings(options)
        found = self.check(options)
        if not found.available or settings.path is None:
            raise EngineUnavailable(f"Whisper cannot be opened: {found.reason}. Mend it with: {found.remedy}")
        path = settings.path
        executor = ThreadPoolExecutor(max_workers=settings.decoders, thread_name_prefix="whisper")
        try:
            loop = asyncio.get_running_loop()
            recognizer = await loop.run_in_executor(
                executor,
                lambda: load(
                    path,
                    device=settings.device,
                    compute_type=settings.compute_type,
                    threads=max(settings.threads // settings.decoders, 1),
                    decoders=settings.decoders,
                ),
            )
            await loop.run_in_executor(executor, warm_up)
            try:
                yield WhisperStt(
                    recognizer,
                    DecodeQueue(executor, decoders=settings.decoders),
                    beam_size=settings.beam_size,
                    batch_size=_BATCH[recognizer.device],
                )
            finally:
                # Behind the decoding that may be under way: the executor's threads are ended below.
                await asyncio.shield(loop.run_in_executor(executor, recognizer.close))
        finally:
            await asyncio.to_thread(executor.shutdown)


def _settings(options: Options) -> _Settings:
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise ConfigurationError(f"whisper has no option {', '.join(unknown)}: it has {', '.join(_OPTIONS)}")
    path = options.get("path", "")
    beam_size = _whole(options, "beam_size", 0, _MOST_BEAM) if "beam_size" in options else None
    return _Settings(
        path=Path(path) if path else None,
        device=_one_of(options, "device", DEVICES),
        compute_type=_one_of(options, "compute_type", ("auto", *COMPUTE_TYPES)),
        threads=_whole(options, "threads", _DEFAULT_THREADS, _MOST_THREADS),
        decoders=_whole(options, "decoders", 1, _MOST_DECODERS),
        beam_size=beam_size,
    )


def _whole(options: Options, name: str, default: int, most: int) -> int:
    text = options.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ConfigurationError(f"`{name}` must be a whole number from 1 to {most}, not '{text[:40]}'")
    return int(text)


def _one_of(options: Options, name: str, known: tuple[str, ...]) -> str:
    text = options.get(name, known[0])
    if text not in known:
        raise ConfigurationError(f"`{name}` must be one of {', '.join(known)}, not '{text[:40]}'")
    return text


provider = WhisperProvider()
