"""Deciding when someone has begun, paused and finished: from frames, words and voice, counted in audio time."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum

from syrinx.audio import SILENCE_DBFS
from syrinx.engines.vad.contract import FRAME_MS
from syrinx.speech.rules import EndpointingRules
from syrinx.text import word_count

UNKNOWN = 0.5
"""Evidence that says nothing."""
LEAST_DOUBT = 0.01
"""No voice is more certain than this, either way."""


class Decision(Enum):
    """What a frame has made certain."""

    STARTED = "started"
    """Speech began at `speech_from_ms`."""
    PAUSED = "paused"
    """Quiet since `speech_until_ms`; either RESUMED, ENDED or TOO_LONG follows."""
    RESUMED = "resumed"
    ENDED = "ended"
    TOO_LONG = "too_long"
    """Past the cap; may come without a PAUSED before it."""


class Endpointer:
    """Follows one microphone; time is counted in the frames it is given.

    The silence that ends a turn depends on three things, none of them good enough alone: how finished the words sound,
    how final the voice sounded, and how this speaker goes on (`EndpointingRules` says how they are weighed).
    """

    def __init__(self, rules: EndpointingRules | None = None) -> None:
        self._rules = rules or EndpointingRules()
        self.at_ms = 0.0
        """Audio time: the end of the last frame."""
        self.speech_from_ms = 0.0
        """When the utterance under way, or the last one, began."""
        self.speech_until_ms = 0.0
        """The end of its last frame of speech so far."""
        self._speaking = False
        self._paused = False
        self._streak_from_ms: float | None = None
        self._loudest_dbfs = SILENCE_DBFS
        self._completeness = UNKNOWN
        self._finality = UNKNOWN
        self._wordless = False
        self._words_known = False
        self._word_count = 0
        self._hesitations_ms: deque[float] = deque(maxlen=self._rules.habit_pauses)
        self._ended_at_ms: float | None = None

    @property
    def speaking(self) -> bool:
        """An utterance is under way, paused or not."""
        return self._speaking

    @property
    def paused(self) -> bool:
        """The utterance under way has gone quiet."""
        return self._paused

    def frame(self, probability: float, level_dbfs: float) -> Decision | None:
        """Take one 32 ms frame: its probability of speech and its level in dBFS."""
        began_ms = self.at_ms
        self.at_ms = began_ms + FRAME_MS
        rules = self._rules
        if not self._speaking:
            if probability < rules.start_probability:
                self._streak_from_ms = None
                return None
            return self._perhaps_start(began_ms)
        self._loudest_dbfs = max(self._loudest_dbfs, level_dbfs)
        loud = level_dbfs >= self._loudest_dbfs - rules.below_loudest_db
        if self._paused:
            if probability >= rules.start_probability and loud:
                return self._perhaps_resume(began_ms)
            self._streak_from_ms = None
            return self._perhaps_end()
        if probability >= rules.stop_probability and loud:
            self.speech_until_ms = self.at_ms
            if self.at_ms - self.speech_from_ms >= rules.cap_ms + rules.cap_grace_ms:
                return self._end(Decision.TOO_LONG)
            return None
        quiet_ms = self.at_ms - self.speech_until_ms
        if self.at_ms - self.speech_from_ms >= rules.cap_ms and quiet_ms >= rules.word_gap_ms:
            return self._end(Decision.TOO_LONG)
        if quiet_ms >= rules.pause_ms:
            self._paused = True
            self._finality = UNKNOWN
            return Decision.PAUSED
        return None

    def words(self, text: str, completeness: float) -> None:
        """The latest transcript and how finished it sounds, 0 to 1: adapts the silence that ends the turn.

        A text of "" says that there are no words in what was heard. Before the first call nothing is known of them.
        """
        self._wordless = not text
        self._words_known = True
        self._completeness = completeness if text else UNKNOWN
        self._word_count = word_count(text)

    def voice(self, finality: float) -> None:
        """How final the voice sounded before the pause under way, 0 to 1; forgotten at the next pause."""
        self._finality = finality

    def reset(self) -> None:
        """Forget the utterance under way; the time and what was learnt of the speaker stay."""
        self._speaking = self._paused = False
        self._streak_from_ms = None
        self._ended_at_ms = None
        self._completeness = self._finality = UNKNOWN
        self._wordless = False
        self._words_known = False

    @property
    def finished(self) -> float:
        """How likely the turn is over, 0 to 1, by the words and the voice."""
        rules = self._rules
        finality = min(1.0 - LEAST_DOUBT, max(LEAST_DOUBT, self._finality))
        evidence = (
            rules.bias
            + rules.words_weight * self._completeness
            + rules.voice_weight * math.log(finality / (1.0 - finality))
            + rules.brevity_weight * self._brevity()
        )
        return 1.0 / (1.0 + math.exp(-evidence))

    def _brevity(self) -> float:
        rules = self._rules
        if self._completeness >= rules.complete_alone or not self._words_known:
            return 0.0
        counted = min(rules.many_words, max(rules.few_words, self._word_count))
        return math.log(counted / rules.many_words)

    @property
    def silence_to_end_ms(self) -> float:
        """The silence that would end the turn as things stand."""
        rules = self._rules
        if self._wordless:
            return rules.wordless_ms
        finished = self.finished
        if finished >= rules.finished_from:
            doubt = (1.0 - finished) / (1.0 - rules.finished_from)
            wanted_ms = rules.floor_ms + (rules.sure_ms - rules.floor_ms) * doubt
        else:
            doubt = min(1.0, (rules.finished_from - finished) / (rules.finished_from - rules.unfinished_below))
            wanted_ms = rules.unsure_ms + (rules.patience_ms - rules.unsure_ms) * doubt
        # A voice alone is never certain enough to end a turn before the ear has had its time.
        least_ms = rules.floor_ms if self._words_known else rules.settle_ms
        return max(least_ms, min(rules.patience_ms, wanted_ms + self._habit_ms()))

    def _habit_ms(self) -> float:
        if not self._hesitations_ms:
            return 0.0
        rules = self._rules
        return min(rules.habit_cap_ms, rules.habit_weight * sum(self._hesitations_ms) / self._rules.habit_pauses)

    def _perhaps_start(self, began_ms: float) -> Decision | None:
        if self._streak_from_ms is None:
            self._streak_from_ms = began_ms
        if self.at_ms - self._streak_from_ms < self._rules.start_ms:
            return None
        if self._ended_at_ms is not None and self._streak_from_ms - self._ended_at_ms < self._rules.cut_off_ms:
            # Speech right after an end: the turn was not over, and this speaker needs more time.
            self._hesitations_ms.append(self._streak_from_ms - self.speech_until_ms)
        self._speaking = True
        self._paused = False
        self._loudest_dbfs = SILENCE_DBFS
        self.speech_from_ms = self._streak_from_ms
        self.speech_until_ms = self.at_ms
        self._streak_from_ms = None
        self._completeness = self._finality = UNKNOWN
        self._wordless = False
        self._words_known = False
        return Decision.STARTED

    def _perhaps_resume(self, began_ms: float) -> Decision | None:
        # A single frame (a click, a breath) neither resumes the speech nor ends the turn.
        if self._streak_from_ms is None:
            self._streak_from_ms = began_ms
        if self.at_ms - self._streak_from_ms < self._rules.start_ms:
            return None
        pause_ms = self._streak_from_ms - self.speech_until_ms
        if pause_ms >= self._rules.floor_ms:
            self._hesitations_ms.append(pause_ms)
        self._paused = False
        self.speech_until_ms = self.at_ms
        self._streak_from_ms = None
        return Decision.RESUMED

    def _perhaps_end(self) -> Decision | None:
        if self.at_ms - self.speech_from_ms >= self._rules.cap_ms:
            return self._end(Decision.TOO_LONG)
        if self.at_ms - self.speech_until_ms >= self.silence_to_end_ms:
            return self._end(Decision.ENDED)
        return None

    def _end(self, decision: Decision) -> Decision:
        if decision is Decision.ENDED and self._hesitations_ms:
            self._hesitations_ms.append(0.0)  # one more end without hesitation: the habit fades
        self._speaking = self._paused = False
        self._streak_from_ms = None
        self._ended_at_ms = self.at_ms if decision is Decision.ENDED else None
        return decision
