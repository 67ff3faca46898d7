"""Speed and time left, by a clock that the test sets."""

from __future__ import annotations

import pytest

from syrinx.engines.models.progress import WINDOW_S, Meter


class _Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_said_of_speed_before_there_is_something_to_measure() -> None:
    meter = Meter(_Clock(), total_bytes=1000)
    assert meter.progress().stage == "waiting"
    meter.enter("downloading")
    meter.arrived(100)
    assert (meter.progress().bytes_per_s, meter.progress().seconds_left) == (None, None)


def test_speed_is_that_of_the_last_seconds_and_leaves_out_what_was_there() -> None:
    clock = _Clock()
    meter = Meter(clock, total_bytes=10_000)
    meter.enter("checking")
    meter.found(4000)
    assert meter.progress().bytes_per_s is None
    meter.enter("downloading")
    for _ in range(40):
        clock.now_s += 1.0
        meter.arrived(50)
    for _ in range(20):
        clock.now_s += 1.0
        meter.arrived(100)
    progress = meter.progress()
    assert progress.done_bytes == 8000
    assert progress.bytes_per_s == pytest.approx(100.0)
    assert progress.seconds_left == pytest.approx(20.0)


def test_a_stall_shows_as_falling_speed() -> None:
    clock = _Clock()
    meter = Meter(clock, total_bytes=10_000)
    meter.enter("downloading")
    clock.now_s = 1.0
    meter.arrived(1000)
    quick = meter.progress().bytes_per_s
    clock.now_s = 1.0 + WINDOW_S
    slow = meter.progress().bytes_per_s
    assert quick is not None
    assert slow is not None
    assert slow < quick / 5


def test_a_file_begun_anew_no_longer_counts() -> None:
    meter = Meter(_Clock(), total_bytes=1000)
    meter.enter("downloading")
    meter.arrived(300)
    meter.end_file()
    meter.arrived(500)
    meter.begin_file()
    assert meter.progress().done_bytes == 300


def test_more_than_all_is_never_done() -> None:
    meter = Meter(_Clock(), total_bytes=10)
    meter.found(20)
    assert meter.progress().done_bytes == 10
