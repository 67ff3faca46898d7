"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def timestamp(self) -> float:
        return self.at.timestamp()

    def seconds(self) -> float:
        """As a monotonic clock."""
        return (self.at - START).total_seconds()

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
