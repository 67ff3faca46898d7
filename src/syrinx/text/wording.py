"""The steps from written text to words: markup, addresses, dates, money, signs, measures, numbers, left-over marks."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.languages import base_language
from syrinx.text.markup import plain_text
from syrinx.text.moments import read_moments
from syrinx.text.punctuation import has_content
from syrinx.text.readings import read_measures, read_money, read_numbers, read_signs
from syrinx.text.spoken_words import SpokenWords, spoken_words

_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"“”、。，！？）」]+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?:mailto:)?([\w.+-]+)@((?:[\w-]+\.)+[A-Za-z]{2,})")
_HOST: Final = re.compile(
    r"(?<![\w.@/])((?:[A-Za-z0-9-]+\.)+(?:com|org|net|io|dev|ai|app|edu|gov|co|uk|de|fr|es|it|pt|br|jp|cn|eu|info))(?![\w-])"
    r"(?:/[^\s<>\"]*[\w/])?"
)
_UNSPOKEN: Final = re.compile(r"[|\\^<>{}\[\]~`#*_=]+")
_SPACE_BEFORE_STOP: Final = re.compile(r"\s+([,.;:!?…](?:\s|$))")
_EMPTY_BRACKETS: Final = re.compile(r"\(\s*\)|\[\s*\]")
_LEADING_MARKS: Final = re.compile(r"^(?:[\s.,;:!?…)\]}»”’、。，！？；：]|-(?!\d))+(?=\S)")
_GROUPING_SPACE: Final = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def in_words(text: str, language: str) -> str:
    """What `syrinx.text.speakable` promises."""
    base = base_language(language)
    words = spoken_words(base)
    spoken = plain_text(text, words)
    if words is not None:
        spoken = _read(spoken, base, words)
    spoken = _UNSPOKEN.sub(" ", _EMPTY_BRACKETS.sub(" ", spoken))
    spoken = _SPACE_BEFORE_STOP.sub(r"\1", " ".join(spoken.split())) if base != "fr" else " ".join(spoken.split())
    spoken = _LEADING_MARKS.sub("", spoken)
    return spoken if has_content(spoken, 0, len(spoken)) else ""


def _read(text: str, language: str, words: SpokenWords) -> str:
    text = _read_addresses(text, words)
    if "&" in text:
        text = re.sub(r"\s*&\s*", f" {words.ampersand} ", text)
    if any(character.isdecimal() or character in "½⅓⅔¼¾×÷=≈≤≥+" for character in text):
        if language == "fr":
            text = _GROUPING_SPACE.sub("\u202f", text)
        text = read_moments(text, language, words)
        text = read_money(text, language, words)
        text = read_signs(text, language, words)
        text = read_measures(text, language, words)
    return read_numbers(text, language, words)


def _read_addresses(text: str, words: SpokenWords) -> str:
    if "." not in text:
        return text

    def host(name: str) -> str:
        name = name.removeprefix("www.").rsplit(":", 1)[0] if ":" in name else name.removeprefix("www.")
        return name.replace(".", f" {words.dot} ")

    def url(found: re.Match[str]) -> str:
        address = found.group().rstrip(".,;:!?)'’")
        tail = found.group()[len(address) :]
        bare = re.sub(r"^https?://", "", address, flags=re.IGNORECASE)
        return host(re.split(r"[/?#]", bare, maxsplit=1)[0]) + tail

    def email(found: re.Match[str]) -> str:
        name = found.group(1).replace(".", f" {words.dot} ").replace("_", " ")
        return f"{name} {words.at} {host(found.group(2))}"

    return _HOST.sub(lambda found: host(found.group(1)), _EMAIL.sub(email, _URL.sub(url, text)))
