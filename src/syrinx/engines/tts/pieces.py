"""A long text spoken piece by piece in threads, as engines in this process do that cannot stop within a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.threads import Emit, stream_from_thread
from syrinx.engines.tts.contract import SpeechChunk
from syrinx.engines.tts.requests import TextPiece
from syrinx.errors import EngineError


class PieceSpeaker:
    """Threads that speak one piece each at a time, so that no request holds one for longer than a piece takes.

    `max_waiting` chunks of a piece may wait unread: more than a piece normally has, so that a slow reader holds up no
    thread. `name` is the engine's. Behind the first chunk of a piece, those of an engine that is much quicker than
    speech may be joined to `joined_ms`: every chunk costs its way from the thread to the listener.
    """

    def __init__(self, *, name: str, threads: int, max_waiting: int, joined_ms: float = 0.0) -> None:
        self._name = name
        self._max_waiting = max_waiting
        self._joined_ms = joined_ms
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._closed = False

    async def spoken(
        self,
        pieces: Iterable[TextPiece],
        speak: Callable[[TextPiece, Emit[SpeechChunk]], None],
        *,
        sample_rate_hz: int,
        on_close: Callable[[], object] | None = None,
    ) -> AsyncGenerator[SpeechChunk, None]:
        """The chunks of all pieces, in order. `speak` emits those of one, word times counted from the piece's start.

        `on_close` is called when the reader leaves while `speak` is at work, to interrupt it.
        Raises EngineError when the threads were ended before the last piece was begun.
        """
        samples_before = 0
        speak = _with_joined_chunks(speak, self._joined_ms) if self._joined_ms else speak
        for piece in pieces:
            if self._closed:
                raise EngineError(f"{self._name} was closed while it was speaking: open it again")
            work = stream_from_thread(
                partial(speak, piece), executor=self._executor, max_waiting=self._max_waiting, on_close=on_close
            )
            async with aclosing(work) as chunks:
                offset_ms = 1000.0 * samples_before / sample_rate_hz
                async for chunk in chunks:
                    samples_before += chunk.audio.sample_count
                    if offset_ms and chunk.words:
                        words = tuple(replace(word, start_ms=word.start_ms + offset_ms) for word in chunk.words)
                        yield replace(chunk, words=words)
                    else:
                        yield chunk

    async def aclose(self) -> None:
        """Let what is being spoken finish its piece, then end the threads."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)


def _with_joined_chunks(
    speak: Callable[[TextPiece, Emit[SpeechChunk]], None], joined_ms: float
) -> Callable[[TextPiece, Emit[SpeechChunk]], None]:
    """`speak` with its first chunk as it is and the others joined to at least `joined_ms`, but for the last."""

    def joined(piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
        enough_ms = waiting_ms = 0.0
        waiting: list[SpeechChunk] = []
        is_read = True

        def give() -> bool:
            nonlocal waiting, waiting_ms, is_read
            chunks, waiting, waiting_ms = waiting, [], 0.0
            is_read = emit(_one(chunks))
            return is_read

        def take(chunk: SpeechChunk) -> bool:
            nonlocal enough_ms, waiting_ms
            waiting.append(chunk)
            waiting_ms += chunk.audio.duration_ms
            if waiting_ms < enough_ms:
                return True
            enough_ms = joined_ms
            return give()

        try:
            speak(piece, take)
        finally:
            # Also where it fails: what was made before that is heard.
            if waiting and is_read:
                give()

    return joined


def _one(chunks: list[SpeechChunk]) -> SpeechChunk:
    if len(chunks) == 1:
        return chunks[0]
    pcm = b"".join([chunk.audio.pcm for chunk in chunks])
    return SpeechChunk(
        audio=PcmChunk(pcm=pcm, sample_rate_hz=chunks[0].audio.sample_rate_hz),
        words=tuple([word for chunk in chunks for word in chunk.words]),
    )
