"""The providers of engines elsewhere, written once: each says how its options are read and what opens it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

from syrinx.engines.contract import Availability, EngineInfo, Options, Patience, Probe
from syrinx.engines.remote.settings import RemoteSettings
from syrinx.errors import ConfigurationError, EngineUnavailable


class ReadSettings(Protocol):
    """What the options of such an engine say."""

    @property
    def remote(self) -> RemoteSettings: ...


SettingsT = TypeVar("SettingsT")
ReadSettingsT = TypeVar("ReadSettingsT", bound=ReadSettings)
EngineT = TypeVar("EngineT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteProvider(Generic[ReadSettingsT, EngineT]):
    """A `Provider` that is `Probing` and `Patient`."""

    info: EngineInfo
    read: Callable[[Options], ReadSettingsT]
    """Raises ConfigurationError that names the option and what would be right."""
    facts: Callable[[ReadSettingsT], Mapping[str, str]]
    patience_with: Callable[[RemoteSettings], Patience]
    opener: str
    """See `opened`."""
    health: tuple[str, ...]
    """The routes of which the first that exists is asked; see `probing.probed`."""
    guarded: tuple[str, ...] = ()
    away: str = ""
    """How the reason begins where it is not well; "" leaves it as it is."""

    def check(self, options: Options) -> Availability:
        return checked(options, self.read, self.facts)

    def patience(self, options: Options) -> Patience:
        return self.patience_with(self.read(options).remote)

    async def probe(self, options: Options) -> Probe:
        try:
            settings = self.read(options)
        except ConfigurationError as error:
            return Probe(healthy=False, reason=error.message)
        probing = await asyncio.to_thread(import_module, "syrinx.engines.remote.probing")
        found: Probe = await probing.probed(settings.remote, self.health, guarded=self.guarded)
        return found if found.healthy or not self.away else replace(found, reason=f"{self.away}: {found.reason}")

    def open(self, options: Options) -> AbstractAsyncContextManager[EngineT]:
        return opened(options, self.read, self.opener)


def checked(
    options: Options,
    read: Callable[[Options], SettingsT],
    facts: Callable[[SettingsT], Mapping[str, str]],
    *,
    remedy: str = "",
) -> Availability:
    """Available with `facts` of its settings where these can be read."""
    try:
        settings = read(options)
    except ConfigurationError as error:
        return Availability(available=False, reason=error.message, remedy=remedy)
    return Availability(available=True, facts=facts(settings))


@asynccontextmanager
async def opened(options: Options, read: Callable[[Options], SettingsT], opener: str) -> AsyncGenerator[Any, None]:
    """The engine that `opener` opens, "module:function" as entry points are written, called with the settings.

    Raises EngineUnavailable where they cannot be read.
    """
    try:
        settings = read(options)
    except ConfigurationError as error:
        raise EngineUnavailable(error.message) from error
    module, _, name = opener.partition(":")
    # The HTTP library takes 0.2 s to import: not while others are being heard.
    client = await asyncio.to_thread(import_module, module)
    async with getattr(client, name)(settings) as engine:
        yield engine
