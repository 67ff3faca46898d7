"""Sizes and times as people read them."""

from __future__ import annotations

import pytest

from syrinx.app.figures import duration_words, size_words


@pytest.mark.parametrize(
    ("size_bytes", "says"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.6, "1.0 kB"),
        (1_000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (147_951_465, "148 MB"),
        (999_600_000, "1.0 GB"),
        (1_620_000_000, "1.6 GB"),
        (52_000_000_000, "52 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_sizes_have_two_or_three_figures_and_the_unit_that_suits(size_bytes: float, says: str) -> None:
    assert size_words(size_bytes) == says


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0.2, "0 s"),
        (12.4, "12 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min"),
        (3590, "1 h"),
        (4800, "1 h 20 min"),
    ],
)
def test_times_are_rounded_as_one_would_say_them(seconds: float, says: str) -> None:
    assert duration_words(seconds) == says
