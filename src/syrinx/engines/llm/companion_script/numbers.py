"""Counting and small sums in English words: what a script can truly do with numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

HIGHEST = 100
_PER_SENTENCE = 5
_COUNT = re.compile(
    r"\bcount(?P<down> down| backwards?)?(?: from (?P<first>[\w ]+?))?"
    r"(?: (?:up |down )?to (?P<last>[\w ]+?))?(?: please)?$"
)
_SUM = re.compile(
    r"(?P<a>[\w ]+?) (?P<by>plus|\+|and|minus|less|times|multiplied by|divided by) (?P<b>[\w ]+?)(?: \?)?$"
)
_ASKS_SUM = re.compile(r"^(?:what is|what's|what are|how much is|how much are|calculate|tell me) ")


@cache
def _words_of(number: int) -> str:
    # Imported late: it brings every language that it knows.
    from num2words import num2words  # noqa: PLC0415

    return str(num2words(number)).replace(" and ", " ")


@cache
def _numbers() -> Mapping[str, int]:
    known = {_words_of(number).replace("-", " "): number for number in range(HIGHEST + 1)}
    return known | {"a hundred": 100, "a dozen": 12, "hundred": 100}


def read_number(words: str) -> int | None:
    """ "twenty one", "21" and "a dozen"; None for what is no number from 0 to 999."""
    text = words.strip().replace("-", " ")
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    return _numbers().get(text)


def counted(words: str) -> str | None:
    """The counting that `words` ask for, five numbers to a sentence; None when they ask for none."""
    asked = _COUNT.search(words.removesuffix("?").strip())
    if asked is None:
        return None
    down = asked["down"] is not None
    first = read_number(asked["first"]) if asked["first"] else (10 if down else 1)
    last = read_number(asked["last"]) if asked["last"] else (1 if down else 20)
    if first is None or last is None or max(first, last) > HIGHEST:
        return "That is further than I can count, for I stop at one hundred. Ask me to count to fifty, say."
    step = -1 if last < first else 1
    numbers = [_words_of(number) for number in range(first, last + step, step)]
    groups = [numbers[start : start + _PER_SENTENCE] for start in range(0, len(numbers), _PER_SENTENCE)]
    return "All right. " + " ".join(", ".join(group).capitalize() + "." for group in groups)


def summed(words: str) -> str | None:
    """The answer to "what is two plus three"; None when that is not what is asked."""
    asked = _SUM.search(_ASKS_SUM.sub("", words)) if _ASKS_SUM.match(words) else None
    if asked is None:
        return None
    a, b = read_number(asked["a"]), read_number(asked["b"])
    if a is None or b is None:
        return None
    by = asked["by"]
    if by == "divided by":
        if b == 0:
            return "Nothing can be divided by zero, not even by a script."
        whole, rest = divmod(a, b)
        remainder = f", and {_words_of(rest)} is left over" if rest else ""
        return f"That makes {_words_of(whole)}{remainder}."
    result = a - b if by in ("minus", "less") else a * b if by in ("times", "multiplied by") else a + b
    return f"That makes {_words_of(result)}."
