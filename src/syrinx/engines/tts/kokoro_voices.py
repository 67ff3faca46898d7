"""Kokoro's voices: which there are, what their makers say of them, and which one a request means.

Names, languages and grades: `VOICES.md` of hexgrad/Kokoro-82M for version 1.0. An id tells language and gender in its
first two letters. The makers grade the training data of each voice; Spanish and Portuguese ones have no grade.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from syrinx.engines.tts.blends import is_blend, parse_blend
from syrinx.engines.tts.contract import Gender, Voice
from syrinx.errors import UnknownLanguage, UnknownVoice

LANGUAGES = ("en", "es", "fr", "hi", "it", "pt")
"""What espeak-ng pronounces well enough: not Japanese and Chinese (ADR 10)."""

_ACCENTS: Mapping[str, tuple[str, str]] = {
    "a": ("en-US", "American"),
    "b": ("en-GB", "British"),
    "e": ("es", "Spanish"),
    "f": ("fr", "French"),
    "h": ("hi", "Hindi"),
    "i": ("it", "Italian"),
    "j": ("ja", "Japanese"),
    "p": ("pt-BR", "Brazilian"),
    "z": ("zh", "Chinese"),
}
_GENDERS: Mapping[str, Gender] = {"f": "female", "m": "male"}

_GRADED = (
    "af heart:A bella:A- nicole:B- aoede:C+ kore:C+ sarah:C+ alloy:C nova:C sky:C- jessica:D river:D",
    "am michael:C+ fenrir:C+ puck:C+ echo:D eric:D liam:D onyx:D santa:D- adam:F+",
    "bf emma:B- isabella:C alice:D lily:D",
    "bm george:C fable:C lewis:D+ daniel:D",
    "ef dora:",
    "em alex: santa:",
    "ff siwis:B-",
    "hf alpha:C beta:C",
    "hm omega:C psi:C",
    "if sara:C",
    "im nicola:C",
    "pf dora:",
    "pm alex: santa:",
    "jf alpha:C+ gongitsune:C tebukuro:C nezumi:C-",
    "jm kumo:C-",
    "zf xiaobei:D xiaoni:D xiaoxiao:D xiaoyi:D",
    "zm yunjian:D yunxi:D yunxia:D yunyang:D",
)
"""The voices with their grades, by the first letters of their ids; the best first, which is taken for its kind."""

_GRADES: Mapping[str, str] = {
    f"{group.split()[0]}_{name}": grade
    for group in _GRADED
    for name, _, grade in (voice.partition(":") for voice in group.split()[1:])
}

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "default": ("af_heart", "af_bella", "am_michael"),
    "alloy": ("af_alloy", "af_nicole", "af_heart"),
    "ash": ("am_fenrir", "am_michael"),
    "ballad": ("bm_george", "bm_lewis"),
    "cedar": ("am_michael", "am_puck"),
    "coral": ("af_bella", "af_kore"),
    "echo": ("am_echo", "am_liam"),
    "fable": ("bm_fable", "bm_george"),
    "marin": ("af_heart", "af_bella"),
    "nova": ("af_nova", "af_kore"),
    "onyx": ("am_onyx", "am_eric"),
    "sage": ("af_sarah", "bf_emma"),
    "shimmer": ("af_aoede", "af_sky"),
    "verse": ("am_puck", "am_fenrir"),
}
"""OpenAI's names, to the voice of that name where there is one, else to one of that gender and character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenVoice:
    """One voice or several with their shares, which sum to 1, and the pronunciation (of `kokoro_sounds`) to use."""

    shares: tuple[tuple[str, float], ...]
    pronunciation: str


