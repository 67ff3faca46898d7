"""What would serve better on this machine than what is in use, for the Talk notice and the System view."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrinx.app.engine_choice import AUTO, NEURAL_PREFERENCE
from syrinx.app.house import House
from syrinx.app.recommending import Better, InUse, better, recommend
from syrinx.engines.contract import Kind
from syrinx.engines.machine import NVIDIA_CARDS, graphics_cards, usable_cores
from syrinx.engines.models import CatalogueModel, ModelKind
from syrinx.errors import EngineUnavailable

CONTAINER_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
ASSUMED_MEMORY_BYTES: Final = 8_000_000_000
"""Where the system does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    memory_bytes: int
    cores: int
    cuda: bool


def look_at_machine() -> Machine:
    """What this process may use: a container's own limits count."""
    try:
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        memory_bytes = ASSUMED_MEMORY_BYTES
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        memory_bytes = min(memory_bytes, int(CONTAINER_LIMIT.read_text(encoding="ascii")))
    return Machine(memory_bytes=memory_bytes, cores=usable_cores(), cuda=bool(graphics_cards(NVIDIA_CARDS)))


def recommended(house: House, *, machine: Machine | None = None) -> dict[ModelKind, CatalogueModel]:
    """The model of each kind that suits this machine and the house's language; what was measured counts."""
    here = machine or look_at_machine()
    return recommend(
        house.models.catalogue.models,
        language=house.settings.language,
        memory_bytes=here.memory_bytes,
        cores=here.cores,
        cuda=here.cuda,
        measured=_measured(house),
    )


async def worth_a_notice(house: House, *, machine: Machine | None = None) -> tuple[Better, ...]:
    """Which models would serve a talk better than what serves it now; opens no engine."""
    in_use: dict[ModelKind, InUse] = {}
    for kind in ("stt", "tts", "llm"):
        try:
            in_use[kind] = await _in_use(house, kind)
        except EngineUnavailable:
            continue
    installed = [status.model.name for status in house.models.statuses() if status.state != "available"]
    return better(recommended(house, machine=machine), in_use=in_use, installed=installed)


async def _in_use(house: House, kind: ModelKind) -> InUse:
    engines = house.engines
    name = (await engines.in_use(kind))[0]
    wanted = {"stt": house.settings.stt, "tts": house.settings.tts, "llm": house.settings.llm}[kind]
    if kind == "llm":
        model = await engines.language_model()
        return InUse(engine=name, basic=name == "companion", remote=model.leaves_machine, chosen_by_name=wanted != AUTO)
    info = engines.info(kind, name)
    language = house.settings.language.partition("-")[0].lower()
    return InUse(
        engine=name,
        basic=house.shelf.installed(kind, name) is None and info.preference < NEURAL_PREFERENCE,
        remote=info.remote,
        chosen_by_name=wanted != AUTO,
        serves_language=not info.languages or language in info.languages,
    )


def _measured(house: House) -> Mapping[str, bool]:
    found: dict[str, bool] = {}
    for model in house.models.catalogue.models:
        kind: Kind = model.kind
        fast = house.shelf.in_real_time(kind, model.name)
        if fast is not None:
            found[model.name] = fast
    return found
