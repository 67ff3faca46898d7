"""What `say-as` makes of letters, numbers, dates and times: the words that are read for them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from syrinx.errors import BadInput
from syrinx.text.languages import LANGUAGES, base_language
from syrinx.text.moments import read_moments
from syrinx.text.numerals import cardinal, digit_by_digit, ordinal
from syrinx.text.readings import number_in_words, read_signs
from syrinx.text.spoken_words import SpokenWords, spoken_words

_KINDS: Final = {
    "characters": "characters", "spell-out": "characters", "verbatim": "characters", "cardinal": "cardinal",
    "number": "cardinal", "ordinal": "ordinal", "digits": "digits", "telephone": "telephone", "date": "date",
    "time": "time", "fraction": "fraction",
}  # fmt: skip
_TIME_FORMATS: Final = ("hms12", "hms24")
_DATE_FORMATS: Final = ("mdy", "dmy", "ymd", "md", "dm")
LONGEST_READ: Final = 200
"""Characters between the tags of one `say-as`."""

_WHOLE: Final = re.compile(r"[-−+]?\d[\d.,\u00a0\u202f ]*")
_DATE: Final = re.compile(r"(\d{1,4})[-/. ](\d{1,2})(?:[-/. ](\d{1,4}))?")
_CLOCK: Final = re.compile(r"\d{1,2}(?:[:h]\d{2}(?::\d{2})?)? ?(?:[aApP]\.? ?[mM]\.?|Uhr|बजे)?")
_FRACTION: Final = re.compile(r"(?:(\d{1,15})\s*[ +]\s*)?(\d{1,15})\s*[/⁄]\s*(\d{1,9})")

_SIGN_ORDER: Final = "-_/#:,*!?"
_SIGN_NAMES: Final = {
    "en": "dash|underscore|slash|hash|colon|comma|star|exclamation mark|question mark",
    "es": "guion|guion bajo|barra|almohadilla|dos puntos|coma|asterisco|signo de exclamación|signo de interrogación",
    "fr": "tiret|tiret bas|barre oblique|dièse|deux points|virgule|astérisque|point d'exclamation|"
    "point d'interrogation",
    "de": "Strich|Unterstrich|Schrägstrich|Raute|Doppelpunkt|Komma|Sternchen|Ausrufezeichen|Fragezeichen",
    "it": "trattino|trattino basso|barra|cancelletto|due punti|virgola|asterisco|punto esclamativo|punto interrogativo",
    "pt": "hífen|sublinhado|barra|cerquilha|dois pontos|vírgula|asterisco|ponto de exclamação|ponto de interrogação",
    "zh": "横杠|下划线|斜杠|井号|冒号|逗号|星号|感叹号|问号",
    "ja": "ハイフン|アンダーバー|スラッシュ|シャープ|コロン|コンマ|アスタリスク|感嘆符|疑問符",
    "hi": "डैश|अंडरस्कोर|स्लैश|हैश|कोलन|अल्पविराम|तारांकन|विस्मयादिबोधक चिह्न|प्रश्न चिह्न",
}


def read_as(text: str, *, kind: str, form: str | None, language: str) -> str:
    """The words for `text`, read as `interpret-as` (and `format`) say.

    Raises BadInput for a kind or format that is not understood, and for a text that is not of that kind.
    """
    known = _KINDS.get(kind)
    if known is None:
        raise BadInput(f"interpret-as is {kind[:40]!r}: it is one of {', '.join(_KINDS)}")
    formats = {"date": _DATE_FORMATS, "time": _TIME_FORMATS}.get(known, ())
    if form is not None and form not in formats:
        choice = f"one of {', '.join(formats)}" if formats else "to be left out"
        raise BadInput(f"format is {form[:40]!r}: for interpret-as {kind!r} it is {choice}")
    if len(text) > LONGEST_READ:
        raise BadInput(f"say-as holds {len(text)} characters: at most {LONGEST_READ} are read so")
    base = base_language(language)
    words = spoken_words(base)
    if words is None or base not in LANGUAGES:
        if known == "characters":
            return _spelled(text, base, None)
        raise BadInput(f"say-as {kind!r} is understood in {', '.join(LANGUAGES)}, not in {language!r}")
    match known:
        case "characters":
            return _spelled(text, base, words)
        case "cardinal":
            return _cardinal(text, base, words)
        case "ordinal":
            return _ordinal(text, base)
        case "digits":
            return _digits(text, base)
        case "telephone":
            return _telephone(text, base, words)
        case "date":
            return _date(text, form, base, words)
        case "time":
            return _time(text, base, words)
        case _:
            return _fraction(text, base, words)


def _spelled(text: str, language: str, words: SpokenWords | None) -> str:
    gap = "" if language in {"zh", "ja"} else " "
    # Signs have to be heard: nothing of a password may be left out.
    return ", ".join(
        gap.join(_character(character, language, words) for character in group)
        for group in _graphemes_by_word(text)
        if group
    )


def _graphemes_by_word(text: str) -> list[list[str]]:
    groups: list[list[str]] = []
    for word in text.split():
        group: list[str] = []
        for character in word:
            if group and unicodedata.category(character).startswith("M"):
                group[-1] += character
            else:
                group.append(character)
        groups.append(group)
    return groups


def _character(character: str, language: str, words: SpokenWords | None) -> str:
    if character[0].isalpha():
        return character.upper() if len(character.upper()) == len(character) else character
    if character.isdecimal():
        return cardinal(str(int(character)), language) if words is not None else character
    if words is not None:
        names = dict(zip(_SIGN_ORDER, _SIGN_NAMES[language].split("|"), strict=True))
        names |= {".": words.dot, "@": words.at, "&": words.ampersand, "%": words.percent} | words.signs
        if name := names.get(character):
            return name
    name = unicodedata.name(character[0], "").lower()
    if language != "en" or not name:
        raise BadInput(f"there is no name for {character!r} in {language!r}: write it in words")
    return name


def _cardinal(text: str, language: str, words: SpokenWords) -> str:
    amount = text.strip()
    if not _WHOLE.fullmatch(amount):
        raise BadInput(f"{text.strip()[:40]!r} is no number: it is to be like 12, 1,000 or -3.5")
    minus = words.minus + ("" if language in {"zh", "ja"} else " ") if amount[0] in "-−" else ""
    bare = amount.lstrip("-−+").replace(" ", "").rstrip(".,")
    if len({mark for mark in bare if mark in ".,"}) == 0:
        return minus + cardinal(_ascii_digits(bare), language)
    if not re.fullmatch(r"\d+(?:([.,])\d{3})*(?:[.,]\d+)?", bare):
        raise BadInput(f"{text.strip()[:40]!r} is no number: it is to be like 12, 1,000 or -3.5")
    marks = [character for character in bare if character in ".,"]
    if len(marks) > 1 and len(set(marks)) == 1:
        return minus + cardinal(_ascii_digits(bare), language)
    return minus + number_in_words(bare, language, words)


def _ordinal(text: str, language: str) -> str:
    found = re.fullmatch(r"(\d{1,9})(?:[.ºª°]|\w{1,3})?", text.strip())
    if found is None or not int(found.group(1)):
        raise BadInput(f"{text.strip()[:40]!r} is no rank: it is to be like 3 or 21st")
    return ordinal(int(found.group(1)), language)


def _digits(text: str, language: str) -> str:
    groups = re.findall(r"\d+", text)
    if not groups or re.search(r"[^\d\s.,-]", text):
        raise BadInput(f"{text.strip()[:40]!r} is not made of digits: it is to be like 4711")
    return ", ".join(digit_by_digit(group, language) for group in groups)


def _telephone(text: str, language: str, words: SpokenWords) -> str:
    groups = re.findall(r"\d+", text)
    if not groups or re.search(r"[^\d\s().+/-]", text):
        raise BadInput(f"{text.strip()[:40]!r} is no telephone number: it is to be like +44 20 7946 0018")
    plus = f"{words.signs['+']} " if text.strip().startswith("+") else ""
    return plus + ", ".join(digit_by_digit(group, language) for group in groups)


def _date(text: str, form: str | None, language: str, words: SpokenWords) -> str:
    written = " ".join(text.split())
    found = _DATE.fullmatch(written)
    if form is None or found is None:
        spoken = read_moments(written, language, words)
        if spoken == written or re.search(r"\d", spoken):
            wanted = f"in the order {form!r}" if form else "like 2026-11-21 or with a format like dmy"
            raise BadInput(f"{written[:40]!r} is no date: it is to be {wanted}")
        return spoken
    numbers = [int(group) for group in found.groups() if group is not None]
    if len(numbers) != len(form):
        raise BadInput(f"{written[:40]!r} does not fit the format {form!r}: it is to have {len(form)} numbers")
    parts = dict(zip(form, numbers, strict=True))
    # A leap year where none is given, so that 29 February is a date.
    iso = f"{parts.get('y', 2000):04d}-{parts['m']:02d}-{parts['d']:02d}"
    if not 1 <= parts["m"] <= 12 or not 1 <= parts["d"] <= 31:
        raise BadInput(f"{written[:40]!r} is no date in the order {form!r}: give a month to 12 and a day to 31")
    if "y" in parts:
        return read_moments(iso, language, words)
    if language in {"zh", "ja"}:
        return f"{words.months[parts['m'] - 1]}{cardinal(str(parts['d']), language)}日"
    return read_moments(_day_and_month(parts["d"], parts["m"], language, words), language, words)


def _day_and_month(day: int, month: int, language: str, words: SpokenWords) -> str:
    name = words.months[month - 1]
    if language == "en":
        return f"{name} {day}"
    if language in {"es", "pt"}:
        return f"{day} de {name}"
    return f"{day}. {name}" if language == "de" else f"{day} {name}"


def _time(text: str, language: str, words: SpokenWords) -> str:
    written = " ".join(text.split())
    if _CLOCK.fullmatch(written) is None or re.search(r"\d", spoken := read_moments(written, language, words)):
        raise BadInput(f"{written[:40]!r} is no time of day: it is to be like 14:30 or 2:30 pm")
    return spoken


def _fraction(text: str, language: str, words: SpokenWords) -> str:
    found = _FRACTION.fullmatch(text.strip())
    if found is None or not int(found.group(3)):
        raise BadInput(f"{text.strip()[:40]!r} is no fraction: it is to be like 2/3 or 1 1/2")
    whole, top, bottom = found.groups()
    written = f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"
    spoken = read_signs(written, language, words)
    if not re.search(r"\d", spoken):
        return spoken
    parts = [cardinal(whole, language), words.ampersand] if whole else []
    if language == "en":
        rank = {2: "half", 4: "quarter"}.get(int(bottom)) or ordinal(int(bottom), language)
        many = {"half": "halves"}.get(rank, rank + "s")
        return " ".join((*parts, cardinal(top, language), rank if top == "1" else many))
    over = {"zh": "分之", "ja": "分の"}.get(language)
    if over:
        return "".join((*parts, cardinal(bottom, language), over, cardinal(top, language)))
    return " ".join((*parts, cardinal(top, language), words.signs["÷"], cardinal(bottom, language)))


def _ascii_digits(text: str) -> str:
    return "".join(str(int(character)) for character in text if character.isdecimal())
