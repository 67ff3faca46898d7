"""Which engines a talk gets: what `auto` means here, and how the conversation's leases come out of the pool."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final, Literal

import structlog

from syrinx.app.model_shelf import ModelShelf
from syrinx.app.voice_leases import VoiceLeases
from syrinx.conversation import Character, ConversationSettings, FallbackVoice
from syrinx.engines.contract import EngineInfo, Kind
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.llm.discovery import LlmChoice
from syrinx.engines.pool import EnginePool
from syrinx.engines.registry import EngineKey, EngineRegistry, EngineReport
from syrinx.engines.stt.contract import DETECT, SpeechToText, SttCapabilities
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.errors import EngineError, EngineUnavailable, UnknownEngine, UnknownLanguage
from syrinx.speech import AutoEar, People, PeopleVoices

log = structlog.get_logger()

AUTO: Final = "auto"
LOOK_AGAIN_S: Final = 10.0
"""How often at the most it is looked for a language model that was not there before."""
NEURAL_PREFERENCE: Final = 50
"""From here on an engine that is not one of the store's models is taken to be better than the embedded ones."""

ChosenKind = Literal["tts", "stt", "llm"]

FindLanguageModel = Callable[[], Awaitable[LlmChoice]]


class EngineChoice:
    """Implements `conversation.Engines` over a pool.

    `wanted` has a name or "auto" per kind. `options` are the pool's, to which those of a language model that is found
    are added. "auto" means: of the voices all that are available, each request to the best for it; of the ears the
    best for each utterance's language; of the language models what `find` finds. The best is what is preferred among
    those that run in real time here; a model of which that is not known yet waits behind what works anyway, and one
    that is too slow serves only where nothing else does. A model that is installed meanwhile serves the next turn.
    """

    def __init__(
        self,
        *,
        registry: EngineRegistry,
        pool: EnginePool,
        wanted: Mapping[Kind, str],
        options: dict[EngineKey, Mapping[str, str]],
        find: FindLanguageModel,
        language: str = "en",
        shelf: ModelShelf | None = None,
        people: People | None = None,
        clone: str = AUTO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`language` is that of a talk that names none; an ear for it is kept open while a microphone is.

        `people` are the voices of the present caller, who may name them like the engines' own. `clone` is the engine
        that learns them; "auto" takes the preferred one of those that speak anyway.
        """
        self._registry = registry
        self._pool = pool
        self._wanted = dict(wanted)
        self._options = options
        self._find = find
        self._default_language = language
        self._shelf = shelf
        self._clone = clone
        self._leases = VoiceLeases(
            registry=registry, pool=pool, options=options, people=people, demanded=self._demanded_cloner
        )
        self._clock = clock
        self._looked_at = float("-inf")
        self._language_model: LlmChoice | None = None
        self._looked_with: str | None = None
        """The local model that was known when it was looked for a language model."""
        self._usable: dict[Kind, tuple[EngineInfo, ...]] = {}
        self._changes_seen = 0 if shelf is None else shelf.changes

    # For conversations.

    @asynccontextmanager
    async def stt(self, name: str) -> AsyncGenerator[AutoEar, None]:
        async with AsyncExitStack() as leases:
            held = await self._held_ear(name, leases)
            yield AutoEar(
                choose=lambda language: self._ears(name, language),
                lease=lambda engine: self._pool.lease("stt", engine),
                capabilities=self._hearing(name, held),
            )

    def vad(self) -> AbstractAsyncContextManager[VoiceActivityDetector]:
        return self._pool.lease("vad", self._wanted["vad"])

    @asynccontextmanager
    async def llm(self, name: str) -> AsyncGenerator[LanguageModel, None]:
        engine = self._resolved("llm", name) if name not in {"", AUTO} else (await self.language_model()).engine
        async with self._pool.lease("llm", engine) as model:
            yield model

    def tts(self, name: str) -> AbstractAsyncContextManager[PeopleVoices]:
        return self._opened_voices(name)

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        """The engine that works everywhere: the available one with the least preference, other than `name`.

        Where several voices serve as one, it is also one of them.
        """
        primary = self._voice_names(name)
        try:
            others = [each.name for each in self._by_preference("tts") if (each.name,) != primary]
        except EngineUnavailable:
            others = []
        if not others:
            yield None
            return
        async with self._pool.lease("tts", others[-1]) as tts:
            yield FallbackVoice(name=others[-1], tts=tts)

    async def check(self, settings: ConversationSettings) -> None:
        """Raises UnknownEngine, UnknownLanguage or UnknownVoice; opens the voices that it has to ask."""
        self._refresh()
        if settings.stt not in {"", AUTO}:
            self._registry.provider("stt", self._resolved("stt", settings.stt))
        if settings.llm not in {"", AUTO}:
            self._registry.provider("llm", self._resolved("llm", settings.llm))
        language = settings.language
        if language == DETECT:
            await self._check_detection(settings)
            language = self._default_language
        speakers: tuple[Character | None, ...] = (None, *settings.characters)
        named = [settings.voice, *(character.voice for character in settings.characters)]
        if named.count(None) == len(named) and self.speaker(settings.tts, language) is not None:
            return  # opening a large voice takes seconds, in which the person would wait to be greeted
        async with self._opened_voices(settings.tts) as voices:
            for speaker in speakers:
                voice = settings.voice if speaker is None else speaker.voice
                voices.engine_for(language=language, voice=voice)

    async def _check_detection(self, settings: ConversationSettings) -> None:
        for name in self._ears(settings.stt, DETECT):
            async with self._pool.lease("stt", name) as ear:
                if ear.capabilities.detects_language:
                    return
        raise UnknownLanguage("no ear in use finds out which language is spoken: name it")

    # For the app.

    async def language_model(self) -> LlmChoice:
        """The one in use.

        It is looked again where only the companion was found, so that a later Ollama is found, and when a local model
        has come, gone or been measured.
        """
        self._refresh()
        now = self._clock()
        found = self._language_model
        local = self.local_language_model()
        local_name = None if local is None else local.engine
        waited = now - self._looked_at > LOOK_AGAIN_S
        if found is None or local_name != self._looked_with or (found.engine == "companion" and waited):
            self._looked_at, self._looked_with = now, local_name
            found = await self._find()
            self._language_model = found
            if found.options:
                self._options["llm", found.engine] = found.options
        return found

    def local_language_model(self) -> LlmChoice | None:
        """The best one that is installed here and known to be fast enough; None where there is none."""
        self._refresh()
        try:
            minds = [info for info in self._best_first("llm") if self._registry.model("llm", info.name) is not None]
        except EngineUnavailable:
            return None
        if self._shelf is None or not minds or not self._shelf.in_real_time("llm", minds[0].name):
            return None
        best = minds[0]
        return LlmChoice(engine=best.name, title=best.title, reason=f"{best.name} is installed")

    async def chosen(self) -> dict[ChosenKind, tuple[str, ...]]:
        """The names in use of each kind that a talk may choose, the preferred first."""
        return {"tts": await self.in_use("tts"), "stt": await self.in_use("stt"), "llm": await self.in_use("llm")}

    async def in_use(self, kind: Kind) -> tuple[str, ...]:
        """The names in use of one kind. Raises EngineUnavailable where "auto" finds none."""
        match kind:
            case "tts":
                return self._voice_names("")
            case "stt":
                return (self.ear_for("", self._default_language),)
            case "llm":
                return ((await self.language_model()).engine,)
            case "vad":
                return (self._wanted["vad"],)

    def _opened_voices(self, name: str) -> AbstractAsyncContextManager[PeopleVoices]:
        """The engine of that name, or all; of these one that cannot be opened is passed over while another can."""
        return self._leases.opened(self._voice_names(name), by_name=name not in {"", AUTO})

    def all_voices(self) -> AbstractAsyncContextManager[PeopleVoices]:
        """Every voice that a talk may name."""
        return self._opened_voices("")

    def speaker(self, name: str, language: str) -> str | None:
        """Who speaks that language in a talk that names no voice; None where only the opened voices can tell."""
        for each in self._voice_names(name):
            languages = self.info("tts", each).languages
            if not languages:
                return None
            if language.partition("-")[0].lower() in languages:
                return each
        return None

    def ear_for(self, name: str, language: str) -> str:
        """Who hears that language in a talk whose ear is named so. Raises UnknownEngine, EngineUnavailable."""
        try:
            return self._ears(name, language)[0]
        except UnknownLanguage:
            return self._ears(name, None)[0]

    async def cloner(self, language: str) -> str | None:
        """The engine that learns the voices of who speaks that language; None where the nearest voice speaks instead.

        Opens none. Raises EngineUnavailable where one is demanded by the settings that is not well: one elsewhere is
        asked, which takes a few seconds at the most; UnknownEngine.
        """
        return await self._leases.cloner(self._voice_names(""), language)

    def _demanded_cloner(self) -> str | None:
        return None if self._clone == AUTO else self._resolved("tts", self._clone)

    def has_models(self, kind: Kind, engine: str) -> bool:
        """Whether models are installed that this engine runs."""
        return bool(self._registry.models_of(kind, engine))

    def info(self, kind: Kind, name: str) -> EngineInfo:
        return self._registry.provider(kind, name).info

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All that can be named, sorted; nothing is looked at, so one of them may turn out to be unavailable."""
        self._refresh()
        return self._registry.names(kind)

    def reports(self) -> list[EngineReport]:
        """All engines as they are here, without opening them."""
        self._refresh()
        return self._registry.check(self._options)

    async def warm(self) -> None:
        """Load what the first turn is going to need, so that the person does not wait for it."""
        async with self.stt(""), self.vad(), self.tts(""):
            model = (await self.language_model()).engine
            if self._registry.model("llm", model) is not None:
                async with self.llm(model):
                    pass

    # Names.

    def _refresh(self) -> None:
        """Take note of models that came or went, whoever else looked at the shelf since."""
        if self._shelf is None:
            return
        self._shelf.refresh()
        if self._shelf.changes != self._changes_seen:
            self._changes_seen = self._shelf.changes
            self._usable.clear()
            self._language_model = None

    def _resolved(self, kind: Kind, name: str) -> str:
        """The engine or model of that name; an engine that can only run installed models stands for the best of them.

        Raises EngineUnavailable, with the command that brings it, for a model that is not installed.
        """
        if name not in self._registry.names(kind):
            remedy = "" if self._shelf is None else self._shelf.remedy(kind, name)
            if remedy:
                raise EngineUnavailable(f"{name} is not installed here: {remedy}")
            raise UnknownEngine(
                f"there is no {kind} engine named {name!r}: there are {', '.join(self._registry.names(kind))}"
            )
        models = self._registry.models_of(kind, name)
        if models and "path" not in self._options.get((kind, name), {}):
            return max(models, key=lambda each: self._standing(self._registry.provider(kind, each).info))
        return name

    def _ears(self, name: str, language: str | None) -> tuple[str, ...]:
        """Who may hear that language, the best first; None: any. Raises UnknownLanguage where "auto" finds none."""
        self._refresh()
        wanted = name if name not in {"", AUTO} else self._wanted["stt"]
        if wanted != AUTO:
            return (self._resolved("stt", wanted),)
        usable = self._best_first("stt")
        if language is None:
            return tuple(info.name for info in usable)
        fitting = [info for info in usable if _understands(info, language)]
        if not fitting and language == DETECT:
            raise UnknownLanguage(
                "no ear here finds out which language is spoken: name it, or get one that does (Whisper)"
            )
        if not fitting:
            heard = sorted({each for info in usable for each in info.languages})
            raise UnknownLanguage(f"no ear here understands {language[:20]!r}: {', '.join(heard)} are understood")
        return tuple(info.name for info in fitting)

    async def _held_ear(self, name: str, leases: AsyncExitStack) -> SpeechToText | None:
        """The ear of the default language, opened; None where nothing understands that."""
        try:
            names = self._ears(name, self._default_language)
        except UnknownLanguage:
            return None
        failure: EngineError | UnknownEngine | None = None
        for each in names:
            try:
                return await leases.enter_async_context(self._pool.lease("stt", each))
            except (EngineError, UnknownEngine) as error:
                failure = error
                log.warning("an ear could not be opened", engine=each, code=error.code, reason=error.message)
        if failure is not None:
            raise failure
        return None

    def _hearing(self, name: str, held: SpeechToText | None) -> SttCapabilities:
        """What can be expected of whoever hears."""
        wanted = name if name not in {"", AUTO} else self._wanted["stt"]
        infos = [info for info in self._best_first("stt") if wanted in {AUTO, info.name}]
        languages = dict.fromkeys(each for info in infos for each in info.languages)
        able = held.capabilities if held is not None else SttCapabilities(sample_rate_hz=16_000, languages=())
        return replace(able, languages=tuple(dict.fromkeys((*able.languages, *languages))))

    def _voice_names(self, name: str) -> tuple[str, ...]:
        """Of "auto" all, but of the models of one engine only the best: each takes its memory."""
        self._refresh()
        wanted = name if name not in {"", AUTO} else self._wanted["tts"]
        if wanted != AUTO:
            return (self._resolved("tts", wanted),)
        best: dict[str, str] = {}
        for info in self._best_first("tts"):
            model = self._registry.model("tts", info.name)
            best.setdefault(info.name if model is None else model.engine, info.name)
        return tuple(best.values())

    def _best_first(self, kind: Kind) -> list[EngineInfo]:
        return sorted(self._by_preference(kind), key=self._standing, reverse=True)

    def _standing(self, info: EngineInfo) -> tuple[int, int]:
        if self._shelf is None or self._registry.model(info.kind, info.name) is None:
            return (3 if info.preference >= NEURAL_PREFERENCE else 2, info.preference)
        fast = self._shelf.in_real_time(info.kind, info.name)
        return (1 if fast is None else 3 if fast else 0, info.preference)

    def _by_preference(self, kind: Kind) -> tuple[EngineInfo, ...]:
        """Engines that work here and keep what is said on this machine, the preferred first."""
        if kind not in self._usable:
            self._usable[kind] = self._available(kind)
        return self._usable[kind]

    def _available(self, kind: Kind) -> tuple[EngineInfo, ...]:
        reports = [report for report in self._registry.check(self._options) if report.kind == kind]
        usable = [
            report.info
            for report in reports
            if report.info is not None and report.availability.available and not report.info.remote
        ]
        if not usable:
            reasons = "; ".join(f"{report.name}: {report.availability.reason}" for report in reports)
            raise EngineUnavailable(f"no {kind} engine can be used here ({reasons}): syrinx doctor says what to do")
        return tuple(sorted(usable, key=lambda info: (-info.preference, info.name)))


def _understands(info: EngineInfo, language: str) -> bool:
    """Engines that do not say what they understand are asked when they are opened."""
    if language == DETECT:
        return len(info.languages) != 1
    return not info.languages or language.partition("-")[0].lower() in info.languages
