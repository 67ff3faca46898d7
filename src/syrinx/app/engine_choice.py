"""Which engines a talk gets: what `auto` means here, and how the conversation's leases come out of the pool."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final, Literal

import structlog

from syrinx.conversation import Character, ConversationSettings, FallbackVoice
from syrinx.engines.contract import EngineInfo, Kind
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.llm.discovery import LlmChoice
from syrinx.engines.pool import EnginePool
from syrinx.engines.registry import EngineKey, EngineRegistry, EngineReport
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.errors import EngineError, EngineUnavailable
from syrinx.speech import AutoVoice

log = structlog.get_logger()

AUTO: Final = "auto"
LOOK_AGAIN_S: Final = 10.0
"""How often at the most it is looked for a language model that was not there before."""

ChosenKind = Literal["tts", "stt", "llm"]

FindLanguageModel = Callable[[], Awaitable[LlmChoice]]


class EngineChoice:
    """Implements `conversation.Engines` over a pool.

    `wanted` has a name or "auto" per kind. `options` are the pool's, to which those of a language model that is found
    are added. "auto" means: of the voices all that are available, each request to the best for it; of the ears the
    best available; of the language models what `find` finds.
    """

    def __init__(
        self,
        *,
        registry: EngineRegistry,
        pool: EnginePool,
        wanted: Mapping[Kind, str],
        options: dict[EngineKey, Mapping[str, str]],
        find: FindLanguageModel,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._pool = pool
        self._wanted = dict(wanted)
        self._options = options
        self._find = find
        self._clock = clock
        self._looked_at = float("-inf")
        self._language_model: LlmChoice | None = None
        self._voices: tuple[str, ...] | None = None
        self._ear: str | None = None

    # For conversations.

    def stt(self, name: str) -> AbstractAsyncContextManager[SpeechToText]:
        return self._pool.lease("stt", self._ear_name(name))

    def vad(self) -> AbstractAsyncContextManager[VoiceActivityDetector]:
        return self._pool.lease("vad", self._wanted["vad"])

    @asynccontextmanager
    async def llm(self, name: str) -> AsyncGenerator[LanguageModel, None]:
        engine = name if name not in {"", AUTO} else (await self.language_model()).engine
        async with self._pool.lease("llm", engine) as model:
            yield model

    def tts(self, name: str) -> AbstractAsyncContextManager[AutoVoice]:
        return self._opened_voices(name)

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        """The engine that works everywhere: the available one with the least preference, other than `name`.

        Where several voices serve as one, it is also one of them.
        """
        primary = self._voice_names(name)
        try:
            others = [each for each in self._available_voices() if (each,) != primary]
        except EngineUnavailable:
            others = []
        if not others:
            yield None
            return
        async with self._pool.lease("tts", others[-1]) as tts:
            yield FallbackVoice(name=others[-1], tts=tts)

    async def check(self, settings: ConversationSettings) -> None:
        """Raises UnknownEngine, UnknownLanguage or UnknownVoice; opens the voices that it has to ask."""
        if settings.stt not in {"", AUTO}:
            self._registry.provider("stt", settings.stt)
        if settings.llm not in {"", AUTO}:
            self._registry.provider("llm", settings.llm)
        async with self._opened_voices(settings.tts) as voices:
            speakers: tuple[Character | None, ...] = (None, *settings.characters)
            for speaker in speakers:
                voice = settings.voice if speaker is None else speaker.voice
                voices.engine_for(language=settings.language, voice=voice)

    # For the app.

    async def language_model(self) -> LlmChoice:
        """The one in use. Where only the companion was found it is looked again, so that a later Ollama is found."""
        now = self._clock()
        found = self._language_model
        if found is None or (found.engine == "companion" and now - self._looked_at > LOOK_AGAIN_S):
            self._looked_at = now
            found = await self._find()
            self._language_model = found
            if found.options:
                self._options["llm", found.engine] = found.options
        return found

    async def chosen(self) -> dict[ChosenKind, tuple[str, ...]]:
        """The names in use of each kind that a talk may choose, the preferred first."""
        return {"tts": await self.in_use("tts"), "stt": await self.in_use("stt"), "llm": await self.in_use("llm")}

    async def in_use(self, kind: Kind) -> tuple[str, ...]:
        """The names in use of one kind. Raises EngineUnavailable where "auto" finds none."""
        match kind:
            case "tts":
                return self._voice_names("")
            case "stt":
                return (self._ear_name(""),)
            case "llm":
                return ((await self.language_model()).engine,)
            case "vad":
                return (self._wanted["vad"],)

    @asynccontextmanager
    async def _opened_voices(self, name: str) -> AsyncGenerator[AutoVoice, None]:
        """The engine of that name, or all; of these one that cannot be opened is passed over while another can."""
        async with AsyncExitStack() as leases:
            opened: dict[str, TextToSpeech] = {}
            failure: EngineError | None = None
            for each in self._voice_names(name):
                try:
                    opened[each] = await leases.enter_async_context(self._pool.lease("tts", each))
                except EngineError as error:
                    failure = error
                    log.warning(
                        "a voice engine could not be opened", engine=each, code=error.code, reason=error.message
                    )
            if not opened and failure is not None:
                raise failure
            yield AutoVoice(opened)

    def all_voices(self) -> AbstractAsyncContextManager[AutoVoice]:
        """Every voice that a talk may name."""
        return self._opened_voices("")

    def info(self, kind: Kind, name: str) -> EngineInfo:
        return self._registry.provider(kind, name).info

    def reports(self) -> list[EngineReport]:
        """All engines as they are here, without opening them."""
        return self._registry.check(self._options)

    async def warm(self) -> None:
        """Load what the first turn is going to need, so that the person does not wait for it."""
        async with self.stt(""), self.vad(), self.tts(""):
            pass

    def _ear_name(self, name: str) -> str:
        wanted = name if name not in {"", AUTO} else self._wanted["stt"]
        if wanted != AUTO:
            return wanted
        if self._ear is None:
            self._ear = self._available("stt")[0]
        return self._ear

    def _voice_names(self, name: str) -> tuple[str, ...]:
        wanted = name if name not in {"", AUTO} else self._wanted["tts"]
        return self._available_voices() if wanted == AUTO else (wanted,)

    def _available_voices(self) -> tuple[str, ...]:
        if self._voices is None:
            self._voices = self._available("tts")
        return self._voices

    def _available(self, kind: Kind) -> tuple[str, ...]:
        """Engines that work here and keep what is said on this machine, the preferred first."""
        reports = [report for report in self._registry.check(self._options) if report.kind == kind]
        usable = [
            (report.info.preference, report.name)
            for report in reports
            if report.info is not None and report.availability.available and not report.info.remote
        ]
        if not usable:
            reasons = "; ".join(f"{report.name}: {report.availability.reason}" for report in reports)
            raise EngineUnavailable(f"no {kind} engine can be used here ({reasons}): syrinx doctor says what to do")
        return tuple(name for _, name in sorted(usable, key=lambda each: (-each[0], each[1])))
