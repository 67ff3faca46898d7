"""How amounts, measures, ranges, versions and telephone numbers are read aloud."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.numerals import cardinal, digit_by_digit, ordinal, year
from syrinx.text.spoken_words import SpokenWords

NUMBER: Final = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|"
    r"\d{1,3}(?:[\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
)
_BEGINS: Final = "(?<![A-Za-z0-9_.,])"

_VERSION: Final = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+){2,})(?![\w])|(?<![\w.])v(\d+(?:\.\d+)*)(?![\w])")
_PHONE: Final = re.compile(
    r"(?<![\w.])(?:\+\d[\d ().-]{5,}\d|\(\d{2,4}\) ?\d[\d -]{4,}\d|\d{3}[-. ]\d{3}[-. ]\d{4}|"
    r"0\d{1,4}[ /-]\d[\d -]{3,}\d|0\d{6,})(?!\w)"
)
_RANGE: Final = re.compile(r"(?<![\w.,:/–-])(\d+(?:[.,]\d+)?)[–-](\d+(?:[.,]\d+)?)(?![\d–-]|\.\d)")
_FRACTION: Final = re.compile(r"(?<![\w/.,])(?:(\d+) )?([123])/([234])(?![\w/])")
_VULGAR: Final = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4"}
_SIGN: Final = re.compile(
    r"(?<=[\w)²])\s*([×÷=≈≤≥])\s*(?=[\w(+−-])|(?<=[\d)])\s?([+])\s?(?=[\d(])|(?<=\s)([+=<>])(?=\s)"
)
_MINUS_BETWEEN: Final = re.compile(r"(?<=[\d)])\s(?:[−–-]\s|[−])(?=[\d(])")
_MINUS_BEFORE: Final = re.compile(r"(?<![\w)])[−-](?=\d)")
_TIMES: Final = re.compile(r"(?<=\d)\s?[xX*]\s?(?=\d)")
_ORDINAL: Final[dict[str, re.Pattern[str]]] = {
    "en": re.compile(r"(?<!\w)(?P<number>\d+)(?:st|nd|rd|th)\b"),
    "es": re.compile(r"(?<!\w)(?P<number>\d+)\.?(?P<mark>[ºª°])(?!\s?[CF])"),
    "pt": re.compile(r"(?<!\w)(?P<number>\d+)\.?(?P<mark>[ºª])"),
    "it": re.compile(r"(?<!\w)(?P<number>\d+)(?P<mark>[ºª])"),
    "fr": re.compile(r"(?<!\w)(?P<number>\d+)(?:er|re|e|è|ème|nde?)\b"),
    "de": re.compile(r"\b(?P<article>am|im|dem|den|der|die|das|vom|zum) (?P<number>\d{1,2})\.(?=\s\w)", re.IGNORECASE),
}
_LONGEST_RANK: Final = 9
"""Digits of an ordinal; for longer ones, and for nought, not every language of num2words has a word."""

_CHAPTER: Final = re.compile(
    r"\b(chapter|part|act|volume|book|section|phase|war|scene|kapitel|teil|band|akt|capítulo|parte|acto|tomo|siglo|"
    r"chapitre|partie|acte|capitolo|atto|volume|ato|século|siècle|weltkrieg)\s+([IVXLC]+)\b(?![.'’]\w)",
    re.IGNORECASE,
)
_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ROMAN_FORM: Final = re.compile(r"(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\Z")
_YEAR: Final = re.compile(
    r"\b(in|since|of|by|from|until|before|after|around|year|during|im Jahr|seit)\s(1[1-9]\d\d|20\d\d)"
    r"(?=[.,;:!?]?(?:\s[^%$€£°]|$))",
    re.IGNORECASE,
)
_NOUN: Final = re.compile(r" ([^\W\d_]{3,})")
_PLAIN: Final = re.compile(rf"({NUMBER})")
_MAGNITUDE: Final = {
    "en": "thousand|million|billion|trillion", "es": "mil|millones|millón", "fr": "mille|millions?|milliards?",
    "de": "Tausend|Millionen|Million|Milliarden?", "it": "mila|milioni|milione|miliardi",
    "pt": "mil|milhões|milhão|bilhões",
    "hi": "हज़ार|लाख|करोड़", "zh": "万|亿", "ja": "万|億",
}  # fmt: skip


def number_in_words(amount: str, language: str, words: SpokenWords) -> str:
    """A number as written, thousands marks and decimals included, in words; decimals are read digit by digit."""
    amount = amount.replace("\u00a0", "").replace("\u202f", "")
    marks = [character for character in amount if character in ".,"]
    decimal_mark = ""
    if len(set(marks)) == 2:
        decimal_mark = marks[-1]
    elif len(marks) == 1:
        head, tail = amount.split(marks[0])
        groups = marks[0] != words.decimal_mark and len(tail) == 3 and 0 < len(head) <= 3 and head != "0"
        decimal_mark = "" if groups else marks[0]
    whole, _, fraction = amount.partition(decimal_mark) if decimal_mark else (amount, "", "")
    spoken = cardinal("".join(character for character in whole if character.isdecimal()), language)
    if not fraction:
        return spoken
    gap = "" if language in {"zh", "ja"} else " "
    return gap.join((spoken, words.decimal, digit_by_digit(fraction, language)))


def counted(amount: str, noun: tuple[str, str], language: str, words: SpokenWords) -> str:
    """A number with the noun it counts, the number in the noun's gender where that is heard (`una hora`)."""
    feminine = noun[0].startswith("*")
    one, many = noun[0].lstrip("*"), noun[1].lstrip("*")
    number = number_in_words(amount, language, words)
    number = _agreeing(number, language, feminine=feminine)
    is_one = amount in {"1", "-1"} or (language in {"fr", "pt"} and amount == "0")
    gap = "" if language in {"zh", "ja"} else " "
    return f"{number}{gap}{one if is_one else many}"


