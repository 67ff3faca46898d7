"""Bounds on what one client may send."""

from __future__ import annotations

from syrinx.transports.limits import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_allowed_and_then_only_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(rate_per_s=10, burst=5, clock=clock)
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]
    clock.now_s = 0.25
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_refused_amount_takes_nothing() -> None:
    clock = Clock()
    bucket = TokenBucket(rate_per_s=1, burst=2, clock=clock)
    assert not bucket.take(3)
    assert bucket.take(2)


def test_rest_never_fills_more_than_the_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(rate_per_s=100, burst=2, clock=clock)
    clock.now_s = 1000
    assert [bucket.take() for _ in range(3)] == [True, True, False]
