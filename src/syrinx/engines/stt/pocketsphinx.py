"""PocketSphinx: the embedded ear, English, nothing downloaded; quick, and plain about what it is not sure of."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.stt.conditioning import SAMPLE_RATE_HZ, suppression_available
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    SpeechToText,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.engines.stt.sphinx_decoders import Decoders
from syrinx.engines.stt.sphinx_hearing import Heard, Hearing
from syrinx.engines.stt.sphinx_pass import SphinxDecoder
from syrinx.engines.stt.sphinx_recording import HeardSoFar, RecordingHearing
from syrinx.engines.stt.sphinx_speaker import Speaker, speaker_from
from syrinx.errors import BadAudio, BadInput, ConfigurationError, EngineError, EngineUnavailable, UnknownLanguage

P = ParamSpec("P")
T = TypeVar("T")

_STEP_BYTES = SAMPLE_RATE_HZ // 10 * BYTES_PER_SAMPLE
"""100 ms is decoded at a time: 20 ms of work, the longest that a cancelled utterance goes on."""
_PARTIAL_EVERY_STEPS = 2
_TAKEN_BYTES = SAMPLE_RATE_HZ * BYTES_PER_SAMPLE
"""Of a recording, a second is taken at a time."""
_MOST_DECODERS = 8
_DEFAULT_DECODERS = min(4, os.cpu_count() or 1)
_MOST_AT_ONCE = 16
_MODEL = Path("model/en-us")
_MODEL_FILES = ("en-us/mdef", "en-us.lm.bin", "cmudict-en-us.dict")
_REMEDY = "pip install pocketsphinx"


class PocketSphinxStt:
    """PocketSphinx behind the contract.

    It knows a fixed set of English words and takes no hotwords: to add a word its pronunciation would have to be known.
    """

    capabilities = SttCapabilities(sample_rate_hz=SAMPLE_RATE_HZ, languages=("en",), word_times=True)

    def __init__(self, decoders: Decoders, executor: Executor) -> None:
        self._decoders = decoders
        self._executor = executor

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        if request.task == "translate":
            raise BadInput("PocketSphinx understands English only and does not translate: ask it to transcribe")
        if request.language == DETECT:
            raise UnknownLanguage("PocketSphinx does not detect languages, it understands English only: ask for 'en'")
        if request.language.partition("-")[0].lower() != "en":
            raise UnknownLanguage(f"PocketSphinx understands English only: use 'en' instead of '{request.language}'")
        speaker = speaker_from(request.adaptation)
        heard = self._recording(audio, speaker) if request.recording else self._utterance(audio, speaker)
        async with aclosing(heard) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def _utterance(self, audio: AsyncIterator[HeardAudio], speaker: Speaker) -> AsyncGenerator[Transcript, None]:
        async with self._decoders.lend() as decoder:
            hearing = Hearing(decoder, speaker)
            try:
                async with aclosing(self._partials(audio, hearing)) as transcripts:
                    async for transcript in transcripts:
                        yield transcript
                heard, speaker = await self._work(hearing.finish)
            finally:
                await self._work(hearing.abandon)
        yield Transcript(
            text=heard.text,
            final=True,
            words=heard.words,
            stable_chars=len(heard.text),
            adaptation=_adaptation(speaker),
        )

    async def _partials(self, audio: AsyncIterator[HeardAudio], hearing: Hearing) -> AsyncGenerator[Transcript, None]:
        waiting = bytearray()
        told = ""
        steps_since_told = 0
        async for item in audio:
            if not isinstance(item, PcmChunk):
                await self._work(hearing.feed, bytes(waiting))
                waiting.clear()
                heard = await self._work(hearing.settle)
                told, steps_since_told = heard.text, 0
                yield Transcript(text=heard.text, settled=True, words=heard.words)
                continue
            waiting += _pcm(item)
            while len(waiting) >= _STEP_BYTES:
                step = bytes(waiting[:_STEP_BYTES])
                del waiting[:_STEP_BYTES]
                heard = await self._work(_hear, hearing, step)
                steps_since_told += 1
                if heard.text != told and steps_since_told >= _PARTIAL_EVERY_STEPS:
                    told, steps_since_told = heard.text, 0
                    yield Transcript(text=heard.text, words=heard.words)
        if waiting:
            await self._work(hearing.feed, bytes(waiting))

    async def _recording(self, audio: AsyncIterator[HeardAudio], speaker: Speaker) -> AsyncGenerator[Transcript, None]:
        hearing = RecordingHearing(speaker)
        told = ""
        async for item in audio:
            if not isinstance(item, PcmChunk):
                await self._work(hearing.end_piece)
                await self._hear_pieces(hearing)
                heard = hearing.so_far()
                told = heard.text
                yield replace(_of_recording(heard), settled=True)
                continue
            pcm = _pcm(item)
            for at in range(0, len(pcm), _TAKEN_BYTES):
                await self._work(hearing.take, pcm[at : at + _TAKEN_BYTES])
                await self._hear_pieces(hearing)
                heard = hearing.so_far()
                if heard.text != told:
                    told = heard.text
                    yield _of_recording(heard)
        await self._work(hearing.end_piece)
        await self._hear_pieces(hearing)
        final = _of_recording(hearing.so_far())
        yield replace(final, final=True, adaptation=_adaptation(hearing.speaker))

    async def _hear_pieces(self, hearing: RecordingHearing) -> None:
        """A decoder is borrowed for each piece anew, some seconds of work: whoever speaks need not wait for the end."""
        while await self._work(hearing.ready):
            async with self._decoders.lend(recording=True) as decoder:
                try:
                    while await self._work(hearing.hear, decoder):
                        pass
                finally:
                    await self._work(hearing.leave)

    async def _work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in a thread. When cancelled, wait for the thread all the same: the decoder is still in its hands."""
        try:
            future = asyncio.get_running_loop().run_in_executor(self._executor, lambda: function(*args, **kwargs))
        except RuntimeError as error:  # the threads have been ended
            raise EngineError("PocketSphinx was closed while it was listening: open it again") from error
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        try:
            return future.result()
        except RuntimeError as error:
            raise EngineError(f"PocketSphinx failed: {error}") from error


