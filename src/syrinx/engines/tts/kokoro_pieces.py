"""Cutting a text for Kokoro: the first piece early, the others as long as it speaks best, none longer than it can.

Its makers name 100 to 200 phonemes as the best length, are content with up to 400, and say that fewer than 20 sound
clipped (`VOICES.md` of hexgrad/Kokoro-82M). A phoneme is about a character.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syrinx.engines.tts.kokoro_sounds import Sounds
from syrinx.engines.tts.requests import TextPiece, has_words
from syrinx.text import SentenceSegmenter

FIRST_CHARS = 100
"""The model gives no sound before a piece is done, and is not done until some seconds after a long one."""
PIECE_CHARS = 200
MOST_PHONEMES = 400

SENTENCE_PAUSE_MS = 250.0
CLAUSE_PAUSE_MS = 100.0

_FED_CHARS = 2000
_CLOSING = " \n\"'”’»)]}"
_SENTENCE_MARKS = ".!?…。！？।॥"
_CLAUSE_MARKS = ",;:—–，、；："


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedPiece(TextPiece):
    """A piece, and how long to wait between the piece before it and this one at speed 1."""

    pause_before_ms: float


def cut_text(text: str, *, language: str) -> Iterator[PausedPiece]:
    """The pieces of a text, in order, cut as late as they are asked for; those without words are passed over."""
    start_char = 0
    pause_ms = 0.0
    for part in _parts(text, language):
        if has_words(part):
            yield PausedPiece(text=part, start_char=start_char, pause_before_ms=pause_ms)
            pause_ms = 0.0
        start_char += len(part)
        pause_ms = max(pause_ms, _pause_after_ms(part))


def cut_sounds(sounds: Sounds, *, most: int = MOST_PHONEMES) -> Iterator[Sounds]:
    """Parts of at most `most` phonemes, of about one length, between two words where there is such a place."""
    phonemes = sounds.phonemes
    start = 0
    while start < len(phonemes):
        left = len(phonemes) - start
        wanted = -(-left // -(-left // most))
        end = start + left if left <= most else _cut(phonemes, start, start + wanted, start + most)
        words = tuple(
            replace(word, phoneme=word.phoneme - start) for word in sounds.words if start <= word.phoneme < end
        )
        yield Sounds(phonemes=phonemes[start:end].rstrip(), words=words)
        start = end


def _parts(text: str, language: str) -> Iterator[str]:
    segmenter = SentenceSegmenter(language=language, first_clause=True, max_chars=PIECE_CHARS)
    is_first = True
    for begin in range(0, len(text) + 1, _FED_CHARS):
        fed = text[begin : begin + _FED_CHARS]
        for segment in [*segmenter.feed(fed), *(segmenter.flush() if begin + _FED_CHARS > len(text) else ())]:
            if is_first and has_words(segment.text):
                is_first = False
                first = SentenceSegmenter(language=language, first_clause=True, max_chars=FIRST_CHARS)
                yield from (part.text for part in [*first.feed(segment.text), *first.flush()])
            else:
                yield segment.text


def _pause_after_ms(part: str) -> float:
    said = part.rstrip(_CLOSING)
    if said[-1:] in _SENTENCE_MARKS or "\n" in part[len(said) :]:
        return SENTENCE_PAUSE_MS
    return CLAUSE_PAUSE_MS if said[-1:] in _CLAUSE_MARKS else 0.0


def _cut(phonemes: str, start: int, wanted: int, limit: int) -> int:
    """Behind the space nearest to `wanted` in the second half, or at `wanted` where there is none."""
    spaces = [at + 1 for at in range(start + (wanted - start) // 2, limit) if phonemes[at] == " "]
    return min(spaces, key=lambda at: abs(at - wanted)) if spaces else wanted
