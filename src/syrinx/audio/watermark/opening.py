"""Keeps the watermarking process: started once, asked one clip at a time, started again after it died."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import struct
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import ConfigurationError, EngineError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_MAIN: Final = Path(__file__).with_name("watermark_main.py")
_HEADER: Final = struct.Struct("<cII")
"""As in watermark_main.py, which cannot be imported: it is another environment's."""
_READY_S: Final = 300.0
"""Loading torch and the weights, and marking something for the first time, takes a minute on a busy machine."""
_MARKED_S: Final = 60.0
_GONE_S: Final = 5.0
"""Until nothing is left of a process that was killed, unless another holds its pipes."""
_TOLD_CHARS: Final = 2_000
_TOLD_LINES: Final = 10
_REMEDY: Final = (
    "install resemble-perth into an environment of its own and name its Python in SYRINX_WATERMARK_PYTHON, "
    "or set SYRINX_WATERMARK=off"
)


class WatermarkFailed(EngineError):
    """Speech could not be marked, and is therefore not given."""

    code = "watermark_failed"


class Watermark:
    """Made by `open_watermark`. Whoever is cancelled while waiting leaves the process at work, for the next to use."""

    def __init__(self, python: Path) -> None:
        self._python = python
        self._process: asyncio.subprocess.Process | None = None
        self._complaints: _Complaints | None = None
        self._turn = asyncio.Lock()
        self._work: asyncio.Task[Any] | None = None
        """What the turn is held for."""
        self._closed = False

    async def mark(self, clip: PcmChunk) -> PcmChunk:
        """The same clip, as long and at the same rate, with the mark in it. Raises WatermarkFailed."""
        pcm = await self._in_turn(partial(self._answer, b"M", clip))
        if len(pcm) != len(clip.pcm):
            raise WatermarkFailed("the watermark changed the length of the sound: nothing is given")
        return PcmChunk(pcm=pcm, sample_rate_hz=clip.sample_rate_hz)

    async def found(self, clip: PcmChunk) -> float:
        """How surely there is a mark in it: 0 to 1. Raises WatermarkFailed."""
        (share,) = struct.unpack("<d", await self._in_turn(partial(self._answer, b"F", clip)))
        return float(share)

    async def start(self) -> None:
        """Raises ConfigurationError where it cannot mark."""
        await self._in_turn(self._running)

    async def aclose(self) -> None:
        """End the process; whoever waits for it gets WatermarkFailed."""
        self._closed = True
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
        await self._end()

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Let it be done in a task of this watermark, which goes on when the caller is cancelled.

        Half an exchange, or half a start, could only be mended by loading the library anew, which takes up to a minute:
        speech that is cancelled every few seconds would never come.
        """
        await self._turn.acquire()
        if self._closed:
            self._turn.release()
            raise WatermarkFailed("the server is stopping: nothing is marked any more")
        self._work = task = asyncio.create_task(work(), name="watermark")
        task.add_done_callback(self._let_go)
        await asyncio.wait({task})
        if task.cancelled():
            raise WatermarkFailed("the server is stopping: nothing is marked any more")
        return task.result()

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._work = None
        self._turn.release()
        if not task.cancelled():
            task.exception()  # nobody may be left to ask for it; the log has it

    async def _answer(self, wanted: bytes, clip: PcmChunk) -> bytes:
        try:
            process = await self._running()
            async with asyncio.timeout(_MARKED_S):
                return await _exchange(process, wanted, clip)
        except WatermarkFailed as error:
            _log.warning("%s", error.message)
            raise
        except (OSError, EOFError, TimeoutError, ConfigurationError) as error:
            complaints = await self._end()
            _log.warning("speech could not be watermarked (%r); the library's last words: %s", error, complaints)
            raise WatermarkFailed(
                "the speech could not be marked, and is not given without: try again, or see the log"
            ) from error
        except asyncio.CancelledError:
            await self._end()
            raise

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._process is not None:
            _log.warning("the watermarking process ended by itself; its last words: %s", await self._end())
        try:
            process = await asyncio.create_subprocess_exec(
                str(self._python),
                *("-I", str(_MAIN)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"PATH": os.defpath, "HF_HUB_OFFLINE": "1", "LC_ALL": "C.UTF-8"},
                limit=1 << 20,
            )
        except OSError as error:
            raise ConfigurationError(f"{self._python} cannot be started ({error.strerror}): {_REMEDY}") from error
        self._process, self._complaints = process, _Complaints(process.stderr)
        told: dict[str, object] = {}
        with suppress(TimeoutError, ValueError):
            async with asyncio.timeout(_READY_S):
                said = json.loads(await _stdout(process).readline())
                told = said if isinstance(said, dict) else {}
        if told.get("ready") is not True:
            _log.warning("the watermarking library does not start; its last words: %s", await self._end())
            raise ConfigurationError(f"speech cannot be watermarked ({told.get('reason', 'no answer')}): {_REMEDY}")
        return process

    async def _end(self) -> str:
        """Kill the process, if there is one; the last that it complained of."""
        process, self._process = self._process, None
        complaints, self._complaints = self._complaints, None
        if process is None or complaints is None:
            return ""
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GONE_S):
                # While a pipe is full, its end is not noticed, and the process not taken for ended.
                while await _stdout(process).read(1 << 16):
                    pass
                await process.wait()
        return await complaints.last()


class _Complaints:
    """What a process says on its stderr, read all the while, for a full pipe would stop it; only the end is kept."""

    def __init__(self, stream: asyncio.StreamReader | None) -> None:
        self._end = ""
        self._reading = asyncio.create_task(self._read(stream), name="watermark's complaints")

    async def last(self) -> str:
        """To be asked for once, of a process that has ended."""
        await asyncio.wait({self._reading}, timeout=_GONE_S)
        self._reading.cancel()
        return "\n".join(self._end.splitlines()[-_TOLD_LINES:])

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        while stream is not None and (piece := await stream.read(4096)):
            self._end = (self._end + piece.decode(errors="replace"))[-_TOLD_CHARS:]


async def _exchange(process: asyncio.subprocess.Process, wanted: bytes, clip: PcmChunk) -> bytes:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(_HEADER.pack(wanted, clip.sample_rate_hz, len(clip.pcm)) + clip.pcm)
    await process.stdin.drain()
    letter, _, size = _HEADER.unpack(await _stdout(process).readexactly(_HEADER.size))
    body = await _stdout(process).readexactly(size)
    if letter != wanted:
        raise WatermarkFailed(f"the speech could not be marked ({body.decode(errors='replace')}), and is not given")
    return body


def _stdout(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise EOFError
    return process.stdout


@asynccontextmanager
async def open_watermark(python: Path | None = None) -> AsyncGenerator[Watermark, None]:
    """A watermark that works, by the Python that has resemble-perth; None is this one.

    Fails closed: ConfigurationError where nothing would be marked. Leaving the context ends the process.
    """
    watermark = Watermark(python or Path(sys.executable))
    try:
        await watermark.start()
        yield watermark
    finally:
        await watermark.aclose()
