"""Puts the house together: settings in, everything that transports and the command line need out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from syrinx.app.engine_choice import AUTO, EngineChoice
from syrinx.app.settings import Settings, surroundings
from syrinx.conversation import (
    Conversation,
    ConversationRules,
    Conversations,
    ConversationSettings,
    TurnRules,
    open_conversations,
)
from syrinx.engines.contract import HOSTS, KINDS, Host, Kind
from syrinx.engines.llm.discovery import LlmChoice, discover
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.errors import ConfigurationError, SyrinxError

log = structlog.get_logger()

HOST_OPTION = "host"
"""The one engine option that is the pool's and not the engine's: "process" or "worker"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    settings: Settings
    pool: EnginePool
    engines: EngineChoice
    metrics: EngineMetrics
    conversations: Conversations
    rules: ConversationRules
    _warming: set[asyncio.Task[None]]

    async def begin(self, settings: ConversationSettings) -> Conversation:
        """Open a conversation with these settings and let its engines load meanwhile.

        Raises EngineBusy when too many are open, UnknownEngine, UnknownVoice, UnknownLanguage.
        """
        await self.engines.check(settings)
        conversation = self.conversations.create(
            lambda: Conversation(engines=self.engines, settings=settings, rules=self.rules)
        )
        warming = asyncio.create_task(self._warm())
        self._warming.add(warming)
        warming.add_done_callback(self._warming.discard)
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
    """Leaving the context closes all conversations and engines. `registry` replaces the installed engines in tests."""
    registry = registry or EngineRegistry()
    wanted: dict[Kind, str] = {"tts": settings.tts, "stt": settings.stt, "vad": settings.vad}
    for kind, name in wanted.items():
        _check_name(registry, kind, name)
    _check_name(registry, "llm", settings.llm)
    options: dict[EngineKey, Mapping[str, str]] = {}
    hosts: dict[EngineKey, Host] = {}
    for name, given in settings.engine.items():
        for key in _keys(registry, name):
            options[key] = {option: value for option, value in given.items() if option != HOST_OPTION}
            if HOST_OPTION in given:
                hosts[key] = _host(name, given[HOST_OPTION])
    environment = surroundings()
    metrics = EngineMetrics()
    pool = EnginePool(
        registry,
        PoolSettings(options=options, hosts=hosts, idle_unload_s=settings.idle_unload_s, environment=environment),
        metrics=metrics,
    )

    async def find_language_model() -> LlmChoice:
        return await discover(_llm_environment(settings, environment))

    engines = EngineChoice(
        registry=registry,
        pool=pool,
        wanted=wanted,
        options=options,
        find=find_language_model,
    )
    rules = ConversationRules(
        turns=TurnRules(
            idle_ms=1000 * settings.idle_timeout_s, preparations=TurnRules().preparations if settings.speculate else 0
        )
    )
    warming: set[asyncio.Task[None]] = set()
    failure: Exception | None = None
    try:
        async with open_conversations(resume_s=settings.resume_s, max_open=settings.max_talks) as conversations:
            try:
                yield House(
                    settings=settings,
                    pool=pool,
                    engines=engines,
                    metrics=metrics,
                    conversations=conversations,
                    rules=rules,
                    _warming=warming,
                )
            except Exception as error:  # noqa: BLE001 - raised below, for it must not come out wrapped in a group
                failure = error
    finally:
        for task in warming:
            task.cancel()
        if warming:
            await asyncio.wait(warming)
        await pool.aclose()
    if failure is not None:
        raise failure


def _check_name(registry: EngineRegistry, kind: Kind, name: str) -> None:
    known = registry.names(kind)
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
