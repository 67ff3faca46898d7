"""What can be set about listening and speaking, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointingRules:
    """When speech begins, pauses and is over. All durations are audio time; one frame is 32 ms."""

    start_probability: float = 0.5
    """A frame at or above this is speech (Silero's own threshold)."""
    stop_probability: float = 0.35
    """Within speech, only a frame below this is quiet (Silero's own hysteresis of 0.15)."""
    start_ms: float = 64.0
    """Speech this long begins an utterance; a click is shorter."""
    pause_ms: float = 96.0
    """Quiet this long is a pause: longer than the closure of a stop consonant, so words are not cut in two."""
    floor_ms: float = 288.0
    """The least silence that ends a turn, however finished it sounds."""
    patience_ms: float = 1100.0
    """The silence that ends a turn that sounds unfinished."""
    cap_ms: float = 30_000.0
    """An utterance longer than this is ended at its next gap between words."""
    cap_grace_ms: float = 5_000.0
    """And after so much more without a gap it is ended where it is."""
    word_gap_ms: float = 64.0
    """Quiet that counts as a gap between words past the cap."""
    below_loudest_db: float = 38.0
    """A frame so far below the utterance's loudest is quiet whatever the detector says, whose answer lags 56 ms behind
    the sound (Silero, median over three voices and three human clips)."""
    preroll_ms: float = 300.0
    """Audio before the first frame of speech that the ear gets too, so that no first syllable is lost."""
    settle_ms: float = 400.0
    """How long a pause waits for the settled transcript before it is told with the last partial."""
    stall_s: float = 2.0
    """Seconds without any audio in the middle of an utterance after which it is taken to be over."""
    final_timeout_s: float = 10.0
    """The watchdog on the final transcript; the engine's own guard is meant to be quicker."""

    wordless_ms: float = 500.0
    """The silence that ends an utterance in which the ear found no words: a cough needs no patience."""
    bias: float = -3.5
    words_weight: float = 10.0
    voice_weight: float = 24.5
    """`finished = logistic(bias + words_weight * (completeness - 0.5) + voice_weight * (finality - 0.5))`.

    Steep, so that only words and voice together end a turn early: clauses that are complete by their words are where
    people pause most. Chosen by random search on the first half of bench/endpointing_set.txt for few cut off at a short
    median; the bench tells what comes of it on the other half.
    """
    full_doubt: float = 0.72
    """The silence grows from `floor_ms` to `patience_ms` as `finished` falls from 1 to 1 - full_doubt."""
    habit_pauses: int = 6
    """How many of this speaker's latest hesitations and ends are remembered."""
    habit_weight: float = 0.25
    habit_cap_ms: float = 150.0
    """Silence added for one who often goes on after a pause: a part of the mean hesitation, at most the cap."""
    cut_off_ms: float = 800.0
    """Speech so soon after an end means that the speaker was cut off, and is remembered as a hesitation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisRules:
    """How far synthesis runs ahead and how its pieces are joined."""

    concurrent: int = 3
    """Syntheses at work at the same moment."""
    output_rate_hz: int = 24_000
    waiting_audio_ms: float = 20_000.0
    """Audio made and not yet taken, over all segments; past it the engines wait."""
    waiting_segments: int = 16
    """Segments read from the source and not yet begun; past it the source waits."""
    clause_pause_ms: float = 90.0
    """Silence after a segment that ends within a sentence."""
    sentence_pause_ms: float = 260.0
    paragraph_pause_ms: float = 520.0
    attempts: int = 2
    """How often one engine is asked for one segment."""
    retry_delay_s: float = 0.1
    """Slept before an engine is asked again."""
    first_chunk_timeout_s: float = 20.0
    """The watchdog on an engine that gives nothing; the engine's own guard is meant to be quicker."""
    next_chunk_timeout_s: float = 10.0
