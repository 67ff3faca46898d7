"""How far a pull is, how fast it goes, and how long it will take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from syrinx.engines.models.states import PullProgress, Stage

WINDOW_S = 10.0
"""Speed is that of so many last seconds: long enough not to jump, short enough to tell of a stall."""
_SHORTEST_S = 0.5


class Meter:
    """Counts bytes; read and written by one thread at a time, or by threads that only add."""

    def __init__(self, clock: Callable[[], float], *, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._clock = clock
        self._stage: Stage = "waiting"
        self._settled_bytes = 0
        self._file_bytes = 0
        self._arrived_bytes = 0
        self._seen: deque[tuple[float, int]] = deque()

    def enter(self, stage: Stage) -> None:
        """Speed is measured anew in each stretch of downloading."""
        if stage == "downloading" and self._stage != stage:
            self._seen = deque([(self._clock(), self._arrived_bytes)])
        self._stage = stage

    def begin_file(self) -> None:
        """Of the file at work nothing counts any more: it is looked at or fetched from its beginning."""
        self._file_bytes = 0

    def end_file(self) -> None:
        """The file at work is here and right."""
        self._settled_bytes += self._file_bytes
        self._file_bytes = 0

    def found(self, count: int) -> None:
        """So many bytes of the file at work need not be fetched."""
        self._file_bytes += count

    def arrived(self, count: int) -> None:
        """So many bytes of it were fetched."""
        self._file_bytes += count
        self._arrived_bytes += count
        now = self._clock()
        self._seen.append((now, self._arrived_bytes))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    def progress(self) -> PullProgress:
        done = min(self._settled_bytes + self._file_bytes, self.total_bytes)
        speed = self._bytes_per_s() if self._stage == "downloading" else None
        left = (self.total_bytes - done) / speed if speed else None
        return PullProgress(
            stage=self._stage, done_bytes=done, total_bytes=self.total_bytes, bytes_per_s=speed, seconds_left=left
        )

    def _bytes_per_s(self) -> float | None:
        began, bytes_then = self._seen[0]
        took_s = self._clock() - began
        return (self._arrived_bytes - bytes_then) / took_s if took_s >= _SHORTEST_S else None
