"""What single characters mean to a sentence: stops, clause marks, brackets, quotes, scripts and graphemes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

STOPS: Final = ".!?…‽"
"""Stops that need white space after them to end a sentence."""

WIDE_STOPS: Final = "。！？｡।॥"
"""Stops that end a sentence by themselves: no space follows them, or none is needed."""

CLOSERS: Final = "\"'”’“»«)]}」』】》〉）*_`~"
"""What may stand between a stop and the white space after it and still belongs to the sentence."""

BRACKETS: Final = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "〔": "〕"}

_QUOTES: Final = {"“": "”", '"': '"', "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}
_GERMAN_QUOTES: Final = {"„": "“”", "»": "«", '"': '"', "‚": "‘’"}

_HAN_KANA: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_CONTENT: Final = re.compile(r"[^\W_]")
_EMOJI: Final = re.compile(r"[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe0f\u200d\u20e3]")


def quote_pairs(language: str) -> dict[str, str]:
    """Opening quotation marks, and what may close each. German closes with what English opens."""
    return _GERMAN_QUOTES if language == "de" else {**_QUOTES, "„": "”“"}


def is_han_or_kana(character: str) -> bool:
    """Whether the character is written without spaces around its words: Chinese characters, hiragana, katakana."""
    return character >= "\u3040" and _HAN_KANA.match(character) is not None


def is_emoji(character: str) -> bool:
    """Whether the character is a pictograph or one of the marks that join and colour pictographs."""
    return character >= "\u200d" and _EMOJI.match(character) is not None


def has_content(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` holds a letter or a digit: something that can be spoken."""
    return _CONTENT.search(text, start, end) is not None


def spoken_length(text: str) -> int:
    """How long the text is to the ear, in Latin letters: a Chinese or Japanese character counts for three."""
    stripped = text.strip()
    if stripped.isascii():
        return len(stripped)
    return len(stripped) + 2 * len(_HAN_KANA.findall(stripped))


def breaks_grapheme(text: str, position: int) -> bool:
    """Whether a cut before `text[position]` would part a letter from its marks, or the pieces of one emoji.

    Follows the rules of Unicode Annex 29 that matter here: marks, joiners, virama conjuncts, flags, skin tones, CR LF.
    """
    if position <= 0 or position >= len(text):
        return False
    after, before = text[position], text[position - 1]
    if after < "\u0300":
        return before == "\r" and after == "\n"
    if unicodedata.category(after) in {"Mn", "Me", "Mc"} or after in "\u200c\u200d":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or before == "\u200d" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if unicodedata.combining(before) == 9:  # a virama binds the next consonant
        return True
    if _is_flag_letter(after) and _is_flag_letter(before):
        first = position
        while first > 0 and _is_flag_letter(text[first - 1]):
            first -= 1
        return (position - first) % 2 == 1
    return "\u1160" <= after <= "\u11ff"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
