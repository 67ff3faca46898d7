"""The sound, sentences and words of one text, as one engine speaks it from beginning to end."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from syrinx.audio import silence
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.speech.events import SentenceAudio, SentenceEnded, SentenceSilent, SentenceStarted, SentenceWords
from syrinx.speech.narration import (
    NarratedSentence,
    NarratedSound,
    NarratedWord,
    NarratedWords,
    NarrationEvent,
    SentenceDone,
)
from syrinx.speech.narration_text import (
    NarrationPlaces,
    NarrationText,
    PlacedSentence,
    Speaking,
    needs_stretching,
    no_words,
    spoken_segments,
)
from syrinx.speech.synthesis import speak_ahead


async def narrated(
    text: NarrationText, tts: TextToSpeech, speaking: Speaking, *, sleep: Callable[[float], Awaitable[object]]
) -> AsyncGenerator[NarrationEvent, None]:
    """All of the text in order, or an error where it breaks off: BadInput where it has no words at all.

    Closing this ends every synthesis before it returns.
    """
    if needs_stretching(text, speaking):
        # Loading what stretches takes a quarter of a second, in which others must not wait.
        await asyncio.to_thread(importlib.import_module, "av.filter")
    places = NarrationPlaces()
    rate_hz = speaking.rules.output_rate_hz
    spoken = False
    async with (
        aclosing(spoken_segments(text, speaking, places)) as segments,
        aclosing(speak_ahead(segments, tts, rules=speaking.rules, sleep=sleep)) as events,
    ):
        async for event in events:
            match event:
                case SentenceStarted():
                    spoken = True
                    sentence = places.sentences[event.index]
                    yield NarratedSentence(
                        index=event.index,
                        text=sentence.text,
                        start_char=sentence.start_char,
                        end_char=sentence.end_char,
                        joined=sentence.joined,
                        at_ms=event.at_ms,
                    )
                case SentenceWords():
                    words = _placed(event, places.sentences[event.index])
                    if words:
                        yield NarratedWords(index=event.index, words=words, exact=event.exact)
                case SentenceAudio():
                    yield NarratedSound(chunk=event.chunk)
                case SentenceEnded() | SentenceSilent():
                    if event.error is not None:
                        raise event.error
                    places.sentences.pop(event.index, None)
                    if isinstance(event, SentenceEnded):
                        yield SentenceDone(index=event.index, at_ms=event.at_ms)
                case _:  # nobody takes over from the engine that was asked for
                    pass
    if not spoken:
        raise no_words()
    if text.pause_after_ms:
        yield NarratedSound(chunk=silence(duration_ms=text.pause_after_ms, sample_rate_hz=rate_hz))


def _placed(event: SentenceWords, sentence: PlacedSentence) -> tuple[NarratedWord, ...]:
    return tuple(
        NarratedWord(text=placed.text, at_ms=word.at_ms, start_char=placed.start_char, end_char=placed.end_char)
        for word in event.words
        if (placed := sentence.word(word)) is not None
    )
