"""Numbers in words: num2words where it knows the language, our own for Chinese and Hindi, which it does not."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any, Final

_LONGEST_IN_WORDS = 15
_CHINESE_DIGITS: Final = "零一二三四五六七八九"
_HINDI_BELOW_HUNDRED: Final = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह "
    "अठारह उन्नीस बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस "
    "बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस चालीस इकतालीस बयालीस "
    "तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन "
    "चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ "
    "अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर "
    "उनासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे "
    "इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
_HINDI: Final = tuple(_HINDI_BELOW_HUNDRED.split())


@lru_cache(maxsize=2048)
def cardinal(digits: str, language: str) -> str:
    """A whole number, given in digits, in words; one too long for words, or with leading zeros, digit by digit."""
    if len(digits) > _LONGEST_IN_WORDS or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits, language)
    number = int(digits)
    if language == "zh":
        return _chinese(number)
    if language == "hi":
        return _hindi(number)
    return _num2words(number, language, "cardinal").replace(",", "")


@lru_cache(maxsize=512)
def ordinal(number: int, language: str) -> str:
    """The number as a rank (`third`), in the masculine where that matters."""
    if language == "zh":
        return "第" + _chinese(number)
    if language == "hi":
        first = ("", "पहला", "दूसरा", "तीसरा", "चौथा", "पाँचवाँ", "छठा")
        return first[number] if 0 < number < len(first) else _hindi(number) + "वाँ"
    return _num2words(number, language, "ordinal").replace(",", "")


@lru_cache(maxsize=512)
def year(number: int, language: str) -> str:
    """The number as a year is read: `nineteen ninety-nine`, `二零二六`."""
    if language == "zh":
        return "".join(_CHINESE_DIGITS[int(digit)] for digit in str(number))
    if language in {"en", "de"} and 1000 <= number < 2100:
        return _num2words(number, language, "year")
    return cardinal(str(number), language)


def digit_by_digit(digits: str, language: str) -> str:
    """Every digit on its own, as telephone numbers are read."""
    joiner = "" if language in {"zh", "ja"} else " "
    return joiner.join(cardinal(digit, language) for digit in digits if digit.isdecimal())


def _num2words(number: int, language: str, kind: str) -> str:
    module: Any = importlib.import_module("num2words")  # not at the top: forty milliseconds that only numbers need
    return str(module.num2words(number, lang=language, to=kind))


def _chinese(number: int) -> str:
    if number < 10:
        return _CHINESE_DIGITS[number]
    for size, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if number < size:
            continue
        head, rest = divmod(number, size)
        words = ("" if head == 1 and size == 10 else _chinese(head)) + name
        if rest:
            gap = "零" if rest < size // 10 else ""
            tail = "一" + _chinese(rest) if 10 <= rest < 20 else _chinese(rest)
            words += gap + tail
        return words
    return ""


def _hindi(number: int) -> str:
    if number < 100:
        return _HINDI[number]
    for size, name in ((10**11, "खरब"), (10**9, "अरब"), (10**7, "करोड़"), (10**5, "लाख"), (1000, "हज़ार"), (100, "सौ")):
        if number >= size:
            head, rest = divmod(number, size)
            return f"{_hindi(head)} {name}" + (f" {_hindi(rest)}" if rest else "")
    return ""
