"""What every engine in this process does with a request first: refuse what cannot be spoken, cut what is long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from syrinx.engines.tts.contract import SpeechRequest, TtsCapabilities
from syrinx.errors import BadInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'’”»)\]]*\s+|[。！？।॥]+[」』）”]*\s*")
_CLAUSE_END = re.compile(r"[,;:–—]+\s+|[，、；：]+\s*")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece:
    """A stretch of a longer text; `start_char` is where it begins there."""

    text: str
    start_char: int


def check_request(request: SpeechRequest, capabilities: TtsCapabilities) -> None:
    """Raise BadInput for a text without words and for a speed or pitch that the engine does not have."""
    if not has_words(request.text):
        raise BadInput("there are no words to speak: send text with at least one letter or digit")
    low, high = capabilities.speed
    if not low <= request.speed <= high:
        raise BadInput(f"a speed of {request.speed} cannot be spoken: from {low} to {high} can")
    low, high = capabilities.pitch_semitones
    if not low <= request.pitch_semitones <= high:
        raise BadInput(f"a pitch of {request.pitch_semitones} semitones cannot be spoken: from {low} to {high} can")


def has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def without_controls(text: str) -> str:
    """The text with a space for each control character and lone surrogate, so that no position changes."""
    return _CONTROL.sub(" ", text)


def split_text(text: str, *, max_chars: int) -> Iterator[TextPiece]:
    """Cut into pieces of at most `max_chars`, each ending with a sentence, else a clause, else a word, if it can.

    Together the pieces are the text, nothing left out; pieces without any word are passed over.
    """
    start = 0
    while start < len(text):
        end = start + max_chars
        end = len(text) if end >= len(text) else start + _cut(text[start:end])
        piece = TextPiece(text=text[start:end], start_char=start)
        if has_words(piece.text):
            yield piece
        start = end


def _cut(window: str) -> int:
    for pattern in (_SENTENCE_END, _CLAUSE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(window)]
        if ends:
            return ends[-1]
    return len(window)
