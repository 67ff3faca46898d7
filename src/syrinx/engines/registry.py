"""Which engines there are: found by entry point, ours and strangers' alike, and imported only when one is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, cast, overload

from syrinx.engines.contract import KINDS, Availability, EngineInfo, Kind, Options, Provider
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.stt.contract import SpeechToText
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.engines.vad.contract import VoiceActivityDetector
from syrinx.errors import ConfigurationError, EngineUnavailable, UnknownEngine

EngineKey = tuple[Kind, str]
"""Kind and name: two kinds may each have an engine of the same name."""

GROUP_PREFIX = "syrinx."

_NO_OPTIONS: Mapping[EngineKey, Options] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReport:
    """What is known of one engine without opening it."""

    kind: Kind
    name: str
    info: EngineInfo | None
    """None when its module cannot be imported; `availability.reason` then says why."""
    availability: Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEngine:
    """An engine with one of its models, known by the model's name: it is opened and reported as any other engine."""

    kind: Kind
    name: str
    engine: str
    """The engine that runs it."""
    title: str
    licence: str
    """Of the model; the engine's own code has one besides."""
    languages: tuple[str, ...]
    preference: int


class _ModelProvider:
    """The engine's provider under the model's name; which files it opens is said by the options."""

    def __init__(self, model: ModelEngine, provider: Provider[object]) -> None:
        self._provider = provider
        self.info = replace(
            provider.info,
            name=model.name,
            title=model.title,
            licence=model.licence,
            languages=model.languages,
            preference=model.preference,
        )

    def check(self, options: Options) -> Availability:
        return self._provider.check(options)

    def open(self, options: Options) -> AbstractAsyncContextManager[object]:
        return self._provider.open(options)


class EngineRegistry:
    """Engines by kind and name.

    `providers` are known by the name in their `info` and stand before entry points of the same name.
    `entry_points_` replaces the installed ones (None: those of all installed packages, read at the first question).
    """

    def __init__(
        self, providers: Iterable[Provider[object]] = (), *, entry_points_: Iterable[EntryPoint] | None = None
    ) -> None:
        self._providers: dict[EngineKey, Provider[object]] = {
            (provider.info.kind, provider.info.name): provider for provider in providers
        }
        self._given = None if entry_points_ is None else tuple(entry_points_)
        self._found: dict[EngineKey, EntryPoint] | None = None
        self._models: dict[EngineKey, ModelEngine] = {}

    def set_models(self, models: Iterable[ModelEngine]) -> None:
        """From now on these models, and no others, can be named beside the engines."""
        self._models = {(model.kind, model.name): model for model in models}

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All names of that kind, sorted; nothing is imported, so one of them may turn out to be unavailable."""
        known = (*self._providers, *self._entry_points(), *self._models)
        return tuple(sorted({name for of_kind, name in known if of_kind == kind}))

    def model(self, kind: Kind, name: str) -> ModelEngine | None:
        """What is known of the model of that name; None for an engine's own name."""
        return self._models.get((kind, name))

    def models_of(self, kind: Kind, engine: str) -> tuple[str, ...]:
        """The models that this engine can run, by name, the preferred first."""
        models = [model for model in self._models.values() if (model.kind, model.engine) == (kind, engine)]
        return tuple(model.name for model in sorted(models, key=lambda each: (-each.preference, each.name)))

    @overload
    def provider(self, kind: Literal["tts"], name: str) -> Provider[TextToSpeech]: ...
    @overload
    def provider(self, kind: Literal["stt"], name: str) -> Provider[SpeechToText]: ...
    @overload
    def provider(self, kind: Literal["llm"], name: str) -> Provider[LanguageModel]: ...
    @overload
    def provider(self, kind: Literal["vad"], name: str) -> Provider[VoiceActivityDetector]: ...
    @overload
    def provider(self, kind: Kind, name: str) -> Provider[Any]: ...
    def provider(self, kind: Kind, name: str) -> Provider[Any]:
        """Import and return one.

        Raises UnknownEngine, naming those that exist, and EngineUnavailable when its module cannot be imported.
        """
        model = self._models.get((kind, name))
        if model is not None:
            return _ModelProvider(model, self._engine(kind, model.engine))
        return self._engine(kind, name)

    def _engine(self, kind: Kind, name: str) -> Provider[Any]:
        """The engine itself, which may have the name of one of its models."""
        known = self._providers.get((kind, name))
        if known is not None:
            return known
        provider = import_provider(self._entry_point(kind, name).value, kind=kind)
        self._providers[kind, name] = provider
        return provider

    def reference(self, kind: Kind, name: str) -> str:
        """Where another process imports it from, as "module:attribute".

        Raises UnknownEngine, and ConfigurationError for a provider that exists in this process only.
        """
        model = self._models.get((kind, name))
        name = model.engine if model is not None else name
        if (kind, name) in self._providers and (kind, name) not in self._entry_points():
            raise ConfigurationError(
                f"the {kind} engine {name!r} exists in this process only: name it in an entry point of the group "
                f"{GROUP_PREFIX}{kind} to run it in a worker"
            )
        return self._entry_point(kind, name).value

    def check(self, options: Mapping[EngineKey, Options] = _NO_OPTIONS) -> list[EngineReport]:
        """Look at every engine of every kind; one that breaks is reported and never hides the others."""
        return [self._report(kind, name, options.get((kind, name), {})) for kind in KINDS for name in self.names(kind)]

    def _report(self, kind: Kind, name: str, options: Options) -> EngineReport:
        info: EngineInfo | None = None
        try:
            provider = self.provider(kind, name)
            info = provider.info
            availability = provider.check(options)
        except EngineUnavailable as error:
            availability = Availability(available=False, reason=error.message)
        except Exception as error:  # noqa: BLE001 - a stranger's code; what it raised is the report
            availability = Availability(available=False, reason=f"its check failed: {type(error).__name__}: {error}")
        return EngineReport(kind=kind, name=name, info=info, availability=availability)

    def _entry_point(self, kind: Kind, name: str) -> EntryPoint:
        found = self._entry_points().get((kind, name))
        if found is None:
            there_are = ", ".join(self.names(kind)) or "none"
            raise UnknownEngine(f"there is no {kind} engine named {name!r}: there are {there_are}")
        return found

    def _entry_points(self) -> dict[EngineKey, EntryPoint]:
        if self._found is None:
            given = self._given
            self._found = {
                (kind, point.name): point
                for kind in KINDS
                for point in (
                    entry_points(group=GROUP_PREFIX + kind)
                    if given is None
                    else (point for point in given if point.group == GROUP_PREFIX + kind)
                )
            }
        return self._found


def import_provider(reference: str, *, kind: Kind) -> Provider[Any]:
    """Import the provider that "module:attribute" names.

    Raises EngineUnavailable when that cannot be imported or provides another kind of engine.
    """
    point = EntryPoint(name=reference, value=reference, group=GROUP_PREFIX + kind)
    try:
        provider = cast("Provider[Any]", point.load())
        provided = provider.info.kind
    except Exception as error:  # a stranger's module may raise anything while it is imported
        raise EngineUnavailable(f"{reference} cannot be imported: {type(error).__name__}: {error}") from error
    if provided != kind:
        raise EngineUnavailable(
            f"{reference} provides a {provided} engine and is registered as {kind}: correct its group"
        )
    return provider
