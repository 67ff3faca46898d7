"""What every kind of engine shares: how it is described, found and opened.

An engine is one file. Its entry point (`[project.entry-points."syrinx.tts"]`, likewise stt, llm, vad) names a
module-level `provider`. Importing that module must be cheap: heavy libraries are imported inside `open`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar, runtime_checkable

Kind = Literal["tts", "stt", "llm", "vad"]
KINDS: tuple[Kind, ...] = ("tts", "stt", "llm", "vad")

Host = Literal["process", "worker"]
"""`process`: in the server's own process. `worker`: in a process of its own, spoken to over gRPC."""
HOSTS: tuple[Host, ...] = ("process", "worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """Facts about an engine that hold before it is opened."""

    name: str
    """The entry point's name: lower case, no spaces."""
    kind: Kind
    title: str
    """What people read in lists, for example "espeak-ng (basic, built in)"."""
    licence: str
    """SPDX expression of the code and, where it has any, of the weights."""
    host: Host = "process"
    """Where it runs unless the settings say otherwise."""
    languages: tuple[str, ...] = ()
    """BCP 47 primary tags that it serves, where that is known before it is opened; () asks the opened engine."""
    remote: bool = False
    """True when what a person says or writes leaves this machine."""
    clones: bool = False
    """Of voice engines: whether it learns voices from samples. Told here, too, so that nobody opens it to ask."""
    preference: int = 0
    """`auto` takes the available engine with the highest; built-in ones have 10 (works everywhere) and 20
    (better), neural ones 50 and more."""
    max_active: int = 4
    """Requests that may run in one opened engine at once; more wait."""
    max_queued: int = 64
    """Requests that may wait; more are refused with EngineBusy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Whether an engine could be opened here, checked without loading it."""

    available: bool
    reason: str = ""
    """What is missing, one sentence; empty when available."""
    remedy: str = ""
    """The command or setting that mends it; empty when there is none or none is needed."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Versions, paths and addresses worth showing in `syrinx doctor`; never a secret."""


Options = Mapping[str, str]
"""An engine's own settings by name, for example {"url": ..., "key": ..., "model": ...}."""

EngineT_co = TypeVar("EngineT_co", covariant=True)


class Provider(Protocol[EngineT_co]):
    """What an entry point names."""

    @property
    def info(self) -> EngineInfo: ...

    def check(self, options: Options) -> Availability:
        """Look, without loading models or using the network, whether `open` would work."""
        ...

    def open(self, options: Options) -> AbstractAsyncContextManager[EngineT_co]:
        """Load the engine; leaving the context frees all that it holds.

        Raises EngineUnavailable, with the remedy in the message, when it cannot be opened.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was found of an engine's far end a moment ago."""

    healthy: bool
    reason: str = ""
    """What is wrong and what to do, one sentence; empty when healthy."""


@runtime_checkable
class Probing(Protocol):
    """What the provider of a remote engine may have beside the rest."""

    async def probe(self, options: Options) -> Probe:
        """Ask the far end whether it is well: within a few seconds, with no words or sound of anybody's, and without
        opening the engine. Whatever goes wrong is told, not raised."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an engine may take; None: as long as others of its kind."""

    first_item_s: float | None = None
    """To its first item, for kinds that give several."""
    next_item_s: float | None = None
    final_within_s: float | None = None
    """For speech to text: to the end of an utterance, from the end of its audio."""
    recording_silence_s: float | None = None
    """For speech to text: at work on a recording between two signs of life."""


@runtime_checkable
class Patient(Protocol):
    """What the provider may have whose engine needs another patience than its kind's."""

    def patience(self, options: Options) -> Patience:
        """Raises ConfigurationError where the options are wrong."""
        ...
