"""One utterance on its way through the ear: audio and pauses in, its text out."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from syrinx.audio import PcmChunk
from syrinx.engines.stt.contract import HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.vad.contract import FRAME_SAMPLES, SAMPLE_RATE_HZ
from syrinx.errors import EngineEmpty, EngineError, EngineTimeout, SyrinxError

_log = logging.getLogger(__name__)

FRAME_BYTES = 2 * FRAME_SAMPLES
BATCH_BYTES = 3 * FRAME_BYTES
"""The ear is woken for 96 ms at a time, which saves messages; a Pause wakes it at once."""
CHUNK_BYTES = SAMPLE_RATE_HZ * 2
"""At most a second in one chunk."""


class Utterance:
    """The task that runs `transcribe` belongs to whoever made this.

    How much audio may wait for a slow ear is bounded by the cap on an utterance, which the caller keeps.
    """

    def __init__(
        self,
        *,
        on_text: Callable[[Utterance, Transcript], None],
        on_final: Callable[[Utterance, Transcript], None],
        on_error: Callable[[Utterance, SyrinxError], None],
        final_timeout_s: float,
    ) -> None:
        """After `final_timeout_s` without a final text the last partial one is final; without any it is an error.

        Exactly one of `on_final` and `on_error` is called, as the last call, unless `transcribe` is cancelled."""
        self.text = ""
        """As understood so far."""
        self.failed = False
        self._on_text = on_text
        self._on_final = on_final
        self._on_error = on_error
        self._final_timeout_s = final_timeout_s
        self._waiting: deque[bytes | Pause] = deque()
        self._waiting_bytes = 0
        self._pauses_open = 0
        self._closed = False
        self._reader: asyncio.Future[None] | None = None
        self._deadline: asyncio.Timeout | None = None

    @property
    def settled(self) -> bool:
        """Whether the last pause has been answered."""
        return not self._pauses_open

    def push(self, pcm: bytes) -> None:
        """More of its audio: s16le at 16 kHz."""
        if self.failed:
            return
        self._waiting.append(pcm)
        self._waiting_bytes += len(pcm)
        if self._waiting_bytes >= BATCH_BYTES:
            self._wake()

    def pause(self) -> None:
        """The speaker went quiet: have all that was pushed settled."""
        if self.failed:
            return
        self._waiting.append(Pause())
        self._pauses_open += 1
        self._wake()

    def close(self) -> None:
        """No more audio follows; the final text is due within the time allowed."""
        self._closed = True
        self._start_deadline()
        self._wake()

    async def transcribe(self, stt: SpeechToText, request: TranscriptionRequest) -> None:
        """Have the ear listen, and tell what it understands."""
        try:
            final = await self._heard(stt, request)
        except SyrinxError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - an ear's unforeseen failure must not end the listening: logged, and told
            _log.exception("an ear failed in a way that its contract does not name")
            self._fail(EngineError(f"the ear failed unexpectedly ({type(error).__name__})"))
        else:
            self._on_final(self, final)

    async def _heard(self, stt: SpeechToText, request: TranscriptionRequest) -> Transcript:
        final: Transcript | None = None
        partial: Transcript | None = None
        try:
            async with asyncio.timeout(None) as self._deadline:
                if self._closed:
                    self._start_deadline()
                async with aclosing(self._audio()) as audio, aclosing(stt.transcribe(audio, request)) as transcripts:
                    async for transcript in transcripts:
                        self.text = transcript.text
                        if transcript.final:
                            final = transcript
                        else:
                            partial = transcript
                            if transcript.settled:
                                self._pauses_open -= 1
                            self._on_text(self, transcript)
                while final is not None and not self._closed:
                    await self._woken()
        except TimeoutError as error:
            if partial is not None and partial.text:
                # What was understood by then is worth more to the speaker than nothing of it.
                _log.warning("an ear gave no final text in time: its last partial one is taken")
                return replace(partial, final=True, settled=False, stable_chars=len(partial.text))
            raise EngineTimeout(f"the ear gave no final text for {self._final_timeout_s:g} s") from error
        finally:
            self._deadline = None
        if final is None:
            raise EngineEmpty("the ear finished without a final text")
        return final

    async def _audio(self) -> AsyncGenerator[HeardAudio, None]:
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, Pause):
                    yield item
                    continue
                parts = [item]
                size = len(item)
                while self._waiting and size < CHUNK_BYTES and isinstance(following := self._waiting[0], bytes):
                    parts.append(following)
                    size += len(following)
                    self._waiting.popleft()
                self._waiting_bytes -= size
                yield PcmChunk(pcm=b"".join(parts), sample_rate_hz=SAMPLE_RATE_HZ)
            if self._closed:
                return
            await self._woken()

    def _fail(self, error: SyrinxError) -> None:
        self.failed = True
        self._waiting.clear()
        self._on_error(self, error)

    def _start_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._final_timeout_s)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _woken(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None
