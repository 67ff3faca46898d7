"""A player as the browser has one: it plays in virtual time, holds and stops when told, and reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from syrinx.conversation import ConversationEvent
from syrinx.conversation.events import AudioOut, AudioPaused, AudioResumed, AudioSent, AudioStarted, AudioStopped
from syrinx.testing.virtual_time import virtual_now_s


class Player:
    """What the browser does: plays what comes, holds and stops when told, reports how far it is."""

    def __init__(self, report: Callable[[int, float], None] | None) -> None:
        self.turn = 0
        self.played_ms = 0.0
        self.received_ms = 0.0
        self.dry_ms = 0.0
        """Time within a reply, after its first sound, in which there was nothing to play."""
        self.on = False
        self._held = False
        self._at_s = 0.0
        self._report = report
        self._all_sent = False
        self._timer: asyncio.TimerHandle | None = None

    def take(self, event: ConversationEvent) -> None:
        self._move()
        match event:
            case AudioStarted(turn=turn):
                assert not self.on, "two replies sound at once"
                self.turn, self.on, self._held, self._all_sent = turn, True, False, False
                self.played_ms = self.received_ms = 0.0
                self._tick()
            case AudioOut(turn=turn, chunk=chunk):
                assert self.on
                assert turn == self.turn, "sound of another turn"
                self.received_ms += chunk.duration_ms
            case AudioSent():
                self._all_sent = True
            case AudioPaused():
                assert not self._held
                self._held = True
            case AudioResumed():
                assert self._held
                self._held = False
            case AudioStopped():
                assert self.on
                self.on = False
                self._held = False
                if self._timer is not None:
                    self._timer.cancel()
            case _:
                pass

    def _move(self) -> None:
        now_s = virtual_now_s()
        passed_ms = 1000 * (now_s - self._at_s)
        self._at_s = now_s
        if self.on and not self._held and self.received_ms:
            step_ms = min(passed_ms, self.received_ms - self.played_ms)
            self.played_ms += step_ms
            if not self._all_sent:
                self.dry_ms += passed_ms - step_ms

    def _tick(self) -> None:
        self._move()
        if self._report is not None and self.on:
            if self.played_ms:
                self._report(self.turn, self.played_ms)
            self._timer = asyncio.get_running_loop().call_later(0.1, self._tick)
