"""A text to be narrated as the segments that are spoken: cut as they are asked for, each knowing where it stands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from syrinx.engines.tts.contract import Phonemes, SpeechRequest, TtsCapabilities
from syrinx.engines.tts.requests import has_words
from syrinx.errors import BadInput, WrongParameter
from syrinx.speech.captions import word_at
from syrinx.speech.events import SpokenWord
from syrinx.speech.narration import NarrationRequest
from syrinx.speech.rules import SynthesisRules
from syrinx.speech.synthesis import ends_sentence
from syrinx.speech.voicing import SpokenSegment
from syrinx.text import Segment, SentenceSegmenter
from syrinx.text.places import PhonemeSpan, Places
from syrinx.text.pronounced_words import speakable_with_phonemes
from syrinx.text.pronunciations import PronouncedText
from syrinx.text.ssml import Ends, SsmlPause, SsmlWords, read_ssml

SPEED: Final = (0.25, 4.0)
PITCH_SEMITONES: Final = (-12.0, 12.0)

_FED_CHARS: Final = 400
"""So much is looked at before the first sentence is spoken: enough for the longest, a matter of microseconds."""
_IN_THREAD_CHARS: Final = 20_000
"""A document from this length on is read in a thread: it takes longer than others should wait for the loop."""
_LETTER_FOR_LETTER: Final = Places()
_CLAUSE_ENDS: Final = frozenset(",;:–—，、；：")
_MARKUP: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of the request's text that is spoken in one manner."""

    text: str
    places: Places = _LETTER_FOR_LETTER
    """Where it stands in the request's text."""
    speed: float = 1.0
    pitch_semitones: float = 0.0
    gain_db: float = 0.0
    phonemes: tuple[PhonemeSpan, ...] = ()
    ends: Ends = "paragraph"
    pause_before_ms: float = 0.0
    """At least so much silence comes before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrationText:
    """A request's text, read and checked but not yet cut."""

    passages: tuple[Passage, ...]
    pause_after_ms: float = 0.0
    """Silence behind all of it."""


async def read_text(request: NarrationRequest, *, language: str) -> NarrationText:
    """Raises BadInput for a text without words, for a wrong document, and for a speed or pitch beyond what can be."""
    if not has_words(request.text):
        raise no_words()
    if not request.ssml:
        _check_manner(request.speed, request.pitch_semitones)
        return NarrationText(passages=(Passage(text=request.text),))
    if len(request.text) < _IN_THREAD_CHARS:
        return _read_document(request, language)
    return await asyncio.to_thread(_read_document, request, language)


def no_words() -> BadInput:
    return BadInput("there are no words to speak: send text with at least one letter or digit")


def _read_document(request: NarrationRequest, language: str) -> NarrationText:
    _check_manner(request.speed, request.pitch_semitones)
    passages: list[Passage] = []
    pause_ms = 0.0
    for part in read_ssml(request.text, language=language):
        match part:
            case SsmlPause():
                pause_ms += part.duration_ms
            case SsmlWords():
                _check_manner(request.speed * part.speed, request.pitch_semitones + part.pitch_semitones)
                passages.append(
                    Passage(
                        text=part.text,
                        places=part.places,
                        speed=part.speed,
                        pitch_semitones=part.pitch_semitones,
                        gain_db=part.gain_db,
                        phonemes=part.phonemes,
                        ends=part.ends,
                        pause_before_ms=pause_ms,
                    )
                )
                pause_ms = 0.0
    return NarrationText(passages=tuple(passages), pause_after_ms=pause_ms)


