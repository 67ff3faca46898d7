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
    floor_ms: float = 320.0
    """The least silence that ends a turn, however finished it sounds."""
    sure_ms: float = 384.0
    """The silence that ends a turn that sounds just finished enough."""
    unsure_ms: float = 864.0
    """The silence that ends a turn that does not quite sound finished: longer than nearly all hesitations, which last
    0.2 to 0.8 s. Between `sure_ms` and this no turn ends: late for who has finished, and early for who has not."""
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
    """How long a final transcript is awaited, whatever the engine's own guard allows; then the last partial counts."""

    wordless_ms: float = 500.0
    """The silence that ends an utterance in which the ear found no words: a cough needs no patience."""
    bias: float = -1.75
    words_weight: float = 4.63
    voice_weight: float = 1.17
    brevity_weight: float = 3.0
    """`finished = logistic(bias + words_weight * completeness + voice_weight * logit(finality)
    + brevity_weight * brevity)`, fitted on the spoken sentences of bench/endpointing_set.txt with 12 % of the words
    replaced. `bench/endpointing.py --fit` fits them again, and tells how each half of the sentences fares with the
    weights of the other."""
    complete_alone: float = 0.93
    """Completeness from which few words are as good as many ("yes", "no thanks"). Below it `brevity` counts: few words
    that could be all are mostly the beginning of more ("they have a dog")."""
    few_words: int = 3
    many_words: int = 9
    """`brevity` is log(words / many_words), the words counted from `few_words` to `many_words`."""
    finished_from: float = 0.88
    """`finished` from which a turn sounds finished: three of five true ends do, and few hesitations."""
    unfinished_below: float = 0.3
    """`finished` below which the silence is `patience_ms`."""
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
    gathered_ms: float = 400.0
    """So much of an engine's sound is worked on at a time at the most, where the listener has enough to hear
    meanwhile."""
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
    busy_patience_s: float = 0.0
    """How long a segment behind the first waits in all for an engine that says it is busy; 0 counts it as a failure."""
    shares: bool = False
    """For speech that shares its engine with many and whose listener may be slow. The second segment is begun when the
    first sounds. What has been begun is made to its end however much waits, and nothing is begun while
    `waiting_audio_ms` waits: so a listener who stops listening keeps no place in the engine."""
