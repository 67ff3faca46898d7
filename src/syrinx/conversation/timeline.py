"""A turn's time line: how long after the end of the person's speech each stage was reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from syrinx.conversation.events import TurnMetrics

Stage = Literal["endpoint", "transcript", "first_token", "first_sentence", "first_audio", "first_played", "end"]


class TurnTimeline:
    """Times are ms of the conversation's clock; stages may be marked before the end of speech is known."""

    def __init__(self) -> None:
        self._speech_ended_ms: float | None = None
        self._reached_ms: dict[Stage, float] = {}

    def speech_ended(self, at_ms: float) -> None:
        """The person finished speaking (or sent what was typed): everything counts from here."""
        self._speech_ended_ms = at_ms

    def mark(self, stage: Stage, at_ms: float) -> None:
        """Only the first time counts."""
        self._reached_ms.setdefault(stage, at_ms)

    def reached_ms(self, stage: Stage) -> float | None:
        return self._reached_ms.get(stage)

    def metrics(self, turn: int, details: Mapping[str, str]) -> TurnMetrics:
        """Stages that were not reached are absent; one that a prepared reply reached early counts as reached at 0."""
        origin_ms = self._speech_ended_ms
        if origin_ms is None:
            return TurnMetrics(turn=turn, ms={}, details=details)
        ms = {stage: round(max(0.0, at_ms - origin_ms), 1) for stage, at_ms in self._reached_ms.items()}
        return TurnMetrics(turn=turn, ms=ms, details=details)
