"""The voice engines of one talk or request out of the pool, with the caller's own voices among theirs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from syrinx.engines.contract import EngineInfo, Options, Probing
from syrinx.engines.pool import EnginePool
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.errors import EngineError, EngineUnavailable, UnknownEngine
from syrinx.speech import AutoVoice, People, PeopleRead, PeopleVoices
from syrinx.speech.auto_voice import VoiceNames
from syrinx.speech.measured_voices import MeasuredVoices

log = structlog.get_logger()


class VoiceLeases:
    """`people` are the voices of the present caller; `options` are the pool's. `demanded` gives the engine that is to
    learn voices, None where the preferred one of those that speak anyway is; it raises what is wrong with its name."""

    def __init__(
        self,
        *,
        registry: EngineRegistry,
        pool: EnginePool,
        options: Mapping[EngineKey, Options],
        people: People | None,
        demanded: Callable[[], str | None],
    ) -> None:
        self._registry = registry
        self._pool = pool
        self._options = options
        self._people = people
        self._demanded = demanded
        self._measured = MeasuredVoices()
        self._names_of_voices: dict[tuple[str, ...], VoiceNames] = {}
        """By the engines that are open together."""

    @asynccontextmanager
    async def opened(self, engines: Sequence[str], *, by_name: bool) -> AsyncGenerator[PeopleVoices, None]:
        """These engines as one, those that cannot be opened passed over while another can.

        Where they were asked for `by_name`, no other engine speaks anybody's voice. Raises what opening the last one
        raised where none can be.
        """
        people = PeopleRead() if self._people is None else await self._people()
        async with AsyncExitStack() as leases:
            opened: dict[str, TextToSpeech] = {}
            failure: EngineError | UnknownEngine | None = None
            for each in engines:
                try:
                    opened[each] = await leases.enter_async_context(self._pool.lease("tts", each))
                except (EngineError, UnknownEngine) as error:  # unknown: removed since it was chosen
                    failure = error
                    _tell(each, error)
            if not opened and failure is not None:
                raise failure
            elsewhere: dict[str, TextToSpeech] = {}
            cloner: str | None = None
            # Who has no voices does not wait for an engine that speaks nothing else.
            if people.voices:
                try:
                    cloner = self._demanded()
                    if cloner is not None and cloner not in opened and not by_name:
                        elsewhere[cloner] = await leases.enter_async_context(self._pool.lease("tts", cloner))
                except (EngineError, UnknownEngine) as error:
                    _tell(cloner or "", error)
            yield PeopleVoices(
                AutoVoice(opened, self._names_of(opened)),
                people.voices,
                cloners=() if cloner is None else (cloner,),
                elsewhere=elsewhere,
                measured=self._measured,
                unread=people.unread,
            )

    async def cloner(self, in_use: Sequence[str], language: str) -> str | None:
        """As `EngineChoice.cloner`; `in_use` are the engines that speak, the preferred first."""
        demanded = self._demanded()
        if demanded is None:
            infos = [self._registry.provider("tts", name).info for name in in_use]
            return next((info.name for info in infos if info.clones and _speaks(info, language)), None)
        provider = self._registry.provider("tts", demanded)
        options = self._options.get(("tts", demanded), {})
        availability = provider.check(options)
        if not availability.available:
            raise EngineUnavailable(f"{demanded} cannot be used here: {availability.reason}")
        if not provider.info.clones:
            raise EngineUnavailable(f"{demanded} learns no voices: set SYRINX_CLONE to an engine that does, or auto")
        if isinstance(provider, Probing):
            probe = await provider.probe(options)
            if not probe.healthy:
                raise EngineUnavailable(probe.reason, retryable=True)
        return demanded if _speaks(provider.info, language) else None

    def _names_of(self, opened: Mapping[str, TextToSpeech]) -> VoiceNames:
        voices = {each: engine.voices for each, engine in opened.items()}
        names = self._names_of_voices.get(tuple(opened))
        if names is None or not names.are_of(voices):
            names = self._names_of_voices[tuple(opened)] = VoiceNames(voices)
        return names


def _tell(engine: str, error: EngineError | UnknownEngine) -> None:
    log.warning("a voice engine could not be opened", engine=engine, code=error.code, reason=error.message)


def _speaks(info: EngineInfo, language: str) -> bool:
    """Engines that do not say what they speak are taken to speak it."""
    return not info.languages or language.partition("-")[0].lower() in info.languages
