"""An uploaded recording as it is understood: decoded and transcribed by one task, which ends with the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import EngineEmpty
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.transports.http.speech_house import SpeechHouse

_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class HearingTime:
    """Where the time of a transcription went."""

    decoding_ms: float = 0.0
    """Waited until the file was known to be sound, and for each further piece of it."""
    whole_ms: float = 0.0
    """From the upload's end to the last words, `decoding_ms` included."""
    sound_ms: float = 0.0

    def header(self) -> str:
        """As a Server-Timing header; `rtf` is the time that it took over the time of the sound."""
        hearing_ms = max(0.0, self.whole_ms - self.decoding_ms)
        factor = self.whole_ms / self.sound_ms if self.sound_ms else 0.0
        return f'decode;dur={self.decoding_ms:.1f}, stt;dur={hearing_ms:.1f}, rtf;desc="{factor:.3f}"'


class Hearing:
    """What `open_hearing` gives; `items` is to be read once, to its end or not."""

    def __init__(self, house: SpeechHouse, file: BinaryIO, wanted: RecordingRequest) -> None:
        self.time = HearingTime()
        self.container = ""
        """What the file is, once the hearing has begun."""
        self.claimed_ms: float | None = None
        """How long it says that it is."""
        self._going = asyncio.Event()
        self._heard: asyncio.Queue[RecordingHeard] = asyncio.Queue(1)
        self._work = asyncio.create_task(self._understand(house, file, wanted))

    async def begun(self) -> None:
        """Wait until the ear has said something or wants more sound than the first; raises what refuses it before.

        The first words of a long recording may take half a minute, for which nobody shall wait without a sign.
        """
        await self._unless_over(self._going.wait())

    async def items(self) -> AsyncGenerator[RecordingHeard, None]:
        """What is heard, the final one last; raises what the file or the ear raises, behind what was heard before."""
        while not (self._work.done() and self._heard.empty()):
            heard = await self._unless_over(self._heard.get())
            if heard is not None:
                yield heard

    async def final(self) -> RecordingHeard:
        """The whole of it, where nobody waits for the words between."""
        last: RecordingHeard | None = None
        async with aclosing(self.items()) as items:
            async for heard in items:
                last = heard
        if last is None or not last.transcript.final:
            raise EngineEmpty("the ear ended without saying what it understood: ask again")
        return last

    async def aclose(self) -> None:
        """End the work; when this returns nothing of it is left."""
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)

    async def _unless_over(self, wanted: Awaitable[_T]) -> _T | None:
        """What is waited for; None when the work ends without it, and the work's own error if it has one."""
        waiting = asyncio.ensure_future(wanted)
        try:
            # What is there already is taken even where the work has ended.
            await asyncio.sleep(0)
            await asyncio.wait({waiting, self._work}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
        self._work.result()
        return None

    async def _understand(self, house: SpeechHouse, file: BinaryIO, wanted: RecordingRequest) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        async with house.open_media(file) as media:
            self.time.decoding_ms = 1000.0 * (now() - began)
            self.container, self.claimed_ms = media.container, media.duration_ms
            async with (
                aclosing(media.chunks()) as chunks,
                aclosing(self._timed(chunks)) as timed,
                aclosing(house.transcribe(timed, wanted)) as hearing,
            ):
                async for heard in hearing:
                    self.time.whole_ms = 1000.0 * (now() - began)
                    self.time.sound_ms = heard.duration_ms
                    self._going.set()
                    await self._heard.put(heard)

    async def _timed(self, chunks: AsyncGenerator[PcmChunk, None]) -> AsyncGenerator[PcmChunk, None]:
        now = asyncio.get_running_loop().time
        while True:
            asked = now()
            chunk = await anext(chunks, None)
            self.time.decoding_ms += 1000.0 * (now() - asked)
            if chunk is None:
                return
            yield chunk
            self._going.set()


@asynccontextmanager
async def open_hearing(house: SpeechHouse, file: BinaryIO, wanted: RecordingRequest) -> AsyncGenerator[Hearing, None]:
    """Begin to understand a recording; leaving the context ends the work. `file` stays open as long."""
    hearing = Hearing(house, file, wanted)
    try:
        yield hearing
    finally:
        await hearing.aclose()
