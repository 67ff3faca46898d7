"""Bounds on what one client may send in a time."""

from __future__ import annotations

import time
from collections.abc import Callable


class TokenBucket:
    """Allows `rate_per_s` on average and `burst` at once; starts full."""

    def __init__(self, *, rate_per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at = clock()

    def take(self, amount: float = 1.0) -> bool:
        """Take `amount` if that much is there; False, taking nothing, if not."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate_per_s)
        self._filled_at = now
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True
