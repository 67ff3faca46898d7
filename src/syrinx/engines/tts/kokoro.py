"""Kokoro in this process: natural voices of six languages from a model of 82 million parameters, faster than speech."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.machine import usable_cores
from syrinx.engines.threads import Emit
from syrinx.engines.tts.contract import Phonemes, SpeechChunk, SpeechRequest, TtsCapabilities, Voice
from syrinx.engines.tts.given_sounds import given_sounds, sounds_in
from syrinx.engines.tts.kokoro_clips import SAMPLE_RATE_HZ, PieceOfSpeech
from syrinx.engines.tts.kokoro_files import REMEDY, KokoroFiles, find_files
from syrinx.engines.tts.kokoro_pieces import PausedPiece, cut_sounds, cut_text
from syrinx.engines.tts.kokoro_sounds import Pronouncer
from syrinx.engines.tts.kokoro_voices import LANGUAGES, KokoroVoices
from syrinx.engines.tts.pieces import PieceSpeaker
from syrinx.engines.tts.requests import TextPiece, check_request, without_controls
from syrinx.errors import BadInput, ConfigurationError, EngineUnavailable

if TYPE_CHECKING:
    from syrinx.engines.tts.kokoro_clips import Floats
    from syrinx.engines.tts.kokoro_model import KokoroModel, Stop

PACKAGES = ("kokoro_onnx", "onnxruntime", "espeakng_loader")
PACKAGES_REMEDY = "pip install kokoro-onnx"
DEVICES = ("auto", "cpu", "cuda")
MAX_THREADS = 256
MAX_STREAMS = 16
THREADS_PER_STREAM = 4

MAX_WAITING = 1024
"""Chunks of one piece that may wait unread: more than the longest piece at the lowest speed has."""


class KokoroEngine:
    """Speaks piece by piece in a few threads that share one session of the model.

    A piece is heard when all of it is made. Closing a speech stops the model within some ms. Equal requests give equal
    samples, but for what a model makes with random numbers of its own.
    """

    def __init__(self, model: KokoroModel, pronouncer: Pronouncer, *, streams: int) -> None:
        self._model = model
        self._pronouncer = pronouncer
        self._voices = KokoroVoices(model.voice_ids)
        if not self._voices.languages:
            raise EngineUnavailable(
                f"the voices {', '.join(model.voice_ids[:9])} speak none of {', '.join(LANGUAGES)}: {REMEDY}"
            )
        self.voices: Sequence[Voice] = self._voices.voices
        self.capabilities = TtsCapabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            languages=self._voices.languages,
            word_times=model.has_times,
            speed=model.speeds,
            blends=True,
            phonemes=True,
        )
        self._closed = False
        self._speaker = PieceSpeaker(name="kokoro", threads=streams, max_waiting=MAX_WAITING)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        from syrinx.engines.tts.kokoro_model import Stop  # noqa: PLC0415 - loaded when the engine was opened

        check_request(request, self.capabilities)
        chosen = self._voices.choose(request.voice, request.language)
        text = "\n".join(map(without_controls, request.text.split("\n")))
        speech = _Speech(
            text=request.text,
            given=given_sounds(request),
            pronunciation=chosen.pronunciation,
            style=self._model.style(chosen.shares),
            speed=request.speed,
            stop=Stop(),
        )
        spoken = self._speaker.spoken(
            cut_text(text, language=request.language),
            partial(self._speak, speech),
            sample_rate_hz=SAMPLE_RATE_HZ,
            on_close=speech.stop.stop,
        )
        async with aclosing(spoken) as chunks:
            async for chunk in chunks:
                speech.is_begun = True
                yield chunk
        if not speech.is_begun:
            raise BadInput(f"nothing in this text can be spoken in {request.language!r}: send words of that language")

    async def aclose(self) -> None:
        """Let what is being spoken finish its piece, then free model and library. Closing again does nothing."""
        await self._speaker.aclose()
        self._pronouncer.close()
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._model.close)

    def _speak(self, speech: _Speech, piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
        sounds = self._pronouncer.sounds_of(
            piece.text,
            language=speech.pronunciation,
            start_char=piece.start_char,
            find_words=self._model.has_times,
            given=sounds_in(piece, speech.given),
        )
        out = PieceOfSpeech(speech.text, emit)
        pause_ms = piece.pause_before_ms if isinstance(piece, PausedPiece) and speech.is_begun else 0.0
        for part in cut_sounds(sounds):
            audio, begins = self._model.speak(part.phonemes, style=speech.style, speed=speech.speed, stop=speech.stop)
            if speech.stop.is_stopped or not out.take(audio, part.words, begins, pause_ms=pause_ms / speech.speed):
                return
            pause_ms = 0.0


@dataclass(slots=True, kw_only=True)
class _Speech:
    """What the pieces of one request have in common."""

    text: str
    given: Sequence[Phonemes]
    pronunciation: str
    style: Floats
    speed: float
    stop: Stop
    is_begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroSettings:
    """The engine's options, understood."""

    path: str
    threads: int
    """Processors that the model may use, all streams together."""
    streams: int
    """Pieces that are made at the same moment; more take turns."""
    device: str


