"""The engines that are open now: loaded at first use, shared, guarded, unloaded after a while without use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast, overload, runtime_checkable

import structlog

from syrinx.engines.contract import Host, Kind, Options, Patient
from syrinx.engines.guards.admission import Admission
from syrinx.engines.guards.breaker import BreakerState, CircuitBreaker
from syrinx.engines.guards.guarded import UTTERANCE, Guard, GuardedLlm, GuardedStt, GuardedTts, GuardSettings
from syrinx.engines.guards.watermarked import MarkSpeech, WatermarkedTts
from syrinx.engines.hosts.in_process import open_in_process
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.errors import ConfigurationError, EngineUnavailable

State = Literal["loading", "loaded", "unloading", "unloaded"]


def _default_guards() -> dict[Kind, GuardSettings]:
    return {"tts": GuardSettings(), "llm": GuardSettings(), "stt": UTTERANCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """What the pool needs to know; engines that are not named run as their own `info` says."""

    options: Mapping[EngineKey, Options] = field(default_factory=dict[EngineKey, Options])
    hosts: Mapping[EngineKey, Host] = field(default_factory=dict[EngineKey, Host])
    idle_unload_s: float = 300.0
    guards: Mapping[Kind, GuardSettings] = field(default_factory=_default_guards)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """The server's own, for workers: see `hosts.worker_environment`."""
    mark_speech: MarkSpeech | None = None
    """Puts a watermark into all that is spoken; None puts none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """One engine at this moment."""

    kind: Kind
    name: str
    host: Host
    state: State
    leases: int
    active: int
    queued: int
    last_error: str
    """Why it could not be opened the last time; empty when it could."""
    worker_memory_bytes: int | None
    """Resident memory of its worker; None where it has none, or the system does not tell."""
    breaker: BreakerState | None = None
    """Whether an engine elsewhere is asked, or left alone because it kept failing; None for one in this house."""
    retry_after_s: float = 0.0
    """When one that is left alone is tried again."""


class WorkerMemory(Protocol):
    def memory_bytes(self) -> int | None: ...


@runtime_checkable
class InWorker(Protocol):
    """What engines of the worker host have beside their contract."""

    @property
    def worker(self) -> WorkerMemory: ...


class _OpenEngine:
    """One engine from its first lease until it has been unloaded; a task of its own opens and closes it."""

    def __init__(self, *, kind: Kind, name: str, host: Host, admission: Admission) -> None:
        self.kind: Kind = kind
        self.name = name
        self.host: Host = host
        self.admission = admission
        self.loaded: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.unload = asyncio.Event()
        self.leases = 0
        self.retired = False
        """It is unloaded as soon as nobody uses it."""
        self.raw: object = None
        self.keeper: asyncio.Task[None] | None = None
        self.idle_timer: asyncio.TimerHandle | None = None

    @property
    def state(self) -> State:
        if self.unload.is_set():
            return "unloading"
        return "loaded" if self.loaded.done() else "loading"

    def worker_memory_bytes(self) -> int | None:
        return self.raw.worker.memory_bytes() if isinstance(self.raw, InWorker) else None


class EnginePool:
    """Leases engines of a registry. Time is the running loop's. `aclose` closes all of them, leased or not."""

    def __init__(
        self,
        registry: EngineRegistry,
        settings: PoolSettings | None = None,
        *,
        metrics: EngineMetrics | None = None,
    ) -> None:
        self._registry = registry
        self._settings = settings or PoolSettings()
        self._metrics = metrics or EngineMetrics()
        self._open: dict[EngineKey, _OpenEngine] = {}
        self._last_errors: dict[EngineKey, str] = {}
        self._seen: dict[EngineKey, Host] = {}
        self._breakers: dict[EngineKey, CircuitBreaker] = {}
        self._closed = False
        self._log = structlog.get_logger(__name__)

    @overload
    def lease(self, kind: Literal["tts"], name: str) -> AbstractAsyncContextManager[TextToSpeech]: ...
    @overload
    def lease(self, kind: Literal["stt"], name: str) -> AbstractAsyncContextManager[SpeechToText]: ...
    @overload
    def lease(self, kind: Literal["llm"], name: str) -> AbstractAsyncContextManager[LanguageModel]: ...
    @overload
    def lease(self, kind: Literal["vad"], name: str) -> AbstractAsyncContextManager[VoiceActivityDetector]: ...
    @overload
    def lease(self, kind: Kind, name: str) -> AbstractAsyncContextManager[Any]: ...
    @asynccontextmanager
    async def lease(self, kind: Kind, name: str) -> AsyncGenerator[Any, None]:
        """An engine to use within the context, loaded first if need be; it is not unloaded meanwhile.

        Each request to it passes the guards: EngineBusy when too many wait, EngineTimeout, EngineEmpty, retries.
        A detector of voice activity has no requests and comes as it is.
        Raises UnknownEngine, ConfigurationError, and what opening it raises, to all who wait for it; the next lease
        tries again.
        """
        engine = await self._held(kind, name)
        try:
            # Shielded: who leaves while it is loading leaves the load to the others.
            yield await asyncio.shield(engine.loaded)
        finally:
            engine.leases -= 1
            if not engine.leases:
                self._start_idling(engine)

    def retire(self, kind: Kind, name: str) -> None:
        """What the engine was opened with is gone or has changed: unload it as soon as its last lease ends."""
        engine = self._open.get((kind, name))
        if engine is not None:
            engine.retired = True
            if not engine.leases:
                self._start_idling(engine)

    def status(self) -> list[EngineStatus]:
        """All engines that were asked for since the start, by kind and name."""
        return [self._status(key) for key in sorted(self._seen)]

    async def aclose(self) -> None:
        """Close every engine and refuse further leases. Requests under way fail as their engines close."""
        self._closed = True
        keepers: list[asyncio.Task[None]] = []
        for engine in self._open.values():
            if engine.idle_timer is not None:
                engine.idle_timer.cancel()
            engine.unload.set()
            if engine.keeper is not None:
                keepers.append(engine.keeper)
                if not engine.loaded.done():
                    engine.keeper.cancel()
        engines = list(self._open.values())
        if keepers:
            await asyncio.wait(keepers)
        for engine in engines:
            if not engine.loaded.done():  # its load was cancelled: whoever waited for it is told
                engine.loaded.set_exception(self._closing(engine.name))
                engine.loaded.exception()
        self._open.clear()

    @staticmethod
    def _closing(name: str) -> EngineUnavailable:
        return EngineUnavailable(f"{name} cannot be used any more: the server is closing")

    async def _held(self, kind: Kind, name: str) -> _OpenEngine:
        """The engine with one more lease, loading or loaded."""
        key = (kind, name)
        while True:
            if self._closed:
                raise self._closing(name)
            engine = self._open.get(key)
            if engine is None:
                engine = self._begin_loading(kind, name)
            elif engine.unload.is_set():
                # It is on its way out; two of it at once might not fit into memory.
                if engine.keeper is not None:
                    await asyncio.wait([engine.keeper])
                continue
            engine.leases += 1
            if engine.idle_timer is not None:
                engine.idle_timer.cancel()
                engine.idle_timer = None
            return engine

    def _begin_loading(self, kind: Kind, name: str) -> _OpenEngine:
        key = (kind, name)
        provider = self._registry.provider(kind, name)
        model = self._registry.model(kind, name)
        host = self._settings.hosts.get((kind, model.engine) if model else key, provider.info.host)
        if kind == "vad" and host == "worker":
            raise ConfigurationError(f"a vad engine cannot run in a worker: let {name!r} run in process")
        admission = Admission(name=name, max_active=provider.info.max_active, max_queued=provider.info.max_queued)
        engine = _OpenEngine(kind=kind, name=name, host=host, admission=admission)
        self._open[key] = engine
        self._seen[key] = host
        engine.keeper = asyncio.create_task(self._keep(engine), name=f"engine {kind}/{name}")
        return engine

    async def _keep(self, engine: _OpenEngine) -> None:
        """Open the engine, hold it until it is to be unloaded, close it: all in one task, as contexts demand."""
        key = (engine.kind, engine.name)
        try:
            async with self._opened(engine) as raw:
                engine.raw = raw
                self._last_errors.pop(key, None)
                engine.loaded.set_result(self._guarded(engine, raw))
                if not engine.leases:
                    self._start_idling(engine)
                await engine.unload.wait()
        except Exception as error:  # noqa: BLE001 - it is raised where the lease was asked for, or told of here
            self._last_errors[key] = str(error)
            if engine.loaded.done():
                self._log.error(
                    "engine failed while it was closed", kind=engine.kind, engine=engine.name, error=str(error)
                )
            else:
                engine.loaded.set_exception(error)
                engine.loaded.exception()  # all who waited may have left
        finally:
            engine.raw = None
            if self._open.get(key) is engine:
                del self._open[key]

    def _opened(self, engine: _OpenEngine) -> AbstractAsyncContextManager[Any]:
        kind, name = engine.kind, engine.name
        options = self._settings.options.get((kind, name), {})
        if engine.host == "process":
            return open_in_process(self._registry.provider(kind, name), options)
        # Imported here: who runs no worker pays nothing for gRPC.
        from syrinx.engines.hosts.worker import WorkerSettings, open_in_worker  # noqa: PLC0415

        settings = WorkerSettings(provider=self._registry.reference(kind, name), environment=self._settings.environment)
        return open_in_worker(kind, name, options, settings)

    def _guarded(self, engine: _OpenEngine, raw: object) -> object:
        if engine.kind == "vad":
            return raw
        key = (engine.kind, engine.name)
        provider = self._registry.provider(*key)
        settings = self._settings.guards[engine.kind]
        if isinstance(provider, Patient):
            settings = settings.with_patience(provider.patience(self._settings.options.get(key, {})))
        guard = Guard(
            kind=engine.kind,
            name=engine.name,
            admission=engine.admission,
            metrics=self._metrics,
            settings=settings,
            breaker=self._breaker(key, settings) if provider.info.remote else None,
        )
        if engine.kind == "tts":
            tts = cast("TextToSpeech", raw)
            mark = self._settings.mark_speech
            return GuardedTts(tts if mark is None else WatermarkedTts(tts, mark), guard)
        if engine.kind == "stt":
            return GuardedStt(cast("SpeechToText", raw), guard)
        return GuardedLlm(cast("LanguageModel", raw), guard)

    def _breaker(self, key: EngineKey, settings: GuardSettings) -> CircuitBreaker:
        """The one that this engine has had since it was first opened: what it knows outlives an unloading."""
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._breakers[key] = CircuitBreaker(name=key[1], policy=settings.breaker)
            resting = {"closed": 0.0, "probing": 0.5, "open": 1.0}
            self._metrics.watch_breaker(*key, resting=lambda: resting[breaker.state])
        return breaker

    def _start_idling(self, engine: _OpenEngine) -> None:
        still_open = self._open.get((engine.kind, engine.name)) is engine
        if still_open and engine.loaded.done() and not engine.unload.is_set():
            if engine.retired:
                engine.unload.set()
                return
            engine.idle_timer = asyncio.get_running_loop().call_later(self._settings.idle_unload_s, engine.unload.set)

    def _status(self, key: EngineKey) -> EngineStatus:
        engine = self._open.get(key)
        breaker = self._breakers.get(key)
        return EngineStatus(
            kind=key[0],
            name=key[1],
            host=self._seen[key],
            state="unloaded" if engine is None else engine.state,
            leases=0 if engine is None else engine.leases,
            active=0 if engine is None else engine.admission.active,
            queued=0 if engine is None else engine.admission.queued,
            last_error=self._last_errors.get(key, ""),
            worker_memory_bytes=None if engine is None else engine.worker_memory_bytes(),
            breaker=None if breaker is None else breaker.state,
            retry_after_s=0.0 if breaker is None else breaker.retry_after_s(),
        )
