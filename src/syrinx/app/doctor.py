"""Looks at this machine and says what works, what is missing and the command that mends it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import syrinx
from syrinx.app.house import House
from syrinx.engines.contract import Kind
from syrinx.errors import EngineUnavailable

Verdict = Literal["works", "missing", "attention"]

KIND_NAMES: dict[Kind, str] = {"stt": "hearing", "vad": "noticing speech", "llm": "thinking", "tts": "speaking"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report; `remedy` is a command or a setting."""

    what: str
    verdict: Verdict
    says: str
    remedy: str = ""
    in_use: bool = False


async def examine(house: House) -> list[Finding]:
    """Everything worth knowing, by kind of engine; opens nothing and sends nothing away."""
    findings = list(_machine(house))
    model = await house.engines.language_model()
    reports = house.engines.reports()
    in_use: dict[Kind, tuple[str, ...]] = {kind: await _in_use(house, kind) for kind in KIND_NAMES}
    for kind, engines in in_use.items():
        if not engines:
            findings.append(
                Finding(
                    what=KIND_NAMES[kind],
                    verdict="missing",
                    says="no engine of this kind can be used here",
                    remedy="mend one of those below",
                    in_use=True,
                )
            )
    for report in reports:
        available = report.availability
        chosen = report.name in in_use[report.kind]
        facts = ", ".join(f"{name} {value}" for name, value in available.facts.items())
        title = report.info.title if report.info else report.name
        if report.kind == "llm" and chosen:
            title = f"{model.title}; {model.reason}"
        findings.append(
            Finding(
                what=f"{KIND_NAMES[report.kind]}: {report.name}",
                verdict="works" if available.available else "missing",
                says=f"{title} ({facts})" if facts and available.available else available.reason or title,
                remedy="" if available.available else available.remedy,
                in_use=chosen,
            )
        )
    if model.engine == "companion":
        findings.append(
            Finding(
                what="language model",
                verdict="attention",
                says="none is configured: a script answers, and says so",
                remedy="install Ollama, or set OPENROUTER_API_KEY or SYRINX_LLM_URL in .env",
            )
        )
    elif model.leaves_machine:
        findings.append(
            Finding(
                what="privacy",
                verdict="attention",
                says=f"what is said in a talk is sent, as text, to {model.destination}",
                remedy="SYRINX_LLM=companion or a model on this machine keeps it here",
            )
        )
    return findings


async def _in_use(house: House, kind: Kind) -> tuple[str, ...]:
    """The names in use; none where "auto" finds nothing that works."""
    try:
        return await house.engines.in_use(kind)
    except EngineUnavailable:
        return ()


def _machine(house: House) -> Iterator[Finding]:
    yield Finding(
        what="syrinx",
        verdict="works",
        says=f"{syrinx.__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    )
    home = house.settings.home
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    yield Finding(
        what="data folder",
        verdict="works" if writable else "missing",
        says=str(home) if writable else f"{home} cannot be written",
        remedy="" if writable else "set SYRINX_HOME to a folder that you may write",
    )
    if sys.prefix == sys.base_prefix:
        yield Finding(
            what="environment",
            verdict="attention",
            says="not in a virtual environment of its own",
            remedy="make run sets one up",
        )
