"""What every engine in this process does with a request first: refuse what cannot be spoken, cut what is long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from syrinx.engines.tts.contract import LARGEST_CONDITIONING_BYTES, SpeechRequest, TtsCapabilities
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
    """Raise BadInput for a text without words, for a speed, pitch or warmth that the engine does not have, and for a
    conditioning that it cannot take."""
    if not has_words(request.text):
        raise BadInput("there are no words to speak: send text with at least one letter or digit")
    low, high = capabilities.speed
    if not low <= request.speed <= high:
        raise BadInput(f"a speed of {request.speed} cannot be spoken: from {low} to {high} can")
    low, high = capabilities.pitch_semitones
    if not low <= request.pitch_semitones <= high:
        raise BadInput(f"a pitch of {request.pitch_semitones} semitones cannot be spoken: from {low} to {high} can")
    # Written so that a number that is none is refused, too.
    if not -1.0 <= request.warmth <= 1.0:
        raise BadInput(f"a warmth of {request.warmth} cannot be spoken: from -1 to 1 can")
    if request.warmth and not capabilities.warmth:
        raise BadInput("this engine cannot speak more or less warmly: leave the warmth at 0")
    if request.conditioning:
        _check_conditioning(request, capabilities)


def _check_conditioning(request: SpeechRequest, capabilities: TtsCapabilities) -> None:
    if capabilities.clones is None:
        raise BadInput("this engine learns no voices: name one of its own instead")
    if request.voice is not None:
        raise BadInput("a voice that was learnt and one that is named cannot both speak: leave one of them out")
    if len(request.conditioning) > LARGEST_CONDITIONING_BYTES:
        raise BadInput(f"what was learnt of a voice has at most {LARGEST_CONDITIONING_BYTES} bytes")


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