def _agreeing(number: str, language: str, *, feminine: bool) -> str:
    if language == "es" and number.endswith("uno"):
        stem = number[:-3]
        return stem + ("una" if feminine else "ún" if stem.endswith("veinti") else "un")
    if language == "it" and number == "uno":
        return "una" if feminine else "un"
    if language == "fr" and feminine and number.endswith("un"):
        return number + "e"
    if language == "de" and number == "eins":
        return "eine" if feminine else "ein"
    if language == "pt" and feminine:
        return re.sub(r"\bdois$", "duas", re.sub(r"\bum$", "uma", number))
    return number


def read_money(text: str, language: str, words: SpokenWords) -> str:
    """`$3.50`, `3,50 €` and `$2 million` with the names of the money."""
    signs = "|".join(re.escape(sign) for sign in sorted(words.money, key=len, reverse=True))
    gap = "" if language in {"zh", "ja"} else " "

    def read(found: re.Match[str]) -> str:
        parts = found.groupdict()
        sign = parts["before"] or parts["after"]
        amount = parts["first"] or parts["second"]
        minus = f"{words.minus} " if parts["minus"] else ""
        magnitude = parts["size"] or parts["size_after"]
        if magnitude:
            is_noun = magnitude.lower().startswith(("milli", "millo", "milh", "bilh"))
            of = "de " if language in {"es", "fr", "pt"} and is_noun else ""
            name = words.money[sign][1].lstrip("*")
            return f"{minus}{number_in_words(amount, language, words)}{gap}{magnitude}{gap}{of}{name}"
        cents = re.search(r"[.,](\d{2})$", amount)
        if cents is None or sign not in words.cents:
            return minus + counted(amount, words.money[sign], language, words)
        whole, part = amount[: cents.start()], str(int(cents.group(1)))
        spoken = [counted(whole, words.money[sign], language, words)] if whole != "0" else []
        if part != "0" or not spoken:
            spoken.append(counted(part, words.cents[sign], language, words))
        return minus + words.money_join.join(spoken)

    size = _MAGNITUDE.get(language, "(?!)")
    pattern = (
        rf"(?P<minus>(?<!\w)[−-])?(?:(?P<before>{signs})\s?(?P<first>{NUMBER})(?!\d)(?:\s?(?P<size>{size})\b)?"
        rf"|{_BEGINS}(?P<second>{NUMBER})(?:\s(?P<size_after>{size}))?\s?(?P<after>{signs}))"
    )
    return re.sub(pattern, read, text)


def read_measures(text: str, language: str, words: SpokenWords) -> str:
    """Percentages and units behind numbers, by their names."""

    def percent(found: re.Match[str]) -> str:
        number = number_in_words(found.group(1), language, words)
        if language == "zh":
            return f"{words.percent}{number}"
        return f"{number}{'' if language == 'ja' else ' '}{words.percent}"

    text = re.sub(rf"{_BEGINS}({NUMBER})\s?[%％]", percent, text)
    units = "|".join(re.escape(unit) for unit in sorted(words.units, key=len, reverse=True))

    def unit(found: re.Match[str]) -> str:
        return counted(found.group(1), words.units[found.group(2)], language, words)

    return re.sub(rf"{_BEGINS}({NUMBER})[ \u00a0\u202f]?({units})(?![A-Za-zÀ-ÿ0-9/²³])", unit, text)


