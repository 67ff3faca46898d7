"""The catalogue of models that can be pulled: ours, and what a user's own file adds or replaces."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from syrinx.engines.models.catalogue_file import read_entries
from syrinx.engines.models.errors import UnknownModel
from syrinx.engines.models.model import CatalogueModel, Licence
from syrinx.errors import ConfigurationError

_OURS = "catalogue.toml"
_NEAREST = 3


class Catalogue:
    """Models by name, in the order of their files."""

    def __init__(self, models: Iterable[CatalogueModel]) -> None:
        self._by_name = {model.name: model for model in models}

    @property
    def models(self) -> tuple[CatalogueModel, ...]:
        return tuple(self._by_name.values())

    def model(self, name: str) -> CatalogueModel:
        """Raises UnknownModel, which names those that there are, the nearest first."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownModel(f"There is no model {name!r} in the catalogue. {self._those_there_are(name)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def _those_there_are(self, name: str) -> str:
        if not self._by_name:
            return "It is empty."
        near = difflib.get_close_matches(name.lower(), self._by_name, n=_NEAREST, cutoff=0.5)
        rest = [other for other in self._by_name if other not in near]
        return f"There are: {', '.join([*near, *rest])}."


def read_catalogue(extra: Path | None = None) -> Catalogue:
    """Our own catalogue; models of the file `extra`, of the same form, come after it and replace those of their name.

    Raises ConfigurationError, with the entry and the field, for every mistake in `extra`.
    """
    ours = tomllib.loads(resources.files("syrinx.engines.models").joinpath(_OURS).read_text("utf-8"))
    licences: dict[str, Licence] = {}
    models = {model.name: model for model in read_entries(ours, where=_OURS, licences=licences)}
    if extra is not None:
        for model in read_entries(_parsed(extra), where=str(extra), licences=licences):
            models[model.name] = model
    return Catalogue(models.values())


def _parsed(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"The catalogue {file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The catalogue {file} is not text in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The catalogue {file} is not TOML: {error}.") from error
