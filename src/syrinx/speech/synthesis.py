"""Synthesis ahead: segments of a reply go in as they are written, their sound comes out in order and without gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from syrinx.audio import silence
from syrinx.engines.tts.contract import TextToSpeech, WordTime
from syrinx.speech.captions import MS_PER_WEIGHT, EstimatedWords, ShownPlaces
from syrinx.speech.events import (
    SentenceAudio,
    SentenceEnded,
    SentenceSilent,
    SentenceStarted,
    SentenceWords,
    SpokenWord,
    SynthesisEvent,
    VoiceFellBack,
)
from syrinx.speech.rules import SynthesisRules
from syrinx.speech.voicing import Sound, SpokenSegment, Voicing
from syrinx.speech.workshop import Workshop

_SENTENCE_ENDS = ".!?…。！？।"
_CLOSING = "\"'”’»)]）」』*_` \n\t"


async def speak_ahead(
    segments: AsyncIterator[SpokenSegment],
    tts: TextToSpeech,
    *,
    rules: SynthesisRules,
    fallback: TextToSpeech | None = None,
    fallback_name: str = "fallback",
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncGenerator[SynthesisEvent, None]:
    """Speak the segments in order, at most `rules.concurrent` being made at once.

    For every segment: SentenceStarted, SentenceWords and SentenceAudio, SentenceEnded; or SentenceSilent alone.
    `segments` is read as it comes, up to `rules.waiting_segments` ahead; an error that it raises is raised here after
    all that came before it has been spoken. The caller closes `segments`, after this. Closing this ends every synthesis
    before it returns.
    """
    workshop = Workshop(segments, tts, rules=rules, fallback=fallback, sleep=sleep)
    out = _Output(rules, exact_words=(tts.capabilities.word_times, bool(fallback and fallback.capabilities.word_times)))
    try:
        while (voicing := await workshop.next_voicing()) is not None:
            if not voicing.segment.spoken:
                yield out.silent(voicing.segment)
                continue
            out.begin(voicing.segment)
            while True:
                sound = workshop.take(voicing)
                if sound is None:
                    if voicing.done:
                        break
                    await voicing.changed()
                    continue
                if sound.fell_back and workshop.fallback_error is not None and not out.told_fallback:
                    out.told_fallback = True
                    yield VoiceFellBack(engine=fallback_name, error=workshop.fallback_error)
                for event in out.sound(voicing, sound):
                    yield event
            for event in out.end(voicing):
                yield event
    finally:
        await workshop.aclose()


def ends_sentence(text: str) -> bool:
    """Whether it ends with a sentence's stop, closing marks and white space aside."""
    end = text.rstrip(_CLOSING)
    return bool(end) and end[-1] in _SENTENCE_ENDS


class _Output:
    """Counts the samples that have gone out and says what they speak."""

    def __init__(self, rules: SynthesisRules, *, exact_words: tuple[bool, bool]) -> None:
        self.told_fallback = False
        self._rules = rules
        self._exact_words = exact_words
        """Whether the engine, and the fallback, tell the times of their words."""
        self._samples_out = 0
        self._before: SpokenSegment | None = None
        """The last segment that sounded."""
        self._ms_per_weight = MS_PER_WEIGHT
        self._at_ms: float | None = None

    @property
    def _now_ms(self) -> float:
        return 1000.0 * self._samples_out / self._rules.output_rate_hz

    def silent(self, segment: SpokenSegment) -> SentenceSilent:
        return SentenceSilent(index=segment.index, speaker=segment.speaker, text=segment.shown, at_ms=self._now_ms)

    def begin(self, segment: SpokenSegment) -> None:
        self._at_ms = None
        self._places = ShownPlaces(spoken=segment.spoken, shown=segment.read or segment.shown)
        self._estimated = EstimatedWords(segment.spoken, ms_per_weight=self._ms_per_weight / segment.speed)

    def sound(self, voicing: Voicing, sound: Sound) -> list[SynthesisEvent]:
        segment = voicing.segment
        events: list[SynthesisEvent] = []
        if self._at_ms is None:
            if pause_ms := self._pause_ms(self._before, segment):
                pause = silence(duration_ms=pause_ms, sample_rate_hz=self._rules.output_rate_hz)
                self._samples_out += pause.sample_count
                events.append(SentenceAudio(index=(self._before or segment).index, chunk=pause))
            self._at_ms = self._now_ms
            self._before = segment
            events.append(
                SentenceStarted(
                    index=segment.index,
                    speaker=segment.speaker,
                    text=segment.shown,
                    at_ms=self._at_ms,
                    engine=sound.engine,
                )
            )
        self._samples_out += sound.chunk.sample_count
        if sound.words:
            events.append(self._words(segment, sound.words, exact=True))
        elif not self._exact_words[sound.fell_back] and not voicing.words:
            so_far_ms = self._now_ms - self._at_ms
            is_whole = voicing.done and voicing.error is None
            estimated = self._estimated.rest(voicing.made_ms) if is_whole else self._estimated.due(so_far_ms)
            if estimated:
                events.append(self._words(segment, estimated, exact=False))
        events.append(SentenceAudio(index=segment.index, chunk=sound.chunk))
        return events

    def end(self, voicing: Voicing) -> list[SynthesisEvent]:
        segment = voicing.segment
        if self._at_ms is None:
            return [
                SentenceSilent(
                    index=segment.index,
                    speaker=segment.speaker,
                    text=segment.shown,
                    at_ms=self._now_ms,
                    error=voicing.error,
                )
            ]
        events: list[SynthesisEvent] = []
        length_ms = self._now_ms - self._at_ms
        if voicing.error is None:
            if not voicing.words and (rest := self._estimated.rest(length_ms)):
                events.append(self._words(segment, rest, exact=False))
            if self._estimated.weight > 10:
                # What this voice really takes serves the next segment's estimates.
                self._ms_per_weight = length_ms * segment.speed / self._estimated.weight
        events.append(SentenceEnded(index=segment.index, at_ms=self._now_ms, error=voicing.error))
        return events

    def _words(
        self, segment: SpokenSegment, words: tuple[WordTime, ...] | list[WordTime], *, exact: bool
    ) -> SentenceWords:
        at_ms = self._at_ms or 0.0
        return SentenceWords(
            index=segment.index,
            words=tuple(
                SpokenWord(
                    text=word.text,
                    at_ms=at_ms + word.start_ms,
                    start_char=self._places.of(word.start_char),
                    read_for=self._places.read_for(word.start_char),
                )
                for word in words
            ),
            exact=exact,
        )

    def _pause_ms(self, before: SpokenSegment | None, after: SpokenSegment) -> float:
        if after.pause_before_ms is not None:
            return after.pause_before_ms
        if before is None:
            return 0.0
        if before.ends_paragraph or after.starts_paragraph:
            return self._rules.paragraph_pause_ms
        if ends_sentence(before.shown) or before.speaker != after.speaker:
            return self._rules.sentence_pause_ms
        return self._rules.clause_pause_ms
