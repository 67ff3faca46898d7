from __future__ import annotations

import math

import pytest

from syrinx.conversation.playback import Playback, PlaybackRules

RULES = PlaybackRules(ahead_ms=8000, silent_player_ms=250, late_report_ms=1500, stuck_player_ms=5000)


def playback(*, reports: bool = False) -> Playback:
    return Playback(rules=RULES, reports=reports)


def test_the_clock_moves_the_player_but_never_past_what_was_sent() -> None:
    player = playback()
    player.sent(1000, 50_000)
    assert player.played_ms(50_000) == 0
    assert player.played_ms(50_400) == 400
    assert player.played_ms(59_000) == 1000
    player.sent(500, 60_000)
    assert player.played_ms(60_100) == 1100


def test_a_report_is_truer_than_the_clock() -> None:
    player = playback()
    player.sent(4000, 0)
    player.reported(700, 1000)
    assert player.played_ms(1000) == 700
    assert player.played_ms(1200) == 900


def test_reports_that_cannot_be_are_brought_into_range() -> None:
    player = playback()
    player.sent(1000, 0)
    player.reported(99_999, 100)
    assert player.played_ms(100) == 1000
    player.reported(-5, 200)
    assert player.played_ms(200) == 1000


def test_sound_is_sent_so_far_ahead_and_no_farther() -> None:
    player = playback()
    assert player.room_in_ms(0) == 0
    player.sent(8000, 0)
    assert player.room_in_ms(0) == 0
    player.sent(200, 0)
    assert player.room_in_ms(0) == 200
    assert player.room_in_ms(150) == 50
    assert player.room_in_ms(200) == 0


def test_while_it_is_held_nothing_moves_and_nothing_is_sent() -> None:
    player = playback()
    player.sent(1000, 0)
    player.hold(300)
    assert player.played_ms(5000) == 300
    assert player.room_in_ms(5000) == math.inf
    player.resume(5000)
    assert player.played_ms(5200) == 500


def test_a_player_that_never_reports_is_done_by_the_clock() -> None:
    player = playback()
    player.sent(1000, 0)
    assert player.done_at_ms(500) is None, "more may come"
    player.all_sent(500)
    assert player.done_at_ms(500) == 1250
    assert not player.done(1249)
    assert player.done(1250)


def test_a_player_that_reports_is_done_when_it_says_so() -> None:
    player = playback()
    player.sent(1000, 0)
    player.all_sent(0)
    player.reported(400, 600)
    assert not player.done(1300)
    player.reported(985, 1400)
    assert player.done(1400), "whole buffers and milliseconds are forgiven"


def test_a_player_that_falls_silent_is_done_a_while_after_the_clock_says_so() -> None:
    player = playback()
    player.sent(1000, 0)
    player.all_sent(0)
    player.reported(400, 400)
    assert not player.done(2499)
    assert player.done(2500)


def test_a_player_known_to_report_is_waited_for_from_the_first_moment() -> None:
    player = playback(reports=True)
    player.sent(100, 0)
    player.all_sent(0)
    assert not player.done(1000)
    assert player.done(1600)


def test_a_player_that_reports_the_same_place_for_ever_is_no_longer_believed() -> None:
    player = playback()
    player.sent(1000, 0)
    player.all_sent(0)
    finished_ms: float | None = None
    for at_ms in range(200, 20_000, 200):
        player.reported(300, at_ms)
        if player.done(at_ms):
            finished_ms = at_ms
            break
    assert finished_ms is not None
    assert 5000 <= finished_ms <= 7500


def test_a_held_player_is_never_done() -> None:
    player = playback()
    player.sent(1000, 0)
    player.all_sent(0)
    player.hold(900)
    assert player.done_at_ms(60_000) is None
    player.resume(60_000)
    assert player.done_at_ms(60_000) == pytest.approx(60_350)
