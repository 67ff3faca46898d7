"""What `syrinx say` and `syrinx voices` do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from syrinx.app.house import open_house
from syrinx.app.loudspeaker import play
from syrinx.app.settings import Settings
from syrinx.audio.encoding import AudioFormat, open_encoder
from syrinx.audio.pcm import PcmChunk
from syrinx.audio.synthetic_mark import mark_tags
from syrinx.errors import BadInput
from syrinx.speech.narration import NarratedSound, Narration, NarrationRequest
from syrinx.whole_files import USUAL, write_whole

FORMATS: Final[Mapping[str, AudioFormat]] = {
    ".wav": "wav",
    ".mp3": "mp3",
    ".opus": "opus",
    ".ogg": "opus",
    ".aac": "aac",
    ".flac": "flac",
    ".pcm": "pcm",
}
"""What a file is written as, by the end of its name."""


async def say(settings: Settings, request: NarrationRequest, *, to: Path | None, console: Console) -> None:
    """Speak on the loudspeaker, into the file `to` as its name ends, or as WAV on standard output when `to` is "-".

    A file is there only when all of it is. Raises BadInput for a text without words, wrong SSML or another kind of
    file, UnknownVoice, UnknownLanguage, NoLoudspeaker.
    """
    audio_format = _format_of(to)
    async with open_house(settings, serving=False) as house:
        narration = await house.speech.house.narrate(request)
        try:
            with console.status("Speaking ..."):
                clip = await _spoken(narration)
        finally:
            await narration.aclose()
    if narration.not_applied:
        console.print(f"{narration.engine} cannot do: {', '.join(narration.not_applied)}")
    if to is None:
        await play(clip)
        return
    encoder = open_encoder(
        audio_format,
        sample_rate_hz=clip.sample_rate_hz,
        samples=clip.sample_count,
        tags=mark_tags(engine=narration.engine),
    )
    written = encoder.encode(clip) + encoder.finish()
    if str(to) == "-":
        sys.stdout.buffer.write(written)
        return
    try:
        await asyncio.to_thread(write_speech, to, written)
    except OSError as error:
        raise BadInput(f"{to} cannot be written: {error.strerror}") from error
    console.print(f"{clip.duration_ms / 1000:.1f} s of speech in {to}")


def write_speech(to: Path, content: bytes) -> None:
    """What was there stays until all of the new file is; a link stays one, and a pipe is written to. Raises OSError."""
    target = to.resolve()
    if target.exists() and not target.is_file():  # a pipe
        target.write_bytes(content)
    else:
        write_whole(target, content, mode=USUAL)


def _format_of(to: Path | None) -> AudioFormat:
    if to is None or str(to) == "-":
        return "wav"
    audio_format = FORMATS.get(to.suffix.lower())
    if audio_format is None:
        raise BadInput(f"{to} ends in none of {', '.join(FORMATS)}: by that it is told what to write")
    return audio_format


async def _spoken(narration: Narration) -> PcmChunk:
    pcm = bytearray()
    async with aclosing(narration.events()) as events:
        async for event in events:
            if isinstance(event, NarratedSound):
                pcm += event.chunk.pcm
    return PcmChunk(pcm=bytes(pcm), sample_rate_hz=narration.sample_rate_hz)


async def list_voices(settings: Settings, *, language: str | None, console: Console) -> None:
    async with open_house(settings, serving=False) as house, house.engines.all_voices() as voices:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("voice", "name", "language", "", "grade", "engine"):
            table.add_column(column)
        for voice in sorted(voices.voices, key=lambda each: (each.language, each.id)):
            if language is None or voice.language.lower().startswith(language.lower()):
                table.add_row(
                    voice.id, voice.name, voice.language, voice.gender, voice.grade, voices.engine_of(voice.id)
                )
        console.print(table)
