"""From the International Phonetic Alphabet to the names that espeak-ng has for the sounds of a voice's language.

The library takes no phonetic alphabet, but names of its own, which differ from one language to the next. What each
name sounds like the library itself tells, so a voice's table is measured: each name is put between two sounds that do
not change it, and the library asked for the phonetic alphabet of the whole. That takes some ms, once for each voice.
Names of sounds: the file `phontab`, as `compiledata.c` of espeak-ng 1.52 writes it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrinx.engines.tts.contract import Phonemes
from syrinx.engines.tts.given_sounds import plain_ipa
from syrinx.errors import EngineUnavailable
from syrinx.text.places import Places, Run

Pronounce = Callable[[str], str]
"""The phonetic alphabet of a text in which names of sounds stand in double brackets, of the voice that is set."""

_VOWEL: Final = 2
_SPEECH_SOUNDS: Final = frozenset(range(2, 9))
_STRESS: Final = {"ˈ": "'", "ˌ": ","}
_NO_SOUND: Final = re.compile(r"[ˈˌ\s]")
_LONGEST_SOUND: Final = 5
_PLAIN_NAME: Final = re.compile(r"[A-Za-z@][A-Za-z@:]*|[0-9?*;]:?")

_NEAREST: Final[Mapping[str, tuple[str, ...]]] = {
    # What a speaker of a language without the sound makes of it, the nearest first.
    "a": ("ɑ", "æ", "ɐ", "aː", "ɑː"), "aː": ("ɑː", "a"), "ɑ": ("ɑː", "a", "aː"), "ɑː": ("aː", "ɑ", "a"),
    "æ": ("a", "ɛ"), "ɐ": ("ʌ", "ɜ", "a", "ə"), "ʌ": ("ɐ", "a"), "ɒ": ("ɔ", "ɑː", "o"), "ɔ": ("ɒ", "o", "ɔː"),
    "ɔː": ("ɔ", "oː", "o"), "o": ("oʊ", "əʊ", "oː", "ɔ"), "oː": ("o", "oʊ", "əʊ", "ɔː"), "oʊ": ("əʊ", "ou", "o", "oː"),
    "əʊ": ("oʊ", "oː", "o"), "ə": ("ɐ", "ɜ", "ʌ", "e", "ɛ"), "ɜ": ("ɜː", "ə", "œ"), "ɜː": ("ɜ", "ə", "œ", "øː"),
    "ɚ": ("ə+ɹ", "ə+r", "ɐ", "ə"), "ɝ": ("ɜː", "ɜ"), "e": ("eɪ", "ɛ", "eː"), "eː": ("e", "eɪ", "ɛː"),
    "eɪ": ("ei", "eː", "e", "ɛ"), "ɛ": ("e", "æ"), "ɛː": ("ɛ", "eː"), "ɪ": ("i", "ᵻ"), "ᵻ": ("ɪ", "ə"),
    "i": ("iː", "ɪ"),    "iː": ("i", "ɪ"), "ɨ": ("ᵻ", "ɪ", "i"), "ʊ": ("u", "uː"), "u": ("uː", "ʊ"), "uː": ("u", "ʊ"),
    "ʉ": ("uː", "u", "y"),
    "ɯ": ("ʊ", "u", "uː"), "ɤ": ("ə", "o"), "y": ("yː", "ʏ", "uː", "u"), "yː": ("y", "ʏ", "uː", "u"), "ʏ": ("y", "ʊ"),
    "ø": ("øː", "œ", "ɜː", "ɜ", "e"), "øː": ("ø", "œ", "ɜː", "eː", "e"), "œ": ("ø", "ɜː", "ɜ", "ɛ"),
    "aɪ": ("ai", "a+j"), "aʊ": ("au", "a+w"), "ɔɪ": ("ɔi", "oi", "o+j"), "ɹ": ("r", "ɾ", "ʁ"), "r": ("ɹ", "ɾ", "ʁ"),
    "ɾ": ("r", "ɹ", "ʁ"), "ʁ": ("ʀ", "r", "ɹ", "ɾ"), "ʀ": ("ʁ", "r", "ɹ"), "ɻ": ("ɹ", "r"), "ɽ": ("ɾ", "r"),
    "ç": ("x", "ʃ", "h"), "x": ("χ", "h", "k"), "χ": ("x", "h", "k"), "ɣ": ("g",), "β": ("v", "b"), "ɸ": ("f",),
    "ð": ("d", "z"), "θ": ("s", "t"), "ʎ": ("l+j", "l"), "ɲ": ("n+j", "n"), "ɫ": ("l",), "ɬ": ("ʃ", "l"), "ɭ": ("l",),
    "ŋ": ("n+g", "n"), "ɱ": ("m",), "ɳ": ("n",), "ʋ": ("v", "w"), "v": ("w", "b", "f"), "w": ("ʋ", "u", "v"),
    "ɥ": ("w", "j"), "j": ("i",), "h": ("x", "ɦ"), "ɦ": ("h",), "ħ": ("h", "x"), "ʕ": ("ʔ",), "ɕ": ("ʃ",), "ʑ": ("ʒ",),
    "ʂ": ("ʃ",), "ʐ": ("ʒ",), "ʃ": ("ʂ", "s"), "ʒ": ("ʐ", "ʃ", "z"), "z": ("s",), "ʈ": ("t",), "ɖ": ("d",), "c": ("k",),
    "ɟ": ("dʒ", "g"), "q": ("k",), "tʃ": ("ts",), "dʒ": ("tʃ",), "b": ("p",), "d": ("t",), "g": ("k",), "f": ("p",),
    "p": ("b",), "t": ("d",), "k": ("g",), "l": ("r",), "\u0303": ("n",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoundTable:
    """The sounds that one voice can make, as letters of the phonetic alphabet, and the library's name of each."""

    names: Mapping[str, str]

    def named(self, ipa: str) -> str:
        """The sounds by the library's names, as they stand between double brackets; "" where none can be made.

        A sound that the voice has not is said as the nearest that it has.
        """
        words = [self._named_word(word) for word in plain_ipa(ipa).split()]
        return "||".join("|".join(word) for word in words if any(name not in _STRESS.values() for name in word))

    def _named_word(self, text: str) -> list[str]:
        said: list[str] = []
        at = 0
        while at < len(text):
            if text[at] in _STRESS:
                said.append(_STRESS[text[at]])
                at += 1
                continue
            length, names = self._sound_at(text, at)
            said += names
            at += length
        return said

    def _sound_at(self, text: str, at: int) -> tuple[int, list[str]]:
        for length in range(min(_LONGEST_SOUND, len(text) - at), 0, -1):
            sound = text[at : at + length]
            if sound in self.names:
                return length, [self.names[sound]]
            for nearest in _NEAREST.get(sound, ()):
                if nearest in self.names:
                    return length, [self.names[nearest]]
                parts = nearest.split("+")
                if len(parts) > 1 and all(part in self.names for part in parts):
                    return length, [self.names[part] for part in parts]
        return 1, []


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedText:
    """What the library is given to read, and where its characters stand in what was asked for."""

    text: str
    places: Places

    @staticmethod
    def of(text: str) -> NamedText:
        """The text as it is."""
        return NamedText(text=text, places=Places((Run(0, 0, len(text), kept=True),)))


