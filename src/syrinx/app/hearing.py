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
from syrinx.engines.stt.contract import HeardAudio, Pause, Transcript, TranscriptionRequest
from syrinx.errors import BadInput

PIECE_MS: Final = 100


async def listen(settings: Settings, file: Path, *, as_json: bool, out: Console, err: Console) -> None:
    """Transcribe a WAV file as one utterance. Raises BadInput when there is no such file, BadAudio when it is none."""
    try:
        clip = read_wav(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    final = Transcript(text="", final=True)
    columns = (TextColumn("Listening"), BarColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.fields[words]}"))
    async with open_house(settings) as house, house.engines.stt("") as ear:
        heard = resample(clip, ear.capabilities.sample_rate_hz)
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task("", total=heard.duration_ms, words="")

            async def pieces() -> AsyncGenerator[HeardAudio, None]:
                size = BYTES_PER_SAMPLE * heard.sample_rate_hz * PIECE_MS // 1000
                for start in range(0, len(heard.pcm), size):
                    yield PcmChunk(pcm=heard.pcm[start : start + size], sample_rate_hz=heard.sample_rate_hz)
                    progress.advance(task, PIECE_MS)
                yield Pause()

            request = TranscriptionRequest(language=settings.language)
            async with aclosing(ear.transcribe(pieces(), request)) as transcripts:
                async for transcript in transcripts:
                    progress.update(task, words=escape(transcript.text[-60:]))
                    final = transcript
    if as_json:
        words = [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in final.words]
        out.print_json(json.dumps({"text": final.text, "language": final.language, "words": words}))
    else:
        out.print(escape(final.text) or "[dim](no words)[/]", soft_wrap=True)
