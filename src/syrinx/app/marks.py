"""What `syrinx verify FILE` does: tells of sound files whether they are marked as synthetic speech."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from syrinx.app.marking import open_marking
from syrinx.app.settings import Settings
from syrinx.audio import PcmChunk
from syrinx.audio.intake import Intake, open_intake
from syrinx.audio.synthetic_mark import SyntheticMark, read_mark
from syrinx.audio.watermark import Watermark
from syrinx.errors import BadInput

_RATE_HZ: Final = 24_000
_PIECE_BYTES: Final = 2 * _RATE_HZ * 60
"""A minute: what is synthetic in part of a file is not lost in the rest."""
_FOUND: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMarks:
    file: Path
    mark: SyntheticMark | None
    """In its metadata."""
    watermark: float | None
    """How surely there is one in the sound, 0 to 1; None where none is looked for."""

    @property
    def synthetic(self) -> bool:
        return self.mark is not None or (self.watermark or 0.0) >= _FOUND


async def tell_of_marks(settings: Settings, files: Sequence[Path], *, as_json: bool, out: Console) -> None:
    """A line for each file; watermarks are looked for where the settings ask for one.

    Raises BadInput for the first that cannot be read, BadAudio for what is no sound, ConfigurationError and
    WatermarkFailed where watermarks cannot be looked for.
    """
    async with AsyncExitStack() as closing:
        watermark = await closing.enter_async_context(open_marking(settings))
        intake = await closing.enter_async_context(open_intake())
        found = [await _marks_of(file, watermark, intake) for file in files]
    if as_json:
        told = [
            {
                "file": str(each.file),
                "synthetic": each.synthetic,
                "mark": each.mark and each.mark.text,
                "engine": each.mark and each.mark.engine,
                "watermark": each.watermark,
            }
            for each in found
        ]
        out.print(json.dumps(told, ensure_ascii=False), soft_wrap=True, markup=False)
        return
    for each in found:
        out.print(f"{escape(str(each.file))}: {_told(each)}", soft_wrap=True)


def _told(marks: FileMarks) -> str:
    looked_for = "" if marks.watermark is None else "a watermark" if marks.watermark >= _FOUND else "no watermark"
    if marks.mark is not None:
        return f"[bold]synthetic[/]: {escape(marks.mark.text)}{looked_for and f'; {looked_for} in the sound'}"
    if marks.synthetic:
        return "[bold]synthetic[/]: no mark in its metadata; a watermark in the sound"
    nothing = "no mark and no watermark" if looked_for else "no mark"
    return f"{nothing}: whether a person spoke it cannot be told, for marks can be removed"


async def _marks_of(file: Path, watermark: Watermark | None, intake: Intake) -> FileMarks:
    try:
        with file.open("rb") as opened:
            mark = await asyncio.to_thread(read_mark, opened)
            if watermark is None:
                return FileMarks(file=file, mark=mark, watermark=None)
            opened.seek(0)
            async with intake.open(opened, sample_rate_hz=_RATE_HZ) as media, aclosing(media.chunks()) as chunks:
                surest = 0.0
                async with aclosing(_pieces(chunks)) as pieces:
                    async for piece in pieces:
                        surest = max(surest, await watermark.found(piece))
                return FileMarks(file=file, mark=mark, watermark=surest)
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read ({error.strerror}): name a sound file, or stt, tts or llm to test engines"
        ) from error


async def _pieces(chunks: AsyncIterator[PcmChunk]) -> AsyncGenerator[PcmChunk, None]:
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk.pcm
        while len(waiting) >= _PIECE_BYTES:
            yield PcmChunk(pcm=bytes(waiting[:_PIECE_BYTES]), sample_rate_hz=_RATE_HZ)
            del waiting[:_PIECE_BYTES]
    if waiting:
        yield PcmChunk(pcm=bytes(waiting), sample_rate_hz=_RATE_HZ)
