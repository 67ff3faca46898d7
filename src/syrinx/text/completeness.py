"""How finished the words of a speaker sound, and whether words spoken over a reply mean to interrupt it."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.english_turns import english_completeness
from syrinx.text.languages import base_language
from syrinx.text.punctuation import is_han_or_kana
from syrinx.text.turn_words import (
    BACKCHANNELS,
    CLOSED_ENDINGS,
    CLOSERS,
    FILLERS,
    OPEN_ENDINGS,
    OPEN_WORDS,
    SHORT_ANSWERS,
)

_NONE: Final[frozenset[str]] = frozenset()
_NOT_IN_WORDS: Final = re.compile(r"[^\w'\-]+|(?<!\w)['\-]+|['\-]+(?!\w)")
_SPACED_PUNCTUATION: Final = re.compile(r"[\s.,!?…;:\"“”«»()\-–—，。！？、]+")
_STRETCHED: Final = re.compile(r"(\w)\1{2,}")
_DEVANAGARI: Final = re.compile(r"[\u0900-\u097f]")

CERTAIN: Final = 0.97
FINISHED: Final = 0.95
LIKELY: Final = 0.85
UNSURE: Final = 0.6
UNFINISHED: Final = 0.1


def word_count(text: str) -> int:
    """How many words the text has; Chinese and Japanese, written without spaces, count as one for two characters."""
    words = wide = 0
    for word in text.split():
        wide_here = sum(1 for character in word if is_han_or_kana(character))
        wide += wide_here
        if not wide_here and any(character.isalnum() for character in word):
            words += 1
    return words + (wide + 1) // 2


def is_backchannel(text: str, language: str = "en") -> bool:
    """Whether the words only say that their speaker is listening (`uh-huh`, `yeah, okay`), without wanting the floor.

    No words at all are no backchannel; an unlisted language is read as English, whose nods are widely used.
    """
    base = base_language(language)
    known = BACKCHANNELS.get(base, BACKCHANNELS["en"])
    plain = _STRETCHED.sub(r"\1", _SPACED_PUNCTUATION.sub(" ", text.casefold().replace("’", "'")).strip())
    if not plain:
        return False
    if base in {"zh", "ja"}:
        return _is_made_of(plain.replace(" ", ""), known)
    words = plain.split()
    at = 0
    while at < len(words):
        width = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in known and at + n <= len(words)), 0)
        if not width:
            return False
        at += width
    return True


def completeness(text: str, language: str = "en") -> float:
    """How finished the words of a transcript sound, from 0 (clearly cut short) to 1 (clearly complete).

    Reads the end above all: a conjunction, article, preposition, auxiliary, possessive, bare subject or filler leaves a
    turn open; an answer, greeting, question or plea closes it. Of English it is also seen whether a verb still wants
    its object, or a clause the one that it belongs to, and of a clause that lacks nothing how surely it is the last.
    Capitals and punctuation are not needed; where a final stop or comma is written, it counts. Unknown languages are
    judged by length and punctuation alone. No words give 0.
    """
    base = base_language(language)
    stripped = text.strip().rstrip("\"'”’»)")
    if not any(character.isalnum() for character in stripped):
        return 0.0
    if stripped.endswith(("...", "…", ",", "-", "–", "—", "，", "、", ":", "；", ";")):
        return 0.15
    is_punctuated = stripped[-1] in ".!?。！？।"
    if base in OPEN_ENDINGS:
        score = _score_by_ending(_SPACED_PUNCTUATION.sub("", stripped), base)
    else:
        words = _words_of(stripped)
        score = _score_by_words(words, base) if words else UNSURE
    # A recogniser that punctuates puts a stop behind nearly everything: it counts for something, not for all.
    return min(1.0, score + 0.3) if is_punctuated and score > UNFINISHED else score


def _words_of(text: str) -> list[str]:
    plain = text.casefold().replace("’", "'")
    if _DEVANAGARI.search(plain):
        return _SPACED_PUNCTUATION.sub(" ", plain.replace("।", " ")).split()
    return _NOT_IN_WORDS.sub(" ", plain).split()


def _is_made_of(text: str, pieces: frozenset[str]) -> bool:
    """Whether the text is nothing but `pieces`, one after the other."""
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(end - len(piece) in reached and text.endswith(piece, 0, end) for piece in pieces):
            reached.add(end)
    return len(text) in reached


def _score_by_ending(text: str, language: str) -> float:
    if text in SHORT_ANSWERS.get(language, _NONE):
        return FINISHED
    closed = max((len(ending) for ending in CLOSED_ENDINGS[language] if text.endswith(ending)), default=0)
    opened = max((len(ending) for ending in OPEN_ENDINGS[language] if text.endswith(ending)), default=0)
    if opened > closed:
        return UNFINISHED
    if closed:
        return FINISHED
    return UNSURE if len(text) < 4 else LIKELY - 0.15


def _score_by_words(words: list[str], language: str) -> float:
    last = words[-1]
    if last in FILLERS.get(language, _NONE):
        return UNFINISHED
    if language == "en":
        return english_completeness(words)
    answers = SHORT_ANSWERS.get(language, _NONE)
    if " ".join(words) in answers:
        return FINISHED
    if any(" ".join(words[-width:]) in answers for width in (3, 2)) and len(words) <= 4:
        return LIKELY
    closers = CLOSERS.get(language, _NONE)
    if len(words) > 1 and any(" ".join(words[-width:]) in closers for width in (1, 2, 3)):
        return CERTAIN
    if last in OPEN_WORDS.get(language, _NONE):
        return UNFINISHED
    return LIKELY if len(words) > 2 else UNSURE + 0.1
