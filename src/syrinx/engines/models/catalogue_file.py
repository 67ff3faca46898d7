"""The form of a catalogue's file: `[licences.ID]`, `[languages]` and `[[models]]`, checked field by field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from syrinx.engines.models.model import MODEL_KINDS, CatalogueModel, Licence, ModelFile, ModelKind
from syrinx.engines.models.names import wrong_file_path, wrong_model_name, wrong_repository, wrong_revision, wrong_url
from syrinx.errors import ConfigurationError

_LICENCE_FIELDS = ("name", "url", "summary")
_FILE_FIELDS = ("path", "size_bytes", "sha256", "save_as", "repository", "revision", "url")
_MODEL_FIELDS = (
    "name",
    "engine",
    "kind",
    "title",
    "good_for",
    "languages",
    "licence",
    "repository",
    "revision",
    "files",
    "memory_bytes",
    "preference",
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LICENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_ENGINE = re.compile(r"[a-z0-9][a-z0-9_.-]*")

Check = Callable[[str], str]
"""What is wrong with a text, as the rest of a sentence; "" when nothing is."""


def read_entries(
    content: Mapping[str, object], *, where: str, licences: dict[str, Licence]
) -> tuple[CatalogueModel, ...]:
    """The models of one file; its licences are added to `licences`, where earlier files' may be referred to.

    Raises ConfigurationError that names `where`, the entry and the field.
    """
    top = _Table(content, place=where)
    top.allow(("licences", "languages", "models"))
    for licence_id, table in top.tables("licences").items():
        licences[licence_id] = _licence(licence_id, table)
    groups = top.table("languages")
    models: dict[str, CatalogueModel] = {}
    for table in top.entries("models", key="name"):
        model = _model(table, licences, groups)
        if model.name in models:
            raise table.wrong("name", f"is there twice: {model.name!r}")
        models[model.name] = model
    return tuple(models.values())


def _licence(licence_id: str, table: _Table) -> Licence:
    table.allow(_LICENCE_FIELDS)
    if not _LICENCE_ID.fullmatch(licence_id):
        raise ConfigurationError(f"{table.place}: {licence_id!r} must be an SPDX identifier or LicenseRef-...")
    return Licence(
        id=licence_id,
        name=table.text("name"),
        url=table.text("url", wrong_url),
        summary=table.text("summary"),
    )


def _model(table: _Table, licences: Mapping[str, Licence], groups: _Table) -> CatalogueModel:
    table.allow(_MODEL_FIELDS)
    kind = table.text("kind", _one_of(MODEL_KINDS))
    licence_id = table.text("licence", _one_of(tuple(licences)))
    files = tuple(_file(entry) for entry in table.entries("files", key="path"))
    if not files:
        raise table.wrong("files", "must name at least one file")
    places = [file.save_as.lower() for file in files]
    if twice := [place for place in places if places.count(place) > 1]:
        raise table.wrong("files", f"would save two files as {twice[0]}")
    return CatalogueModel(
        name=table.text("name", wrong_model_name),
        engine=table.text("engine", _matching(_ENGINE, "must be the name of an engine, for example whisper")),
        kind=cast("ModelKind", kind),
        title=table.text("title"),
        good_for=table.text("good_for"),
        languages=_languages(table, groups),
        licence=licences[licence_id],
        repository=table.text("repository", wrong_repository),
        revision=table.text("revision", wrong_revision, default="main"),
        files=files,
        memory_bytes=table.number("memory_bytes", least=1),
        preference=table.number("preference", least=0),
    )


def _languages(table: _Table, groups: _Table) -> tuple[str, ...]:
    """A list, or the name of one under `[languages]`."""
    check = _matching(_LANGUAGE, "must be a language such as en or yue")
    if isinstance(table.content.get("languages"), str):
        return groups.texts(table.text("languages", _one_of(tuple(groups.content))), check)
    return table.texts("languages", check)


def _file(table: _Table) -> ModelFile:
    table.allow(_FILE_FIELDS)
    path = table.text("path", wrong_file_path)
    sha256 = table.text("sha256", _matching(_SHA256, "must be 64 hexadecimal digits in lower case"), default="")
    url = table.text("url", wrong_url, default="")
    if url and not sha256:
        raise table.wrong("sha256", "is missing: what does not come from the hub is checked against nothing else")
    repository = table.text("repository", wrong_repository, default="")
    return ModelFile(
        path=path,
        size_bytes=table.number("size_bytes", least=0),
        sha256=sha256 or None,
        save_as=table.text("save_as", wrong_file_path, default=path),
        repository=repository,
        revision=table.text("revision", wrong_revision, default="main" if repository else ""),
        url=url,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, and the words that say which one it is."""

    content: Mapping[str, object]
    place: str

    def wrong(self, field: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.place}: {field} {problem}.")

    def allow(self, fields: Iterable[str]) -> None:
        known = tuple(fields)
        for field in self.content:
            if field not in known:
                near = difflib.get_close_matches(field, known, n=1)
                meant = f"did you mean {near[0]}" if near else f"there are {', '.join(known)}"
                raise self.wrong(field, f"is not a field of it: {meant}")

    def text(self, field: str, check: Check | None = None, *, default: str | None = None) -> str:
        value = self.content.get(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.wrong(field, "must be text that is not empty")
        if check is not None and value != default and (problem := check(value)):
            raise self.wrong(field, f"{problem}, not {value!r}")
        return value

    def texts(self, field: str, check: Check) -> tuple[str, ...]:
        values = self.content.get(field)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise self.wrong(field, "must be a list of texts that is not empty")
        for value in cast("list[str]", values):
            if problem := check(value):
                raise self.wrong(field, f"{problem}, not {value!r}")
        return tuple(cast("list[str]", values))

    def number(self, field: str, *, least: int) -> int:
        value = self.content.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(field, f"must be a whole number from {least} on")
        return value

    def table(self, field: str) -> _Table:
        value = self.content.get(field, {})
        if not isinstance(value, dict):
            raise self.wrong(field, f"must be a table, written [{field}]")
        return _Table(cast("dict[str, object]", value), f"{self.place}, {field}")

    def tables(self, field: str) -> dict[str, _Table]:
        value = self.content.get(field, {})
        if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
            raise self.wrong(field, f"must be tables, written [{field}.NAME]")
        tables = cast("dict[str, dict[str, object]]", value)
        return {name: _Table(table, f"{self.place}, {field}.{name}") for name, table in tables.items()}

    def entries(self, field: str, *, key: str) -> tuple[_Table, ...]:
        value = self.content.get(field, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.wrong(field, f"must be a list of tables, written [[{field}]] or {{ ... }}")
        entries = cast("list[dict[str, object]]", value)
        return tuple(
            _Table(entry, f"{self.place}, {field} {entry.get(key, number)!r}")
            for number, entry in enumerate(entries, 1)
        )


def _matching(pattern: re.Pattern[str], problem: str) -> Check:
    return lambda value: "" if pattern.fullmatch(value) else problem


def _one_of(values: tuple[str, ...]) -> Check:
    return lambda value: "" if value in values else f"must be one of {', '.join(values) or 'none that is there'}"
