"""Puts the house together: settings in, everything that transports and the command line need out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from syrinx.app.engine_choice import AUTO, EngineChoice
from syrinx.app.hub import hub_settings
from syrinx.app.measuring import Measuring, alone_with
from syrinx.app.model_shelf import ModelShelf
from syrinx.app.settings import Settings, surroundings
from syrinx.audio import PcmChunk
from syrinx.conversation import (
    Conversation,
    ConversationRules,
    Conversations,
    ConversationSettings,
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
    _tasks: set[asyncio.Task[None]]

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it until it ends or the house closes. One that breaks is logged and ends nothing else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_tell_of_fault)

    async def begin(self, settings: ConversationSettings) -> Conversation:
        """Open a conversation with these settings and let its engines load meanwhile.

        Raises EngineBusy when too many are open, UnknownEngine, UnknownVoice, UnknownLanguage.
        """
        await self.engines.check(settings)
        conversation = self.conversations.create(
            lambda: Conversation(engines=self.engines, settings=settings, rules=self.rules)
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
async def open_house(settings: Settings, *, registry: EngineRegistry | None = None) -> AsyncGenerator[House, None]:
    """Leaving the context closes all conversations, engines and pulls. `registry` replaces the installed engines."""
    registry = registry or EngineRegistry()
    environment = surroundings()
    options, hosts = _engine_options(settings, registry)
    metrics = EngineMetrics()
    pool = EnginePool(
        registry,
        PoolSettings(options=options, hosts=hosts, idle_unload_s=settings.idle_unload_s, environment=environment),
        metrics=metrics,
    )
    tasks: set[asyncio.Task[None]] = set()
    failure: Exception | None = None
    async with AsyncExitStack() as closing:
        models = await closing.enter_async_context(
            open_model_store(
                settings.models_folder, catalogue=read_catalogue(settings.catalogue), hub=hub_settings(environment)
            )
        )
        closing.push_async_callback(pool.aclose)
        closing.push_async_callback(_end, tasks)
        abilities = open_ability_record(settings.home / ABILITIES_FILE)
        shelf = ModelShelf(store=models, abilities=abilities, registry=registry, options=options, retire=pool.retire)
        shelf.refresh()
        wanted: dict[Kind, str] = {"tts": settings.tts, "stt": settings.stt, "vad": settings.vad}
        for kind, name in wanted.items():
            _check_name(registry, shelf, kind, name)
        _check_name(registry, shelf, "llm", settings.llm)

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
        )
        turns = TurnRules(
            idle_ms=1000 * settings.idle_timeout_s, preparations=TurnRules().preparations if settings.speculate else 0
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
                _tasks=tasks,
            )
        except Exception as error:  # noqa: BLE001 - raised below, for it must not come out wrapped in a group
            failure = error
    if failure is not None:
        raise failure


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
    options: dict[EngineKey, Mapping[str, str]] = {}
    hosts: dict[EngineKey, Host] = {}
    for name, given in settings.engine.items():
        for key in _keys(registry, name):
            options[key] = {option: value for option, value in given.items() if option != HOST_OPTION}
            if HOST_OPTION in given:
                hosts[key] = _host(name, given[HOST_OPTION])
    return options, hosts


def _check_name(registry: EngineRegistry, shelf: ModelShelf, kind: Kind, name: str) -> None:
    known = dict.fromkeys((*registry.names(kind), *shelf.names(kind)))
    if name not in {AUTO, *known}:
        raise ConfigurationError(
            f"SYRINX_{kind.upper()} is {name!r}: there is no such engine, there are {', '.join(known)}"
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
