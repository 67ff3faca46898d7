"""Synthesis ahead: segments of a reply go in as they are written, their sound comes out in order and without gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.speech.events import SynthesisEvent
from syrinx.speech.rules import SynthesisRules


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSegment:
    """A sentence, or the first clause, of a reply."""

    index: int
    speaker: str
    shown: str
    """Exactly the characters of the reply; joined over all segments they are the reply."""
    spoken: str
    """The words for the engine; "" when nothing of it is spoken."""
    request: SpeechRequest
    """Its text is `spoken`. Whose voice, how fast and with which context is the caller's business."""
    starts_paragraph: bool = False
    ends_paragraph: bool = False


def speak_ahead(
    segments: AsyncIterator[SpokenSegment],
    tts: TextToSpeech,
    *,
    rules: SynthesisRules,
    fallback: TextToSpeech | None = None,
    fallback_name: str = "fallback",
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncGenerator[SynthesisEvent, None]:
    """Speak the segments in order, at most `rules.concurrent` being made at once.

    For every segment: SentenceStarted, then SentenceAudio and SentenceWords, then SentenceEnded; or SentenceSilent alone.
    `segments` is read as it comes, up to `rules.waiting_segments` ahead; an error that it raises is raised here after all
    that came before it has been spoken. The caller closes `segments`; it must not be in use any more when this is closed.
    Closing this ends every synthesis before it returns.
    """
    raise NotImplementedError
