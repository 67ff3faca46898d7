"""From words to the phonemes that Kokoro was trained on, each knowing which word of the text it begins.

espeak-ng gives the pronunciation. Kokoro writes some of its sounds with other letters: one for each diphthong and
affricate, and in English none for what its dictionaries do not tell apart. The letters are those of misaki, with which
the model was trained (`misaki/espeak.py` of hexgrad/misaki).
"""

from __future__ import annotations

import ctypes
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from syrinx.engines.tts.contract import Phonemes
from syrinx.engines.tts.espeak_library import EspeakLibrary
from syrinx.engines.tts.given_sounds import plain_ipa, stress_before_vowels
from syrinx.engines.tts.kokoro_alignment import align_words
from syrinx.engines.tts.requests import has_words
from syrinx.errors import EngineError

LANGUAGES: Mapping[str, str] = {
    "en-us": "gmw/en-US",
    "en-gb": "gmw/en",
    "es": "roa/es",
    "fr": "roa/fr",
    "hi": "inc/hi",
    "it": "roa/it",
    "pt": "roa/pt-BR",
}
"""The pronunciations that can be had, and espeak's identifier of each."""

CACHED_PHRASES = 2048

_TIE = "\u0361"
_PHONEMES_MODE = 0x02 | 1 << 7 | ord(_TIE) << 8
_CHARS_UTF8 = 1
_LANGUAGE_MARK = re.compile(r"\([^)]*\)")
"""Where the library goes over to another language for a word; it would be read out."""

_WRITTEN = re.compile(r"\S+")
_TOKEN = re.compile(r"\S{1,30}")
"""What the library is given as a word: it leaves out what is beyond some 200 phonemes of one."""
_MOST_TOGETHER = 300
"""Phonemes of a phrase that are pronounced as a whole; in a longer one (numbers, signs) the words are taken one by one:
the library leaves out what is beyond 1000, and finding the words would take long.
"""

_MARK = re.compile(r"[;!?…—–\"“”«»()\[\]{}¿¡。！？、，；：।॥]|[.,:](?!\w)")
_WRITTEN_MARKS = str.maketrans(
    {"–": "—", "«": "“", "»": "”", "[": "(", "]": ")", "{": "(", "}": ")", "。": ".", "！": "!", "？": "?"}
    | {"、": ",", "，": ",", "；": ";", "：": ":", "।": ".", "॥": ".", "¿": None, "¡": None}
)
_MARKS = ";:,.!?…—“”()"
_LEFT_BOUND = "“("
_MOST_MARKS = 3
"""Punctuation that may follow a word: each is a silence, and some people write hundreds."""

