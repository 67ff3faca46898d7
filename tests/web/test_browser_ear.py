"""The browser's own speech recognition: offered with where the sound goes, kept going, and never hearing the reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer

FAKE = """
globalThis.runs = [];
globalThis.SpeechRecognition = class extends EventTarget {
  start() { runs.push(this); this.calls = ["start"]; }
  stop() { this.calls.push("stop"); }
  abort() { this.calls.push("abort"); this.end(); }
  end() { this.dispatchEvent(new Event("end")); }
  say(...results) {
    const list = results.map(([transcript, isFinal]) => Object.assign([{ transcript }], { isFinal }));
    this.dispatchEvent(Object.assign(new Event("result"), { results: list, resultIndex: 0 }));
  }
  fail(error) { this.dispatchEvent(Object.assign(new Event("error"), { error })); this.end(); }
};
"""
ON_DEVICE = "SpeechRecognition.available = async ({ processLocally }) => processLocally ? 'available' : 'unavailable';"
SWITCHED_ON = "localStorage.setItem('syrinx.browser-ear', 'true');"
NO_BARGE_IN = "localStorage.setItem('syrinx.barge-in', 'false');"


def say(page: Page, *results: tuple[str, bool]) -> None:
    page.evaluate(f"runs.at(-1).say(...{json.dumps(results)})")


def runs(page: Page, count: int) -> None:
    page.wait_for_function(f"runs.length === {count}")


def hear(open_page: OpenPage, before: str = "") -> Page:
    page = open_page(before=FAKE + SWITCHED_ON + before)
    page.wait_for_function("document.getElementById('language').value !== ''")
    page.click("#voice-button")
    runs(page, 1)
    return page


def reply(server: MockServer, text: str = "The block books came first of all.") -> None:
    server.send("reply", turn=1, speaker="Ada", delta=text)
    server.start_sound(1)
    server.sentence(1, 0, text, at_ms=0)


def test_it_is_offered_only_where_the_browser_has_it_and_is_off(open_page: OpenPage) -> None:
    page = open_page(before="delete globalThis.SpeechRecognition; delete globalThis.webkitSpeechRecognition;")
    page.click("#open-settings")
    expect(page.locator("#browser-ear")).to_be_hidden()
    page = open_page(before=FAKE)
    page.click("#open-settings")
    expect(page.locator("#browser-ear")).not_to_be_checked()
    expect(page.locator("#browser-ear-note")).to_contain_text("sends what you say to its maker's service")


def test_recognition_on_the_device_is_asked_for_and_said(open_page: OpenPage) -> None:
    page = hear(open_page, ON_DEVICE)
    page.click("#open-settings")
    expect(page.locator("#browser-ear-note")).to_contain_text("understands you on this device")
    about: list[Any] = page.evaluate("[runs[0].processLocally, runs[0].lang, runs[0].interimResults]")
    assert about == [True, "en-US", True]


def test_it_does_not_begin_before_it_is_known_where_the_sound_goes(open_page: OpenPage) -> None:
    asked = """
      globalThis.known = Promise.withResolvers();
      SpeechRecognition.available = () => known.promise;
    """
    page = open_page(before=FAKE + SWITCHED_ON + asked)
    page.click("#voice-button")
    expect(page.locator("#voice-button")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("runs.length") == 0
    page.evaluate("known.resolve('available')")
    runs(page, 1)
    assert page.evaluate("runs[0].processLocally") is True


def test_one_that_is_finishing_is_not_begun_again_by_another_language(open_page: OpenPage) -> None:
    page = hear(open_page)
    page.click("#voice-button")
    page.click("#open-settings")
    page.select_option("#language", "de")
    page.evaluate("runs[0].end()")
    page.keyboard.press("Escape")
    expect(page.locator("#state-words")).to_have_text("Press to talk")
    assert page.evaluate("[runs.length, runs[0].calls.at(-1)]") == [1, "stop"]


def test_its_words_are_shown_as_they_come_and_sent_when_final_and_no_sound_is(
    open_page: OpenPage, server: MockServer
) -> None:
    page = hear(open_page)
    expect(page.locator("#state-words")).to_have_text("Listening")
    say(page, ("what came", False))
    expect(page.locator(".person.partial .words")).to_have_text("what came")
    expect(page.locator("#state-words")).to_have_text("Hearing you")
    say(page, ("What came before?", True), ("and", False))
    assert server.wait_for("text")["text"] == "What came before?"
    expect(page.locator(".person:not(.partial) .words")).to_have_text(["What came before?"])
    say(page, ("What came before?", True), ("And after?", True))
    assert server.wait_for("text", count=2)["text"] == "And after?"
    expect(page.locator(".person .words")).to_have_text(["What came before?", "And after?"])
    assert server.sound_frames() == 0
    assert not server.received("start_listening")
    assert page.evaluate("syrinx.capture.contextHz") is None


def test_it_begins_again_after_a_silence_and_withdraws_what_came_to_nothing(open_page: OpenPage) -> None:
    page = hear(open_page)
    say(page, ("hmm", False))
    page.evaluate("runs[0].fail('no-speech')")
    expect(page.locator(".person")).to_have_count(0)
    runs(page, 2)
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#state-words")).to_have_text("Listening")


def test_stopping_lets_the_last_words_come(open_page: OpenPage, server: MockServer) -> None:
    page = hear(open_page)
    page.click("#voice-button")
    assert page.evaluate("runs[0].calls") == ["start", "stop"]
    say(page, ("Last words.", True))
    page.evaluate("runs[0].end()")
    assert server.wait_for("text")["text"] == "Last words."
    page.wait_for_timeout(300)
    assert page.evaluate("runs.length") == 1


def test_without_interrupting_it_pauses_while_the_reply_sounds(open_page: OpenPage, server: MockServer) -> None:
    page = hear(open_page, NO_BARGE_IN)
    reply(server)
    expect(page.locator("#state-words")).to_have_text("Ada is speaking, the microphone waits")
    assert page.evaluate("runs[0].calls") == ["start", "abort"]
    server.stop_sound(1, heard="The block books came first of all.")
    runs(page, 2)
    say(page, ("books came first", False))  # what the loudspeaker left in the air
    expect(page.locator(".person")).to_have_count(0)


def test_words_over_the_reply_interrupt_it_but_its_own_echo_and_a_murmur_do_not(
    open_page: OpenPage, server: MockServer
) -> None:
    page = hear(open_page)
    reply(server)
    page.wait_for_function("syrinx.player.turn === 1")
    say(page, ("the block boots came first", False))
    say(page, ("mm hm", True))
    say(page, ("mm hm", True), ("No wait", False))
    server.wait_for("tts_interrupt")
    assert len(server.received("tts_interrupt")) == 1
    assert not server.received("text")
    expect(page.locator(".person.partial .words")).to_have_text("No wait")
    server.stop_sound(1, "interrupted", heard="The block")
    say(page, ("mm hm", True), ("No, wait, the block.", True))
    assert server.wait_for("text")["text"] == "No, wait, the block."


PROBLEMS = [
    ("network", "does not reach its service"),
    ("not-allowed", "The microphone is not allowed here."),
    ("audio-capture", "No microphone was found."),
    ("service-not-allowed", "keeps its speech recognition from this page"),
    ("language-not-supported", "does not know this language"),
]


def test_each_trouble_has_words_and_our_own_ear_is_a_press_away(open_page: OpenPage, server: MockServer) -> None:
    page = hear(open_page)
    for count, (error, words) in enumerate(reversed(PROBLEMS), start=1):
        runs(page, count)
        page.evaluate(f"runs.at(-1).fail('{error}')")
        expect(page.locator("#problem")).to_contain_text(words)
        expect(page.locator("#voice-button")).to_have_attribute("aria-pressed", "false")
        if error != "network":
            page.click("#voice-button")
    page.click("#problem button")
    server.wait_for("start_listening")
    page.wait_for_function("syrinx.capture.contextHz !== null")
    page.click("#open-settings")
    expect(page.locator("#browser-ear")).not_to_be_checked()


def test_it_follows_the_language_of_the_talk(open_page: OpenPage) -> None:
    page = hear(open_page)
    page.click("#open-settings")
    page.select_option("#language", "de")
    runs(page, 2)
    assert page.evaluate("[runs[0].calls.at(-1), runs[1].lang]") == ["abort", "de-DE"]


def test_it_stops_when_the_server_is_away_and_goes_on_when_it_is_back(open_page: OpenPage, server: MockServer) -> None:
    page = hear(open_page)
    server.close(1011)
    page.wait_for_function("runs[0].calls.at(-1) === 'abort'")
    runs(page, 2)
    expect(page.locator("#state-words")).to_have_text("Listening")


@pytest.mark.parametrize("switched_on", [True, False])
def test_switching_while_listening_changes_who_hears_at_once(
    open_page: OpenPage, server: MockServer, switched_on: bool
) -> None:
    page = open_page(before=FAKE + ("" if switched_on else SWITCHED_ON))
    page.click("#voice-button")
    if switched_on:
        server.wait_for("start_listening")
    page.click("#open-settings")
    page.set_checked("#browser-ear", switched_on)
    if switched_on:
        server.wait_for("stop_listening")
        runs(page, 1)
        assert page.evaluate("syrinx.capture.contextHz") is None
    else:
        server.wait_for("start_listening")
        assert page.evaluate("runs[0].calls") == ["start", "stop"]
