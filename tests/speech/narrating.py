"""A narrator over scripted engines, and what tests ask of a narration."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from syrinx.audio import Samples
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech
from syrinx.errors import EngineBusy, UnknownEngine
from syrinx.speech import AutoVoice
from syrinx.speech.narration import (
    NarratedSentence,
    NarratedSound,
    NarratedWord,
    NarratedWords,
    Narration,
    NarrationEvent,
    NarrationRequest,
)
from syrinx.speech.narrator import Narrator, open_narrator
from syrinx.testing.fake_tts import ScriptedTts

RATE_HZ = 24_000
SAMPLES_PER_MS = RATE_HZ // 1000
CHAR_MS = 50.0
"""What the scripted engine takes for a character."""
FIRST, SECOND, THIRD = "This is the very first.", "Here comes a second one.", "And that was the third."
TEXT = f"{FIRST} {SECOND}\n\n{THIRD}"


def plain(text: str = TEXT) -> NarrationRequest:
    return NarrationRequest(text=text)


def ssml(content: str) -> NarrationRequest:
    return NarrationRequest(text=f"<speak>{content}</speak>", ssml=True)


def tones_ms(*texts: str) -> float:
    """How long the scripted engine sounds for these."""
    return sum(len(text) * CHAR_MS for text in texts)


@dataclass(kw_only=True)
class Voices:
    """Leases engines as the house does, and counts the leases."""

    engines: dict[str, TextToSpeech]
    open: int = 0
    asked: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[AutoVoice, None]:
        self.asked.append(name)
        if name and name not in self.engines:
            raise UnknownEngine(f"there is no engine {name!r}")
        self.open += 1
        try:
            yield AutoVoice({name: self.engines[name]} if name else self.engines)
        finally:
            self.open -= 1


def narrating(
    *engines: TextToSpeech, cache_bytes: int = 0, held_bytes: int = 16 * 1024 * 1024
) -> AbstractAsyncContextManager[Narrator]:
    """The first engine is called "first", the next "second"."""
    names = ("first", "second", "third")
    voices = Voices(engines=dict(zip(names, engines, strict=False)))
    return open_narrator(voices.lease, language="en", cache_bytes=cache_bytes, held_bytes=held_bytes)


class BusyTts(ScriptedTts):
    """Says that it is busy the first `refusals` times that it is asked for what contains `text`."""

    def __init__(self, text: str, *, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals
        self._text = text

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        if self._text in request.text and self.refusals:
            self.refusals -= 1
            raise EngineBusy("all places are taken", retry_after_s=1.0)
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk


async def told(narration: Narration) -> list[NarrationEvent]:
    """All events; closes it."""
    try:
        async with aclosing(narration.events()) as events:
            return [event async for event in events]
    finally:
        await narration.aclose()


def pcm(events: Sequence[NarrationEvent]) -> bytes:
    return b"".join(event.chunk.pcm for event in events if isinstance(event, NarratedSound))


def samples(events: Sequence[NarrationEvent]) -> Samples:
    return np.frombuffer(pcm(events), "<i2")


def sentences(events: Sequence[NarrationEvent]) -> list[NarratedSentence]:
    return [event for event in events if isinstance(event, NarratedSentence)]


def words(events: Sequence[NarrationEvent]) -> list[NarratedWord]:
    return [word for event in events if isinstance(event, NarratedWords) for word in event.words]
