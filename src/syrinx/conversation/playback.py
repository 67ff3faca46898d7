"""How far the player is: by its own reports, or by the clock where it sends none; and how much more may be sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

_END_MS = 30.0
"""A player that says that it is this near to the end is there: it counts in whole buffers and whole milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackRules:
    """Times in ms."""

    ahead_ms: float = 8000.0
    """Sound is sent this far ahead of its playback at the most."""
    silent_player_ms: float = 250.0
    """A player that has never reported is taken to be done this long after the clock says so."""
    late_report_ms: float = 1500.0
    """A player that has reported is given this long to say that it is done."""
    stuck_player_ms: float = 5000.0
    """Reports that name the same place for this long are no longer believed: the clock takes over."""


class Playback:
    """One turn's sound: what was sent of it and what has been played. Pure: times are ms of the caller's clock."""

    def __init__(self, *, rules: PlaybackRules, reports: bool) -> None:
        """`reports` tells whether this player has reported before, in an earlier turn."""
        self._rules = rules
        self._reports = reports
        self._believed = True
        self._sent_ms = 0.0
        self._played_ms = 0.0
        self._reported_ms = 0.0
        self._at_ms = 0.0
        self._advanced_ms = 0.0
        self._out_since_ms: float | None = None
        self._held = False
        self._all_sent = False

    @property
    def ahead_ms(self) -> float:
        return self._rules.ahead_ms

    @property
    def sent_ms(self) -> float:
        return self._sent_ms

    def sent(self, duration_ms: float, at_ms: float) -> None:
        """So much more sound has been handed over."""
        self._move_to(at_ms)
        if not self._sent_ms:
            self._advanced_ms = at_ms
        self._sent_ms += duration_ms
        self._out_since_ms = None

    def all_sent(self, at_ms: float) -> None:
        self._move_to(at_ms)
        self._all_sent = True

    def reported(self, played_ms: float, at_ms: float) -> None:
        """The player says how far it is; what cannot be is brought into range, what goes back is ignored."""
        self._move_to(at_ms)
        self._reports = True
        played_ms = min(max(played_ms, self._reported_ms), self._sent_ms)
        if played_ms > self._reported_ms:
            self._reported_ms = played_ms
            self._advanced_ms = at_ms
            self._believed = True
        elif at_ms >= self._advanced_ms + self._rules.stuck_player_ms:
            self._believed = False
        if self._believed:
            self._played_ms = played_ms
            self._out_since_ms = at_ms if played_ms >= self._sent_ms else None

    def hold(self, at_ms: float) -> None:
        self._move_to(at_ms)
        self._held = True

    def resume(self, at_ms: float) -> None:
        self._move_to(at_ms)
        self._held = False
        self._advanced_ms = at_ms

    def played_ms(self, at_ms: float) -> float:
        """How much has been played, never more than was sent."""
        self._move_to(at_ms)
        return self._played_ms

    def room_in_ms(self, at_ms: float) -> float:
        """After how many ms more may be sent: 0 at once, infinite while held."""
        self._move_to(at_ms)
        if self._held:
            return math.inf
        return max(0.0, self._sent_ms - self._played_ms - self._rules.ahead_ms)

    def done(self, at_ms: float) -> bool:
        """Whether all of the turn's sound has been sent and played."""
        due_ms = self.done_at_ms(at_ms)
        return due_ms is not None and at_ms >= due_ms

    def done_at_ms(self, at_ms: float) -> float | None:
        """When it will be done if no report comes; None while held or while more is to be sent."""
        self._move_to(at_ms)
        if self._held or not self._all_sent:
            return None
        if self._reports and self._reported_ms >= self._sent_ms - _END_MS:
            return at_ms
        patience_ms = self._rules.silent_player_ms
        if self._reports and self._believed:
            patience_ms = self._rules.late_report_ms
        if self._out_since_ms is not None:
            return self._out_since_ms + patience_ms
        return at_ms + self._sent_ms - self._played_ms + patience_ms

    def _move_to(self, at_ms: float) -> None:
        """Let the clock carry the position on from the last report."""
        passed_ms = at_ms - self._at_ms
        self._at_ms = at_ms
        if self._held or passed_ms <= 0:
            return
        left_ms = self._sent_ms - self._played_ms
        if left_ms > passed_ms:
            self._played_ms += passed_ms
        else:
            self._played_ms = self._sent_ms
            if self._out_since_ms is None:
                self._out_since_ms = at_ms - passed_ms + left_ms
