"""What `syrinx verify` does: puts the engines in use to the test and prints what to think of each."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console

from syrinx.app.house import House, open_house
from syrinx.app.settings import Settings
from syrinx.app.verification import VERIFIED_KINDS, Verification, VerifiedKind
from syrinx.app.verification_table import print_json, print_table
from syrinx.app.verifier import Remember, Verifier
from syrinx.engines.abilities import Ability, Clock
from syrinx.engines.contract import Kind
from syrinx.engines.registry import EngineRegistry
from syrinx.errors import EngineError, SyrinxError, UnknownEngine
from syrinx.testing.human_clips import HumanClip, human_clips

KIND_TITLES: dict[VerifiedKind, str] = {"stt": "Hearing", "tts": "Speaking", "llm": "Thinking"}


class NotVerified(SyrinxError):
    """An engine in use is too slow for a talk here, does not serve, or cannot be opened."""

    code = "not_verified"


async def verify(
    settings: Settings,
    kinds: Sequence[VerifiedKind] = VERIFIED_KINDS,
    *,
    engine: str | None = None,
    remote: bool = False,
    as_json: bool = False,
    console: Console,
    remember: Remember | None = None,
    clips: Sequence[HumanClip] | None = None,
    registry: EngineRegistry | None = None,
    clock: Clock = time.perf_counter,
) -> None:
    """Print what was found of each kind's engine in use, or of `engine`. Nothing leaves the machine without `remote`.

    `clips`, one or more, are played at the pace of speech; None takes all recordings.
    Raises NotVerified when an engine fails, UnknownEngine and ConfigurationError.
    """
    async with open_house(settings, registry=registry, serving=False) as house:
        verifier = Verifier(
            house=house, remote=remote, remember=remember, clips=human_clips() if clips is None else clips, clock=clock
        )
        found: list[Verification] = []
        for kind in _kinds_of(house, kinds, engine):
            if as_json:
                found.append(await verifier.verify(kind, engine))
            else:
                with console.status(f"{KIND_TITLES[kind]} ..."):
                    found.append(await verifier.verify(kind, engine))
    if as_json:
        print_json(found, console=console)
    else:
        print_table(found, console=console)
    failed = [each for each in found if each.verdict == "fails"]
    if failed:
        raise NotVerified("; ".join(f"{each.engine or each.kind}: {each.says}" for each in failed))


def _kinds_of(house: House, kinds: Sequence[VerifiedKind], engine: str | None) -> Sequence[VerifiedKind]:
    """Those of which there is such an engine or model; where there is none, all, so that it is said what there is."""
    if engine is None:
        return kinds
    known: list[VerifiedKind] = []
    for kind in kinds:
        try:
            house.engines.info(kind, engine)
        except UnknownEngine:
            if engine not in house.shelf.names(kind):
                continue
        except EngineError:
            pass  # known, and broken: opening it says how
        known.append(kind)
    return known or kinds


def remember_in_house(house: House, kind: Kind, engine: str, ability: Ability) -> None:
    """Let `auto` go by what was found, where the engine is one of the store's models."""
    installed = house.shelf.installed(kind, engine)
    if installed is not None:
        house.abilities.put(kind, engine, installed.identity, ability)