class KokoroProvider:
    """Options: `path`, the folder of the model and its voices (needed); `threads` for all of it together (as many as
    there are processors); `streams`, how many pieces are made at once (one for four threads); `device` (auto, cpu or
    cuda).
    """

    info = EngineInfo(
        name="kokoro",
        kind="tts",
        title="Kokoro",
        preference=60,
        # The model and its library; espeak-ng, which pronounces for it.
        licence="Apache-2.0 AND MIT AND GPL-3.0-or-later",
        languages=LANGUAGES,
        max_active=16,
        max_queued=64,
    )

    def check(self, options: Options) -> Availability:
        try:
            settings = understood(options)
            files = find_files(settings.path)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message)
        except EngineUnavailable as error:
            reason, _, remedy = error.message.rpartition(": ")
            return Availability(available=False, reason=reason, remedy=remedy)
        missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            return Availability(available=False, reason=f"not installed: {', '.join(missing)}", remedy=PACKAGES_REMEDY)
        return Availability(
            available=True,
            facts={
                "kokoro-onnx": importlib.metadata.version("kokoro-onnx"),
                "model": str(files.model),
                "voices": str(files.voices),
                "threads": str(settings.threads),
                "streams": str(settings.streams),
            },
        )

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[KokoroEngine, None]:
        settings = understood(options)
        engine = await asyncio.to_thread(_load, find_files(settings.path), settings)
        try:
            yield engine
        finally:
            await engine.aclose()


provider = KokoroProvider()


def understood(options: Options) -> KokoroSettings:
    """Raises ConfigurationError for options that there are not and values that cannot be."""
    unknown = set(options) - {"path", "threads", "streams", "device"}
    if unknown:
        raise ConfigurationError(
            f"kokoro has no option {', '.join(sorted(unknown))}: there are path, threads, streams and device"
        )
    device = options.get("device", "auto")
    if device not in DEVICES:
        raise ConfigurationError(f"kokoro's option 'device' is {device!r}: it is one of {', '.join(DEVICES)}")
    threads = _number(options, "threads", default=min(MAX_THREADS, usable_cores()), highest=MAX_THREADS)
    default_streams = min(MAX_STREAMS, max(1, threads // THREADS_PER_STREAM))
    streams = _number(options, "streams", default=default_streams, highest=MAX_STREAMS)
    return KokoroSettings(path=options.get("path", ""), threads=threads, streams=streams, device=device)


def _number(options: Options, name: str, *, default: int, highest: int) -> int:
    given = options.get(name)
    if given is None:
        return default
    if not given.isdecimal() or len(given) > 9 or not 1 <= int(given) <= highest:
        raise ConfigurationError(f"kokoro's option '{name}' is {given[:20]!r}: a number from 1 to {highest} is needed")
    return int(given)


def _load(files: KokoroFiles, settings: KokoroSettings) -> KokoroEngine:
    try:
        import espeakng_loader  # noqa: PLC0415 - looks for its library when imported

        from syrinx.engines.tts.kokoro_model import load_model  # noqa: PLC0415 - loads onnxruntime
    except ImportError as error:
        raise EngineUnavailable(f"Kokoro's libraries cannot be loaded ({error}): {PACKAGES_REMEDY}") from error
    # The streams share the session's threads, and each works in a thread of its own beside them.
    threads = max(1, settings.threads - settings.streams + 1)
    model = load_model(files, threads=threads, device=settings.device)
    library = Path(espeakng_loader.get_library_path()).resolve()
    pronouncer = Pronouncer(library, Path(espeakng_loader.get_data_path()), known=model.known)
    try:
        return KokoroEngine(model, pronouncer, streams=settings.streams)
    except BaseException:
        pronouncer.close()
        raise
