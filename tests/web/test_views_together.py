"""Talk, Speak and Listen beside each other: one sounds or hears at a time, and what one holds is given back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage, listen
from .mock_server import MockServer
from .mock_speech import WAIT, narrated, tone
from .test_listen import choose
from .test_speak import speak, state_of, wait_for_state

COUNT_MICROPHONES = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
globalThis.tracks = [];
globalThis.answered = new Promise((resolve) => { globalThis.answer = resolve; });
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  tracks.push(...stream.getTracks());
  await answered;
  return stream;
};
"""
MICROPHONES = "tracks.filter((track) => track.readyState === 'live').length"
BLOCK_SOUND = """
const state = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state");
globalThis.blocked = true;
Object.defineProperty(BaseAudioContext.prototype, "state", {
  get() { return blocked ? "suspended" : state.get.call(this); },
});
"""


def open_view(page: Page, name: str) -> None:
    page.click(f"#link-{name}")
    expect(page.locator(f"#{name}-title")).to_be_visible()


def reply_sounds(page: Page, server: MockServer, turn: int = 1) -> None:
    server.start_sound(turn)
    server.sentence(turn, 0, "A long story.", at_ms=0.0)
    server.send_sound(tone(4000))
    page.wait_for_function("document.body.dataset.state === 'speaking'")


def test_what_begins_after_its_view_was_left_waits_for_a_press(page: Page, server: MockServer) -> None:
    open_view(page, "speak")
    server.speech.script = [WAIT, *narrated("The lamp was lit.")]
    speak(page, "The lamp was lit.")
    page.click("#link-talk")
    server.speech.go_on()
    expect(page.locator("#speak-status")).to_have_text("1 s, made in full")
    assert state_of(page) == "stopped"
    open_view(page, "speak")
    page.click("#speak-play")
    wait_for_state(page, "playing")


@pytest.mark.parametrize("press", ["#speak-go", "#speak-preview"])
def test_what_sounds_in_speak_is_not_heard_by_talk(page: Page, server: MockServer, press: str) -> None:
    listen(page, server)
    open_view(page, "speak")
    page.fill("#speak-text", "The lamp was lit.")
    page.click(press)
    server.wait_for("stop_listening")
    assert page.evaluate("syrinx.listening") == {"wanted": False, "sending": False, "stoppedAutomatically": False}


def test_a_reply_does_not_sound_at_the_same_time_as_a_text(page: Page, server: MockServer) -> None:
    open_view(page, "speak")
    reply_sounds(page, server)
    speak(page, "The lamp was lit.")
    server.wait_for("tts_interrupt")
    assert page.evaluate("syrinx.player.turn") is None
    wait_for_state(page, "ended")


def test_escape_stops_what_the_view_does_and_leaves_talk_alone(page: Page, server: MockServer) -> None:
    open_view(page, "speak")
    speak(page, "The lamp was lit. Nothing that followed has surpassed it.")
    wait_for_state(page, "playing")
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    page.keyboard.press("Escape")
    assert state_of(page) == "paused"
    assert "tts_interrupt" not in [message["type"] for message in server.messages]
    reply_sounds(page, server)
    page.keyboard.press("Escape")
    server.wait_for("tts_interrupt")


def test_leaving_listen_ends_the_recording_and_gives_the_microphone_back(
    open_page: OpenPage, server: MockServer
) -> None:
    page = open_page(path="#listen", before=COUNT_MICROPHONES)
    page.evaluate("answer()")
    page.click("#listen-record")
    expect(page.locator("#listen-recorded")).to_have_text("0:01")
    page.click("#link-talk")
    page.wait_for_function(f"{MICROPHONES} === 0")
    page.click("#link-listen")
    expect(page.locator("#listen-result-name")).to_contain_text("Recording ")
    assert len(server.speech.uploads) == 1


def test_one_microphone_is_opened_however_often_record_is_pressed(open_page: OpenPage) -> None:
    page = open_page(path="#listen", before=COUNT_MICROPHONES)
    page.click("#listen-record")
    page.click("#listen-record")
    page.evaluate("answer()")
    expect(page.locator("#listen-stop")).to_be_focused()
    assert page.evaluate("tracks.length") == 1
    page.click("#listen-discard")
    page.wait_for_function(f"{MICROPHONES} === 0")


@pytest.mark.parametrize("instead", ["leave", "file"])
def test_a_microphone_that_is_allowed_too_late_is_given_back(open_page: OpenPage, instead: str) -> None:
    page = open_page(path="#listen", before=COUNT_MICROPHONES)
    page.click("#listen-record")
    page.wait_for_function("tracks.length === 1")
    if instead == "leave":
        page.click("#link-talk")
    else:
        choose(page)
    page.evaluate("answer()")
    page.wait_for_function(f"{MICROPHONES} === 0")
    expect(page.locator("#listen-recording")).to_be_hidden()


def test_sound_that_the_browser_keeps_back_asks_for_a_press(open_page: OpenPage) -> None:
    page = open_page(path="#speak", before=BLOCK_SOUND)
    speak(page, "The lamp was lit.")
    expect(page.locator("#speak-status")).to_have_text("The browser keeps the sound back: press play")
    expect(page.locator("#speak-play")).to_have_attribute("aria-label", "Play")
    page.evaluate("blocked = false")
    page.click("#speak-play")
    wait_for_state(page, "ended")
    expect(page.locator("#speak-status")).to_have_text("1 s, made in full")


def test_a_token_that_is_given_in_speak_opens_the_talk(open_page: OpenPage, server: MockServer) -> None:
    server.token = "reed"
    page = open_page(path="#speak", connected=False)
    server.speech.refusal = (401, {"code": "unauthorized", "message": "A token, please.", "retryable": False}, {})
    speak(page, "The lamp was lit.")
    page.fill("#speak-problem input", "reed")
    page.keyboard.press("Enter")
    expect(page.locator("#speak-status")).to_have_text("1 s, made in full")
    page.click("#link-talk")
    expect(page.locator("#problem")).to_be_hidden()
    page.wait_for_function("document.body.dataset.state === 'idle'")
