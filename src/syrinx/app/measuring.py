"""Finds out, one after the other, how fast the installed models are on this machine; each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

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

log = structlog.get_logger()


class KeptAbilities(Protocol):
    """What is needed of `engines.ability_record.AbilityRecord`."""

    def put(self, kind: Kind, name: str, identity: str, ability: Ability) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why a model could not be measured; it is not tried again while its files are the same."""

    identity: str
    reason: str


class Measuring:
    """`clip` gives some seconds of a person's speech, for ears."""

    def __init__(
        self, *, shelf: ModelShelf, pool: EnginePool, record: KeptAbilities, clip: Callable[[], PcmChunk]
    ) -> None:
        self._shelf = shelf
        self._pool = pool
        self._record = record
        self._clip = clip
        self._failed: dict[tuple[Kind, str], _Failure] = {}

    async def run(self) -> None:
        """Measure whatever is installed and has not been measured, until cancelled."""
        while True:
            self._shelf.refresh()
            for installed in self._shelf.unmeasured():
                if self._due(installed):
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
        return failed is None or failed.identity != installed.identity

    async def _attempt(self, installed: InstalledModel) -> None:
        model = installed.model
        try:
            await self.measure(installed)
        except Exception as error:  # noqa: BLE001 - a model that breaks must not end the measuring of the others
            reason = error.message if isinstance(error, SyrinxError) else f"{type(error).__name__}: {error}"
            self._failed[model.kind, model.name] = _Failure(identity=installed.identity, reason=reason)
            log.warning("a model could not be measured: it is not used by itself", model=model.name, reason=reason)

    async def measure(self, installed: InstalledModel) -> Ability:
        """Open the model, measure it and remember the result. Raises what opening or using it raises."""
        model = installed.model
        language = "en" if "en" in model.languages or not model.languages else model.languages[0]
        match model.kind:
            case "stt":
                async with self._pool.lease("stt", model.name) as ear:
                    ability = await measure_stt(ear, self._clip(), language=language)
            case "tts":
                async with self._pool.lease("tts", model.name) as voice:
                    ability = await measure_tts(voice, language=language)
            case "llm":
                async with self._pool.lease("llm", model.name) as mind:
                    ability = await measure_llm(mind)
        self._record.put(model.kind, model.name, installed.identity, ability)
        fast = fast_enough(model.kind, ability)
        if not fast:
            # Nobody is going to use it by itself: its memory is better free.
            self._pool.retire(model.kind, model.name)
        log.info("a model was measured", model=model.name, fast_enough=fast, first_s=round(ability.first_s, 3))
        return ability