def _check_manner(speed: float, pitch_semitones: float) -> None:
    # Written so that a number that is none is refused, too.
    if not SPEED[0] <= speed <= SPEED[1]:
        raise WrongParameter(
            f"a speed of {speed:g} cannot be spoken: from {SPEED[0]:g} to {SPEED[1]:g} can", parameter="speed"
        )
    low, high = PITCH_SEMITONES
    if not low <= pitch_semitones <= high:
        raise WrongParameter(
            f"a pitch of {pitch_semitones:g} semitones cannot be spoken: from {low:g} to {high:g} can",
            parameter="pitch",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedWord:
    """A word as it stands in the request's text; the places are None where it stands nowhere there."""

    text: str
    start_char: int | None
    end_char: int | None


@dataclass(slots=True, kw_only=True)
class PlacedSentence:
    """Where a segment and its words stand in the request's text."""

    text: str
    """As written there, without markup and the white space around it."""
    start_char: int
    end_char: int
    source: str
    """The request's text."""
    passage: Passage
    begins: int
    """Where the segment begins in the passage."""
    read: str
    """The segment with its pronunciations put in: `SpokenSegment.shown`."""
    places: Places
    """Where that stands in the segment."""
    joined: str | None = None
    """What stands between the segment before and this one, "" or a space, where both are parts of one sentence."""
    last: tuple[int, int] | None = None
    """The place of the word asked for last."""

    def word(self, word: SpokenWord) -> PlacedWord | None:
        """Where a word of the segment stands, its own place being in `read`; to be asked for in order.

        None where it goes on with the word before, as the later letters of one that is spelled out do.
        """
        if word.start_char is not None:
            length = len(word_at(self.read, word.start_char)) or 1
            start, end = self.places.span(word.start_char, word.start_char + length)
        elif word.read_for is not None:
            start, end = self.places.span(*word.read_for)
        else:
            return PlacedWord(text=word.text, start_char=None, end_char=None)
        start, end = start + self.begins, end + self.begins
        place = self.passage.places.span(start, end)
        if place == self.last:
            return None
        self.last = place
        written = _as_written(self.passage, start, end, self.source)
        return PlacedWord(text=written, start_char=place[0], end_char=place[1])


@dataclass(slots=True, kw_only=True)
class NarrationPlaces:
    """What is known beside the segments themselves; filled as they are cut."""

    sentences: dict[int, PlacedSentence] = field(default_factory=dict[int, PlacedSentence])
    """By the segment's index; whoever has no more use for one takes it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """How all of a text is to be spoken, and by whom."""

    request: NarrationRequest
    language: str
    voice: str | None
    """As the engine calls it."""
    able: TtsCapabilities
    rules: SynthesisRules


async def spoken_segments(
    text: NarrationText, speaking: Speaking, places: NarrationPlaces
) -> AsyncGenerator[SpokenSegment, None]:
    """The segments that have words, in order, `index` counting them; where they stand is put into `places`."""
    pronunciations = speaking.request.pronunciations
    before: SpokenSegment | None = None
    ended: Ends = "paragraph"
    index = 0
    break_ms = 0.0
    part: PlacedSentence | None = None
    """The segment before, where its sentence goes on."""
    for passage in text.passages:
        break_ms += passage.pause_before_ms
        is_first, starts_paragraph = True, False
        begins = 0
        for segment in _segments(passage.text, speaking.language):
            sounds = _within(passage.phonemes, begins, len(segment.text))
            reading = pronunciations.apply(segment.text, language=speaking.language, phonemes=sounds)
            spoken, phonemes = _in_words(reading, speaking)
            if spoken:
                pause_ms: float | None = None
                if is_first and (before is not None or break_ms):
                    pause_ms = max(break_ms, 0.0 if before is None else _pause_ms(before, ended, speaking.rules))
                speed, pitch_semitones, tempo, shift_semitones = _manner(passage, speaking)
                before = SpokenSegment(
                    index=index,
                    speaker="",
                    shown=reading.text,
                    spoken=spoken,
                    request=SpeechRequest(
                        text=spoken,
                        language=speaking.language,
                        voice=speaking.voice,
                        speed=speed,
                        pitch_semitones=pitch_semitones,
                        description=speaking.request.instructions if speaking.able.describes else "",
                        phonemes=phonemes,
                    ),
                    starts_paragraph=starts_paragraph,
                    ends_paragraph=segment.ends_paragraph,
                    tempo=tempo,
                    shift_semitones=shift_semitones,
                    gain_db=passage.gain_db,
                    pause_before_ms=pause_ms,
                )
                placed = _placed(segment, begins, passage, reading, speaking.request.text)
                placed.joined = _between(part, placed)
                places.sentences[index] = part = placed
                yield before
                index += 1
                is_first, starts_paragraph, break_ms, ended = False, False, 0.0, passage.ends
            else:
                starts_paragraph |= segment.ends_paragraph
            begins += len(segment.text)
            if _ends_sentence(segment, passage if begins == len(passage.text) else None):
                part = None
            # Others get their turn between two sentences, and the one before is begun.
            await asyncio.sleep(0)


def needs_stretching(text: NarrationText, speaking: Speaking) -> bool:
    """Whether any of it is to be faster, slower, higher or lower than the engine can."""
    manners = (_manner(passage, speaking) for passage in text.passages)
    return any(tempo != 1.0 or shift_semitones for _, _, tempo, shift_semitones in manners)


def _segments(text: str, language: str) -> Iterator[Segment]:
    """The segments of a text, which is not looked at further ahead than the next one needs."""
    segmenter = SentenceSegmenter(language=language, first_clause=False)
    fed, step = 0, _FED_CHARS
    while fed < len(text):
        segments = segmenter.feed(text[fed : fed + step])
        fed += step
        # One that does not end, as a long block of code, is looked through in ever longer steps.
        step = _FED_CHARS if segments else 2 * step
        yield from segments
    yield from segmenter.flush()


def _within(spans: Sequence[PhonemeSpan], begins: int, length: int) -> list[PhonemeSpan]:
    """Those of a passage that stand in the segment, counted from its beginning."""
    return [
        PhonemeSpan(start_char=span.start_char - begins, end_char=span.end_char - begins, ipa=span.ipa)
        for span in spans
        if begins <= span.start_char and span.end_char <= begins + length
    ]


def _in_words(reading: PronouncedText, speaking: Speaking) -> tuple[str, tuple[Phonemes, ...]]:
    """The words for the engine, and where in them the sounds are given."""
    sounds = reading.phonemes if speaking.able.phonemes else ()
    words, placed = speakable_with_phonemes(reading.text, sounds, language=speaking.language)
    return words, tuple(Phonemes(start_char=at.start_char, end_char=at.end_char, ipa=at.ipa) for at in placed)


def _manner(passage: Passage, speaking: Speaking) -> tuple[float, float, float, float]:
    """Speed and pitch for the engine, as far as it goes; by how much faster and higher it is to be made afterwards."""
    speed = speaking.request.speed * passage.speed
    pitch = speaking.request.pitch_semitones + passage.pitch_semitones
    own_speed = min(max(speed, speaking.able.speed[0]), speaking.able.speed[1])
    low, high = speaking.able.pitch_semitones
    own_pitch = min(max(pitch, low), high)
    return own_speed, own_pitch, speed / own_speed, pitch - own_pitch


def _pause_ms(before: SpokenSegment, ended: Ends, rules: SynthesisRules) -> float:
    """The pause between two passages, the first of which ended what it says."""
    if ended == "paragraph":
        return rules.paragraph_pause_ms
    if ended == "sentence" or ends_sentence(before.shown):
        return rules.sentence_pause_ms
    return rules.clause_pause_ms if before.shown.rstrip()[-1:] in _CLAUSE_ENDS else 0.0


def _ends_sentence(segment: Segment, ended: Passage | None) -> bool:
    """Whether a sentence is over behind the segment, which ends that passage, or none."""
    over = segment.ends_paragraph if ended is None else bool(ended.ends)
    return over or ends_sentence(segment.text)


def _between(before: PlacedSentence | None, placed: PlacedSentence) -> str | None:
    if before is None:
        return None
    between = _MARKUP.sub("", placed.source[before.end_char : placed.start_char])
    return " " if any(map(str.isspace, between)) else ""


def _placed(segment: Segment, begins: int, passage: Passage, reading: PronouncedText, source: str) -> PlacedSentence:
    text = segment.text
    start = begins + len(text) - len(text.lstrip())
    end = begins + len(text.rstrip())
    start_char, end_char = passage.places.span(start, end)
    return PlacedSentence(
        text=_as_written(passage, start, end, source),
        start_char=start_char,
        end_char=end_char,
        source=source,
        passage=passage,
        begins=begins,
        read=reading.text,
        places=reading.places,
    )


def _as_written(passage: Passage, start: int, end: int, source: str) -> str:
    """Those characters of a passage as the request has them: not what is read for them, and without markup."""
    runs = passage.places.runs
    if len(runs) == 1 and runs[0].kept:
        return passage.text[start:end]
    parts: list[str] = []
    for run, after in zip_longest(runs, runs[1:]):
        run_end = len(passage.text) if after is None else after.start
        if run.start >= end or run_end <= start:
            continue
        written = source[run.written_start : run.written_end]
        if run.kept or "<" in written or "&" in written:
            written = passage.text[max(start, run.start) : min(end, run_end)]
        parts.append(written)
    return "".join(parts)
