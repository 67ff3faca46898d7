"""A person with a browser and a microphone talks to a server on embedded engines."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ..browser import Recorder, longest_silence_ms
from .conftest import OpenTalkPage, RunningServer, cough, human, script
from .wire import Wire, until, until_in_page

pytestmark = pytest.mark.journey

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def test_a_person_speaks_sees_the_words_hears_the_answer_and_is_heard_again(
    server: RunningServer, open_talk_page: OpenTalkPage
) -> None:
    microphone = script(1.5, human("LJ001-0004"), 2.0)
    # The recorder is a script of the test, which the page's own policy rightly refuses.
    page = open_talk_page(server, microphone, barge_in=False, bypass_csp=True)
    wire = Wire(page)
    page.reload()
    until_in_page(page, "document.body.dataset.state === 'idle'")

    page.click("#voice-button")
    recorder = Recorder(page)
    until(page, lambda: bool(wire.of("transcript")), "the first words")
    page.wait_for_selector("#conversation >> text=/\\w+/")
    until(page, lambda: any(heard["final"] and heard["text"] for heard in wire.of("transcript")), "the final words")
    until(page, lambda: bool(wire.of("audio_stream_start")), "the reply's sound")
    until_in_page(page, "syrinx.listening.stoppedAutomatically && !syrinx.listening.sending")
    while_speaking = wire.sound_sent_bytes
    until(page, lambda: bool(wire.of("audio_stream_stop")), "the end of the reply", timeout_s=60)
    assert wire.sound_sent_bytes - while_speaking <= 4 * 1024, "the microphone was sent while the reply sounded"
    until_in_page(page, "syrinx.listening.sending && !syrinx.listening.stoppedAutomatically")
    until(page, lambda: wire.states()[-1] == "listening", "listening again")

    words = next(heard["text"] for heard in wire.of("transcript") if heard["final"])
    assert {"block", "immediate", "predecessors", "true", "printed"} & set(words.lower().split())
    assert wire.of("audio_stream_stop")[0]["reason"] == "finished"
    sounded, _, _ = recorder.sounding()
    assert float(np.sqrt(np.mean(sounded**2))) > 0.01
    sent = np.frombuffer(bytes(wire.sound), "<i2").astype(np.float32) / 32768
    # The speech has pauses of its own; what playing adds to the longest of them is a gap.
    added_ms = longest_silence_ms(sounded, recorder.rate_hz()) - longest_silence_ms(sent.astype(np.float32), 24_000)
    assert added_ms <= 20
    audible = np.flatnonzero(np.abs(sent) > 0.01)
    assert len(sounded) / recorder.rate_hz() == pytest.approx((audible[-1] - audible[0]) / 24_000, abs=0.02)
    assert page.evaluate("syrinx.player.counters.underruns") == 0
    until(page, lambda: bool(wire.of("metrics")), "what the turn took")
    assert wire.of("metrics")[0]["ms"]["first_audio"] > 0


def test_a_second_recording_over_the_reply_interrupts_it_and_a_cough_does_not(
    server: RunningServer, open_talk_page: OpenTalkPage
) -> None:
    microphone = script(4.0, cough(), 5.0, human("LJ001-0002"), 0.3, human("LJ001-0008"), 2.0)
    page = open_talk_page(server, microphone, barge_in=True)
    wire = Wire(page)
    page.reload()
    until_in_page(page, "document.body.dataset.state === 'idle'")

    page.click("#voice-button")
    page.fill("#typed", "Please tell me a long story.")
    page.press("#typed", "Enter")
    until(page, lambda: bool(wire.of("audio_stream_start")), "the story's sound")
    page.wait_for_timeout(6500)
    assert not wire.of("audio_stream_stop"), "the cough ended the reply"
    held = [
        message["type"] for message in wire.received if message["type"] in {"audio_stream_pause", "audio_stream_resume"}
    ]
    assert held.count("audio_stream_pause") == held.count("audio_stream_resume"), "the cough left the reply held"
    assert page.evaluate("syrinx.player.held") is False

    until(page, lambda: bool(wire.of("audio_stream_stop")), "the interruption")
    stop = wire.of("audio_stream_stop")[0]
    assert stop["reason"] == "interrupted"
    reply = "".join(delta["delta"] for delta in wire.of("reply") if delta["turn"] == stop["turn"])
    assert reply.startswith(stop["heard"].strip()[:20])
    assert len(stop["heard"]) < len(reply)
    page.wait_for_selector("text=not heard")
    until(
        page,
        lambda: any(heard["final"] and heard["text"] for heard in wire.of("transcript")),
        "the second turn's words",
    )
    until(page, lambda: len(wire.of("audio_stream_start")) >= 2, "the answer to the interruption")


@pytest.mark.skipif("SYRINX_WRITE_IMAGES" not in os.environ, reason="SYRINX_WRITE_IMAGES=1 has it write docs/images")
def test_pictures_of_the_views_can_be_made(server: RunningServer, open_talk_page: OpenTalkPage) -> None:
    folder = IMAGES
    page = open_talk_page(server, script(0.5), barge_in=False, color_scheme="light")
    wire = Wire(page)
    page.reload()
    until_in_page(page, "document.body.dataset.state === 'idle'")
    page.fill("#typed", "Hello! Who are you?")
    page.press("#typed", "Enter")
    until(page, lambda: bool(wire.of("audio_stream_stop")), "the first answer", timeout_s=60)
    page.fill("#typed", "Tell me a story, please.")
    page.press("#typed", "Enter")
    until(page, lambda: len(wire.of("audio_stream_start")) == 2, "the story")
    page.wait_for_timeout(3500)

    def picture(name: str) -> None:
        page.wait_for_timeout(700)  # colours change gently
        assert len(page.screenshot(path=folder / f"{name}.png")) > 20_000

    picture("talk-light")
    page.emulate_media(color_scheme="dark")
    picture("talk-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    picture("talk-phone")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.click("text=System")
    page.wait_for_selector("#engines >> text=Hearing")
    picture("system-light")
