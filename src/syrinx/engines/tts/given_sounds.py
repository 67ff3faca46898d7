"""The pronunciations that a request brings along: checked, in order, and cut to the piece that is being spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syrinx.engines.tts.contract import Phonemes, SpeechRequest
from syrinx.engines.tts.requests import TextPiece
from syrinx.errors import BadInput

_STRESS: Final = "ˈˌ"
_VOWELS: Final = frozenset("aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶɷʉʊʌʏᵻᵊ")
_LETTERS: Final = frozenset({"Ll", "Lo"})
"""Of sounds; marks of stress and length are letters too, but modifiers."""
_SYLLABIC: Final = "\u0329"
_SIBILANT: Final = "szʃʒ"
_VOICELESS: Final = "ptkfθ"
_POSSESSIVES: Final = ("'s", "’s")


def given_sounds(request: SpeechRequest) -> tuple[Phonemes, ...]:
    """The request's phonemes, an English "'s" behind them made part of them; BadInput where they fit no text."""
    given: list[Phonemes] = []
    end = 0
    for sounds in request.phonemes:
        if not (end <= sounds.start_char < sounds.end_char <= len(request.text)):
            raise BadInput("phonemes are to stand within the text, in order and without overlap")
        if not any(unicodedata.category(letter) in _LETTERS for letter in sounds.ipa):
            raise BadInput("phonemes without any sound cannot be spoken: give letters of the phonetic alphabet")
        following = request.text[sounds.end_char : sounds.end_char + 2]
        is_owner = following in _POSSESSIVES and not request.text[sounds.end_char + 2 : sounds.end_char + 3].isalnum()
        if is_owner and request.language[:2].lower() == "en":
            owned = sounds.ipa + _owner_ending(sounds.ipa)
            given.append(replace(sounds, end_char=sounds.end_char + 2, ipa=owned))
        else:
            given.append(sounds)
        end = given[-1].end_char
    return tuple(given)


def sounds_in(piece: TextPiece, given: Sequence[Phonemes]) -> tuple[Phonemes, ...]:
    """Those that stand in the piece as a whole, their places counted from its start."""
    end = piece.start_char + len(piece.text)
    return tuple(
        replace(sounds, start_char=sounds.start_char - piece.start_char, end_char=sounds.end_char - piece.start_char)
        for sounds in given
        if piece.start_char <= sounds.start_char and sounds.end_char <= end
    )


def stress_before_vowels(ipa: str) -> str:
    """The same with each mark of stress before its vowel, as espeak-ng writes it, not before its syllable."""
    written: list[str] = []
    waiting = ""
    for index, letter in enumerate(ipa):
        if letter in _STRESS:
            waiting = letter
            continue
        if waiting and (letter in _VOWELS or ipa[index + 1 : index + 2] == _SYLLABIC):
            written.append(waiting)
            waiting = ""
        written.append(letter)
    return "".join(written)


def plain_ipa(ipa: str) -> str:
    """Letters and marks apart, one g, no ties, bars or dots."""
    apart = unicodedata.normalize("NFD", ipa).replace("ɡ", "g")
    # The cedilla alone is part of a letter, and no mark.
    return "".join(letter for letter in apart.replace("c\u0327", "ç") if letter not in "\u0361\u035c\u203f|‖.-")


def _owner_ending(ipa: str) -> str:
    last = next((letter for letter in reversed(ipa) if letter.isalpha()), "")
    return "ɪz" if last in _SIBILANT else "s" if last in _VOICELESS else "z"
