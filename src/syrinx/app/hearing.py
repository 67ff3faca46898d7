"""What `syrinx listen` does: one recording in, its words out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import BinaryIO, Final, Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from syrinx.app.house import House, open_house
from syrinx.app.settings import Settings
from syrinx.errors import BadInput
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.speech.subtitles import Caption, srt, vtt

WrittenAs = Literal["text", "json", "srt", "vtt"]
WRITTEN_AS: Final[Mapping[str, WrittenAs]] = {"text": "text", "json": "json", "srt": "srt", "vtt": "vtt"}


async def listen(
    settings: Settings, file: Path, request: RecordingRequest, *, written_as: WrittenAs, out: Console, err: Console
) -> None:
    """Transcribe a recording in any container that a browser or a phone makes.

    Raises BadInput when there is no such file or the ear does not translate, BadAudio when it is none, UnknownLanguage.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    with opened as recording:
        async with open_house(settings) as house:
            heard = await _heard(house, recording, request, err)
    for lacking in heard.not_applied:
        err.print(f"{heard.transcript.engine} cannot do: {lacking}")
    if written_as == "json":
        out.print_json(json.dumps(_as_json(heard)))
    elif written_as == "text":
        out.print(escape(heard.transcript.text) or "[dim](no words)[/]", soft_wrap=True)
    else:
        captions = [
            Caption(text=each.text, start_ms=each.start_ms, end_ms=each.end_ms) for each in heard.transcript.segments
        ]
        out.file.write(srt(captions) if written_as == "srt" else vtt(captions))


async def _heard(house: House, recording: BinaryIO, request: RecordingRequest, err: Console) -> RecordingHeard:
    columns = (TextColumn("Listening"), BarColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.fields[words]}"))
    speech = house.speech.house
    async with AsyncExitStack() as open_:
        media = await open_.enter_async_context(speech.open_media(recording))
        chunks = await open_.enter_async_context(aclosing(media.chunks()))
        progress = open_.enter_context(Progress(*columns, console=err, transient=True))
        bar = progress.add_task("", total=media.duration_ms, words="")
        hearing = await open_.enter_async_context(aclosing(speech.transcribe(chunks, request)))
        last: RecordingHeard | None = None
        async for last in hearing:
            words = escape(last.transcript.text[-60:])
            progress.update(bar, words=words, completed=last.transcript.heard_ms or 0.0)
        if last is None:
            raise BadInput("the recording ended before anything could be heard")
        return last


def _as_json(heard: RecordingHeard) -> dict[str, object]:
    final = heard.transcript
    return {
        "text": final.text,
        "language": final.language,
        "engine": final.engine,
        "confidence": final.confidence,
        "duration_ms": heard.duration_ms,
        "times": heard.times,
        "words": [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in final.words],
        "segments": [
            {"text": each.text, "start_ms": each.start_ms, "end_ms": each.end_ms, "confidence": each.confidence}
            for each in final.segments
        ],
        "not_applied": list(heard.not_applied),
    }
