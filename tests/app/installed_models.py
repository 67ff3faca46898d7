"""Models that are installed as far as the app can tell, for tests of what it makes of them."""

from __future__ import annotations

from pathlib import Path

from syrinx.engines.abilities import Ability
from syrinx.engines.contract import Kind
from syrinx.engines.models import Catalogue, CatalogueModel, InstalledModel, Licence, ModelFile, ModelKind

FAST = Ability(real_time_factor=0.1, first_s=0.1, tokens_per_s=50.0, measured_at="2026-11-21T00:00:00+00:00")
SLOW = Ability(real_time_factor=9.0, first_s=30.0, tokens_per_s=0.1, measured_at="2026-11-21T00:00:00+00:00")


def a_model(
    name: str, *, kind: ModelKind = "stt", engine: str = "whisper", preference: int = 60, languages: str = "en de"
) -> CatalogueModel:
    return CatalogueModel(
        name=name,
        engine=engine,
        kind=kind,
        title=name.title(),
        good_for="Tests.",
        languages=tuple(languages.split()),
        licence=Licence(id="MIT", name="MIT", url="https://example.org/mit", summary="Free."),
        repository=f"tests/{name}",
        revision="main",
        files=(ModelFile(path="model.bin", size_bytes=1000),),
        memory_bytes=1000,
        preference=preference,
    )


class Store:
    """Holds whatever is put into it."""

    def __init__(self, *models: CatalogueModel) -> None:
        self.catalogue = Catalogue(models)
        self.here: dict[str, InstalledModel] = {}

    def install(self, name: str, *, identity: str = "1") -> InstalledModel:
        model = next(model for model in self.catalogue.models if model.name == name)
        found = InstalledModel(
            model=model, path=Path("/models", name), revision="abc", identity=identity, adopted=False
        )
        self.here[name] = found
        return found

    def installed(self) -> tuple[InstalledModel, ...]:
        return tuple(self.here.values())


class Abilities:
    """Remembers in memory."""

    def __init__(self) -> None:
        self.known: dict[tuple[Kind, str, str], Ability] = {}

    def get(self, kind: Kind, name: str, identity: str) -> Ability | None:
        return self.known.get((kind, name, identity))

    def put(self, kind: Kind, name: str, identity: str, ability: Ability) -> None:
        self.known[kind, name, identity] = ability