_SINGLE = {
    "a\u0361ɪ": "I",
    "a\u0361ʊ": "W",
    "d\u0361z": "ʣ",
    "d\u0361ʒ": "ʤ",
    "e\u0361ɪ": "A",
    "o\u0361ʊ": "O",
    "ə\u0361ʊ": "Q",
    "s\u0361s": "S",
    "t\u0361s": "ʦ",
    "t\u0361ʃ": "ʧ",
    "ɔ\u0361ɪ": "Y",
}
_TIED_S = "s\u0361s"
_ENGLISH = {
    "ə\u0361l": "ᵊl",
    "r": "ɹ",
    "x": "k",
    "ç": "k",
    "ɬ": "l",
    "ʔ": "t",
    "ɐ": "ə",
    "ɚ": "əɹ",
    "ʲ": "",
    "\u0303": "",
}
_AMERICAN = {"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "o": "ɔ"}
_BRITISH = {"eə": "ɛː", "iə": "ɪə", "o": "ɔ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word of the text that begins with phoneme number `phoneme`."""

    text: str
    start_char: int
    phoneme: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """What is said, as phonemes and punctuation, and its words in order."""

    phonemes: str
    words: tuple[SpokenWord, ...] = ()


class Pronouncer:
    """Has one private copy of espeak-ng, used by one thread at a time for a fraction of a millisecond each.

    The library's temporary copies that the package `phonemizer` makes would stay loaded until the process ends.
    Constructing it loads the copy (blocks for some ms) and may raise EngineUnavailable; `close` unloads it.
    """

    def __init__(self, library_path: Path, data_path: Path, *, known: frozenset[str]) -> None:
        self._library = _PhonemeLibrary(library_path, data_path)
        self._known = known
        self._lock = threading.Lock()
        self._closed = False
        self._pronounced = lru_cache(CACHED_PHRASES)(self._pronounce)

    def sounds_of(
        self, text: str, *, language: str, start_char: int = 0, find_words: bool = True, given: Sequence[Phonemes] = ()
    ) -> Sounds:
        """Pronounce words and keep the punctuation between them; `language` is a key of LANGUAGES.

        `start_char` is where `text` begins in the text that the words' places are counted in; `given`, counted within
        `text`, sound as they say. Finding the words costs some ms. What is not pronounced (a lone "—", say) is left
        out. Safe to call from several threads.
        """
        phonemes = ""
        words: list[SpokenWord] = []
        end = 0

        def say(spoken: Sounds, at: int) -> None:
            nonlocal phonemes
            if not spoken.phonemes:
                return
            gap = text[at].isspace() or text[at - 1 : at].isspace()
            phonemes = phonemes + " " if phonemes and gap and phonemes[-1] not in _LEFT_BOUND else phonemes
            words.extend(
                SpokenWord(
                    text=word.text, start_char=start_char + at + word.start_char, phoneme=len(phonemes) + word.phoneme
                )
                for word in spoken.words
            )
            phonemes += spoken.phonemes

        for stop in _stops(text, given):
            say(self._phrase(text[end : stop.start], language, find_words=find_words), end)
            if stop.ipa:
                written = text[stop.start : stop.end]
                letters = self._known_only(letters_of(stop.ipa, language))
                if letters:
                    say(_given_words(written, letters) if find_words else Sounds(phonemes=letters), stop.start)
                else:
                    say(self._phrase(written, language, find_words=find_words), stop.start)
            elif stop.end > stop.start:
                phonemes = _with_mark(phonemes, _as_written(text[stop.start : stop.end], text, stop.start))
            end = stop.end
        return Sounds(phonemes=phonemes, words=tuple(words))

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._library.close()

    def _phrase(self, phrase: str, language: str, *, find_words: bool) -> Sounds:
        """A phrase without punctuation; its words' places are counted within it."""
        tokens = list(_TOKEN.finditer(phrase))
        alone = [self._pronounced(token.group(), language) for token in tokens]
        if len(alone) < 2 or sum(map(len, alone)) > _MOST_TOGETHER:
            spoken = " ".join(filter(None, alone))
        else:
            spoken = self._pronounced(" ".join(token.group() for token in tokens), language)
        if not spoken or not find_words:
            return Sounds(phonemes=spoken)
        words: list[SpokenWord] = []
        for token, phoneme in zip(tokens, align_words(alone, spoken), strict=True):
            written = _WRITTEN.match(phrase, token.start())
            is_new = token.start() == 0 or phrase[token.start() - 1].isspace()
            if is_new and written is not None and has_words(written.group()):
                begin, stop = _trimmed(written.group())
                word = written.group()[begin:stop]
                words.append(SpokenWord(text=word, start_char=token.start() + begin, phoneme=phoneme))
        return Sounds(phonemes=spoken, words=tuple(words))

    def _pronounce(self, phrase: str, language: str) -> str:
        with self._lock:
            if self._closed:
                raise EngineError("kokoro was closed: open it again")
            said = self._library.phonemes(phrase, voice=LANGUAGES[language])
        return self._known_only(kokoro_letters(said, language))

    def _known_only(self, letters: str) -> str:
        return " ".join("".join(letter for letter in letters if letter in self._known or letter.isspace()).split())


class _PhonemeLibrary(EspeakLibrary):
    """The library, asked how words are pronounced instead of to speak them."""

    def phonemes(self, text: str, *, voice: str) -> str:
        """IPA with a tie between the letters of one sound. Raises EngineError when there is no such voice."""
        library = self._library
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {voice}: reinstall espeakng-loader")
        translate = library.espeak_TextToPhonemes
        translate.restype = ctypes.c_char_p
        translate.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        rest = ctypes.c_char_p(text.encode())
        clauses: list[str] = []
        # The library takes one clause at a time and moves the pointer behind it; a null one is the end.
        while rest.value is not None:
            clauses.append((translate(ctypes.byref(rest), _CHARS_UTF8, _PHONEMES_MODE) or b"").decode())
        return _LANGUAGE_MARK.sub("", " ".join(clauses))


def kokoro_letters(ipa: str, language: str) -> str:
    """espeak's IPA, sounds of several letters tied, in the letters of Kokoro."""
    replaced = dict(_SINGLE)
    if language.startswith("en"):
        replaced = _ENGLISH | _SINGLE
    for old in sorted(replaced, key=len, reverse=True):
        ipa = ipa.replace(old, replaced[old])
    ipa = ipa.replace(_TIE, "")
    if language.startswith("en"):
        # Consonants that are syllables, as at the end of "button".
        ipa = re.sub("(\\S)\u0329", "ᵊ\\1", ipa)
        for old, new in (_AMERICAN if language == "en-us" else _BRITISH).items():
            ipa = ipa.replace(old, new)
    return ipa.replace("-", "").replace("_", "")


def letters_of(ipa: str, language: str) -> str:
    """The letters of Kokoro for what a person wrote in the phonetic alphabet, with ties or without."""
    written = plain_ipa(ipa).replace("g", "ɡ").replace("ɝ", "ɜː")
    for tied in _SINGLE:
        if tied != _TIED_S:
            written = written.replace(tied.replace(_TIE, ""), tied)
    return kokoro_letters(stress_before_vowels(written), language)


@dataclass(frozen=True, slots=True)
class _Stop:
    """A place up to which a phrase goes: a mark, sounds that were given (`ipa`), or the end of the text."""

    start: int
    end: int
    ipa: str = ""


def _stops(text: str, given: Sequence[Phonemes]) -> list[_Stop]:
    stops = [_Stop(sounds.start_char, sounds.end_char, sounds.ipa) for sounds in given]
    stops += (
        _Stop(mark.start(), mark.end())
        for mark in _MARK.finditer(text)
        if not any(sounds.start_char < mark.end() and mark.start() < sounds.end_char for sounds in given)
    )
    stops.sort(key=lambda stop: stop.start)
    return [*stops, _Stop(len(text), len(text))]


def _given_words(written: str, letters: str) -> Sounds:
    """Sounds that were given for one word or several; these begin with the words of the sounds, where as many."""
    tokens = [token for token in _WRITTEN.finditer(written) if has_words(token.group())]
    starts = [0, *(at + 1 for at, letter in enumerate(letters) if letter == " ")]
    words: list[SpokenWord] = []
    for place, token in enumerate(tokens):
        begin, stop = _trimmed(token.group())
        phoneme = starts[place] if len(starts) == len(tokens) else len(letters) * place // len(tokens)
        words.append(SpokenWord(text=token.group()[begin:stop], start_char=token.start() + begin, phoneme=phoneme))
    return Sounds(phonemes=letters, words=tuple(words))


def _as_written(mark: str, text: str, at: int) -> str:
    """The mark as Kokoro knows it, "" for one that it does not; a straight quote is an opening or a closing one."""
    if mark == '"':
        return "“" if at == 0 or not (text[at - 1].isalnum() or text[at - 1] in ".,;:!?…") else "”"
    return mark.translate(_WRITTEN_MARKS)


def _with_mark(phonemes: str, mark: str) -> str:
    """A mark stands once, however often it is written, behind the word before it; an opening one before the next."""
    said = phonemes.rstrip(" ")
    marks = len(said) - len(said.rstrip(_MARKS))
    if not mark or marks >= _MOST_MARKS or said[-1:] == mark:
        return phonemes
    if mark in _LEFT_BOUND:
        return said + (" " if said and said[-1] not in _LEFT_BOUND else "") + mark
    return said + mark if said else ""


def _trimmed(token: str) -> tuple[int, int]:
    """Where the word within a token begins and ends: at its first and its last letter or digit, with its accents."""
    spoken = [index for index, letter in enumerate(token) if letter.isalnum()]
    stop = spoken[-1] + 1
    # Vowel signs and accents of their own belong to the letter before them.
    while stop < len(token) and _is_combining(token[stop]):
        stop += 1
    return spoken[0], stop


def _is_combining(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")
