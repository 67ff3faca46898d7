"""Keeps the watermarking process: started once, asked one clip at a time, started again after it died."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from syrinx.audio.pcm import PcmChunk
from syrinx.errors import ConfigurationError, EngineError

_MAIN: Final = Path(__file__).with_name("watermark_main.py")
_HEADER: Final = struct.Struct("<cII")
"""As in watermark_main.py, which cannot be imported: it is another environment's."""
_READY_S: Final = 300.0
"""Loading torch and the weights, and marking something for the first time, takes a minute on a busy machine."""
_MARKED_S: Final = 60.0
_REMEDY: Final = (
    "install resemble-perth into an environment of its own and name its Python in SYRINX_WATERMARK_PYTHON, "
    "or set SYRINX_WATERMARK=off"
)


class WatermarkFailed(EngineError):
    """Speech could not be marked, and is therefore not given."""

    code = "watermark_failed"


class Watermark:
    """Made by `open_watermark`."""

    def __init__(self, python: Path) -> None:
        self._python = python
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def mark(self, clip: PcmChunk) -> PcmChunk:
        """The same clip, as long and at the same rate, with the mark in it. Raises WatermarkFailed."""
        pcm = await self._asked(b"M", clip)
        if len(pcm) != len(clip.pcm):
            raise WatermarkFailed("the watermark changed the length of the sound: nothing is given")
        return PcmChunk(pcm=pcm, sample_rate_hz=clip.sample_rate_hz)

    async def found(self, clip: PcmChunk) -> float:
        """How surely there is a mark in it: 0 to 1. Raises WatermarkFailed."""
        (share,) = struct.unpack("<d", await self._asked(b"F", clip))
        return float(share)

    async def start(self) -> None:
        """Raises ConfigurationError where it cannot mark."""
        async with self._turn:
            await self._running()

    async def aclose(self) -> None:
        async with self._turn:
            await self._end()

    async def _asked(self, wanted: bytes, clip: PcmChunk) -> bytes:
        async with self._turn:
            try:
                process = await self._running()
                async with asyncio.timeout(_MARKED_S):
                    return await _exchange(process, wanted, clip)
            except (OSError, EOFError, TimeoutError, ConfigurationError) as error:
                await self._end()
                raise WatermarkFailed(
                    "the speech could not be marked, and is not given without: try again, or see the log"
                ) from error
            except asyncio.CancelledError:
                await self._end()  # its answer would be taken for the next one's
                raise

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            process = await asyncio.create_subprocess_exec(
                str(self._python),
                *("-I", str(_MAIN)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath, "HF_HUB_OFFLINE": "1", "LC_ALL": "C.UTF-8"},
                limit=1 << 20,
            )
        except OSError as error:
            raise ConfigurationError(f"{self._python} cannot be started ({error.strerror}): {_REMEDY}") from error
        self._process = process
        told: dict[str, object] = {}
        with suppress(TimeoutError, ValueError):
            async with asyncio.timeout(_READY_S):
                said = json.loads(await _stdout(process).readline())
                told = said if isinstance(said, dict) else {}
        if told.get("ready") is not True:
            await self._end()
            raise ConfigurationError(f"speech cannot be watermarked ({told.get('reason', 'no answer')}): {_REMEDY}")
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


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