def _pcm(chunk: PcmChunk) -> bytes:
    if chunk.sample_rate_hz != SAMPLE_RATE_HZ:
        raise BadAudio(f"PocketSphinx hears {SAMPLE_RATE_HZ} Hz: resample the {chunk.sample_rate_hz} Hz given")
    return chunk.pcm


def _adaptation(speaker: Speaker) -> str | None:
    return speaker.to_text() if speaker.gain_db is not None else None


def _of_recording(heard: HeardSoFar) -> Transcript:
    return Transcript(
        text=heard.text,
        words=heard.words,
        segments=heard.segments,
        stable_chars=len(heard.text),  # a piece is told when it is finished
        heard_ms=heard.reaches_ms,
    )


def _hear(hearing: Hearing, pcm: bytes) -> Heard:
    hearing.feed(pcm)
    return hearing.so_far()


def _load_decoder() -> SphinxDecoder:
    from pocketsphinx import Decoder, get_model_path  # noqa: PLC0415 - 38 MB, loaded only where an ear is opened

    try:
        # Without its second and third pass: no worse on people, and a pause is answered at once (docs/adr/0003).
        return Decoder(lm=get_model_path("en-us/en-us.lm.bin"), loglevel="FATAL", fwdflat=False, bestpath=False)
    except RuntimeError as error:
        raise EngineUnavailable(f"PocketSphinx does not load: {error}. Mend it with: {_REMEDY}") from error


class PocketSphinxProvider:
    """Options: `decoders`, how many utterances may be heard at once (91 MB each), default the processors, at most 4."""

    info = EngineInfo(
        name="pocketsphinx",
        kind="stt",
        title="PocketSphinx (basic, built in, English)",
        languages=("en",),
        preference=10,
        licence="BSD-2-Clause",
        host="worker",
        # More than there are decoders: a recording holds a place for long, and must not keep out who speaks now. Who
        # gets a decoder next is the engine's own work.
        max_active=_MOST_AT_ONCE,
    )

    def check(self, options: Options) -> Availability:
        try:
            decoders = _decoders_option(options)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message, remedy="set `decoders`, and nothing else")
        spec = importlib.util.find_spec("pocketsphinx")
        if spec is None or spec.origin is None:
            return Availability(available=False, reason="the pocketsphinx package is missing", remedy=_REMEDY)
        model = Path(spec.origin).parent / _MODEL
        missing = [name for name in _MODEL_FILES if not (model / name).exists()]
        if missing:
            return Availability(
                available=False,
                reason=f"the model in {model} is incomplete: {', '.join(missing)}",
                remedy=f"{_REMEDY} --force-reinstall",
            )
        return Availability(
            available=True,
            facts={
                "version": importlib.metadata.version("pocketsphinx"),
                "model": str(model),
                "decoders": str(decoders),
                "noise suppression": "yes" if suppression_available() else "no: webrtc-noise-gain is not installed",
            },
        )

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[SpeechToText, None]:
        limit = _decoders_option(options)
        found = self.check(options)
        if not found.available:
            raise EngineUnavailable(f"PocketSphinx cannot be opened: {found.reason}. Mend it with: {found.remedy}")
        executor = ThreadPoolExecutor(max_workers=limit + 1, thread_name_prefix="pocketsphinx")
        decoders = Decoders(_load_decoder, limit=limit, executor=executor)
        try:
            await decoders.warm_up()
            yield PocketSphinxStt(decoders, executor)
        finally:
            # Steps under way are finished, and not cancelled: whoever waits for one must not take that for his own
            # cancellation, and its decoder is in use until then.
            await asyncio.to_thread(executor.shutdown)
            decoders.close()


def _decoders_option(options: Options) -> int:
    unknown = set(options) - {"decoders"}
    if unknown:
        raise ConfigurationError(f"pocketsphinx has no option {', '.join(sorted(unknown))}: its only one is `decoders`")
    text = options.get("decoders", str(_DEFAULT_DECODERS))
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DECODERS:
        raise ConfigurationError(f"`decoders` must be a whole number from 1 to {_MOST_DECODERS}, not '{text}'")
    return int(text)


provider = PocketSphinxProvider()
