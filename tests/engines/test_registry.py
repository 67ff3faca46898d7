"""Engines are found by name, and a broken one never hides the others."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from syrinx.engines.contract import Availability, Options
from syrinx.engines.registry import EngineRegistry
from syrinx.errors import ConfigurationError, EngineUnavailable, UnknownEngine
from syrinx.testing.providers import FakeProvider

OBEDIENT = EntryPoint(name="obedient", value="syrinx.testing.worker_engines:tts", group="syrinx.tts")
BROKEN = EntryPoint(name="broken", value="no_such_module_at_all:provider", group="syrinx.tts")
MISFILED = EntryPoint(name="misfiled", value="syrinx.testing.worker_engines:tts", group="syrinx.stt")


def nothing(_: Options) -> object:
    return object()


def test_the_engines_of_the_package_are_found_by_their_entry_points():
    registry = EngineRegistry()
    assert "espeak" in registry.names("tts")
    assert "companion" in registry.names("llm")
    assert registry.reference("tts", "espeak") == "syrinx.engines.tts.espeak:provider"


def test_names_are_read_without_importing_any_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "engine_never_imported.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint(name="lazy", value="engine_never_imported:provider", group="syrinx.vad")
    assert EngineRegistry(entry_points_=[point]).names("vad") == ("lazy",)
    assert "engine_never_imported" not in sys.modules


def test_an_entry_point_is_imported_when_it_is_asked_for():
    assert EngineRegistry(entry_points_=[OBEDIENT]).provider("tts", "obedient").info.name == "obedient"


def test_an_unknown_name_is_answered_with_those_that_exist():
    registry = EngineRegistry([FakeProvider("tts", "flute", nothing)], entry_points_=[OBEDIENT])
    with pytest.raises(UnknownEngine, match="'lute': there are flute, obedient"):
        registry.provider("tts", "lute")
    with pytest.raises(UnknownEngine, match="there are none"):
        registry.provider("llm", "obedient")


def test_a_plug_in_that_cannot_be_imported_is_unavailable_with_its_error():
    registry = EngineRegistry(entry_points_=[OBEDIENT, BROKEN])
    assert registry.names("tts") == ("broken", "obedient")
    with pytest.raises(EngineUnavailable, match=r"ModuleNotFoundError.*no_such_module_at_all"):
        registry.provider("tts", "broken")


def test_a_plug_in_filed_under_another_kind_is_refused():
    with pytest.raises(EngineUnavailable, match="provides a tts engine and is registered as stt"):
        EngineRegistry(entry_points_=[MISFILED]).provider("stt", "misfiled")


def test_a_check_reports_all_and_survives_what_breaks():
    class Exploding(FakeProvider[object]):
        def check(self, options: Options) -> Availability:
            raise RuntimeError("no idea")

    willing = FakeProvider("stt", "willing", nothing)
    registry = EngineRegistry([Exploding("llm", "exploding", nothing), willing], entry_points_=[BROKEN, OBEDIENT])
    reports = {report.name: report for report in registry.check({("tts", "obedient"): {"voice": "only"}})}
    assert list(reports) == ["broken", "obedient", "willing", "exploding"]
    assert reports["broken"].info is None
    assert "ModuleNotFoundError" in reports["broken"].availability.reason
    assert reports["obedient"].availability == Availability(available=True, facts={"voice": "only"})
    assert reports["willing"].availability.available
    assert reports["exploding"].info is not None
    assert reports["exploding"].availability.reason == "its check failed: RuntimeError: no idea"


def test_two_kinds_may_share_a_name_and_a_given_provider_stands_before_an_entry_point():
    mine, other = FakeProvider("tts", "obedient", nothing), FakeProvider("llm", "obedient", nothing)
    registry = EngineRegistry([mine, other], entry_points_=[OBEDIENT])
    assert registry.provider("tts", "obedient") is mine
    assert registry.provider("llm", "obedient") is other


def test_a_provider_of_this_process_only_has_no_reference_for_another():
    registry = EngineRegistry([FakeProvider("tts", "flute", nothing)], entry_points_=[])
    with pytest.raises(ConfigurationError, match="this process only"):
        registry.reference("tts", "flute")
