"""What `syrinx say` and `syrinx voices` do."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from syrinx.app.house import House, open_house
from syrinx.app.loudspeaker import play
from syrinx.app.settings import Settings
from syrinx.audio import wav_bytes, write_wav
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import BadInput, SyrinxError
from syrinx.speech import SpokenSegment, SynthesisRules, speak_ahead
from syrinx.speech.events import SentenceAudio, SentenceSilent
from syrinx.text import SentenceSegmenter, speakable

RATE_HZ = 24_000


async def say(
    settings: Settings, text: str, *, voice: str | None, speed: float, to: Path | None, console: Console
) -> None:
    """Speak `text` on the loudspeaker, into the file `to`, or as WAV on standard output when `to` is "-".

    Raises BadInput for a text without words, UnknownVoice, UnknownLanguage, NoLoudspeaker.
    """
    async with open_house(settings) as house:
        with console.status("Speaking ..."):
            clip = await _spoken(house, text, language=settings.language, voice=voice, speed=speed)
    if to is None:
        await play(clip)
    elif str(to) == "-":
        sys.stdout.buffer.write(wav_bytes(clip))
    else:
        try:
            write_wav(to, [clip])
        except OSError as error:
            raise BadInput(f"{to} cannot be written: {error.strerror}") from error
        console.print(f"{clip.duration_ms / 1000:.1f} s of speech in {to}")


async def _spoken(house: House, text: str, *, language: str, voice: str | None, speed: float) -> PcmChunk:
    segmenter = SentenceSegmenter(language=language, first_clause=False)
    written = [*segmenter.feed(text), *segmenter.flush()]
    segments = [
        SpokenSegment(
            index=segment.index,
            speaker="",
            shown=segment.text,
            spoken=spoken,
            request=SpeechRequest(text=spoken, language=language, voice=voice, speed=speed),
            ends_paragraph=segment.ends_paragraph,
        )
        for segment in written
        if (spoken := speakable(segment.text, language=language))
    ]
    if not segments:
        raise BadInput("there are no words to speak: give a text with at least one letter or digit")

    async def one_by_one() -> AsyncGenerator[SpokenSegment, None]:
        for segment in segments:
            yield segment

    pcm = bytearray()
    failure: SyrinxError | None = None
    rules = SynthesisRules(output_rate_hz=RATE_HZ)
    async with house.engines.tts("") as tts, aclosing(speak_ahead(one_by_one(), tts, rules=rules)) as events:
        async for event in events:
            if isinstance(event, SentenceAudio):
                pcm += event.chunk.pcm
            elif isinstance(event, SentenceSilent) and event.error is not None:
                failure = event.error
    if failure is not None:
        # Half a text spoken is not what was asked for.
        raise failure
    return PcmChunk(pcm=bytes(pcm), sample_rate_hz=RATE_HZ)


async def list_voices(settings: Settings, *, language: str | None, console: Console) -> None:
    async with open_house(settings) as house, house.engines.all_voices() as voices:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("voice", "name", "language", "", "grade", "engine"):
            table.add_column(column)
        for voice in sorted(voices.voices, key=lambda each: (each.language, each.id)):
            if language is None or voice.language.lower().startswith(language.lower()):
                table.add_row(
                    voice.id, voice.name, voice.language, voice.gender, voice.grade, voices.engine_of(voice.id)
                )
        console.print(table)
