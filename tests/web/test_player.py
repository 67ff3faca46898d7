"""The reply's sound as the page renders it: gapless, held, resumed, thrown away, reported."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

from syrinx.testing.audio import sine

from ..browser import Recorder, longest_silence_ms
from .mock_server import MockServer

TONE_HZ = 240


def send_tone(server: MockServer, page: Page, *, duration_ms: int, chunk_ms: int = 60, every_ms: int = 0) -> None:
    """A tone in chunks; the phase runs through, so that a sample lost at a join is a click."""
    pcm = sine(TONE_HZ, duration_ms=duration_ms, amplitude=0.5).pcm
    size = 48 * chunk_ms
    for start in range(0, len(pcm), size):
        server.send_sound(pcm[start : start + size])
        if every_ms:
            page.wait_for_timeout(every_ms)


def wait_played(page: Page, ms: float) -> None:
    page.wait_for_function("ms => syrinx.player.playedMs >= ms", arg=ms)


def test_chunks_join_without_a_gap_or_a_click(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    recorder = Recorder(page)
    server.sentence(1, 0, "A tone.", at_ms=0)
    send_tone(server, page, duration_ms=1800, chunk_ms=90, every_ms=30)
    server.send("audio_stream_sent", turn=1, duration_ms=1800)
    page.wait_for_function("syrinx.player.playedMs >= 1795")
    samples, _, _ = recorder.sounding()
    rate_hz = recorder.rate_hz()
    assert longest_silence_ms(samples, rate_hz) <= 20
    assert abs(len(samples) / rate_hz - 1.8) < 0.01
    # A sine's steps are bounded by its slope: anything steeper is a click.
    steepest = 0.5 * 2 * np.pi * TONE_HZ / rate_hz
    assert np.max(np.abs(np.diff(samples))) < 1.2 * steepest
    assert page.evaluate("syrinx.player.counters.underruns") == 0


def test_playback_is_reported_while_it_plays_and_exactly_at_its_end(page: Page, server: MockServer) -> None:
    server.start_sound(7)
    send_tone(server, page, duration_ms=900)
    server.send("audio_stream_sent", turn=7, duration_ms=900)
    page.wait_for_function("syrinx.player.playedMs >= 890")
    server.wait_for("playback", count=4)
    page.wait_for_timeout(150)
    reports = server.received("playback")
    played = [report["played_ms"] for report in reports]
    assert {report["turn"] for report in reports} == {7}
    assert played == sorted(played)
    assert played[-1] == 900
    assert 3 <= len(played) <= 8


def test_escape_silences_the_reply_within_50_ms(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    recorder = Recorder(page)
    send_tone(server, page, duration_ms=3000, chunk_ms=100)
    wait_played(page, 300)
    pressed_s = page.evaluate("""() => {
      const at = syrinx.player.context.currentTime;
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
      return at;
    }""")
    server.wait_for("tts_interrupt")
    page.wait_for_timeout(250)
    _, _, silent_from_s = recorder.sounding()
    assert silent_from_s - pressed_s <= 0.05
    assert server.received("playback")[-1]["played_ms"] < 1000


def test_a_stop_from_the_server_throws_away_what_is_buffered_and_what_still_comes(
    page: Page, server: MockServer
) -> None:
    server.start_sound(1)
    recorder = Recorder(page)
    send_tone(server, page, duration_ms=2000, chunk_ms=100)
    wait_played(page, 200)
    server.stop_sound(1, "interrupted", played_ms=200)
    send_tone(server, page, duration_ms=300)
    page.wait_for_timeout(300)
    samples, _, _ = recorder.sounding()
    assert len(samples) / recorder.rate_hz() < 0.6
    assert page.evaluate("syrinx.player.counters.staleChunks") == 5


def test_held_sound_goes_on_where_it_was(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    recorder = Recorder(page)
    send_tone(server, page, duration_ms=1500)
    server.send("audio_stream_sent", turn=1, duration_ms=1500)
    wait_played(page, 300)
    server.send("audio_stream_pause", turn=1)
    page.wait_for_function("syrinx.player.context.state === 'suspended'")
    held_at = page.evaluate("syrinx.player.playedMs")
    page.wait_for_timeout(300)
    assert page.evaluate("syrinx.player.playedMs") == held_at
    server.send("audio_stream_resume", turn=1)
    page.wait_for_function("syrinx.player.playedMs >= 1495")
    samples, _, _ = recorder.sounding()
    # The recorder's time stands still with the context's: nothing may be missing but the fade, and what the browser
    # takes to stop its clock after it (24 ms were seen on a busy machine).
    assert abs(len(samples) / recorder.rate_hz() - 1.5) < 0.06
    assert longest_silence_ms(samples, recorder.rate_hz()) <= 60


def test_held_sound_can_be_stopped_and_the_next_reply_sounds(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    recorder = Recorder(page)
    send_tone(server, page, duration_ms=1500)
    wait_played(page, 200)
    server.send("audio_stream_pause", turn=1)
    page.wait_for_function("syrinx.player.context.state === 'suspended'")
    server.stop_sound(1, "interrupted", played_ms=200)
    server.start_sound(2)
    send_tone(server, page, duration_ms=400)
    server.send("audio_stream_sent", turn=2, duration_ms=400)
    page.wait_for_function("syrinx.player.turn === 2 && syrinx.player.playedMs >= 395")
    samples, _, _ = recorder.sounding()
    assert len(samples) / recorder.rate_hz() < 1.2


def test_an_underrun_inside_a_sentence_widens_the_jitter_buffer(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    server.sentence(1, 0, "One long sentence.", at_ms=0)
    send_tone(server, page, duration_ms=120)
    page.wait_for_timeout(400)
    send_tone(server, page, duration_ms=120)
    page.wait_for_function("syrinx.player.counters.underruns === 1")
    assert page.evaluate("syrinx.player.counters.jitterMs") > 80


def test_waiting_for_the_next_sentence_is_no_underrun(page: Page, server: MockServer) -> None:
    server.start_sound(1)
    server.sentence(1, 0, "First.", at_ms=0)
    send_tone(server, page, duration_ms=120)
    page.wait_for_timeout(400)
    server.sentence(1, 1, "Second.", at_ms=120)
    send_tone(server, page, duration_ms=120)
    page.wait_for_function("syrinx.player.counters.waits === 1")
    assert page.evaluate("syrinx.player.counters.underruns") == 0
    assert page.evaluate("syrinx.player.counters.jitterMs") == 80
