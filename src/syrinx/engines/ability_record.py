"""What was measured of engines on this machine, remembered in a file so that no start has to measure it again."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

import structlog

from syrinx.engines.abilities import Ability
from syrinx.engines.contract import KINDS, Kind
from syrinx.engines.machine import this_machine
from syrinx.whole_files import write_whole

log = structlog.get_logger()

VERSION: Final = 1
DAMAGED_SUFFIX: Final = ".damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    machine: str
    kind: Kind
    name: str
    identity: str


_Entries = dict[_Key, Ability]


class _Damaged(ValueError):
    """The file does not hold what this module writes."""


class AbilityRecord:
    """Made by `open_ability_record`. Any thread may read and write.

    Reading costs a stat, and a few milliseconds where another process has written; writing as much.
    """

    def __init__(self, file: Path, *, machine: str) -> None:
        self._file = file
        self._machine = machine
        self._lock = threading.Lock()
        self._entries: _Entries = {}
        self._state: tuple[int, int, int] | None = None
        """Of the file as it was taken over: time of change, size and inode."""
        with self._lock:
            self._refresh()

    def get(self, kind: Kind, name: str, identity: str) -> Ability | None:
        """What was measured on this machine of that engine with those files; None when it was not.

        `identity` tells one state of the model's files, and whatever else decides the speed, from another.
        """
        key = _Key(machine=self._machine, kind=kind, name=name, identity=identity)
        with self._lock:
            self._refresh()
            return self._entries.get(key)

    def put(self, kind: Kind, name: str, identity: str, ability: Ability) -> None:
        """Remember it, in place of what was measured before.

        What other processes have written is kept; of two that write in the same instant one may be lost, and is then
        measured again. Where the file cannot be written only this process remembers, and the log says so.
        """
        key = _Key(machine=self._machine, kind=kind, name=name, identity=identity)
        with self._lock:
            self._refresh()
            self._entries[key] = ability
            try:
                _replace(self._file, self._entries)
            except OSError as error:
                log.warning("what was measured cannot be kept", file=str(self._file), reason=str(error))

    def _refresh(self) -> None:
        """Take over what the file holds by now; a damaged one is set aside, and the next `put` begins a new one."""
        try:
            found = self._file.stat()
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            if state == self._state:
                return
            self._entries.update(_parsed(self._file.read_bytes()))
            self._state = state
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("what was measured cannot be read", file=str(self._file), reason=str(error))
        except _Damaged as damage:
            aside = self._file.with_name(self._file.name + DAMAGED_SUFFIX)
            log.warning("what was measured is damaged and begun anew", kept_as=str(aside), reason=str(damage))
            with suppress(OSError):  # a folder that cannot be written keeps the file; `put` tells of it
                self._file.replace(aside)


def open_ability_record(file: Path, *, machine: str | None = None) -> AbilityRecord:
    """The record in this file, which need not exist yet, nor its folder; `machine` names this one (`this_machine`)."""
    return AbilityRecord(file, machine=machine or this_machine())


def _parsed(raw: bytes) -> _Entries:
    try:
        content = cast("object", json.loads(raw))
    except ValueError as error:
        raise _Damaged(f"it is no JSON: {error}") from error
    if not isinstance(content, dict) or cast("dict[str, object]", content).get("version") != VERSION:
        raise _Damaged(f"an object with version {VERSION} should stand there")
    listed = cast("dict[str, object]", content).get("abilities")
    if not isinstance(listed, list):
        raise _Damaged("a list of abilities should stand there")
    return dict(_entry(each) for each in cast("list[object]", listed))


def _entry(listed: object) -> tuple[_Key, Ability]:
    if not isinstance(listed, dict):
        raise _Damaged(f"{listed!r} is no ability")
    fields = cast("dict[str, object]", listed)
    kind = _text(fields, "kind")
    if kind not in KINDS:
        raise _Damaged(f"{kind!r} is no kind of engine")
    first_s = _number(fields, "first_s")
    if first_s is None:
        raise _Damaged("first_s is missing")
    key = _Key(
        machine=_text(fields, "machine"), kind=kind, name=_text(fields, "name"), identity=_text(fields, "identity")
    )
    return key, Ability(
        real_time_factor=_number(fields, "real_time_factor"),
        first_s=first_s,
        tokens_per_s=_number(fields, "tokens_per_s"),
        measured_at=_text(fields, "measured_at"),
    )


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise _Damaged(f"{name} is {value!r}, not a text")


def _number(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise _Damaged(f"{name} is {value!r}, not a number from 0")


def _replace(file: Path, entries: _Entries) -> None:
    listed = [asdict(key) | asdict(ability) for key, ability in entries.items()]
    file.parent.mkdir(parents=True, exist_ok=True)
    written = json.dumps({"version": VERSION, "abilities": listed}, ensure_ascii=False, indent=1)
    write_whole(file, f"{written}\n".encode())
