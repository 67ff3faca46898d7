"""What `syrinx listen` does: one recording in, its words out."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from syrinx.app.house import open_house
from syrinx.app.settings import Settings
from syrinx.audio import read_wav, resample
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.stt.contract import HeardAudio, Task, Transcript, TranscriptionRequest
from syrinx.errors import BadInput

PIECE_MS: Final = 100


async def listen(
    settings: Settings, file: Path, *, language: str, task: Task, as_json: bool, out: Console, err: Console
) -> None:
    """Transcribe a WAV file. `language` is BCP 47, or "auto" to have it found out.

    Raises BadInput when there is no such file or the ear does not translate, BadAudio when it is none, UnknownLanguage.
    """
    try:
        clip = read_wav(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    final = Transcript(text="", final=True)
    columns = (TextColumn("Listening"), BarColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.fields[words]}"))
    async with open_house(settings) as house, house.engines.stt("") as ear:
        heard = resample(clip, ear.capabilities.sample_rate_hz)
        with Progress(*columns, console=err, transient=True) as progress:
            bar = progress.add_task("", total=heard.duration_ms, words="")
            request = TranscriptionRequest(language=language, task=task, recording=True)
            async with aclosing(ear.transcribe(_pieces(heard), request)) as transcripts:
                async for transcript in transcripts:
                    words = escape(transcript.text[-60:])
                    progress.update(bar, words=words, completed=transcript.heard_ms or 0.0)
                    final = transcript
    if as_json:
        out.print_json(json.dumps(_as_json(final)))
    else:
        out.print(escape(final.text) or "[dim](no words)[/]", soft_wrap=True)


async def _pieces(heard: PcmChunk) -> AsyncGenerator[HeardAudio, None]:
    size = BYTES_PER_SAMPLE * heard.sample_rate_hz * PIECE_MS // 1000
    for start in range(0, len(heard.pcm), size):
        yield PcmChunk(pcm=heard.pcm[start : start + size], sample_rate_hz=heard.sample_rate_hz)


def _as_json(final: Transcript) -> dict[str, object]:
    return {
        "text": final.text,
        "language": final.language,
        "engine": final.engine,
        "confidence": final.confidence,
        "words": [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in final.words],
        "segments": [
            {"text": each.text, "start_ms": each.start_ms, "end_ms": each.end_ms, "confidence": each.confidence}
            for each in final.segments
        ],
    }
