"""The voices of people among those of the engines: who names one hears it, learnt or as near as the engines come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace

from syrinx.engines.tts.contract import Gender, SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.errors import SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.speech.auto_voice import AutoVoice, Route, VoiceMatch, at_common_rate
from syrinx.speech.measured_voices import MeasuredVoices
from syrinx.speech.person_speaking import PersonSpeaking, Portrayal
from syrinx.speech.person_voice import People, PeopleRead, PersonVoice
from syrinx.voices.clone_errors import class_name, told_again
from syrinx.voices.likeness import nearest_voice
from syrinx.voices.profile_checks import is_voice_id

__all__ = ["People", "PeopleRead", "PeopleVoices", "PersonVoice"]


class PeopleVoices:
    """Satisfies NamedVoices: what `inner` is, and the voices of `people` by their ids, which are theirs alone.

    A person's voice is learnt by the first engine that learns voices and speaks the language; where none does, the
    nearest of the engines' own voices speaks, as high as the person. `voices` are the engines' own: people's are not
    offered to others who ask for any voice that is near to somebody's.
    """

    def __init__(
        self,
        inner: AutoVoice,
        people: Sequence[PersonVoice],
        *,
        cloners: Sequence[str] = (),
        elsewhere: Mapping[str, TextToSpeech] | None = None,
        measured: MeasuredVoices | None = None,
        unread: SyrinxError | None = None,
    ) -> None:
        """`cloners` are names of engines, the preferred first; others that learn voices come behind them.

        `elsewhere` are opened engines that speak people's voices and nothing else. `measured` is the house's.
        `unread` is why there may be other people: a voice that may be theirs is refused by that, not as unknown.
        """
        self._inner = inner
        self._people = {person.voice.id: person for person in people}
        self._measured = measured or MeasuredVoices()
        self._elsewhere = dict(elsewhere or {})
        self._unread = unread
        known = {**inner.engines, **self._elsewhere}
        ordered = dict.fromkeys((*(name for name in cloners if name in known), *known))
        self._cloners = {name: known[name] for name in ordered if known[name].capabilities.clones is not None}

    @property
    def capabilities(self) -> TtsCapabilities:
        """Of the engines' own voices; a person's voice takes every speed and pitch that speech can be stretched to."""
        able = self._inner.capabilities
        times = able.word_times and all(engine.capabilities.word_times for engine in self._elsewhere.values())
        return replace(able, word_times=times)

    @property
    def voices(self) -> Sequence[Voice]:
        return self._inner.voices

    @property
    def people(self) -> Sequence[PersonVoice]:
        return tuple(self._people.values())

    @property
    def blending(self) -> frozenset[str]:
        return self._inner.blending

    def is_person(self, voice: str) -> bool:
        """Whether that is the id of one of `people`."""
        return voice in self._people

    def engine_for(self, *, language: str, voice: str | None) -> str:
        return self.route(language=language, voice=voice).engine

    def route(self, *, language: str, voice: str | None) -> Route:
        person = self._people.get(voice) if voice is not None else None
        if person is None:
            with self._told_if_unread(voice):
                return self._inner.route(language=language, voice=voice)
        by = self._portrayal(person, language)
        speaking = PersonSpeaking(person, by, self._measured)
        learnt = by.cloning.version if by.cloning is not None else None
        unheard = bool(person.settings.warmth) and not by.tts.capabilities.warmth
        return Route(
            engine=by.engine,
            tts=speaking,
            voice=person.voice.id,
            shown=person.voice.id,
            match="approximate" if by.cloning is None else "exact",
            revision=repr((person.revision, learnt, by.voice)),
            not_applied=("warmth",) if unheard else (),
        )

    def match(self, voice_id: str, language: str) -> VoiceMatch:
        """Whether it is that voice which would be heard. Raises as `engine_for` does."""
        return self.route(language=language, voice=voice_id).match

    def nearest(self, voice_id: str, language: str) -> Voice | None:
        """Which of the engines' own voices speaks for that person; None: that of the engine's default.

        Also where an engine has learnt the voice, and would not need it. Raises UnknownLanguage, KeyError for who is
        none of `people`.
        """
        return self._nearest(self._people[voice_id], language)

    def language_of(self, voice: str) -> str | None:
        person = self._people.get(voice)
        return self._inner.language_of(voice) if person is None else person.voice.language

    def engine_of(self, voice: str) -> str:
        person = self._people.get(voice)
        if person is None:
            return self._inner.engine_of(voice)
        return self._portrayal(person, person.voice.language).engine

    def gender_of(self, voice: str) -> Gender | None:
        """None for who is none of `people`."""
        person = self._people.get(voice)
        return None if person is None else person.voice.gender

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        """As the contract has it; raises UnknownVoice or UnknownLanguage when no engine has it."""
        if request.voice is None or request.voice not in self._people:
            with self._told_if_unread(request.voice):
                self._inner.engine_for(language=request.language, voice=request.voice)
            spoken = self._inner.synthesize(request)
        else:
            route = self.route(language=request.language, voice=request.voice)
            spoken = at_common_rate(route.tts, request, name=route.engine)
        async with aclosing(spoken) as chunks:
            async for chunk in chunks:
                yield chunk

    @contextmanager
    def _told_if_unread(self, voice: str | None) -> Generator[None, None, None]:
        try:
            yield
        except (UnknownVoice, UnknownLanguage) as unknown:
            away = self._unread
            if away is None or voice is None or not is_voice_id(voice):
                raise
            # One of its own for each request: an error keeps the frames through which it went.
            raise told_again(class_name(away), away.message, code=away.code, retryable=away.retryable) from unknown

    def _portrayal(self, person: PersonVoice, language: str) -> Portrayal:
        for name, engine in self._cloners.items():
            able = engine.capabilities
            if able.clones is None or not _is_among(language, able.languages):
                continue
            if person.sample_s is None or person.sample_s >= able.clones.shortest_s:
                return Portrayal(engine=name, tts=engine, cloning=able.clones)
        nearest = self._nearest(person, language)
        route = self._inner.route(language=language, voice=None if nearest is None else nearest.id)
        return Portrayal(engine=route.engine, tts=route.tts, nearest=nearest, voice=route.voice)

    def _nearest(self, person: PersonVoice, language: str) -> Voice | None:
        try:
            return nearest_voice(self._inner.voices, language=language, pitch_hz=person.pitch_hz)
        except UnknownLanguage:
            # Some engines speak more languages than any of their voices is said to be of.
            self._inner.engine_for(language=language, voice=None)
            return None


def _is_among(language: str, languages: Iterable[str]) -> bool:
    return language.strip().replace("_", "-").partition("-")[0].lower() in languages
