"""Puts the house together: settings in, everything that transports and the command line need out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from syrinx.accounts import LOCAL_USER, Door
from syrinx.accounts.guesses import GuessedAtDoor
from syrinx.app.engine_choice import AUTO, EngineChoice
from syrinx.app.hub import hub_settings
from syrinx.app.kept_house import Kept, open_kept
from syrinx.app.known_people import KnownPeople
from syrinx.app.marking import open_marking
from syrinx.app.measuring import Measuring, alone_with
from syrinx.app.metering import MeteredEngines
from syrinx.app.model_shelf import ModelShelf
from syrinx.app.people_house import People, open_people
from syrinx.app.settings import Settings, surroundings
from syrinx.app.speech_house import Speech, open_speech
from syrinx.app.studio import HouseStudio
from syrinx.audio import PcmChunk
from syrinx.conversation import (
    Conversation,
    ConversationRules,
    Conversations,
    ConversationSettings,
    Engines,
    Memory,
    TurnRules,
    open_conversations,
)
from syrinx.engines.ability_record import AbilityRecord, open_ability_record
from syrinx.engines.contract import HOSTS, KINDS, Host, Kind
from syrinx.engines.llm.discovery import LlmChoice, discover
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.models import ModelStore, open_model_store, read_catalogue
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.errors import ConfigurationError, SyrinxError
from syrinx.testing.human_clips import longest_clip

log = structlog.get_logger()

HOST_OPTION = "host"
"""The one engine option that is the pool's and not the engine's: "process" or "worker"."""
TTS_BROKER = "tts_broker"
STT_BROKER = "whisper_server"
CHATTERBOX = "chatterbox_server"
"""Engines for the far ends that TTS_BROKER_URL, SST_BROKER_URL and CHATTERBOX_API_URL name."""
ABILITIES_FILE = "abilities.json"
"""In the home folder."""
MEASURING_LOCK = ".measuring.lock"
"""In the home folder, too, which a server and commands share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    settings: Settings
    pool: EnginePool
    engines: EngineChoice
    metrics: EngineMetrics
    conversations: Conversations
    rules: ConversationRules
    models: ModelStore
    shelf: ModelShelf
    abilities: AbilityRecord
    measuring: Measuring
    door: Door
    kept: Kept
    people: People
    speech: Speech
    """What speaks and listens over HTTP."""
    talk_engines: Engines
    """Of talks, counted for whom they work."""
    _tasks: set[asyncio.Task[None]]

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it until it ends or the house closes. One that breaks is logged and ends nothing else."""
        _run(self._tasks, work)

    async def begin(self, settings: ConversationSettings, user: str = LOCAL_USER) -> Conversation:
        """Open a conversation with these settings and let its engines load meanwhile. What it says and expects to hear
        goes by the user's pronunciations, and it is kept for them.

        Raises EngineBusy when too many are open, UnknownEngine, UnknownVoice, UnknownLanguage.
        """
        return await self._begin(settings, user)

    async def go_on(self, settings: ConversationSettings, user: str, conversation_id: str) -> Conversation:
        """Likewise, where a kept conversation of the user's ended. Raises NotFound besides."""
        memory = await self.kept.history.memory(user, conversation_id)
        return await self._begin(settings, user, conversation_id=conversation_id, memory=memory)

    async def _begin(
        self,
        settings: ConversationSettings,
        user: str,
        *,
        conversation_id: str | None = None,
        memory: Memory | None = None,
    ) -> Conversation:
        await self.engines.check(settings)
        conversation = self.conversations.create(
            lambda: Conversation(
                engines=self.talk_engines,
                settings=settings,
                rules=self.rules,
                memory=memory,
                pronunciations=lambda: self.speech.house.pronunciations(user),
                user=user,
                conversation_id=conversation_id,
                keep=partial(self.kept.history.keep, user) if self.settings.keep_conversations else None,
            )
        )
        self.in_background(self._warm())
        return conversation

    async def _warm(self) -> None:
        try:
            await self.engines.warm()
        except Exception as error:  # noqa: BLE001 - whatever a stranger's engine raises must not end the house
            # The talk meets the same error where it can be told to the person; nothing is lost here.
            code = error.code if isinstance(error, SyrinxError) else type(error).__name__
            log.warning("engines could not be loaded ahead", code=code, reason=str(error))


