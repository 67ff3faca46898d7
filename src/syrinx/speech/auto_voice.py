"""Several voice engines as one: each request goes to the engine that has the voice, or speaks the language best."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, Protocol

from syrinx.audio import StreamResampler
from syrinx.engines.tts.blends import is_blend, parse_blend
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice, WordTime
from syrinx.engines.tts.requests import check_request
from syrinx.errors import UnknownLanguage, UnknownVoice

RATE_HZ: Final = 24_000
"""What all engines are brought to, so that one stream may change between them."""


VoiceMatch = Literal["exact", "approximate"]
"""Whether the voice that was asked for speaks, or one that comes near it because no engine here can learn it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes."""

    engine: str
    tts: TextToSpeech
    voice: str | None
    """As the engine calls it; None is its default for the language."""
    shown: str
    """The voice's id as the list of voices has it, or the mix; "" for the engine's default."""
    match: VoiceMatch = "exact"
    revision: str = ""
    """Of a person's voice: another whenever what is heard of it is another."""
    not_applied: tuple[str, ...] = ()
    """What a person has set of their voice and this engine cannot do."""


class NamedVoices(TextToSpeech, Protocol):
    """Several voices as one engine, of which can be asked who a name means."""

    @property
    def blending(self) -> frozenset[str]:
        """The names of the engines that can mix their voices."""
        ...

    def engine_for(self, *, language: str, voice: str | None) -> str:
        """The name of the engine that speaks such a request. Raises UnknownVoice or UnknownLanguage."""
        ...

    def route(self, *, language: str, voice: str | None) -> Route:
        """The engine that speaks such a request, and its own name for the voice. Raises as `engine_for` does."""
        ...

    def language_of(self, voice: str) -> str | None:
        """BCP 47 of the voice, or of the first of a mix; None for an alias, which stands for voices of any language."""
        ...

    def engine_of(self, voice: str) -> str:
        """The name of the engine whose voice this is, by one of the ids in `voices`."""
        ...


class VoiceNames:
    """Which voice of which engine a name means.

    Kept for the next AutoVoice, its hundreds of names are sorted once; no engine is kept with them.
    """

    def __init__(self, voices: Mapping[str, Sequence[Voice]]) -> None:
        """By engine, the preferred first."""
        self._voices = dict(voices)

    def are_of(self, voices: Mapping[str, Sequence[Voice]]) -> bool:
        """Whether these very lists are what the names were taken from."""
        return list(voices) == list(self._voices) and all(voices[name] is each for name, each in self._voices.items())

    # Few requests name a voice: the names wait until they are asked for.

    @cached_property
    def named(self) -> list[tuple[Voice, str, str]]:
        """Every voice with an id of its own among all engines, its engine, and its id there."""
        return _named_apart(self._voices)

    @cached_property
    def homes(self) -> dict[str, tuple[str, str]]:
        """By id: the engine and the voice's id there."""
        homes = {f"{engine}:{voice_id}": (engine, voice_id) for _, engine, voice_id in self.named}
        return homes | {voice.id: (engine, voice_id) for voice, engine, voice_id in self.named}

    @cached_property
    def shown(self) -> dict[tuple[str, str], Voice]:
        """Each voice as the list of voices has it."""
        return {(engine, voice_id): voice for voice, engine, voice_id in self.named}

    @cached_property
    def aliases(self) -> dict[str, list[tuple[str, str]]]:
        """Who answers to a name that is nobody's own, the preferred engine first."""
        known: dict[str, list[tuple[str, str]]] = {}
        for voice, engine, voice_id in self.named:
            for alias in voice.aliases:
                known.setdefault(alias.lower(), []).append((engine, voice_id))
        return known

    def home(self, voice: str) -> tuple[str, str] | None:
        """Where the voice with that id is, in capitals or not; of ids that differ only by case, the first engine's."""
        return self.homes.get(voice) or self._folded_homes.get(voice.lower())

    @cached_property
    def _folded_homes(self) -> dict[str, tuple[str, str]]:
        return {name.lower(): home for name, home in reversed(self.homes.items())}


