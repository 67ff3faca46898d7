"""The voices of speech services elsewhere: as they list them, or by the names that are known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from syrinx.engines.remote.client import Outgoing, RemoteClient
from syrinx.engines.tts.contract import Gender, SpeechRequest, Voice
from syrinx.errors import EngineError, RemoteRefused, UnknownLanguage, UnknownVoice

MULTILINGUAL: Final = "en"
"""Stated of voices that speak every language, of which one has to be named."""
_MOST_VOICES: Final = 1000
_TELLS_WITHIN_S: Final = 3.0
_LARGEST_LIST_BYTES: Final = 1 << 20
_ASK_AGAIN: Final = frozenset({401, 403, 429, 502, 503, 504})
"""What refuses everything at the moment; any other refusal says that voices are not listed."""

_KOKORO: Final = re.compile(r"([abefhijpz])([fm])(?:_\w+)?")
KOKORO_LANGUAGES: Final[Mapping[str, str]] = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-BR",
    "z": "zh",
}
"""By Kokoro's `lang_code`, which is also the first letter of its voices' ids."""
_GENDERS: Final[Mapping[str, Gender]] = {"f": "female", "m": "male"}

OPENAI_VOICES: Final[Mapping[str, Gender]] = {
    "alloy": "neutral",
    "ash": "male",
    "ballad": "male",
    "coral": "female",
    "echo": "male",
    "fable": "male",
    "nova": "female",
    "onyx": "male",
    "sage": "female",
    "shimmer": "female",
    "verse": "male",
}
"""https://platform.openai.com/docs/guides/text-to-speech"""
_ALIASES: Final[Mapping[str, Gender]] = {
    **OPENAI_VOICES,
    "marin": "female",
    "cedar": "male",
    "af_heart": "female",
    "af": "female",
    "am": "male",
    "bf": "female",
    "bm": "male",
    "default": "neutral",
}
"""By which clients of OpenAI and of Kokoro servers ask, whoever speaks, and the gender that they expect."""