@asynccontextmanager
async def open_house(
    settings: Settings, *, registry: EngineRegistry | None = None, serving: bool = True
) -> AsyncGenerator[House, None]:
    """Leaving the context closes all conversations, engines and pulls. `registry` replaces the installed engines.

    Commands, which are not `serving`, leave it to servers to clone voices.
    """
    registry = registry or EngineRegistry()
    environment = surroundings()
    options, hosts = _engine_options(settings, registry)
    metrics = EngineMetrics()
    tasks: set[asyncio.Task[None]] = set()
    known = KnownPeople()
    failure: Exception | None = None
    async with AsyncExitStack() as closing:
        watermark = await closing.enter_async_context(open_marking(settings))
        pool = EnginePool(
            registry,
            PoolSettings(
                options=options,
                hosts=hosts,
                idle_unload_s=settings.idle_unload_s,
                environment=environment,
                mark_speech=None if watermark is None else watermark.mark,
            ),
            metrics=metrics,
        )
        models = await closing.enter_async_context(
            open_model_store(
                settings.models_folder, catalogue=read_catalogue(settings.catalogue), hub=hub_settings(environment)
            )
        )
        kept = await closing.enter_async_context(open_kept(settings))
        closing.push_async_callback(pool.aclose)
        closing.push_async_callback(_end, tasks)
        abilities = open_ability_record(settings.home / ABILITIES_FILE)
        shelf = ModelShelf(store=models, abilities=abilities, registry=registry, options=options, retire=pool.retire)
        shelf.refresh()
        wanted: dict[Kind, str] = {
            "tts": _or_broker(settings.tts, TTS_BROKER, settings.inherited.tts_broker_url),
            "stt": _or_broker(settings.stt, STT_BROKER, settings.inherited.sst_broker_url),
            "vad": settings.vad,
        }
        for kind, name in wanted.items():
            _check_name(registry, shelf, kind, name)
        _check_name(registry, shelf, "llm", settings.llm)
        _check_name(registry, shelf, "tts", settings.clone, variable="SYRINX_CLONE")

        async def find_language_model() -> LlmChoice:
            return await discover(_llm_environment(settings, environment), local=engines.local_language_model())

        engines = EngineChoice(
            registry=registry,
            pool=pool,
            wanted=wanted,
            options=options,
            find=find_language_model,
            language=settings.language,
            shelf=shelf,
            people=known.people,
            clone=_or_broker(settings.clone, CHATTERBOX, settings.inherited.chatterbox_api_url),
        )
        turns = TurnRules(
            idle_ms=1000 * settings.idle_timeout_s, preparations=TurnRules().preparations if settings.speculate else 0
        )
        speech = await closing.enter_async_context(
            open_speech(
                settings,
                engines=engines,
                pool=pool,
                registry=registry,
                options=options,
                limits=kept.accounts.limits,
            )
        )
        studio = HouseStudio(
            engines=engines, pool=pool, people=known, narrate=speech.narrate, transcribe=speech.transcribe
        )
        people = await closing.enter_async_context(
            open_people(
                settings,
                kept=kept,
                engines=engines,
                studio=studio,
                known=known,
                speech=speech,
                in_background=partial(_run, tasks),
                serving=serving,
            )
        )
        conversations = await closing.enter_async_context(
            open_conversations(resume_s=settings.resume_s, max_open=settings.max_talks)
        )
        try:
            yield House(
                settings=settings,
                pool=pool,
                engines=engines,
                metrics=metrics,
                conversations=conversations,
                rules=ConversationRules(turns=turns, language=settings.language),
                models=models,
                shelf=shelf,
                abilities=abilities,
                measuring=Measuring(
                    shelf=shelf,
                    pool=pool,
                    record=abilities,
                    clip=_human_clip,
                    alone=lambda: alone_with(settings.home / MEASURING_LOCK),
                ),
                door=GuessedAtDoor(kept.accounts.door, limits=kept.accounts.limits, audit=kept.accounts.audit),
                kept=kept,
                people=people,
                talk_engines=MeteredEngines(engines, kept.accounts.limits),
                speech=speech,
                _tasks=tasks,
            )
        except Exception as error:  # noqa: BLE001 - raised below, for it must not come out wrapped in a group
            failure = error
    if failure is not None:
        raise failure


