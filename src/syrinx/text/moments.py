"""Dates and times of day in words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from syrinx.text.numerals import cardinal, ordinal, year
from syrinx.text.readings import counted
from syrinx.text.spoken_words import SpokenWords

_ISO: Final = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_SLASHED: Final = re.compile(r"(?<![\w/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?![\w/])")
_HALF: Final = r"(?P<half>[aApP](?:\.\s?[mM]\b\.?|\s?[mM]\b))"
"""The stop behind "am" is the sentence's, that behind "a.m." is its own."""
_TIME: Final = re.compile(
    r"(?<![A-Za-z0-9_:.,])(?P<hour>[01]?\d|2[0-3])[:h](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    rf"(?:\s*{_HALF}|(?![A-Za-z0-9_:])(?:\sUhr\b|\sबजे)?)"
)
_TIME_RANGE: Final = re.compile(
    r"(?:(?<=:\d\d)|(?<=\d[ap]m)|(?<=\d [ap]m))\s?[–-]\s?(?=\d{1,2}(?::\d\d|\s?[ap]m\b))", re.IGNORECASE
)
_HOUR: Final = re.compile(rf"(?<![\w:.,])(?P<hour>\d{{1,2}})\s?{_HALF}")
_WIDE_DATE: Final = re.compile(r"(\d{4})年")


def read_moments(text: str, language: str, words: SpokenWords) -> str:
    """The text with its dates (ISO, with slashes or dots, with names of months) and times of day in words."""

    def iso(found: re.Match[str]) -> str:
        return _date(int(found.group(3)), int(found.group(2)), int(found.group(1)), language, words) or found.group()

    def slashed(found: re.Match[str]) -> str:
        day, month = int(found.group(1)), int(found.group(3))
        if month > 12 or (language == "en" and found.group(2) == "/" and day <= 12):
            day, month = month, day
        return _date(day, month, int(found.group(4)), language, words) or found.group()

    def named(found: re.Match[str]) -> str:
        parts = found.groupdict()
        name = (parts.get("month") or parts["month_after"]).lower()
        month = next(at for at, full in enumerate(words.months, 1) if _fits(full, name))
        day = int(parts.get("day") or parts["day_before"])
        written = parts.get("year") or parts.get("year_after")
        return _date(day, month, int(written) if written else None, language, words) or found.group()

    text = _SLASHED.sub(slashed, _ISO.sub(iso, text))
    gap = "" if language in {"zh", "ja"} else " "
    text = _TIME_RANGE.sub(f"{gap}{words.to}{gap}", text)
    if language in {"zh", "ja"}:
        return _TIME.sub(lambda found: _time(found, language, words), _wide(text, language))
    pattern = _named_pattern(language, words.months)
    text = pattern.sub(named, text)
    text = _TIME.sub(lambda found: _time(found, language, words), text)
    if language == "en":
        text = _HOUR.sub(lambda found: f"{cardinal(found['hour'], language)} {found['half'][0].lower()} m", text)
    return text


def _wide(text: str, language: str) -> str:
    return _WIDE_DATE.sub(lambda found: f"{year(int(found.group(1)), language)}年", text)


def _fits(full: str, name: str) -> bool:
    plain = name.rstrip(".")
    return full.lower().startswith(plain)


@lru_cache(maxsize=16)
def _named_pattern(language: str, months: tuple[str, ...]) -> re.Pattern[str]:
    full = "|".join(months)
    if language == "en":
        short = "|".join(month[:3] for month in months)
        names = rf"(?:{full}|(?:Sept|{short})\b\.?)"
        return re.compile(
            rf"\b(?P<month>{names})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.]\d|\d)(?:,?\s(?P<year>\d{{4}})(?!\w))?"
            rf"|(?<![\w.,])(?P<day_before>\d{{1,2}})(?:st|nd|rd|th)?(?:\sof)?\s(?P<month_after>{names})(?!\w)"
            rf"(?:,?\s(?P<year_after>\d{{4}})(?!\w))?"
        )
    of = r"\sde\s" if language in {"es", "pt"} else r"\s"
    mark = r"\." if language == "de" else r"(?:er|º|°)?"
    return re.compile(
        rf"(?<![\w.,])(?P<day_before>\d{{1,2}}){mark}{of}(?P<month_after>{full})(?!\w)"
        rf"(?:(?:{of}|\s)(?P<year_after>\d{{4}})(?!\w))?",
        re.IGNORECASE,
    )


def _date(day: int, month: int, in_year: int | None, language: str, words: SpokenWords) -> str | None:
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    name = words.months[month - 1]
    spoken_year = year(in_year, language) if in_year is not None else ""
    spoken_day = cardinal(str(day), language)
    if language == "en":
        spoken = f"{name} {ordinal(day, language)}"
        return f"{spoken}, {spoken_year}" if spoken_year else spoken
    if language in {"zh", "ja"}:
        return f"{spoken_year}年{name}{spoken_day}日"
    if language in {"es", "pt"}:
        return f"{spoken_day} de {name}" + (f" de {spoken_year}" if spoken_year else "")
    if day == 1 and language in {"fr", "it"}:
        spoken_day = "premier" if language == "fr" else "primo"
    if language == "de":
        spoken_day = ordinal(day, language) + "n"
    return " ".join(part for part in (spoken_day, name, spoken_year) if part)


def _time(found: re.Match[str], language: str, words: SpokenWords) -> str:
    spoken = _hours_and_minutes(int(found["hour"]), int(found["minute"]), language, by_halves=bool(found["half"]))
    gap = "" if language in {"zh", "ja"} else " "
    if found["half"]:
        # Elsewhere it may be a word: "14:30 am Montag".
        spoken += f" {found['half'][0].lower()} m" if language == "en" else f" {found['half']}"
    if int(found["second"] or 0):
        seconds = counted(str(int(found["second"])), words.units["s"], language, words)
        spoken += f"{gap}{words.ampersand}{gap}{seconds}" if gap else seconds
    return spoken


def _hours_and_minutes(hour: int, minute: int, language: str, *, by_halves: bool) -> str:
    hours, minutes = cardinal(str(hour), language), cardinal(str(minute), language)
    if language == "en":
        if minute:
            return f"{hours} {'oh ' if minute < 10 else ''}{minutes}"
        return hours if by_halves else f"{hours} o'clock" if 0 < hour <= 12 else f"{hours} hundred"
    forms = {
        "es": ("{h} y {m}", "{h} en punto"),
        "fr": ("{h} heures {m}", "{h} heures"),
        "de": ("{h} Uhr {m}", "{h} Uhr"),
        "it": ("{h} e {m}", "{h} in punto"),
        "pt": ("{h} e {m}", "{h} em ponto"),
        "zh": ("{h}点{m}分", "{h}点"),
        "ja": ("{h}時{m}分", "{h}時"),
        "hi": ("{h} बजकर {m} मिनट", "{h} बजे"),
    }
    if language == "fr" and hour == 1:
        return "une heure" + (f" {minutes}" if minute else "")
    if language == "es" and hour in {1, 21}:
        hours = "una" if hour == 1 else "veintiuna"
    if language == "de" and hour == 1:
        hours = "ein"
    return forms[language][0 if minute else 1].format(h=hours, m=minutes)
