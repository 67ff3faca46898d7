"""Where the first sentence of a reply may be parted early, so that its sound begins before it is fully written.

A first clause is released if it sounds natural alone:

* it has enough words to carry a melody: four, or three long ones; behind a semicolon, colon or dash three. Chinese and
  Japanese: six characters, or seven before `、`, which in Chinese parts the items of a list and is never used;
* it stands outside brackets, quotations, code and numbers (those are skipped whole before this is asked);
* it is no list in the making: at a comma the next word decides. A word that begins sentences or clauses (`and`, `I`,
  `because`, `the`) releases it at once. Otherwise one more word is waited for, and a comma, an `and` or the end of the
  sentence behind that word (`apples, pears and plums`; `come in, please.`) keeps the sentence whole;
* the piece since the last comma is no aside of one or two words (`Well, you know, ...`);
* no name or date is parted: a capital that begins no clause (`Paris, France`) or a digit (`Nov 21, 2026`) keeps it.
"""

from __future__ import annotations

from typing import Final

from syrinx.text.punctuation import STOPS, has_content, is_han_or_kana
from syrinx.text.stops import Lexicon
from syrinx.text.view import Verdict, View

CLAUSE_MARKS: Final = ",;:—–，、；："

_JOINING: Final[dict[str, frozenset[str]]] = {
    "en": frozenset({"and", "or", "nor"}),
    "es": frozenset({"y", "e", "o", "u", "ni"}),
    "fr": frozenset({"et", "ou", "ni"}),
    "de": frozenset({"und", "oder", "sowie"}),
    "it": frozenset({"e", "ed", "o", "né"}),
    "pt": frozenset({"e", "ou", "nem"}),
    "hi": frozenset({"और", "या", "व"}),
}
_OPENING: Final[dict[str, frozenset[str]]] = {
    "en": frozenset(
        {"because", "since", "though", "whether", "whenever", "wherever", "unless", "until", "while", "think"}
    ),
    "es": frozenset({"porque", "aunque", "ya", "así", "mientras", "hasta", "pues"}),
    "fr": frozenset({"parce", "car", "même", "pendant", "jusqu'à", "afin", "lorsque", "j'ai", "c'est"}),
    "de": frozenset({"dass", "obwohl", "damit", "während", "bis", "sondern", "denn", "ob", "sobald", "welche", "hast"}),
    "it": frozenset({"perché", "anche", "mentre", "finché", "siccome", "quindi", "così"}),
    "pt": frozenset({"porque", "embora", "enquanto", "até", "pois", "já", "assim"}),
    "hi": frozenset(
        {
            "और",
            "लेकिन",
            "पर",
            "तो",
            "जो",
            "कि",
            "क्योंकि",
            "अगर",
            "मैं",
            "आप",
            "हम",
            "यह",
            "वह",
            "ताकि",
            "जब",
            "इसलिए",
            "मगर",
        }
    ),
}
_NONE: Final[frozenset[str]] = frozenset()


def judge_clause(view: View, at: int, lexicon: Lexicon) -> Verdict | None:
    """Judge the clause mark at `at` of a first segment: cut behind it and the white space that follows it, or go on."""
    text, end, mark = view.text, view.end, view.text[at]
    stay = Verdict(None, at + 1)
    if mark in "，、；：":
        if mark == "、" and lexicon.language != "ja":
            return stay
        wide = sum(1 for character in text[view.start : at] if is_han_or_kana(character))
        return Verdict(at + 1, at + 1) if wide >= (7 if mark == "、" else 6) else stay
    if at + 1 >= end:
        return None if not view.final else stay
    words = _count_words(text, view.start, at)
    length = at - view.start
    spaced = text[at + 1].isspace()
    if mark == "—" or (mark == "–" and spaced and text[at - 1].isspace()):
        if words < 3 or length < 12:
            return stay
        cut = at + 2 if spaced else at + 1
        return Verdict(cut, cut)
    if not spaced or mark == "–":
        return stay
    if mark in ";:":
        return Verdict(at + 2, at + 2) if words >= 3 and length >= 12 else stay
    if not (words >= 4 and length >= 14) and not (words == 3 and length >= 18):
        return stay
    previous = max(text.rfind(other, view.start, at) for other in ",;:")
    if previous >= 0 and _count_words(text, previous + 1, at) < 3:
        return stay
    goes_on = _begins_clause(view, at + 1, lexicon)
    if goes_on is None:
        return None
    return Verdict(at + 2, at + 2) if goes_on else stay


def _begins_clause(view: View, after: int, lexicon: Lexicon) -> bool | None:
    text = view.text
    first = view.next_visible(after)
    if first is None:
        return None
    if first >= view.end or not text[first].isalpha():
        return False
    word = view.word_at(first)
    if word is None:
        return None
    lowered = word.lower().replace("’", "'")
    if lowered in lexicon.starters or lowered in _OPENING.get(lexicon.language, _NONE) or lowered.startswith("i'"):
        return True
    if word[0].isupper() and lexicon.language != "de":
        return False
    behind = first + len(word)
    if behind >= view.end:
        return None if not view.final else False
    if text[behind] in "," or text[behind] in STOPS or text[behind] in "।;:":
        return False
    second = view.next_visible(behind)
    if second is None:
        return None
    if second >= view.end:
        return False
    next_word = view.word_at(second)
    if next_word is None:
        return None
    return next_word.lower() not in _JOINING.get(lexicon.language, _NONE)


def _count_words(text: str, start: int, end: int) -> int:
    return sum(1 for word in text[start:end].split() if has_content(word, 0, len(word)))
