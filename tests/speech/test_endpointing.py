"""The endpointer decides by audio time alone, and waits the longer the less finished a speaker sounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrinx.engines.vad.contract import FRAME_MS
from syrinx.speech import Decision, Endpointer, EndpointingRules

RULES = EndpointingRules()


def heard(
    endpointer: Endpointer, ms: float, probability: float, level_dbfs: float = -20.0
) -> list[tuple[float, Decision]]:
    """Feed so much of it; the decisions and when they fell."""
    decisions: list[tuple[float, Decision]] = []
    for _ in range(round(ms / FRAME_MS)):
        decision = endpointer.frame(probability, level_dbfs)
        if decision is not None:
            decisions.append((endpointer.at_ms, decision))
    return decisions


def speech(endpointer: Endpointer, ms: float) -> list[tuple[float, Decision]]:
    return heard(endpointer, ms, 0.95)


def quiet(endpointer: Endpointer, ms: float) -> list[tuple[float, Decision]]:
    return heard(endpointer, ms, 0.02, -90.0)


def silence_before_the_end(
    completeness: float, finality: float, *, text: str = "words enough that more of them would count for nothing"
) -> float:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    paused = quiet(endpointer, 96)
    assert [decision for _, decision in paused] == [Decision.PAUSED]
    endpointer.words(text, completeness)
    endpointer.voice(finality)
    ((at_ms, decision),) = quiet(endpointer, 3200)
    assert decision is Decision.ENDED
    return at_ms - endpointer.speech_until_ms


def test_speech_pause_and_end_come_in_order_with_their_times() -> None:
    endpointer = Endpointer(RULES)
    assert quiet(endpointer, 320) == []
    assert speech(endpointer, 640) == [(384, Decision.STARTED)]
    assert endpointer.speech_from_ms == 320
    endpointer.words("that is all", 0.95)
    ((paused_ms, paused),) = quiet(endpointer, 128)
    assert (paused_ms, paused) == (960 + 96, Decision.PAUSED)
    endpointer.voice(0.9)
    assert [decision for _, decision in quiet(endpointer, 1280)] == [Decision.ENDED]
    assert endpointer.speech_until_ms == 960
    assert not endpointer.speaking


def test_a_single_frame_of_noise_begins_nothing() -> None:
    endpointer = Endpointer(RULES)
    for _ in range(10):
        assert speech(endpointer, 32) == []
        assert quiet(endpointer, 32) == []


def test_the_closure_of_a_consonant_is_no_pause() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 320)
    assert quiet(endpointer, 64) == []
    assert speech(endpointer, 320) == []


def test_unsure_frames_within_speech_do_not_end_it() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 320)
    assert heard(endpointer, 640, 0.4) == []


def test_a_frame_far_below_the_loudest_is_quiet_whatever_the_detector_says() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 320)
    ((at_ms, decision),) = heard(endpointer, 96, 0.9, -65.0)
    assert (at_ms, decision) == (416, Decision.PAUSED)
    assert endpointer.speech_until_ms == 320


def test_finished_words_in_a_final_voice_end_the_turn_near_the_floor() -> None:
    assert silence_before_the_end(0.9, 0.8) <= RULES.floor_ms + 2 * FRAME_MS


def test_unfinished_words_get_all_the_patience_however_the_voice_sounds() -> None:
    assert silence_before_the_end(0.1, 0.5) >= RULES.patience_ms
    assert silence_before_the_end(0.1, 0.7) >= 800


def test_a_voice_that_goes_on_outweighs_words_that_could_be_the_end() -> None:
    assert silence_before_the_end(0.85, 0.3) >= 800


def test_the_wait_never_grows_with_the_evidence() -> None:
    steps = [k / 10 for k in range(11)]
    by_words = [silence_before_the_end(step, 0.6) for step in steps]
    by_voice = [silence_before_the_end(0.85, step) for step in steps]
    assert by_words == sorted(by_words, reverse=True)
    assert by_voice == sorted(by_voice, reverse=True)
    assert by_words[0] > by_words[-1]
    assert by_voice[0] > by_voice[-1]


def test_no_turn_of_a_new_speaker_ends_where_hesitations_lie() -> None:
    waits_ms = {silence_before_the_end(words / 20, voice / 20) for words in range(21) for voice in range(1, 20)}
    between = [wait_ms for wait_ms in waits_ms if RULES.sure_ms + FRAME_MS < wait_ms < RULES.unsure_ms]
    assert between == []
    assert min(waits_ms) < RULES.sure_ms < RULES.unsure_ms < max(waits_ms)


def test_few_words_are_waited_for_unless_they_are_complete_by_themselves() -> None:
    few_ms = silence_before_the_end(0.86, 0.6, text="they have a")
    many_ms = silence_before_the_end(0.86, 0.6, text="they have had a dog for about seven years")
    alone_ms = silence_before_the_end(0.95, 0.6, text="no thanks")
    assert few_ms >= RULES.unsure_ms
    assert many_ms <= RULES.sure_ms + FRAME_MS
    assert alone_ms <= RULES.sure_ms + FRAME_MS


def test_a_final_voice_alone_waits_for_the_ear() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    quiet(endpointer, 96)
    endpointer.voice(1.0)
    ((at_ms, decision),) = quiet(endpointer, 1600)
    assert decision is Decision.ENDED
    assert at_ms - endpointer.speech_until_ms >= RULES.settle_ms


def test_an_utterance_without_words_ends_soon() -> None:
    assert silence_before_the_end(0.0, 0.5, text="") <= RULES.wordless_ms + FRAME_MS


def test_going_on_resumes_and_a_click_in_the_pause_does_not() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    quiet(endpointer, 256)
    assert speech(endpointer, 32) == []
    assert quiet(endpointer, 64) == []
    assert [decision for _, decision in speech(endpointer, 128)] == [Decision.RESUMED]


def test_a_click_in_the_pause_does_not_make_the_silence_begin_anew() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    quiet(endpointer, 512)
    speech(endpointer, 32)
    ((at_ms, decision),) = quiet(endpointer, 1280)
    assert decision is Decision.ENDED
    assert at_ms - 640 <= RULES.patience_ms + FRAME_MS


def test_a_speaker_who_often_goes_on_is_given_more_time_and_the_habit_fades() -> None:
    endpointer = Endpointer(RULES)

    def wait_ms() -> float:
        endpointer.words("some words", 0.9)
        endpointer.voice(0.9)
        return endpointer.silence_to_end_ms

    at_first_ms = wait_ms()
    speech(endpointer, 320)
    for _ in range(4):
        quiet(endpointer, 640)
        speech(endpointer, 320)
    assert wait_ms() > at_first_ms + 50
    assert wait_ms() <= at_first_ms + RULES.habit_cap_ms
    for _ in range(RULES.habit_pauses):
        quiet(endpointer, 3200)
        speech(endpointer, 320)
    assert wait_ms() == pytest.approx(at_first_ms)


def test_speech_right_after_an_end_teaches_patience() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    endpointer.words("some words", 0.95)
    quiet(endpointer, 96)
    endpointer.voice(0.95)
    before_ms = endpointer.silence_to_end_ms
    assert quiet(endpointer, 320)[-1][1] is Decision.ENDED
    speech(endpointer, 640)
    endpointer.words("some words", 0.95)
    endpointer.voice(0.95)
    assert endpointer.silence_to_end_ms > before_ms


def test_a_very_long_utterance_is_ended_at_the_next_gap_between_words() -> None:
    endpointer = Endpointer(replace(RULES, cap_ms=3_200))
    speech(endpointer, 3_520)
    ((at_ms, decision),) = quiet(endpointer, 96)
    assert decision is Decision.TOO_LONG
    assert at_ms == 3_520 + RULES.word_gap_ms


def test_one_without_any_gap_is_ended_all_the_same() -> None:
    endpointer = Endpointer(replace(RULES, cap_ms=3_200, cap_grace_ms=1_600))
    decisions = speech(endpointer, 6_400)
    assert [decision for _, decision in decisions[:2]] == [Decision.STARTED, Decision.TOO_LONG]
    assert decisions[1][0] == 4_800


def test_reset_forgets_the_utterance_but_not_the_time() -> None:
    endpointer = Endpointer(RULES)
    speech(endpointer, 640)
    endpointer.reset()
    assert not endpointer.speaking
    assert endpointer.at_ms == 640
    assert quiet(endpointer, 3200) == []
