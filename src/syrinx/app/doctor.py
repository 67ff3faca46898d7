"""Looks at this machine and says what works, what is missing and the command that mends it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import syrinx
from syrinx.app.advising import recommended, worth_a_notice
from syrinx.app.doctor_kept import of_what_is_kept
from syrinx.app.figures import size_words, speed_words
from syrinx.app.findings import Finding
from syrinx.app.house import House
from syrinx.engines.abilities import fast_enough
from syrinx.engines.contract import Kind
from syrinx.engines.registry import EngineReport
from syrinx.errors import EngineUnavailable

KIND_NAMES: dict[Kind, str] = {"stt": "hearing", "vad": "noticing speech", "llm": "thinking", "tts": "speaking"}

_SENT: Final[Mapping[Kind, str]] = {
    "stt": "the sound of what is said in talks and of recordings",
    "tts": "the text of all that is spoken",
}
"""What leaves this machine where an engine elsewhere is in use."""


async def examine(house: House) -> list[Finding]:
    """Everything worth knowing, by kind of engine; opens no engine and sends nothing away."""
    findings = [*_machine(house), *_store(house), *[each async for each in of_what_is_kept(house)]]
    model = await house.engines.language_model()
    reports = [report for report in house.engines.reports() if not _stands_for_models(house, report)]
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
        speed, too_slow = _speed(house, report)
        title = ": ".join(part for part in (report.info.title if report.info else report.name, speed) if part)
        if report.kind == "llm" and chosen:
            title = "; ".join(part for part in (model.title, model.reason, speed) if part)
        findings.append(
            Finding(
                what=f"{KIND_NAMES[report.kind]}: {report.name}",
                verdict="missing" if not available.available else "attention" if too_slow else "works",
                says=f"{title} ({facts})" if facts and available.available else available.reason or title,
                remedy="" if available.available else available.remedy,
                in_use=chosen,
            )
        )
    findings += [
        Finding(
            what=f"recommended: {each.model.name}",
            verdict="attention",
            says=f"{each.says} {size_words(each.model.size_bytes)}, {each.model.licence.name}.",
            remedy=f"syrinx models pull {each.model.name}",
        )
        for each in await worth_a_notice(house)
        if each.model.kind != "llm"  # the remedy of the line about the language model
    ]
    if model.engine == "companion":
        findings.append(
            Finding(
                what="language model",
                verdict="attention",
                says="none is configured: a script answers, and says so",
                remedy=f"{_local_mind(house)}install Ollama, or set OPENROUTER_API_KEY or SYRINX_LLM_URL in .env",
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
    findings += [
        Finding(
            what="privacy",
            verdict="attention",
            says=f"{_SENT[report.kind]} is sent to {report.availability.facts.get('address', 'a service elsewhere')}",
            remedy=f"SYRINX_{report.kind.upper()}=auto keeps it here",
        )
        for report in reports
        if report.kind in _SENT and report.info and report.info.remote and report.name in in_use[report.kind]
    ]
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
    yield _folder("data folder", house.settings.home, setting="SYRINX_HOME")
    if sys.prefix == sys.base_prefix:
        yield Finding(
            what="environment",
            verdict="attention",
            says="not in a virtual environment of its own",
            remedy="make run sets one up",
        )


def _store(house: House) -> Iterator[Finding]:
    store = house.models
    free = store.free_bytes()
    room = "" if free is None else f", {size_words(free)} free"
    yield _folder("models folder", store.folder, setting="SYRINX_MODELS", says=room)
    if store.hub.offline:
        yield Finding(
            what="model hub",
            verdict="attention",
            says="is not asked: the settings say so",
            remedy="unset HF_HUB_OFFLINE, or syrinx models adopt NAME FOLDER",
        )
    else:
        yield Finding(what="model hub", verdict="works", says=f"{store.hub.shown_endpoint}: asked only by a pull")
    for status in store.statuses():
        model = status.model
        if status.state == "damaged":
            yield Finding(
                what=f"model: {model.name}",
                verdict="missing",
                says=status.problem,
                remedy=f"syrinx models pull {model.name}",
            )
        elif status.state == "available" and status.partial_bytes:
            yield Finding(
                what=f"model: {model.name}",
                verdict="attention",
                says=f"{size_words(status.partial_bytes)} of {size_words(model.size_bytes)} are here",
                remedy=f"syrinx models pull {model.name}",
            )


def _folder(what: str, folder: Path, *, setting: str, says: str = "") -> Finding:
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    return Finding(
        what=what,
        verdict="works" if writable else "missing",
        says=f"{folder}{says}" if writable else f"{folder} cannot be written",
        remedy="" if writable else f"set {setting} to a folder that you may write",
    )


def _stands_for_models(house: House, report: EngineReport) -> bool:
    """An engine that wants for a model although some are installed, each of which has a line of its own."""
    return not report.availability.available and any(
        model.kind == report.kind and model.engine == report.name and house.shelf.installed(model.kind, model.name)
        for model in house.models.catalogue.models
        if model.name != report.name
    )


def _speed(house: House, report: EngineReport) -> tuple[str, bool]:
    """Of a model on this machine, in words, and whether it is too slow for a talk."""
    if house.shelf.installed(report.kind, report.name) is None:
        return "", False
    ability = house.shelf.ability(report.kind, report.name)
    if ability is None:
        failure = house.measuring.failure(report.kind, report.name)
        return f"could not be measured ({failure})" if failure else "not measured yet", False
    words = speed_words(
        real_time_factor=ability.real_time_factor, tokens_per_s=ability.tokens_per_s, first_s=ability.first_s
    )
    too_slow = not fast_enough(report.kind, ability)
    return (f"too slow for a talk here, {words}" if too_slow else words), too_slow


def _local_mind(house: House) -> str:
    """What brings a language model that needs nobody else, as the beginning of a list of remedies."""
    suits = recommended(house).get("llm")
    if suits is None:
        return ""
    if house.shelf.installed("llm", suits.name) is not None:
        return f"syrinx verify llm --engine {suits.name} measures the one that is here; or "
    return f"syrinx models pull {suits.name}; or "
