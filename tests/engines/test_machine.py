"""A machine's name out of what systems tell of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrinx.engines.machine import cpu_name, graphics_cards, this_machine


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ("processor\t: 0\nmodel\t\t: 85\nmodel name\t: AMD EPYC 7B13\nflags\t: fpu\n", "AMD EPYC 7B13"),
        (
            "processor\t: 0\nCPU part\t: 0xd0b\n\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n",
            "Raspberry Pi 5 Model B Rev 1.0",
        ),
    ],
)
def test_the_processor_is_named_as_linux_names_it(tmp_path: Path, facts: str, name: str) -> None:
    (tmp_path / "cpuinfo").write_text(facts)
    assert cpu_name(tmp_path / "cpuinfo") == name


def test_a_system_that_tells_nothing_still_gives_a_name(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t:\n")
    assert cpu_name(tmp_path / "cpuinfo")
    assert cpu_name(tmp_path / "no such file") == cpu_name(tmp_path / "cpuinfo")


def test_graphics_cards_are_named_by_their_driver(tmp_path: Path) -> None:
    for place, text in {
        "0000:02": "Model: \t\t NVIDIA L4\nIRQ: 7\n",
        "0000:01": "Model: NVIDIA H200\n",
        "x": "none",
    }.items():
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(text)
    assert graphics_cards(tmp_path) == ["NVIDIA H200", "NVIDIA L4"]
    assert graphics_cards(tmp_path / "no such folder") == []


def test_this_machine_has_cores() -> None:
    assert "core" in this_machine()
