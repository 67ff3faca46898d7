"""Small engines that a worker process can import, to test the host with: what is said to them is what they do.

A request's text is a list of words, each obeyed in turn: `wait` waits 20 ms, `hang` waits for ever, `freeze` stops the
process, `refuse`, `break` and `busy` raise, `die` ends the process, `print` prints, `memo` gives the number of streams
that were closed early, and any other word gives one item. Options at opening: `fail` raises, `die` ends the process,
`slow` waits so many seconds. The voice engine learns voices, and obeys the words of the sample's transcript first.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.llm.contract import LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.stt.contract import (
    HeardAudio,
    Pause,
    RecognizedWord,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.engines.tts.contract import Cloning, SpeechChunk, SpeechRequest, TtsCapabilities, Voice, WordTime
from syrinx.errors import BadAudio, EngineBusy, EngineUnavailable, UnknownLanguage, UnknownVoice
from syrinx.testing.fake_tts import CLONING, ScriptedTts

SAMPLE_RATE_HZ = 24_000
CHUNK_MS = 60.0


class Obedient:
    """Does what words say; the three kinds of engine below share it."""

    def __init__(self) -> None:
        self.closed_early = 0

    async def obey(self, words: str) -> AsyncGenerator[str, None]:
        done = False
        try:
            for word in words.split():
                match word:
                    case "wait":
                        await asyncio.sleep(0.02)
                    case "hang":
                        await asyncio.Event().wait()
                    case "freeze":
                        time.sleep(3600.0)  # noqa: ASYNC251 - an engine that stops the whole worker
                    case "refuse":
                        raise UnknownVoice("there is no such voice: there is only one")
                    case "busy":
                        raise EngineBusy("come back later", retry_after_s=7.5)
                    case "break":
                        raise ZeroDivisionError("as I was told")
                    case "die":
                        os.kill(os.getpid(), signal.SIGKILL)
                    case "print":
                        sys.stdout.write("a line from the engine\n")
                        sys.stdout.flush()
                    case "memo":
                        yield str(self.closed_early)
                    case _:
                        yield word
            done = True
        finally:
            self.closed_early += not done


class ObedientTts(Obedient):
    capabilities = TtsCapabilities(
        sample_rate_hz=SAMPLE_RATE_HZ,
        languages=("en",),
        word_times=True,
        speed=(0.5, 2.0),
        clones=Cloning(shortest_s=0.5, best_s=8.0, version="obedient-1", transcript=True),
        warmth=True,
    )
    voices: Sequence[Voice] = (Voice(id="only", name="Only", language="en-GB", gender="female"),)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        number = 0
        async for word in self.obey(request.text):
            audio = silence(duration_ms=CHUNK_MS, sample_rate_hz=SAMPLE_RATE_HZ)
            yield SpeechChunk(audio=audio, words=(WordTime(text=word, start_char=number, start_ms=number * CHUNK_MS),))
            number += 1

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        async for _ in self.obey(transcript):
            pass
        return f"{sample.sample_count} samples in {language}".encode()


class ObedientLlm(Obedient):
    capabilities = LlmCapabilities(model="obedient", context_tokens=512)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        async for word in self.obey(request.messages[-1].text):
            yield TextDelta(text=word + " ")


class ObedientStt(Obedient):
    """Understands audio as the number of its samples; obeys the hotwords before it listens."""

    capabilities = SttCapabilities(sample_rate_hz=16_000, languages=("en",), word_times=True)

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        if request.language != "en":
            raise UnknownLanguage(f"no language {request.language!r}: there is en")
        async for _ in self.obey(" ".join(request.hotwords)):
            pass
        samples = 0
        async for heard in audio:
            if isinstance(heard, Pause):
                yield Transcript(text=f"{samples}", settled=True)
                continue
            samples += self._counted(heard)
            yield Transcript(text=f"{samples}")
        word = RecognizedWord(text=f"{samples}", start_ms=0.5, end_ms=samples / 16)
        yield Transcript(
            text=f"{samples}", final=True, confidence=0.25, words=(word,), adaptation=f"{request.adaptation}+{samples}"
        )

    def _counted(self, heard: PcmChunk) -> int:
        if heard.sample_rate_hz != self.capabilities.sample_rate_hz:
            raise BadAudio(f"{heard.sample_rate_hz} Hz cannot be heard: send {self.capabilities.sample_rate_hz} Hz")
        return heard.sample_count


class ObedientProvider:
    def __init__(self, info: EngineInfo, engine: type[Obedient]) -> None:
        self.info = info
        self._engine = engine

    def check(self, options: Options) -> Availability:
        return Availability(available=True, facts=dict(options))

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[Obedient, None]:
        if "fail" in options:
            raise EngineUnavailable(f"{options['fail']} is missing: install it")
        if "die" in options:
            sys.stderr.write(f"last words: {options['die']}\n")
            os._exit(3)
        await asyncio.sleep(float(options.get("slow", "0")))
        yield self._engine()


class TonesProvider:
    """A voice engine of tones that learns voices."""

    info = EngineInfo(name="tones", kind="tts", title="Tones (for tests)", licence="Apache-2.0", clones=True)

    def check(self, options: Options) -> Availability:
        return Availability(available=True, facts=dict(options))

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[ScriptedTts, None]:
        del options
        yield ScriptedTts(cloning=CLONING, warmth=True)


tones = TonesProvider()
tts = ObedientProvider(
    EngineInfo(name="obedient", kind="tts", title="Obedient (for tests)", licence="Apache-2.0", clones=True),
    ObedientTts,
)
stt = ObedientProvider(
    EngineInfo(name="obedient", kind="stt", title="Obedient (for tests)", licence="Apache-2.0"), ObedientStt
)
llm = ObedientProvider(
    EngineInfo(name="obedient", kind="llm", title="Obedient (for tests)", licence="Apache-2.0"), ObedientLlm
)
