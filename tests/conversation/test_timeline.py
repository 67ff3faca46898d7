from __future__ import annotations

from syrinx.conversation.timeline import TurnTimeline


def test_stages_are_counted_from_the_end_of_speech() -> None:
    timeline = TurnTimeline()
    timeline.mark("first_token", 1350.0)
    timeline.speech_ended(1000.0)
    timeline.mark("endpoint", 1280.0)
    timeline.mark("first_audio", 1600.0)
    timeline.mark("first_audio", 1700.0)
    assert timeline.metrics(3, {}).ms == {"first_token": 350.0, "endpoint": 280.0, "first_audio": 600.0}


def test_a_stage_reached_before_the_end_of_speech_counts_as_reached_at_once() -> None:
    timeline = TurnTimeline()
    timeline.mark("first_token", 900.0)
    timeline.speech_ended(1000.0)
    assert timeline.metrics(1, {}).ms == {"first_token": 0.0}


def test_without_an_end_of_speech_there_is_nothing_to_count_from() -> None:
    timeline = TurnTimeline()
    timeline.mark("first_token", 900.0)
    assert timeline.metrics(1, {}).ms == {}