def voice_named(name: str, *, language: str = "", gender: str = "", title: str = "") -> Voice:
    """What is known of a voice by its name alone, where the service does not say more."""
    kokoro = _KOKORO.fullmatch(name)
    if kokoro is not None:
        language = language or KOKORO_LANGUAGES[kokoro[1]]
        gender = gender or _GENDERS[kokoro[2]]
    known: Gender = (
        "female" if gender == "female" else "male" if gender == "male" else OPENAI_VOICES.get(name, "neutral")
    )
    return Voice(id=name, name=title or name, language=language or MULTILINGUAL, gender=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceList:
    voices: tuple[Voice, ...]
    languages: tuple[str, ...]
    """Primary tags of all of them; () where the language of one is not known: it may speak many."""


def listed(names: Iterable[str]) -> VoiceList:
    """Voices of which only the names are known."""
    return _list_of([(voice_named(name), _KOKORO.fullmatch(name) is not None) for name in names])


def read_voices(body: bytes, *, host: str) -> VoiceList:
    """`{"voices": [...]}` or the bare list; of names, or of objects with an id or a name.

    Raises EngineError, not retryable, on anything else, and where there is none.
    """
    try:
        content: object = json.loads(body)
    except ValueError as error:
        raise EngineError(f"{host} tells its voices in something that is not JSON", retryable=False) from error
    if isinstance(content, dict):
        fields = cast("dict[str, Any]", content)
        content = fields.get("voices", fields.get("data"))
    given = cast("list[object]", content)[:_MOST_VOICES] if isinstance(content, list) else []
    found = _list_of([voice for each in given if (voice := _voice(each)) is not None])
    if not found.voices:
        raise EngineError(f"{host} lists no voices: name them with the option 'voices'", retryable=False)
    return found


async def told_voices(client: RemoteClient, path: str) -> VoiceList | None:
    """None where the service does not tell. Raises what says that it cannot be asked now."""
    try:
        listing = Outgoing(method="GET", path=path)
        answer = await client.whole(listing, largest_bytes=_LARGEST_LIST_BYTES, timeout_s=_TELLS_WITHIN_S)
        return read_voices(answer.body, host=client.settings.host)
    except RemoteRefused as error:
        if error.status in _ASK_AGAIN:
            raise
    except EngineError as error:
        if error.retryable:
            raise
    return None


def chosen_voice(voices: Sequence[Voice], request: SpeechRequest) -> Voice:
    """The one that is asked for, else the first of the language, else the first. Raises UnknownVoice.

    For an alias one of its gender speaks whose own language it is, where there is any such.
    """
    primary = primary_of(request.language)
    at_home = [voice for voice in voices if primary_of(voice.language) == primary]
    if request.voice is None:
        return next(iter(at_home or voices))
    for voice in voices:
        if voice.id == request.voice:
            return voice
        if request.voice.lower() in voice.aliases:
            is_foreign = bool(at_home) and voice not in at_home
            return max(at_home, key=lambda own: own.gender == voice.gender) if is_foreign else voice
    some = ", ".join(voice.id for voice in voices[:12])
    more = " and others" if len(voices) > 12 else ""
    raise UnknownVoice(f"there is no voice {request.voice[:60]!r} there, there are {some}{more}")


def check_language(language: str, languages: Sequence[str]) -> None:
    """Raises UnknownLanguage."""
    if primary_of(language) not in languages:
        raise UnknownLanguage(f"{language[:20]!r} is not spoken there: {', '.join(languages)} are")


def primary_of(language: str) -> str:
    return language.partition("-")[0].lower()


def _list_of(voices: Iterable[tuple[Voice, bool]]) -> VoiceList:
    """Each voice once; and of each whether its language is known."""
    found: dict[str, tuple[Voice, bool]] = {}
    for voice, told in voices:
        found.setdefault(voice.id, (voice, told))
    languages = dict.fromkeys(primary_of(voice.language) for voice, _ in found.values())
    told_of_all = all(told for _, told in found.values())
    return VoiceList(
        voices=_with_aliases([voice for voice, _ in found.values()]), languages=tuple(languages) if told_of_all else ()
    )


def _with_aliases(voices: Sequence[Voice]) -> tuple[Voice, ...]:
    """Each answers also to the names of others that are not there, where it comes nearest to them."""
    ids = {voice.id.lower() for voice in voices}
    aliases: dict[str, list[str]] = {}
    for alias in _ALIASES if voices else ():
        if alias not in ids:
            aliases.setdefault(_nearest(alias, voices).id, []).append(alias)
    return tuple(replace(voice, aliases=tuple(aliases.get(voice.id, ()))) for voice in voices)


def _nearest(alias: str, voices: Sequence[Voice]) -> Voice:
    """The one of the same name but for Kokoro's letters, else of that accent, else English, of that gender if any is;
    of equals the first."""
    accent = KOKORO_LANGUAGES.get(alias[0], "") if _KOKORO.fullmatch(alias) else ""

    def likeness(voice: Voice) -> tuple[bool, bool, bool, bool]:
        namesake = _KOKORO.fullmatch(voice.id) is not None and voice.id.partition("_")[2] == alias
        of_gender = alias != "default" and voice.gender == _ALIASES[alias]
        return namesake, of_gender, voice.language == accent, primary_of(voice.language) == "en"

    return max(voices, key=likeness)


def _voice(each: object) -> tuple[Voice, bool] | None:
    if isinstance(each, str):
        return (voice_named(each), _KOKORO.fullmatch(each) is not None) if each else None
    fields = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
    told = {name: value for name, value in fields.items() if isinstance(value, str) and value}
    name = next((told[key] for key in ("id", "voice_id", "voice", "name") if key in told), None)
    if name is None:
        return None
    language = next((told[key] for key in ("language", "lang", "locale") if key in told), "").replace("_", "-")
    title = next((told[key] for key in ("name", "display_name", "title") if key in told), "")
    voice = voice_named(name, language=language, gender=told.get("gender", "").lower(), title=title)
    return voice, bool(language) or _KOKORO.fullmatch(name) is not None
