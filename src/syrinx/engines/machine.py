"""Which machine this is, in words that change when its speed may have: processor, cores, graphics card."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Final

CPU_FACTS: Final = Path("/proc/cpuinfo")
NVIDIA_CARDS: Final = Path("/proc/driver/nvidia/gpus")
_CPU_NAME: Final = re.compile(r"^(?:model name|Hardware|Model|cpu model)[ \t]*:[ \t]*(\S.*)$", re.MULTILINE)


def this_machine() -> str:
    """For example "AMD EPYC 7B13, 2 cores" or "Raspberry Pi 5 Model B Rev 1.0, 4 cores, NVIDIA H200".

    Cores are those that this process may use. A card is named where Linux tells of it; elsewhere, and for the
    processor outside Linux, it is as much as Python knows, which is less than a shop's label.
    """
    cores = usable_cores()
    return ", ".join([cpu_name(CPU_FACTS), f"{cores} core{'s' if cores != 1 else ''}", *graphics_cards(NVIDIA_CARDS)])


def cpu_name(facts: Path) -> str:
    """The processor's name out of Linux's list of facts, else what Python says of it."""
    try:
        named = _CPU_NAME.search(facts.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        named = None
    return named.group(1).strip() if named else platform.processor() or platform.machine() or "unknown processor"


def graphics_cards(folder: Path) -> list[str]:
    """The names of NVIDIA's cards out of their driver's folder; [] where there is none."""
    names: list[str] = []
    for card in sorted(folder.glob("*/information")):
        try:
            named = re.search(r"^Model:[ \t]*(\S.*)$", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        except OSError:
            continue
        if named:
            names.append(named.group(1).strip())
    return names


def usable_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
