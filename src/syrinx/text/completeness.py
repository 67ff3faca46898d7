"""How finished the words of a speaker sound, and whether words spoken over a reply mean to interrupt it."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.languages import base_language
from syrinx.text.punctuation import is_han_or_kana
from syrinx.text.turn_words import (
    BACKCHANNELS,
    CLOSED_ENDINGS,
    FILLERS,
    OPEN_ENDINGS,
    OPEN_WORDS,
    SHORT_ANSWERS,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NONE: Final[frozenset[str]] = frozenset()
_NOT_IN_WORDS: Final = re.compile(r"[^\w'\-]+|(?<!\w)['\-]+|['\-]+(?!\w)")
_SPACED_PUNCTUATION: Final = re.compile(r"[\s.,!?…;:\"“”«»()\-–—，。！？、]+")
_STRETCHED: Final = re.compile(r"(\w)\1{2,}")
_DEVANAGARI: Final = re.compile(r"[\u0900-\u097f]")

FINISHED: Final = 0.95
LIKELY: Final = 0.85
UNSURE: Final = 0.6
UNFINISHED: Final = 0.1

_QUESTION_WORDS: Final = _words("what where who whom which why how when what's where's who's how's")
_AUXILIARIES: Final = _words("is are was were am do does did can could will would should have has had may might must")
_BE_AND_DO: Final = _words("is are was were am do does did")
_NEGATED: Final = _words(
    "isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't"
)
_SUBJECTS: Final = _words("i you he she it we they there that this")
_STRANDING: Final = _words("what who where which whose what's who's where's")
_STRANDED: Final = _words("to for with about from at of in on by like into through over")
_ANSWERING: Final = _words("yes no yeah yep nope sure oh well")
_PARTICLES: Final = _words("in on")
_BEFORE_PARTICLE: Final = _words(
    "it them that this me him her us come go hang hold log sign move turned turn switch carry keep put"
)
_WANTING_OBJECT: Final = _words(
    "want wants need needs wanted needed trying going put bring give tell show think thought said say says "
    "mean guess make makes get got went let wondering looking talking supposed able"
)
_AFTER_SUBJECT_OPEN: Final = _words("you it you're")
_LEADING_SUBJECT: Final = _words("and but so because if when while that since although until what how where")


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
    turn open; an answer, greeting or question closes it. Capitals and punctuation are not needed; where a final stop or
    comma is written, it counts. Unknown languages are judged by length and punctuation alone. No words give 0.
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
    answers = SHORT_ANSWERS.get(language, _NONE)
    if " ".join(words) in answers:
        return FINISHED
    last = words[-1]
    if last in FILLERS.get(language, _NONE):
        return UNFINISHED
    if any(" ".join(words[-width:]) in answers for width in (3, 2)) and len(words) <= 4 and language != "en":
        return LIKELY
    if language == "en":
        return _score_english(words)
    if last in OPEN_WORDS.get(language, _NONE):
        return UNFINISHED
    return LIKELY if len(words) > 2 else UNSURE + 0.1


def _score_english(words: list[str]) -> float:
    first, last = words[0], words[-1]
    before = words[-2] if len(words) > 1 else ""
    asks = (first in _QUESTION_WORDS and not _opens_clause(words)) or (
        first in _AUXILIARIES and len(words) > 1 and words[1] in _SUBJECTS
    )
    rest = words[1:] if first in _ANSWERING and len(words) > 1 else words
    if " ".join(rest) in SHORT_ANSWERS["en"] or " ".join(words[-2:]) in {"and you", "or not", "me too", "as well"}:
        return FINISHED
    if first in _STRANDING and len(words) >= 4 and last in _STRANDED:
        return LIKELY  # what are you looking for
    if last in _PARTICLES and before in _BEFORE_PARTICLE:
        return LIKELY  # turn it on
    if (
        last in _BE_AND_DO
        and before in _SUBJECTS - {"that", "this", "there"}
        and (first in _ANSWERING or (first in {"what", "how", "where", "who", "i"} and len(words) >= 4))
    ):
        return LIKELY  # yes it is; tell me how it is
    if last == "do" and before in {"to", "can", "could", "should", "would", "must", "i", "you"}:
        return LIKELY if len(words) > 2 else UNSURE  # is there anything i can do
    if last == "where" and before not in {"know", "me", "sure", "idea", "see", "remember", "wonder", "no", "say", ""}:
        return UNFINISHED  # a dream where
    if last == "i" and before in _AUXILIARIES:
        return LIKELY  # so do i; what should i
    if (
        last in {"not", "to"}
        and before in {"why", "better", "hope", "want", "like", "love", "rather"}
        and len(words) > 2
    ):
        return UNSURE - 0.2
    if last in _NEGATED and before in _SUBJECTS:
        return LIKELY if len(words) > 4 or first in _ANSWERING else UNSURE - 0.2
    if last in {"this", "those", "these", "that", "some", "any"} and before not in {"and", "of", "with", "but", "in"}:
        return LIKELY if len(words) > 2 else UNSURE  # i like this
    if last in OPEN_WORDS["en"]:
        return UNFINISHED
    if last in _AFTER_SUBJECT_OPEN and before in _LEADING_SUBJECT - {"what", "how"}:
        return UNFINISHED  # because it
    if last in _WANTING_OBJECT and not asks and "what" not in words:
        return 0.25  # i would like to tell
    if (
        first in {"if", "when", "while", "although", "unless", "since"}
        and len(words) < 7
        and not asks
        and sum(1 for word in words[1:] if word in _SUBJECTS) < 2
    ):
        return 0.35  # if you want
    if asks or len(words) > 2:
        return LIKELY + (0.05 if asks else 0.0)
    return UNSURE + 0.1 if len(words) == 2 else UNSURE


def _opens_clause(words: list[str]) -> bool:
    """Whether a `when` opens a clause (`when I get home`) and does not ask (`when is it`)."""
    return words[0] == "when" and len(words) > 1 and words[1] not in _AUXILIARIES
