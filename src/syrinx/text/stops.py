"""Deciding whether a full stop, a question mark or the like ends a sentence."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from syrinx.text.abbreviations import (
    BEFORE_CAPITAL,
    BEFORE_DIGIT,
    NO_SENTENCE_AFTER_TIME,
    NONE,
    SOMETIMES,
    STARTERS,
    never_ends,
)
from syrinx.text.punctuation import CLOSERS, STOPS, is_emoji, is_han_or_kana
from syrinx.text.view import Verdict, View

_LONGEST_ABBREVIATION = 24
_GOES_ON = ",;:–—-)%/"
_QUOTED_GOES_ON = "とってっなのはがをにでもねよかんだけ、，,：；。！？!?"
"""After a closing Japanese or Chinese quotation mark: particles and marks that tie the quotation to what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What one language knows of words with full stops and of words that begin sentences."""

    language: str
    never: frozenset[str]
    before_digit: frozenset[str]
    before_capital: frozenset[str]
    sometimes: frozenset[str]
    starters: frozenset[str]


@lru_cache(maxsize=32)
def lexicon_for(language: str) -> Lexicon:
    """The lexicon of a language given by its primary subtag; an unlisted one gets what holds in any language."""
    return Lexicon(
        language=language,
        never=never_ends(language),
        before_digit=BEFORE_DIGIT.get(language, NONE),
        before_capital=BEFORE_CAPITAL.get(language, NONE),
        sometimes=SOMETIMES.get(language, NONE),
        starters=STARTERS.get(language, NONE),
    )


def judge_stop(view: View, at: int, sentence_start: int, lexicon: Lexicon) -> Verdict | None:
    """Judge the run of stops at `at` with the quotes, brackets and emoji that close behind it, in a sentence under way.

    It ends a sentence if white space follows, taken into the sentence: at once after `!`, `?` and a full stop behind
    an ordinary word; after an ellipsis or a closing quote once what follows is seen not to be in lower case.
    """
    text, end = view.text, view.end
    run_end = at
    while run_end < end and text[run_end] in STOPS:
        run_end += 1
    after = run_end
    while after < end and (text[after] in CLOSERS or is_emoji(text[after])):
        after += 1
    if after >= end:
        return Verdict(None, end) if view.final else None
    following = text[after]
    if not following.isspace():
        ends = text[run_end - 1] in "!?" and is_han_or_kana(following)
        return Verdict(after if ends else None, after)
    closed = after > run_end and not is_emoji(text[run_end])
    if run_end - at == 1 and text[at] == "." and not closed:
        ends = _judge_full_stop(view, at, after, sentence_start, lexicon)
    elif following != "\n" and (closed or text[run_end - 1] == "…" or text[at:run_end].endswith("..")):
        ends = _judge_by_next_letter(view, after)
    else:
        ends = True
    if ends is None:
        return None
    return Verdict(after + 1 if ends else None, after)


def judge_wide_stop(view: View, at: int) -> Verdict:
    """A stop of Chinese, Japanese or Hindi ends its sentence by itself, together with the closers that have come."""
    return Verdict(at + 1, at + 1)


def judge_closed_quote(
    view: View, opened: int, closed: int, *, bracket_in: int | None, lexicon: Lexicon
) -> Verdict | None:
    """Judge the end of a bracket or quotation read as a whole: `text[opened]` to `text[closed]`, both included.

    If a stop stands just inside its end, the sentence may end with it. A bracket, for which `bracket_in` says where its
    sentence began, ends one only if it began it, so that `He came (at last!) Monday` stays whole.
    """
    text, end = view.text, view.end
    last = closed - 1
    while last > opened and (text[last] in CLOSERS or text[last].isspace()):
        last -= 1
    resume = closed + 1
    inner = text[last]
    wide = inner in "。！？｡।॥"
    if last == opened or not (wide or inner in STOPS):
        return Verdict(None, resume)
    if bracket_in is not None and text[bracket_in:opened].strip(" \t\n>*_-") != "":
        return Verdict(None, resume)
    if wide or (resume < end and not text[resume].isspace() and text[closed] in "」』》"):
        if resume >= end:
            return Verdict(None, end) if view.final else None
        goes_on = text[resume] in _QUOTED_GOES_ON or text[resume] in CLOSERS
        return Verdict(None if goes_on else resume, resume)
    while resume < end and text[resume] in CLOSERS:
        resume += 1
    if resume >= end:
        return Verdict(None, end) if view.final else None
    if not text[resume].isspace():
        return Verdict(None, resume)
    if inner == "." and text[last - 1 : last + 1] != ".." and lexicon.language != "de":
        word = _word_before(text, last, opened)
        if word in lexicon.never or "." in word:
            return Verdict(None, resume)
    ends = _judge_by_next_letter(view, resume)
    if ends is None:
        return None
    return Verdict(resume + 1 if ends else None, resume)


def _judge_by_next_letter(view: View, after: int) -> bool | None:
    position = view.next_visible(after)
    if position is None:
        return None
    if position >= view.end:
        return False
    return not (view.text[position].islower() or view.text[position] in _GOES_ON)


def _judge_full_stop(view: View, at: int, after: int, sentence_start: int, lexicon: Lexicon) -> bool | None:
    if view.text[at - 1 : at].isdigit() and at > view.start:
        return _judge_stop_behind_number(view, at, after, sentence_start, lexicon)
    word = _word_before(view.text, at, view.start)
    if not word:
        return True
    if word in lexicon.never or (lexicon.language == "de" and word.endswith("str")):
        return False
    is_letter = len(word) == 1 and word.lower() != word.upper()
    is_initials = "." in word and all(len(part) <= 2 for part in word.split("."))
    if word == "i" and lexicon.language == "en":
        is_letter = False
    if word in lexicon.before_capital:
        return _judge_by_next_word(view, after, None)
    if word in lexicon.before_digit:
        position = view.next_visible(after)
        if position is None:
            return None
        if position >= view.end or view.text[position].isdigit() or view.text[position].islower():
            return False
        if not is_letter:
            return True
    if is_letter or is_initials or word in lexicon.sometimes:
        return _judge_by_next_word(view, after, lexicon.starters)
    return True


def _judge_by_next_word(view: View, after: int, starters: frozenset[str] | None) -> bool | None:
    """Whether a sentence begins behind an abbreviation: with any capitalised word, or only with one of `starters`."""
    position = view.next_visible(after)
    if position is None:
        return None
    if position >= view.end:
        return False
    first = view.text[position]
    if not first.isalpha():
        return not (first.isdigit() or first in _GOES_ON or first in "&(")
    if first.islower():
        return False
    word = view.word_at(position)
    if word is None:
        return None
    lowered = word.lower().replace("’", "'")
    if starters is not None:
        return lowered in starters
    return lowered not in NO_SENTENCE_AFTER_TIME and (len(word) == 1 or not word.isupper())


def _judge_stop_behind_number(view: View, at: int, after: int, sentence_start: int, lexicon: Lexicon) -> bool | None:
    text = view.text
    begin = at
    while begin > view.start and text[begin - 1].isdigit():
        begin -= 1
    if at - begin <= 3:
        before = begin - 1
        while before >= sentence_start and text[before] in " \t(":
            before -= 1
        is_apart = before < begin - 1
        if before < sentence_start or text[before] in "\n*_#>-" or (is_apart and text[before] in ":;,"):
            return False  # the number of a list item
    if lexicon.language == "de" and at - begin <= 2:
        return _judge_by_next_word(view, after, lexicon.starters)
    return True


def _word_before(text: str, at: int, start: int) -> str:
    """The word that ends at `at`, in lower case, with the full stops inside it (`p.m`)."""
    begin, floor = at, max(start, at - _LONGEST_ABBREVIATION)
    while begin > floor:
        character = text[begin - 1]
        is_mark = not character.isascii() and unicodedata.category(character).startswith("M")
        if not (character.isalpha() or is_mark or character in ".'’º-"):
            break
        begin -= 1
    return text[begin:at].lower().lstrip(".-'’")
