"""What was measured is found again by the next process on the same machine, whatever happened to the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from syrinx.engines.abilities import Ability
from syrinx.engines.ability_record import DAMAGED_SUFFIX, open_ability_record
from syrinx.engines.contract import Kind

EAR = Ability(real_time_factor=0.25, first_s=0.75, measured_at="2026-11-21T12:00:00+00:00")
MIND = Ability(real_time_factor=None, first_s=1.5, tokens_per_s=12.5, measured_at="2026-11-21T12:00:00+00:00")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "abilities.json"


def test_the_next_process_finds_what_was_measured(file: Path) -> None:
    record = open_ability_record(file)
    record.put("stt", "whisper-tiny", "abc", EAR)
    record.put("llm", "local", "def", MIND)
    later = open_ability_record(file)
    assert later.get("stt", "whisper-tiny", "abc") == EAR
    assert later.get("llm", "local", "def") == MIND


@pytest.mark.parametrize(
    ("kind", "name", "identity"),
    [("tts", "whisper", "abc"), ("stt", "whisper-base", "abc"), ("stt", "whisper", "other files")],
)
def test_another_kind_engine_or_model_was_not_measured(file: Path, kind: Kind, name: str, identity: str) -> None:
    record = open_ability_record(file)
    record.put("stt", "whisper", "abc", EAR)
    assert record.get(kind, name, identity) is None


def test_what_another_machine_measured_does_not_count_here_and_is_kept(file: Path) -> None:
    open_ability_record(file, machine="a fast one").put("stt", "whisper", "abc", EAR)
    here = open_ability_record(file, machine="a slow one")
    assert here.get("stt", "whisper", "abc") is None
    here.put("stt", "whisper", "abc", MIND)
    assert open_ability_record(file, machine="a fast one").get("stt", "whisper", "abc") == EAR


def test_two_processes_keep_and_see_each_others_measurements(file: Path) -> None:
    one, two = open_ability_record(file), open_ability_record(file)
    one.put("stt", "whisper", "abc", EAR)
    two.put("llm", "local", "def", MIND)
    assert one.get("llm", "local", "def") == MIND
    assert open_ability_record(file).get("stt", "whisper", "abc") == EAR


def test_a_new_measurement_takes_the_place_of_the_old_one(file: Path) -> None:
    record = open_ability_record(file)
    record.put("stt", "whisper", "abc", EAR)
    record.put("stt", "whisper", "abc", MIND)
    assert open_ability_record(file).get("stt", "whisper", "abc") == MIND


def test_what_another_process_measured_anew_counts_at_once(file: Path) -> None:
    server, command = open_ability_record(file), open_ability_record(file)
    server.put("stt", "whisper", "abc", EAR)
    command.put("stt", "whisper", "abc", MIND)
    assert server.get("stt", "whisper", "abc") == MIND


def test_a_file_that_did_not_change_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ability_record(file).put("stt", "whisper", "abc", EAR)
    record = open_ability_record(file)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read again"))
    assert record.get("stt", "never measured", "abc") is None
    assert record.get("stt", "whisper", "abc") == EAR


def _field(name: str, value: object) -> Callable[[str], str]:
    def change(text: str) -> str:
        content = json.loads(text)
        content["abilities"][0][name] = value
        return json.dumps(content)

    return change


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: '{"version": 2, "abilities": []}',
        lambda text: '{"version": 1, "abilities": {}}',
        lambda text: '{"version": 1, "abilities": [1]}',
        _field("first_s", "soon"),
        _field("first_s", None),
        _field("first_s", -1),
        _field("first_s", float("nan")),
        _field("kind", "nose"),
        _field("name", None),
    ],
)
def test_a_damaged_file_is_set_aside_and_begun_anew(file: Path, damage: Callable[[str], str]) -> None:
    open_ability_record(file).put("stt", "whisper", "abc", EAR)
    damaged = damage(file.read_text())
    file.write_text(damaged)
    record = open_ability_record(file)
    assert record.get("stt", "whisper", "abc") is None
    assert file.with_name(file.name + DAMAGED_SUFFIX).read_text() == damaged
    record.put("stt", "whisper", "abc", EAR)
    assert open_ability_record(file).get("stt", "whisper", "abc") == EAR


def test_a_file_that_is_damaged_meanwhile_costs_nothing_that_is_known(file: Path) -> None:
    record = open_ability_record(file)
    record.put("stt", "whisper", "abc", EAR)
    file.write_bytes(b"\xff\xfe{")
    record.put("llm", "local", "def", MIND)
    assert open_ability_record(file).get("stt", "whisper", "abc") == EAR


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    open_ability_record(file).put("stt", "whisper", "abc", EAR)
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_where_nothing_can_be_written_this_process_remembers(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    record = open_ability_record(tmp_path / "home" / "abilities.json")
    record.put("stt", "whisper", "abc", EAR)
    assert record.get("stt", "whisper", "abc") == EAR


@pytest.mark.skipif(sys.platform != "linux", reason="the processor's name is read as Linux tells it")
def test_the_file_names_the_machine_for_people(file: Path) -> None:
    open_ability_record(file).put("stt", "whisper", "abc", EAR)
    (entry,) = json.loads(file.read_text())["abilities"]
    assert "core" in entry["machine"]
