"""How a person wants words to be said: a dictionary applied to what is spoken, the places of all words kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from syrinx.errors import BadInput
from syrinx.text.languages import base_language
from syrinx.text.places import PhonemeSpan, Places, Run, joined_runs
from syrinx.text.punctuation import has_content

MOST_ENTRIES: Final = 2_000
LONGEST_WRITTEN: Final = 100
LONGEST_SPOKEN: Final = 400
LONGEST_IPA: Final = 200

_IPA_LETTERS: Final = re.compile(
    r"[a-z\u00e6\u00f0\u00f8\u0127\u014b\u0153\u0250-\u02af\u03b2\u03b8\u03c7\u1d00-\u1dbf]"
)
_IPA_MARKS: Final = re.compile(
    # Modifier letters, marks above and below, superscript n, arrows of pitch, bars and dots of syllables and phrases.
    r"[\u02b0-\u02ff\u0300-\u036f\u1dc0-\u1dff\u207f\u2191\u2193\u2197\u2198\ua700-\ua71f\u2016\u203f |.-]"
)
_TAG: Final = re.compile(r"[A-Za-z]{2,3}")

_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
"""Thai, Lao, Burmese, Khmer, Korean, Japanese, Chinese: a word has no spaces around it, or has particles."""
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u200c\u200d"
)
"""Vowel signs and accents, which a regular expression does not take for parts of words; all Indian letters."""
_IN_WORD: Final = rf"(?![{_SPACELESS}])[\w{_MARKS}]"
_TOKEN: Final = re.compile(rf"[{_SPACELESS}][\u1160-\u11ff\u3099\u309a]*|(?:{_IN_WORD})+|[^\w\s]")
"""Korean and Japanese letters may be written as several signs, of which the first alone is another letter."""
_ENDS_WORD: Final = re.compile(rf"(?!{_IN_WORD})")
_BEGINS_WORD: Final = re.compile(rf"(?<![^\W{_SPACELESS}])(?<![{_MARKS}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronunciation:
    """One entry. Exactly one of `spoken` and `ipa` is given; BadInput for one that cannot be."""

    written: str
    """The word or phrase as it stands in texts; matched as whole words, however their accents are encoded."""
    spoken: str = ""
    """What is read instead: "S Q L" for "SQL"."""
    ipa: str = ""
    """How it sounds, in the International Phonetic Alphabet, for engines with `TtsCapabilities.phonemes`."""
    language: str = ""
    """BCP 47 primary tag of texts that it is for; "" for all."""
    case_sensitive: bool = False

    def __post_init__(self) -> None:
        shown = repr(self.written[:40])
        _check_text("written", self.written, LONGEST_WRITTEN)
        if bool(self.spoken) == bool(self.ipa):
            raise BadInput(f"the entry for {shown} is to have either spoken or ipa, and not both")
        if self.spoken:
            _check_text("spoken", self.spoken, LONGEST_SPOKEN)
            if not has_content(self.spoken, 0, len(self.spoken)):
                raise BadInput(f"spoken of the entry for {shown} is to have words")
        else:
            check_ipa(self.ipa)
            if not has_content(self.written, 0, len(self.written)):
                raise BadInput(f"the entry for {shown} is to be a word where its sounds are given: or give spoken")
        if self.language and not _TAG.fullmatch(self.language):
            raise BadInput(f"language of the entry for {shown} is to be a primary tag like 'en', or empty for all")


@dataclass(frozen=True, slots=True, kw_only=True)
class PronouncedText:
    text: str
    """What is to be read, replacements made."""
    phonemes: tuple[PhonemeSpan, ...]
    """Of stretches of `text`, in order, without overlap."""
    places: Places
    """Where its characters stood before."""


@dataclass(frozen=True, slots=True)
class Pronunciations:
    """A dictionary, ready for any number of texts; BadInput for too many entries, and for two of one word."""

    entries: tuple[Pronunciation, ...] = field(default=())
    _matchers: dict[str, _Matcher] = field(default_factory=dict[str, "_Matcher"], init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.entries) > MOST_ENTRIES:
            raise BadInput(f"there are {len(self.entries)} entries: at most {MOST_ENTRIES} can be kept")
        seen: set[tuple[str, str, bool]] = set()
        for entry in self.entries:
            written = _composed(entry.written)
            key = (written if entry.case_sensitive else written.lower(), entry.language.lower(), entry.case_sensitive)
            if key in seen:
                raise BadInput(f"there are two entries for {written[:40]!r}: keep one")
            seen.add(key)

    def apply(self, text: str, *, language: str, phonemes: Sequence[PhonemeSpan] = ()) -> PronouncedText:
        """The text as it is to be read in that language. Stretches with `phonemes` of their own stay as they are.

        Where several entries fit, the longest is taken, then that of the language, then that which minds case.
        """
        base = base_language(language)
        found = self._matcher(base).matches(text, phonemes) if self.entries else []
        if not found:
            places = Places((Run(0, 0, len(text), kept=True),))
            return PronouncedText(text=text, phonemes=tuple(phonemes), places=places)
        return _replaced(text, found, phonemes)

    def that_may_stand_in(self, text: str, *, language: str) -> tuple[Pronunciation, ...]:
        """Those that may change how the text is read: `apply` with these alone does the same. Some may not, in fact."""
        base = base_language(language)
        entries = [entry for entry in self.entries if entry.language.lower() in {"", base}]
        folded = _composed(text.casefold()) if entries else ""
        return tuple(entry for entry in entries if _composed(entry.written.casefold()) in folded)

    def _matcher(self, language: str) -> _Matcher:
        matcher = self._matchers.get(language)
        if matcher is None:
            matcher = _Matcher([entry for entry in self.entries if entry.language.lower() in {"", language}])
            self._matchers[language] = matcher
        return matcher


NO_PRONUNCIATIONS = Pronunciations()


def check_ipa(ipa: str) -> None:
    """BadInput for what no text in the International Phonetic Alphabet can be."""
    if len(ipa) > LONGEST_IPA:
        raise BadInput(f"a pronunciation has {len(ipa)} characters: at most {LONGEST_IPA} are read")
    letters = 0
    for character in unicodedata.normalize("NFD", ipa):
        if _IPA_LETTERS.fullmatch(character):
            letters += 1
        elif not _IPA_MARKS.fullmatch(character):
            raise BadInput(f"{character!r} is no sign of the International Phonetic Alphabet: write like təˈmɑːtoʊ")
    if not letters:
        raise BadInput("a pronunciation is to have sounds: write like təˈmɑːtoʊ")


class _Matcher:
    """Finds the entries of one language, in time that hardly depends on how many there are."""

    def __init__(self, entries: Sequence[Pronunciation]) -> None:
        self._most_tokens: dict[str, int] = {}
        """By the first word, or sign, of entries: how many the longest of them has."""
        self._by_key: dict[str, list[Pronunciation]] = {}
        for entry in sorted(entries, key=lambda entry: (not entry.language, not entry.case_sensitive)):
            tokens = list(_TOKEN.finditer(entry.written))
            # Every entry has a word or a sign.
            first = _same(tokens[0].group())
            self._most_tokens[first] = max(self._most_tokens.get(first, 0), len(tokens))
            self._by_key.setdefault("".join(_key_parts(tokens)), []).append(entry)

    def matches(self, text: str, taken: Sequence[PhonemeSpan]) -> list[tuple[int, int, Pronunciation]]:
        """Where entries stand, in order, without overlap, and nowhere in what is taken."""
        found: list[tuple[int, int, Pronunciation]] = []
        free_from = 0
        spans = iter([*taken, PhonemeSpan(start_char=len(text), end_char=len(text), ipa="")])
        span = next(spans)
        tokens = list(_TOKEN.finditer(text))
        for place, token in enumerate(tokens):
            most = self._most_tokens.get(_same(token.group()))
            if token.start() < free_from or most is None:
                continue
            while span.end_char <= token.start() and span.end_char < len(text):
                span = next(spans)
            match = self._longest(text, tokens[place : place + most])
            if match is None or (match[1] > span.start_char and match[0] < span.end_char):
                continue
            found.append(match)
            free_from = match[1]
        return found

    def _longest(self, text: str, tokens: Sequence[re.Match[str]]) -> tuple[int, int, Pronunciation] | None:
        """The longest that begins with the first of the tokens."""
        longest: tuple[int, int, Pronunciation] | None = None
        start = tokens[0].start()
        key = ""
        for part, token in zip(_key_parts(tokens), tokens, strict=True):
            key += part
            for entry in self._by_key.get(key, ()):
                if _fits(entry, text, start, token.end()):
                    longest = start, token.end(), entry
                    break
        return longest


def _key_parts(tokens: Sequence[re.Match[str]]) -> Iterator[str]:
    """Words and signs, whatever their case and encoding, with a space before those that white space stands before."""
    end = tokens[0].start()
    for token in tokens:
        yield _same(token.group()) if token.start() == end else f" {_same(token.group())}"
        end = token.end()


def _fits(entry: Pronunciation, text: str, start: int, end: int) -> bool:
    """Whether what stands there, the entry but for case and encoding, is a whole word, in the right case."""
    written = _composed(entry.written)
    return (
        (not entry.case_sensitive or _composed(text[start:end]) == written)
        and (_is_spaceless(written[0]) or _BEGINS_WORD.match(text, start) is not None)
        and (_is_spaceless(written[-1]) or _ENDS_WORD.match(text, end) is not None)
    )


def _same(token: str) -> str:
    return unicodedata.normalize("NFC", token).lower()


def _composed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _is_spaceless(character: str) -> bool:
    return re.match(f"[{_SPACELESS}]", character) is not None


def _replaced(
    text: str, found: Sequence[tuple[int, int, Pronunciation]], phonemes: Sequence[PhonemeSpan]
) -> PronouncedText:
    pieces: list[str] = []
    runs: list[Run] = []
    spans: list[PhonemeSpan] = []
    kept = list(phonemes)
    length = at = 0

    def keep(end: int) -> None:
        nonlocal length, at
        while kept and kept[0].end_char <= end:
            span = kept.pop(0)
            moved = length - at
            spans.append(PhonemeSpan(start_char=span.start_char + moved, end_char=span.end_char + moved, ipa=span.ipa))
        if end > at:
            runs.append(Run(length, at, end, kept=True))
            pieces.append(text[at:end])
            length += end - at
            at = end

    for start, end, entry in found:
        keep(start)
        if entry.ipa:
            spans.append(PhonemeSpan(start_char=length, end_char=length + end - start, ipa=entry.ipa))
            keep(end)
            continue
        runs.append(Run(length, start, end, kept=False))
        pieces.append(entry.spoken)
        length += len(entry.spoken)
        at = end
    keep(len(text))
    return PronouncedText(text="".join(pieces), phonemes=tuple(spans), places=joined_runs(runs))


def _check_text(name: str, text: str, longest: int) -> None:
    if not text.strip():
        raise BadInput(f"{name} of an entry is empty: give a word or a phrase")
    if len(text) > longest:
        raise BadInput(f"{name} of an entry has {len(text)} characters: at most {longest} are taken")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in text):
        raise BadInput(f"{name} of the entry for {text[:40]!r} has a control character: plain text is wanted")
    if name == "written" and not has_content(text, 0, len(text)) and not any(map(_is_symbol, text)):
        raise BadInput(f"written is {text[:40]!r}: give a word, a phrase or a symbol")


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character).startswith("S")