def read_numbers(text: str, language: str, words: SpokenWords) -> str:
    """Everything else with digits: telephone numbers, versions, ranges, fractions, ordinals, signs and plain numbers.

    Money, measures, dates and times are expected to have been read before.
    """
    gap = "" if language in {"zh", "ja"} else " "
    text = _CHAPTER.sub(lambda found: _chapter(found, language), text)
    if not re.search(r"\d", text):
        return text

    def version(found: re.Match[str]) -> str:
        parts = (found.group(1) or found.group(2)).split(".")
        point = words.decimal if language == "en" else words.dot
        return f"{gap}{point}{gap}".join(cardinal(part, language) for part in parts)

    def ranked(found: re.Match[str]) -> str:
        digits = found.group("number")
        if len(digits) > _LONGEST_RANK or not int(digits):
            return cardinal(digits, language)
        spoken = ordinal(int(digits), language)
        parts = found.groupdict()
        if article := parts.get("article"):
            return f"{article} {spoken}" + ("" if article.lower() in {"der", "die", "das"} else "n")
        return spoken[:-1] + "a" if parts.get("mark") == "ª" and spoken.endswith("o") else spoken

    text = _VERSION.sub(version, text)
    if language in _ORDINAL:
        text = _ORDINAL[language].sub(ranked, text)
    if language in {"en", "de"}:
        text = _YEAR.sub(lambda found: f"{found.group(1)} {year(int(found.group(2)), language)}", text)
    return _PLAIN.sub(lambda found: _plain(found, text, language, words), text)


def read_signs(text: str, language: str, words: SpokenWords) -> str:
    """Signs between and before numbers, telephone numbers, fractions and ranges; most digits are left as they are."""
    gap = "" if language in {"zh", "ja"} else " "
    for sign, fraction in _VULGAR.items():
        if sign in text:
            text = re.sub(rf"(?<=\d)\s?{sign}", f" {fraction}", text).replace(sign, fraction)
    text = _PHONE.sub(lambda found: _phone(found.group(), language, words), text)
    text = _RANGE.sub(lambda found: f"{found.group(1)}{gap}{words.to}{gap}{found.group(2)}", text)
    text = _FRACTION.sub(lambda found: _fraction(found, language, words), text)
    text = _MINUS_BETWEEN.sub(f" {words.signs['−']} ", text)
    text = _MINUS_BEFORE.sub(f"{words.minus}{gap}", text)
    text = _TIMES.sub(f" {words.signs['×']} ", text)
    return _SIGN.sub(lambda found: f" {words.signs[next(sign for sign in found.groups() if sign)]} ", text)


def _chapter(found: re.Match[str], language: str) -> str:
    numeral = found.group(2)
    if not _ROMAN_FORM.match(numeral):
        return found.group()
    values = [_ROMAN[letter] for letter in numeral]
    total = sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))
    return f"{found.group(1)} {cardinal(str(total), language)}"


def _phone(number: str, language: str, words: SpokenWords) -> str:
    if not 7 <= sum(character.isdecimal() for character in number) <= 15:
        return number
    groups = [digit_by_digit(group, language) for group in re.findall(r"\d+", number)]
    plus = f"{words.signs['+']} " if number.startswith("+") else ""
    return plus + ", ".join(groups)


def _fraction(found: re.Match[str], language: str, words: SpokenWords) -> str:
    whole, name = found.group(1), words.fractions.get(f"{found.group(2)}/{found.group(3)}")
    if name is None:
        return found.group()
    if whole is None:
        return name
    joiner = "" if language in {"zh", "ja"} else f" {words.ampersand} "
    return f"{cardinal(whole, language)}{joiner}{'a half' if language == 'en' and name == 'one half' else name}"


def _plain(found: re.Match[str], text: str, language: str, words: SpokenWords) -> str:
    amount = found.group(1)
    spoken = number_in_words(amount, language, words)
    if language in {"zh", "ja"}:
        return spoken
    if amount == "1" and (noun := _NOUN.match(text, found.end())):
        feminine = noun.group(1).endswith("e" if language == "de" else "a")
        spoken = _agreeing(spoken, language, feminine=feminine)
    before = " " if found.start() and text[found.start() - 1].isalnum() else ""
    after = " " if text[found.end() : found.end() + 1].isalpha() else ""
    return f"{before}{spoken}{after}"
