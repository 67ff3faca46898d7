"""A long text spoken piece by piece in threads, as engines in this process do that cannot stop within a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from syrinx.engines.threads import Emit, stream_from_thread
from syrinx.engines.tts.contract import SpeechChunk
from syrinx.engines.tts.requests import TextPiece
from syrinx.errors import EngineError


class PieceSpeaker:
    """Threads that speak one piece each at a time, so that no request holds one for longer than a piece takes.

    `max_waiting` chunks of a piece may wait unread: more than a piece normally has, so that a slow reader holds up no
    thread. `name` is the engine's.
    """

    def __init__(self, *, name: str, threads: int, max_waiting: int) -> None:
        self._name = name
        self._max_waiting = max_waiting
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
                    words = tuple(replace(word, start_ms=word.start_ms + offset_ms) for word in chunk.words)
                    yield SpeechChunk(audio=chunk.audio, words=words)

    async def aclose(self) -> None:
        """Let what is being spoken finish its piece, then end the threads."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)