def with_names(text: str, sounds: Sequence[Phonemes], table: SoundTable) -> NamedText:
    """The text with names of sounds in double brackets where sounds are given; no other brackets are left in it."""
    pieces: list[str] = []
    runs: list[Run] = []
    length = at = 0

    def add(piece: str, start: int, end: int, *, kept: bool) -> None:
        nonlocal length, at
        if piece:
            runs.append(Run(length, start, end, kept=kept))
            pieces.append(piece)
            length += len(piece)
        at = end

    for given in sounds:
        add(_without_brackets(text[at : given.start_char]), at, given.start_char, kept=True)
        written = text[given.start_char : given.end_char]
        named = table.named(given.ipa)
        if named:
            add(f"[[{named}]]", given.start_char, given.end_char, kept=False)
        else:
            add(_without_brackets(written), given.start_char, given.end_char, kept=True)
    add(_without_brackets(text[at:]), at, len(text), kept=True)
    return NamedText(text="".join(pieces), places=Places(tuple(runs)))


def measure(names: list[tuple[str, bool]], pronounce: Pronounce) -> SoundTable:
    """What each name (with whether it is a vowel) sounds like; of several for one sound the first is kept."""
    begin, end = _heard(pronounce("[[k]]")), _heard(pronounce("[[a|k]]"))
    found: dict[str, str] = {}
    for name, is_vowel in names:
        heard = _heard(pronounce(f"[[k|{name}|k]]" if is_vowel else f"[[{name}|a|k]]"))
        left, right = (begin, begin) if is_vowel else ("", end)
        if not heard.startswith(left) or not heard.endswith(right) or len(heard) <= len(left) + len(right):
            continue
        sound = plain_ipa(heard[len(left) : len(heard) - len(right)])
        if sound and len(sound) <= _LONGEST_SOUND and not re.search(r"[\d^/]", sound):
            found.setdefault(sound, name)
    return SoundTable(found)


def sound_names(data_path: Path, table: str) -> list[tuple[str, bool]]:
    """The names that a table of the library has, and whether each is a vowel; those to be preferred first."""
    tables = {name: (on, entries) for name, on, entries in _tables((data_path / "phontab").read_bytes())}
    order = list(tables)
    seen: dict[str, bool] = {}
    at = table if table in tables else "base1"
    while at:
        on, entries = tables[at]
        for name, is_vowel in entries:
            seen.setdefault(name, is_vowel)
        at = order[on - 1] if on else ""
    # The plainest first: the others are variants that stand in particular places, or sound otherwise there.
    return sorted(seen.items(), key=lambda entry: (not _PLAIN_NAME.fullmatch(entry[0]), len(entry[0])))


def _tables(data: bytes) -> Iterator[tuple[str, int, list[tuple[str, bool]]]]:
    """Each table's name, the number (from 1) of that which it builds on, and the names of its sounds."""
    try:
        at = 4
        for _ in range(data[0]):
            count, on = data[at], data[at + 1]
            name = _text(data[at + 4 : at + 36])
            at += 36
            entries: list[tuple[str, bool]] = []
            for place in range(at, at + 16 * count, 16):
                mnemonic, _, _, _, kind = struct.unpack_from("<4sIHBB", data, place)
                if kind in _SPEECH_SOUNDS and _text(mnemonic):
                    entries.append((_text(mnemonic), kind == _VOWEL))
            at += 16 * count
            yield name, on, entries
    except (struct.error, IndexError) as error:
        raise EngineUnavailable("espeak-ng's table of sounds cannot be read: reinstall espeakng-loader") from error


def _without_brackets(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("latin-1")


def _heard(ipa: str) -> str:
    return _NO_SOUND.sub("", ipa)
