"""Finds out, one after the other, how fast the installed models are on this machine; each once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import filelock
import structlog

from syrinx.app.model_shelf import ModelShelf
from syrinx.audio import PcmChunk
from syrinx.engines.abilities import Ability, fast_enough, measure_llm, measure_stt, measure_tts
from syrinx.engines.contract import Kind
from syrinx.engines.models import InstalledModel
from syrinx.engines.pool import EnginePool
from syrinx.errors import SyrinxError

LOOK_EVERY_S: Final = 2.0
"""How often it is looked for models that another process has installed."""

QUIET_WITHIN_S: Final = 20.0
"""So long it is waited for a moment in which no talk uses an engine: whatever else works makes a model look slow."""
QUIET_POLL_S: Final = 0.5

FIRST_WAIT_S: Final = 60.0
LONGEST_WAIT_S: Final = 3600.0
"""After a failure that may pass the next try waits, and twice as long after each further one, up to this."""

LOCK_POLL_S: Final = 0.25

log = structlog.get_logger()


class KeptAbilities(Protocol):
    """What is needed of `engines.ability_record.AbilityRecord`."""

    def get(self, kind: Kind, name: str, identity: str) -> Ability | None: ...

    def put(self, kind: Kind, name: str, identity: str, ability: Ability) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why a model could not be measured."""

    identity: str
    reason: str
    wait_s: float
    again_at_s: float
    """In the loop's time; infinite where trying the same files again is of no use."""


class Measuring:
    """`clip` gives some seconds of a person's speech, for ears; within `alone` nobody else measures on this machine."""

    def __init__(
        self,
        *,
        shelf: ModelShelf,
        pool: EnginePool,
        record: KeptAbilities,
        clip: Callable[[], PcmChunk],
        alone: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        self._shelf = shelf
        self._pool = pool
        self._record = record
        self._clip = clip
        self._alone = alone
        self._failed: dict[tuple[Kind, str], _Failure] = {}

    async def run(self) -> None:
        """Measure whatever is installed and has not been measured, until cancelled."""
        while True:
            self._shelf.refresh()
            # Whoever removes a model and gets it again wants it tried again.
            self._failed = {key: each for key, each in self._failed.items() if self._shelf.installed(*key) is not None}
            for installed in self._shelf.unmeasured():
                if self._due(installed):
                    await self._quiet()
                    await self._attempt(installed)
            await asyncio.sleep(LOOK_EVERY_S)

    def pending(self, kind: Kind, name: str) -> bool:
        """Whether it is installed and is being measured, or is about to be."""
        installed = self._shelf.installed(kind, name)
        return installed is not None and self._shelf.ability(kind, name) is None and self._due(installed)

    def failure(self, kind: Kind, name: str) -> str:
        """Why it could not be measured, which keeps it from being used by itself; "" where that is not so."""
        installed, failed = self._shelf.installed(kind, name), self._failed.get((kind, name))
        is_so = installed is not None and failed is not None and failed.identity == installed.identity
        return failed.reason if is_so and failed is not None else ""

    def _due(self, installed: InstalledModel) -> bool:
        failed = self._failed.get((installed.model.kind, installed.model.name))
        if failed is None or failed.identity != installed.identity:
            return True
        return asyncio.get_running_loop().time() >= failed.again_at_s

    async def _quiet(self) -> None:
        for _ in range(round(QUIET_WITHIN_S / QUIET_POLL_S)):
            if not any(status.active for status in self._pool.status()):
                return
            await asyncio.sleep(QUIET_POLL_S)

    async def _attempt(self, installed: InstalledModel) -> None:
        model = installed.model
        try:
            await self.measure(installed)
            self._failed.pop((model.kind, model.name), None)
        except Exception as error:  # noqa: BLE001 - a model that breaks must not end the measuring of the others
            reason = error.message if isinstance(error, SyrinxError) else f"{type(error).__name__}: {error}"
            self._shelf.refresh()
            now = self._shelf.installed(model.kind, model.name)
            if now is None or now.identity != installed.identity:
                log.info("a model went while it was measured", model=model.name, reason=reason)
                return
            before = self._failed.get((model.kind, model.name))
            again = before is not None and before.identity == installed.identity
            wait_s = min(2 * before.wait_s, LONGEST_WAIT_S) if before is not None and again else FIRST_WAIT_S
            may_pass = isinstance(error, SyrinxError) and error.retryable
            self._failed[model.kind, model.name] = _Failure(
                identity=installed.identity,
                reason=reason,
                wait_s=wait_s,
                again_at_s=asyncio.get_running_loop().time() + wait_s if may_pass else math.inf,
            )
            log.warning("a model could not be measured: it is not used by itself", model=model.name, reason=reason)

    async def measure(self, installed: InstalledModel) -> Ability:
        """Open the model, measure it and remember the result; one that another process found meanwhile is taken.

        Raises what opening or using it raises.
        """
        model = installed.model
        async with self._alone():
            ability = self._record.get(model.kind, model.name, installed.identity)
            if ability is not None:
                return ability
            ability = await self._measured(installed)
            self._record.put(model.kind, model.name, installed.identity, ability)
        fast = fast_enough(model.kind, ability)
        if not fast:
            # Nobody is going to use it by itself: its memory is better free.
            self._pool.retire(model.kind, model.name)
        log.info("a model was measured", model=model.name, fast_enough=fast, first_s=round(ability.first_s, 3))
        return ability

    async def _measured(self, installed: InstalledModel) -> Ability:
        model = installed.model
        language = "en" if "en" in model.languages or not model.languages else model.languages[0]
        match model.kind:
            case "stt":
                async with self._pool.lease("stt", model.name) as ear:
                    return await measure_stt(ear, self._clip(), language=language)
            case "tts":
                async with self._pool.lease("tts", model.name) as voice:
                    return await measure_tts(voice, language=language)
            case "llm":
                async with self._pool.lease("llm", model.name) as mind:
                    return await measure_llm(mind)


@asynccontextmanager
async def alone_with(file: Path) -> AsyncGenerator[None, None]:
    """While no other process holds the lock of this file: two that measure at once would find every model too slow.

    Where the file cannot be made nobody is waited for. The lock of a process that died is free.
    """
    lock = filelock.FileLock(file, blocking=False, thread_local=False)
    held = False
    while not held:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            held = True
        except filelock.Timeout:
            await asyncio.sleep(LOCK_POLL_S)
        except OSError as error:
            log.warning("measuring without a lock", file=str(file), reason=str(error))
            break
    try:
        yield
    finally:
        if held:
            lock.release()
