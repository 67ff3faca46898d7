"""Deciding from frames, words and voice when someone has begun, paused and finished: no I/O, no clock but the audio's."""

from __future__ import annotations

from enum import Enum

from syrinx.speech.rules import EndpointingRules


class Decision(Enum):
    """What a frame has made certain."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    TOO_LONG = "too_long"


class Endpointer:
    """Follows one microphone; time is counted in the frames it is given."""

    def __init__(self, rules: EndpointingRules | None = None) -> None:
        self._rules = rules or EndpointingRules()
        self.at_ms = 0.0
        """Audio time: the end of the last frame."""
        self.speech_from_ms = 0.0
        self.speech_until_ms = 0.0

    def frame(self, probability: float, level_dbfs: float) -> Decision | None:
        """Take one 32 ms frame: its probability of speech and its level."""
        raise NotImplementedError

    def words(self, text: str, completeness: float) -> None:
        """The latest transcript and how finished it sounds, 0 to 1: adapts the silence that ends the turn."""
        raise NotImplementedError

    def voice(self, finality: float) -> None:
        """How final the voice sounded before the pause under way, 0 to 1."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget the utterance under way; the time and what was learnt of the speaker stay."""
        raise NotImplementedError

    @property
    def silence_to_end_ms(self) -> float:
        """The silence that would end the turn as things stand."""
        raise NotImplementedError