class AutoVoice:
    """`engines` by name, the preferred first; the caller opened them and closes them.

    A voice is named by its id, or as "engine:id" where two engines have voices of the same id, in capitals or not; else
    by an alias, which the first engine gets that knows it and speaks the language; or it is a mix of voices of one
    engine. Without one, or with an alias of engines that do not speak the language, the first that does speaks, in its
    own default voice.
    Word times are given where the engine has them, so `capabilities.word_times` is true only when all have; likewise
    speed and pitch reach as far as all reach. Phonemes are spoken where the engine speaks them, else the letters.
    Who wants all that one engine can asks for its `route`.
    """

    def __init__(self, engines: Mapping[str, TextToSpeech], names: VoiceNames | None = None) -> None:
        """`names`, where somebody has kept them, are those of just these engines."""
        self._engines = dict(engines)
        self._names = names or VoiceNames({name: engine.voices for name, engine in engines.items()})
        abilities = [engine.capabilities for engine in self._engines.values()]
        self.capabilities = TtsCapabilities(
            sample_rate_hz=RATE_HZ,
            languages=tuple(dict.fromkeys(language for able in abilities for language in able.languages)),
            word_times=all(able.word_times for able in abilities),
            speed=(max(able.speed[0] for able in abilities), min(able.speed[1] for able in abilities)),
            pitch_semitones=(
                max(able.pitch_semitones[0] for able in abilities),
                min(able.pitch_semitones[1] for able in abilities),
            ),
            blends=any(able.blends for able in abilities),
            voice_context=any(able.voice_context for able in abilities),
            phonemes=any(able.phonemes for able in abilities),
        )

    @property
    def engines(self) -> Mapping[str, TextToSpeech]:
        return self._engines

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice for voice, _, _ in self._names.named]

    def engine_for(self, *, language: str, voice: str | None) -> str:
        """The name of the engine that speaks such a request. Raises UnknownVoice or UnknownLanguage."""
        return self._route(language, voice)[0]

    def route(self, *, language: str, voice: str | None) -> Route:
        """The engine that speaks such a request, and its own name for the voice. Raises as `engine_for` does."""
        engine, voice_id = self._route(language, voice)
        shown = "" if voice_id is None else voice_id
        if (known := self._names.shown.get((engine, shown)) if shown else None) is not None:
            shown = known.id
        return Route(engine=engine, tts=self._engines[engine], voice=voice_id, shown=shown)

    def language_of(self, voice: str) -> str | None:
        """BCP 47 of the voice, or of the first of a mix; None for an alias, which stands for voices of any language."""
        home = self._names.home(voice)
        if home is None and is_blend(voice):
            home = self._names.home(parse_blend(voice)[0][0])
        return None if home is None else self._names.shown[home].language

    def engine_of(self, voice: str) -> str:
        """The name of the engine whose voice this is, by one of the ids in `voices`."""
        return self._names.homes[voice][0]

    @property
    def blending(self) -> frozenset[str]:
        """The names of the engines that can mix their voices."""
        return frozenset(name for name, engine in self._engines.items() if engine.capabilities.blends)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        """As the contract has it; raises UnknownVoice or UnknownLanguage when no engine has it."""
        check_request(request, self.capabilities)
        name, voice_id = self._route(request.language, request.voice)
        async with aclosing(at_common_rate(self._engines[name], replace(request, voice=voice_id), name=name)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _route(self, language: str, voice: str | None) -> tuple[str, str | None]:
        """The engine's name and the voice's id within it."""
        first = self._first_that_speaks(language)
        if voice is None:
            return first, None
        home = self._names.home(voice)
        if home is not None:
            return self._speaking(home, language, voice)
        if is_blend(voice):
            return self._mixed(voice, language)
        for known in self._names.aliases.get(voice.lower(), []):
            if self._speaks(known[0], language):
                return known
        if voice.lower() in self._names.aliases:
            # It asks for any voice of that kind, as clients do that must name one.
            return first, None
        raise UnknownVoice(f"no engine has a voice {voice[:60]!r}: the list of voices names those that exist")

    def _mixed(self, blend: str, language: str) -> tuple[str, str]:
        """The one engine that has all voices of the mix, and the mix in its own names."""
        parts = parse_blend(blend)
        homes = [
            (self._names.home(name) or self._names.aliases.get(name.lower(), [None])[0], name) for name, _ in parts
        ]
        for home, name in homes:
            if home is None:
                raise UnknownVoice(f"no engine has a voice {name[:60]!r}, which is to be mixed")
        found = [home for home, _ in homes if home is not None]
        engines = {engine for engine, _ in found}
        if len(engines) > 1:
            raise UnknownVoice(f"{blend[:60]!r} mixes voices of {' and '.join(sorted(engines))}: take those of one")
        engine = found[0][0]
        if not self._engines[engine].capabilities.blends:
            raise UnknownVoice(f"{engine} cannot mix voices: name one of them")
        mixed = "+".join(f"{own}*{share}" for (_, own), (_, share) in zip(found, parts, strict=True))
        return self._speaking((engine, mixed), language, blend)

    def _speaking(self, home: tuple[str, str], language: str, voice: str) -> tuple[str, str]:
        if self._speaks(home[0], language):
            return home
        raise UnknownVoice(f"the voice {voice[:60]!r} does not speak {language[:20]!r}: choose one that does, or none")

    def _speaks(self, engine: str, language: str) -> bool:
        return _primary(language) in self._engines[engine].capabilities.languages

    def _first_that_speaks(self, language: str) -> str:
        primary = _primary(language)
        for name, engine in self._engines.items():
            if primary in engine.capabilities.languages:
                return name
        spoken = ", ".join(self.capabilities.languages)
        raise UnknownLanguage(f"no engine speaks {language[:20]!r}: {spoken} are spoken")


async def at_common_rate(
    engine: TextToSpeech, request: SpeechRequest, *, name: str
) -> AsyncGenerator[SpeechChunk, None]:
    """What one engine, of that name, speaks: at RATE_HZ."""
    resampler = StreamResampler(engine.capabilities.sample_rate_hz, RATE_HZ)
    # The resampler holds a little sound back: a word waits for the chunk in which it then begins.
    waiting: list[WordTime] = []
    given_ms = 0.0
    async with aclosing(engine.synthesize(request)) as chunks:
        async for chunk in chunks:
            waiting += chunk.words
            audio = resampler.feed(chunk.audio)
            given_ms += audio.duration_ms
            if audio.sample_count:
                begun = [word for word in waiting if word.start_ms < given_ms]
                waiting = waiting[len(begun) :]
                yield SpeechChunk(audio=audio, words=tuple(begun), engine=name)
    rest = resampler.flush()
    if rest.sample_count:
        yield SpeechChunk(audio=rest, words=tuple(waiting), engine=name)


def _primary(language: str) -> str:
    return language.strip().replace("_", "-").partition("-")[0].lower()


def _named_apart(voices: Mapping[str, Sequence[Voice]]) -> list[tuple[Voice, str, str]]:
    seen: set[str] = set()
    named: list[tuple[Voice, str, str]] = []
    for name, own in voices.items():
        for voice in own:
            shown_id = voice.id if voice.id not in seen else f"{name}:{voice.id}"
            seen.add(shown_id)
            named.append((voice if shown_id == voice.id else replace(voice, id=shown_id), name, voice.id))
    return named
