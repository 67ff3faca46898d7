"""The models that are installed, as engines that can be named, with what is known of their speed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from syrinx.engines.abilities import Ability, fast_enough
from syrinx.engines.contract import Kind
from syrinx.engines.models import Catalogue, InstalledModel
from syrinx.engines.registry import EngineKey, EngineRegistry, ModelEngine


class Installed(Protocol):
    """What is needed of `engines.models.ModelStore`."""

    @property
    def catalogue(self) -> Catalogue: ...

    def installed(self) -> tuple[InstalledModel, ...]: ...


class KnownAbilities(Protocol):
    """What is needed of `engines.ability_record.AbilityRecord`."""

    def get(self, kind: Kind, name: str, identity: str) -> Ability | None: ...


class ModelShelf:
    """Keeps `registry` and `options` in step with the store, which other processes change, too.

    `options` are the pool's, as the settings give them: a model has those of its engine, and the folder of its files.
    """

    def __init__(
        self,
        *,
        store: Installed,
        abilities: KnownAbilities,
        registry: EngineRegistry,
        options: dict[EngineKey, Mapping[str, str]],
        retire: Callable[[Kind, str], None],
    ) -> None:
        self._store = store
        self._abilities = abilities
        self._registry = registry
        self._options = options
        self._given = dict(options)
        self._retire = retire
        self._models: dict[EngineKey, InstalledModel] = {}
        self.changes = 0
        """How often models came, went or changed: whoever keeps what follows from them compares it."""

    def refresh(self) -> None:
        """Look at the store. `retire` is told of models that went or changed."""
        found: dict[EngineKey, InstalledModel] = {
            (installed.model.kind, installed.model.name): installed for installed in self._store.installed()
        }
        if {key: each.identity for key, each in found.items()} == {
            key: each.identity for key, each in self._models.items()
        }:
            return
        self.changes += 1
        for key, before in self._models.items():
            now = found.get(key)
            if now is None or now.identity != before.identity:
                self._options.pop(key, None)
                if key in self._given:
                    self._options[key] = self._given[key]
                self._retire(*key)
        self._models = found
        for key, installed in found.items():
            own: dict[str, str] = {"path": str(installed.path)} | (
                {"model": installed.model.title} if key[0] == "llm" else {}
            )
            self._options[key] = {**self._given.get((key[0], installed.model.engine), {}), **own}
        self._registry.set_models(
            ModelEngine(
                kind=installed.model.kind,
                name=installed.model.name,
                engine=installed.model.engine,
                title=installed.model.title,
                licence=installed.model.licence.id,
                languages=installed.model.languages,
                preference=installed.model.preference,
            )
            for installed in found.values()
        )

    def installed(self, kind: Kind, name: str) -> InstalledModel | None:
        return self._models.get((kind, name))

    def unmeasured(self) -> list[InstalledModel]:
        """Those of which it is not known how fast they are here."""
        return [each for key, each in self._models.items() if self.ability(*key) is None]

    def ability(self, kind: Kind, name: str) -> Ability | None:
        installed = self._models.get((kind, name))
        return None if installed is None else self._abilities.get(kind, name, installed.identity)

    def in_real_time(self, kind: Kind, name: str) -> bool | None:
        """Whether this machine runs the model fast enough for a talk; None while that is not known."""
        ability = self.ability(kind, name)
        return None if ability is None else fast_enough(kind, ability)

    def remedy(self, kind: Kind, name: str) -> str:
        """The command that brings a model of the catalogue which is not installed; "" for any other name."""
        known = any((model.kind, model.name) == (kind, name) for model in self._store.catalogue.models)
        return f"syrinx models pull {name}" if known and (kind, name) not in self._models else ""

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All models of that kind that the catalogue knows, installed or not."""
        return tuple(model.name for model in self._store.catalogue.models if model.kind == kind)