class KokoroVoices:
    """The voices of one file by every name that a request may use; names are compared without regard to case.

    Voices of languages that are not spoken here are not listed; named, they speak the others with their accent.
    """

    def __init__(self, ids: Collection[str]) -> None:
        known = [voice for voice in _GRADES if voice in ids]
        self._ids = [*known, *sorted(set(ids) - set(known))]
        offered = [voice for name in self._ids if primary((voice := _voice(name)).language) in LANGUAGES]
        self._names = {name.lower(): name for name in self._ids}
        aliases = _aliases_among(self._ids)
        self.voices: Sequence[Voice] = tuple(
            replace(voice, aliases=tuple(alias for alias, name in aliases.items() if name == voice.id))
            for voice in offered
        )
        self._names |= {alias: name for alias, name in aliases.items() if alias not in self._names}
        present = {primary(voice.language) for voice in offered}
        self.languages = tuple(language for language in LANGUAGES if language in present)

    def choose(self, voice: str | None, language: str) -> ChosenVoice:
        """What to speak a request with. Raises UnknownLanguage, UnknownVoice and, for a mix that is none, BadInput.

        Any voice speaks any language of `languages`. Where both are of one language and the request names no region,
        the voice's own pronunciation is used.
        """
        tag = language.strip().replace("_", "-").lower()
        if primary(tag) in {"ja", "zh", "cmn", "yue"}:
            raise UnknownLanguage(
                f"kokoro does not speak {language!r} here, because its signs would be misread: "
                f"it speaks {', '.join(self.languages)}; espeak speaks Japanese and Chinese"
            )
        if primary(tag) not in self.languages:
            raise UnknownLanguage(f"kokoro does not speak {language!r}: it speaks {', '.join(self.languages)}")
        shares = self._shares(voice) if voice is not None else ((self._default(tag), 1.0),)
        heaviest = max(shares, key=lambda share: share[1])[0]
        own = _voice(heaviest).language.lower()
        spoken = own if "-" not in tag and primary(own) == primary(tag) else tag
        return ChosenVoice(shares=shares, pronunciation=_pronunciation(spoken))

    def _shares(self, voice: str) -> tuple[tuple[str, float], ...]:
        parts = parse_blend(voice) if is_blend(voice) and voice.lower() not in self._names else ((voice, 1.0),)
        shares: dict[str, float] = {}
        for name, share in parts:
            found = self._names.get(name.lower())
            if found is None:
                some = ", ".join(repr(listed.id) for listed in self.voices[:3])
                raise UnknownVoice(
                    f"kokoro has no voice {name[:60]!r}: its list of voices gives ids such as {some}, "
                    "and a mix is written a+b*0.5"
                )
            shares[found] = shares.get(found, 0.0) + share
        return tuple(shares.items())

    def _default(self, tag: str) -> str:
        own = [voice for voice in self.voices if primary(voice.language) == primary(tag)]
        british = _pronunciation(tag) == "en-gb"
        return next((voice.id for voice in own if british and voice.language == "en-GB"), own[0].id)


def primary(tag: str) -> str:
    """The language of a tag without its region, for example "en"."""
    return tag.partition("-")[0]


def _pronunciation(tag: str) -> str:
    if primary(tag) != "en":
        return primary(tag)
    return "en-us" if tag in {"en", "en-us", "en-ca", "en-ph"} else "en-gb"


def _voice(name: str) -> Voice:
    """What an id tells; one that tells nothing is taken for an American voice."""
    prefix, mark, given = name.partition("_")
    told = mark and len(prefix) == 2 and prefix[0] in _ACCENTS and prefix[1] in _GENDERS
    language, accent = _ACCENTS[prefix[0]] if told else _ACCENTS["a"]
    return Voice(
        id=name,
        name=f"{given.title()} ({accent})" if told else name,
        language=language,
        gender=_GENDERS[prefix[1]] if told else "neutral",
        grade=_GRADES.get(name, ""),
    )


def _aliases_among(ids: Sequence[str]) -> dict[str, str]:
    """Each alias and the voice that has it: the first of its list that there is, else one of the same gender."""
    found: dict[str, str] = {}
    for alias, wanted in _ALIASES.items():
        same_gender = [name for name in ids if name[:2] in {"a" + wanted[0][1], "b" + wanted[0][1]}]
        among = [*(name for name in wanted if name in ids), *same_gender, *(ids if alias == "default" else ())]
        if among and alias not in ids:
            found[alias] = among[0]
    for name in ids:
        if name[2:3] == "_" and name[:2] not in ids:
            found.setdefault(name[:2], name)
    return found