def _run(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    task.add_done_callback(_tell_of_fault)


def _tell_of_fault(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("work in the background broke off", exc_info=error)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _human_clip() -> PcmChunk:
    return longest_clip().audio


def _engine_options(
    settings: Settings, registry: EngineRegistry
) -> tuple[dict[EngineKey, Mapping[str, str]], dict[EngineKey, Host]]:
    options = _broker_options(settings, registry)
    hosts: dict[EngineKey, Host] = {}
    for name, given in settings.engine.items():
        for key in _keys(registry, name):
            own = {option: value for option, value in given.items() if option != HOST_OPTION}
            options[key] = {**options.get(key, {}), **own}
            if HOST_OPTION in given:
                hosts[key] = _host(name, given[HOST_OPTION])
    return options, hosts


def _or_broker(wanted: str, broker: str, address: str | None) -> str:
    """Who set a broker's address means it to be used; an engine's name means that more."""
    return broker if wanted == AUTO and address is not None else wanted


def _broker_options(settings: Settings, registry: EngineRegistry) -> dict[EngineKey, Mapping[str, str]]:
    """Addresses and patience from the variables of the services that Syrinx stands in for."""
    inherited = settings.inherited
    found: dict[EngineKey, Mapping[str, str]] = {}
    if inherited.tts_broker_url is not None and TTS_BROKER in registry.names("tts"):
        found["tts", TTS_BROKER] = {"url": inherited.tts_broker_url, "timeout_s": str(inherited.tts_request_timeout)}
    if inherited.sst_broker_url is not None and STT_BROKER in registry.names("stt"):
        found["stt", STT_BROKER] = {"url": inherited.sst_broker_url, "timeout_s": str(inherited.sst_request_timeout)}
    if inherited.chatterbox_api_url is not None and CHATTERBOX in registry.names("tts"):
        found["tts", CHATTERBOX] = {"url": inherited.chatterbox_api_url}
    return found


def _check_name(registry: EngineRegistry, shelf: ModelShelf, kind: Kind, name: str, *, variable: str = "") -> None:
    known = dict.fromkeys((*registry.names(kind), *shelf.names(kind)))
    if name not in {AUTO, *known}:
        raise ConfigurationError(
            f"{variable or f'SYRINX_{kind.upper()}'} is {name!r}: there is no such engine, there are {', '.join(known)}"
        )


def _keys(registry: EngineRegistry, name: str) -> list[EngineKey]:
    keys: list[EngineKey] = [(kind, name) for kind in KINDS if name in registry.names(kind)]
    if not keys:
        known = ", ".join(sorted({each for kind in KINDS for each in registry.names(kind)}))
        raise ConfigurationError(f"SYRINX_ENGINE__{name.upper()}__...: there is no such engine, there are {known}")
    return keys


def _host(name: str, host: str) -> Host:
    if host in HOSTS:
        return host
    raise ConfigurationError(f"SYRINX_ENGINE__{name.upper()}__HOST is {host!r}: process or worker would be right")


def _llm_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What discovery looks at: the surroundings, with what the settings say of language models on top."""
    key = settings.llm_key.get_secret_value() if settings.llm_key else ""
    return {
        **{name: value for name, value in environment.items() if not name.startswith("SYRINX_LLM")},
        "SYRINX_LLM": "" if settings.llm == AUTO else settings.llm,
        "SYRINX_LLM_URL": settings.llm_url or "",
        "SYRINX_LLM_KEY": key,
        "SYRINX_LLM_MODEL": settings.llm_model or "",
        "SYRINX_LLM_PROXY": settings.llm_proxy or "",
    }
