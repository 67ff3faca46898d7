"""Which voices espeak-ng has under which names, and which one a request means."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from syrinx.engines.tts.contract import Gender, Voice
from syrinx.engines.tts.espeak_library import ListedVoice
from syrinx.errors import UnknownLanguage, UnknownVoice

FEMALE_VARIANT = "f2"

_NAMED: tuple[tuple[str, str, Gender, str, tuple[str, ...]], ...] = (
    ("linda", "Linda (American)", "female", "gmw/en-US+linda", ("af_heart", "af", "marin")),
    ("annie", "Annie (American)", "female", "gmw/en-US+Annie", ("coral",)),
    ("michael", "Michael (American)", "male", "gmw/en-US+Michael", ("am", "ash")),
    ("reed", "Reed (American)", "male", "gmw/en-US+Reed", ("verse",)),
    ("belinda", "Belinda (British)", "female", "gmw/en-GB-x-rp+belinda", ("bf",)),
    ("steph", "Steph (British)", "female", "gmw/en-GB-x-rp+steph", ()),
    ("adam", "Adam (British)", "male", "gmw/en-GB-x-rp+adam", ("ballad",)),
    ("shelby", "Shelby (American)", "female", "gmw/en-US+shelby", ("alloy",)),
    ("andrea", "Andrea (American, quick)", "female", "gmw/en-US+Andrea", ("nova",)),
    ("grandma", "Grandma (American)", "female", "gmw/en-US+grandma", ("sage",)),
    ("anika", "Anika (American, high)", "female", "gmw/en-US+anika", ("shimmer",)),
    ("paul", "Paul (American, deep)", "male", "gmw/en-US+paul", ("cedar",)),
    ("mike", "Mike (American)", "male", "gmw/en-US+Mike", ("echo",)),
    ("david", "David (American, very deep)", "male", "gmw/en-US+david", ("onyx",)),
    ("andy", "Andy (British)", "male", "gmw/en-GB-x-rp+Andy", ("fable", "bm")),
)
"""Variants whose pitch and timbre are well apart, so that several people in one conversation can be told apart; and the
names by which clients of OpenAI and Kokoro ask for one of that gender and accent.
"""

DEFAULT_ALIAS = "default"
"""The voice that speaks where none is named."""

_SPEAKS_ALSO = {
    "en": "en-us",
    "fr": "fr-fr",
    "zh": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "iw": "he",
    **{f"en-{region}": "en-gb" for region in ("au", "ie", "in", "nz", "za")},
}
"""Tags that the library does not list, or not as the plainest choice, and what it has for them."""


class EspeakVoices:
    """The library's voices by every name that a request may use; names are compared without regard to case."""

    def __init__(self, listed: Sequence[ListedVoice], variants: Collection[str]) -> None:
        self._by_language: dict[str, str] = {}
        for voice in listed:
            self._by_language.setdefault(voice.language.lower(), voice.identifier)
        self._by_identifier = {voice.identifier.lower(): voice.identifier for voice in listed}
        self._variants = {name.lower(): name for name in variants}
        self._named = {name: selector for name, _, _, selector, _ in _NAMED if self._has(selector)}
        self._aliases = {alias: name for name, *_, aliases in _NAMED if name in self._named for alias in aliases}
        primaries = {_primary(tag) for tag in self._by_language}
        also = {_primary(tag) for tag, language in _SPEAKS_ALSO.items() if language in self._by_language}
        self.languages: tuple[str, ...] = tuple(sorted(primaries | also))
        self.voices: tuple[Voice, ...] = self._list(listed)

    def select(self, voice: str | None, language: str) -> str:
        """What to tell the library: an identifier, with "+variant" where one is meant.

        `voice` is an id of `voices`, any identifier or language tag, or one of these with "+variant"; None takes the
        language's own. A voice with a name, or an alias, speaks another language than its own in the same tone and with
        that language's sounds. Raises UnknownVoice and UnknownLanguage.
        """
        if voice is None or voice.lower() == DEFAULT_ALIAS:
            return self._identifier_of(language)
        named = self._named.get(self._aliases.get(voice.lower(), voice.lower()))
        if named is not None:
            if _primary(_canonical(language)) == "en":
                return named
            return f"{self._identifier_of(language)}+{named.partition('+')[2]}"
        base, plus, variant = voice.partition("+")
        identifier = self._by_identifier.get(base.lower()) or self._by_language.get(_canonical(base))
        if identifier is None or (plus and variant.lower() not in self._variants):
            raise UnknownVoice(
                f"espeak has no voice {voice!r}: its list of voices gives ids such as 'linda', 'roa/fr' or 'roa/fr+f2'"
            )
        return f"{identifier}+{self._variants[variant.lower()]}" if plus else identifier

    def _identifier_of(self, language: str) -> str:
        tag = _canonical(language)
        primary = _primary(tag)
        found = self._by_language.get(tag) or self._by_language.get(_canonical(primary))
        if found is None:
            # A language of which only regional voices exist is spoken by the first of them.
            regional = (name for listed, name in self._by_language.items() if _primary(listed) == primary)
            found = next(regional, None)
        if found is None:
            raise UnknownLanguage(f"espeak does not speak {language!r}: it speaks {', '.join(self.languages)}")
        return found

    def _list(self, listed: Sequence[ListedVoice]) -> tuple[Voice, ...]:
        languages = {voice.identifier: _bcp47(voice.language) for voice in listed}
        named = [
            Voice(
                id=name,
                name=title,
                language=languages[selector.partition("+")[0]],
                gender=gender,
                aliases=aliases,
            )
            for name, title, gender, selector, aliases in _NAMED
            if name in self._named
        ]
        default = self._by_language.get(_SPEAKS_ALSO["en"])
        plain = [
            Voice(
                id=voice.identifier,
                name=voice.name,
                language=languages[voice.identifier],
                gender="male",
                aliases=(DEFAULT_ALIAS,) if voice.identifier == default else (),
            )
            for voice in listed
        ]
        female = [
            Voice(
                id=f"{voice.identifier}+{FEMALE_VARIANT}",
                name=f"{voice.name}, female",
                language=languages[voice.identifier],
                gender="female",
            )
            for voice in listed
            if FEMALE_VARIANT in self._variants
        ]
        return (*named, *plain, *female)

    def _has(self, selector: str) -> bool:
        identifier, _, variant = selector.partition("+")
        return identifier.lower() in self._by_identifier and variant.lower() in self._variants


def _canonical(language: str) -> str:
    tag = language.strip().lower().replace("_", "-")
    return _SPEAKS_ALSO.get(tag, tag)


def _primary(tag: str) -> str:
    return tag.partition("-")[0]


def _bcp47(tag: str) -> str:
    """Regions in capitals, scripts with one, as people write them; private parts ("-x-...") stay as they are."""
    public, mark, private = tag.partition("-x-")
    first, *rest = public.split("-")
    written = [part.upper() if re.fullmatch("[a-z]{2}", part) else part for part in rest]
    return "-".join([first, *(part.title() if len(part) == 4 else part for part in written)]) + mark + private
