"""The Speak view: a text heard while it is made, its words marked, stopped, sought; and what goes wrong, told."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ..browser import SPEAK, Recorder, longest_silence_ms
from .conftest import OpenPage
from .mock_server import MockServer
from .mock_speech import CUT, PAUSE_MS, RATE_HZ, WAIT, WORD_MS, Step, begun, narrated, sound

TEXT = "The block books came first. Nothing that followed has surpassed them. The lamp was lit."
FIRST_SENTENCE_EVENTS = 1 + 2 + 5 + 1
"""`begun`, the sentence with its words, the sound of five words and a pause."""


def speak(page: Page, text: str = TEXT) -> None:
    page.fill("#speak-text", text)
    page.press("#speak-text", "Control+Enter")


def state_of(page: Page) -> str:
    return page.evaluate("async () => (await import('/js/clip-player.js')).clipState()")


def position_ms(page: Page) -> float:
    return page.evaluate("async () => (await import('/js/clip-player.js')).positionMs()")


def wait_for_state(page: Page, state: str) -> None:
    page.evaluate("async () => { globalThis.clipPlayer = await import('/js/clip-player.js'); }")
    page.wait_for_function("(state) => clipPlayer.clipState() === state", arg=state)


def marked(page: Page, word: str) -> None:
    """Looked for at every frame: a word sounds no longer than it takes to say."""
    page.wait_for_function(
        "(word) => document.querySelector('#speak-reading .word.now')?.textContent === word", arg=word
    )


def try_again(page: Page) -> None:
    page.locator("#speak-problem").get_by_role("button", name="Try again", exact=True).click()


def halfway(text: str = TEXT) -> list[Step]:
    events = narrated(text)
    return [*events[:FIRST_SENTENCE_EVENTS], WAIT, *events[FIRST_SENTENCE_EVENTS:]]


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    opened = open_page(path="#speak")
    expect(opened.locator("#speak-title")).to_be_visible()
    return opened


def test_a_text_is_heard_while_it_is_made_and_its_words_are_marked(page: Page, server: MockServer) -> None:
    server.speech.script = halfway()
    speak(page)
    status = page.locator("#speak-status")
    expect(status).to_contain_text("1 s ready, 1 of 3 sentences")
    expect(page.locator("#speak-go")).to_have_text("Stop")
    expect(page.locator("#speak-play")).to_have_attribute("aria-label", "Pause")
    marked(page, "books")
    expect(page.locator("#speak-reading .sentence.now")).to_have_text("The block books came first.")
    server.speech.go_on()
    expect(status).to_have_text("4 s, made in full")
    expect(page.locator("#speak-go")).to_have_text("Speak")
    marked(page, "surpassed")
    assert page.locator("#speak-reading").inner_text() == TEXT
    assert server.speech.orders == [
        {"text": TEXT, "ssml": False, "voice": None, "language": None, "engine": "", "speed": 1,
         "pitch_semitones": 0, "instructions": "", "format": "mp3", "accept": "text/event-stream",
         "path": "/api/speech"},
    ]  # fmt: skip


def test_the_sound_has_no_gap_though_it_comes_in_pieces(page: Page, server: MockServer) -> None:
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    pcm = (9000 * np.sin(2 * np.pi * 240 * times)).astype("<i2").tobytes()
    pieces = [pcm[at : at + 4800] for at in range(0, len(pcm), 4800)]
    said = begun()
    script: list[Step] = [said, WAIT]
    for piece in pieces:
        script += [sound(piece), 0.01]
    server.speech.script = [*script, ("done", {"duration_ms": 2000.0, "characters": 5})]
    speak(page, "Tone.")
    expect(page.locator("#speak-status")).to_contain_text("ready")
    recorder = Recorder(page, SPEAK)
    server.speech.go_on()
    wait_for_state(page, "ended")
    samples, start_s, end_s = recorder.sounding()
    assert end_s - start_s == pytest.approx(2.0, abs=0.02)
    assert longest_silence_ms(samples, recorder.rate_hz()) < 2
    assert float(np.max(np.abs(np.diff(samples)))) < 0.03, "a click at a join"


def test_when_the_sound_runs_dry_it_waits_and_goes_on(page: Page, server: MockServer) -> None:
    server.speech.script = halfway()
    speak(page)
    wait_for_state(page, "playing")
    wait_for_state(page, "waiting")
    reached = position_ms(page)
    assert reached == pytest.approx(5 * WORD_MS + PAUSE_MS, abs=60), "as far as the sound has left the speakers"
    server.speech.go_on()
    wait_for_state(page, "ended")
    expect(page.locator("#speak-time")).to_have_text("0:04 / 0:04")


def test_stopping_ends_the_work_on_the_server_and_what_is_made_can_be_heard(page: Page, server: MockServer) -> None:
    server.speech.script = halfway()
    speak(page)
    expect(page.locator("#speak-status")).to_contain_text("1 of 3 sentences")
    page.click("#speak-go")
    assert server.speech.left.wait(5)
    expect(page.locator("#speak-status")).to_have_text("Stopped: 1 s were made")
    expect(page.locator("#speak-save")).to_be_disabled()
    page.click("#speak-play")
    wait_for_state(page, "ended")


def test_pausing_keeps_the_place_and_space_and_escape_work_it(page: Page) -> None:
    speak(page)
    expect(page.locator("#speak-reading")).to_be_focused()
    marked(page, "block")
    page.keyboard.press("Space")
    assert state_of(page) == "paused"
    place = position_ms(page)
    assert place >= WORD_MS
    expect(page.locator("#speak-play")).to_have_attribute("aria-label", "Play")
    assert position_ms(page) == place
    page.keyboard.press("Space")
    marked(page, "came")
    page.keyboard.press("Escape")
    assert state_of(page) == "paused"


def test_any_place_is_reached_by_key_by_pointer_and_by_pressing_a_word(page: Page) -> None:
    speak(page)
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    page.click("#speak-play")
    wave = page.get_by_role("slider", name="Place in the speech")
    wave.press("End")
    expect(wave).to_have_attribute("aria-valuetext", "4 s of 4 s")
    wave.press("Home")
    assert position_ms(page) == 0
    wave.press("ArrowRight")
    expect(wave).to_have_attribute("aria-valuenow", "4")
    box = wave.bounding_box()
    assert box is not None
    wave.click(position={"x": box["width"] / 2, "y": 10})
    duration = 15 * WORD_MS + 2 * PAUSE_MS
    assert position_ms(page) == pytest.approx(duration / 2, rel=0.02)
    page.click("#speak-reading .word >> text=followed")
    assert position_ms(page) == pytest.approx(7 * WORD_MS + PAUSE_MS, abs=1)
    marked(page, "followed")


def test_what_spoke_is_said_honestly(page: Page, server: MockServer) -> None:
    server.speech.script = list(narrated(TEXT, exact=False, not_applied=["instructions"]))
    speak(page)
    told = page.locator("#speak-told")
    expect(told).to_contain_text("Spoken by flite (basic, English), slt, American English. A synthetic voice")
    expect(told).to_contain_text("times of its words are estimated")
    expect(told).to_contain_text("Not applied, since this voice cannot: instructions.")
    expect(told).to_contain_text("First sound after 42 ms")


def test_where_a_text_goes_is_said_before_it_goes(page: Page, server: MockServer) -> None:
    expect(page.locator("#speak-where")).to_have_text("Your text stays on the server that runs Syrinx.")
    server.options["engines"]["tts"].append(
        {"name": "far", "title": "Far voices", "remote": True, "destination": "far.example", "available": True,
         "reason": "", "remedy": "", "chosen": False},
    )  # fmt: skip
    page.reload()
    page.click("text=More")
    page.select_option("#speak-engine", "far")
    expect(page.locator("#speak-where")).to_contain_text("sent to far.example")


def test_choices_go_along_and_are_there_again(page: Page, server: MockServer) -> None:
    page.select_option("#speak-language", "de")
    page.select_option("#speak-voice", "espeak:de")
    page.fill("#speak-speed", "1.25")
    page.fill("#speak-pitch", "-3")
    page.select_option("#speak-format", "opus")
    expect(page.locator("#speak-speed-figure")).to_have_text("1.25 ×")
    expect(page.locator("#speak-pitch-figure")).to_have_text("−3 semitones")
    page.check("#speak-markup input[value=ssml]", force=True)
    page.reload()
    expect(page.locator("#speak-voice")).to_have_value("espeak:de")
    speak(page, "<speak>Guten Tag.</speak>")
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    order = server.speech.orders[-1]
    wanted = {"ssml": True, "voice": "espeak:de", "language": "de", "speed": 1.25, "pitch_semitones": -3}
    assert wanted.items() <= order.items()
    page.select_option("#speak-language", "ar")
    expect(page.locator("#speak-voice")).to_have_value("")


def test_a_voice_is_heard_before_it_is_chosen_for_good(page: Page, server: MockServer) -> None:
    page.fill("#speak-voice-filter", "german")
    page.select_option("#speak-voice", "espeak:de")
    page.click("#speak-preview")
    expect(page.locator("#speak-preview")).to_have_text("Stop")
    order = server.speech.orders[-1]
    assert order["voice"] == "espeak:de"
    assert order["text"].startswith("Guten Abend")
    page.click("#speak-preview")
    expect(page.locator("#speak-preview")).to_have_text("Hear this voice")


def test_nothing_and_too_much_are_refused_before_the_server_has_to(page: Page, server: MockServer) -> None:
    server.options["limits"]["speech_chars"] = 20
    page.reload()
    page.click("#speak-go")
    expect(page.locator("#speak-fault")).to_contain_text("nothing to speak yet")
    page.fill("#speak-text", "A text of more than twenty characters")
    expect(page.locator("#speak-count")).to_have_text("37 of 20 characters")
    expect(page.locator("#speak-fault")).to_contain_text("too long by 17 characters")
    page.click("#speak-go")
    assert server.speech.orders == []


def test_a_busy_voice_says_when_it_is_free_and_can_be_tried_again(page: Page, server: MockServer) -> None:
    busy = {"code": "engine_busy", "message": "Eight others wait.", "retryable": True}
    server.speech.refusal = (429, busy, {"Retry-After": "1"})
    speak(page)
    problem = page.locator("#speak-problem")
    expect(problem.get_by_role("alert")).to_have_text(
        "The voice is busy with others. There is room again in about 1 s."
    )
    expect(page.locator("#speak-text")).to_be_visible()
    try_again(page)
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    expect(problem).to_be_hidden()


@pytest.mark.parametrize(
    ("end", "what"),
    [
        (CUT, "The connection broke off."),
        (("error", {"code": "engine_error", "message": "flite fell silent", "retryable": True}), "Flite fell silent."),
    ],
    ids=["cut", "error"],
)
def test_what_breaks_off_leaves_what_came_before(page: Page, server: MockServer, end: Step, what: str) -> None:
    server.speech.script = [*narrated(TEXT)[:FIRST_SENTENCE_EVENTS], WAIT, end]
    speak(page)
    expect(page.locator("#speak-status")).to_contain_text("1 of 3")
    server.speech.go_on()
    expect(page.locator("#speak-status")).to_have_text("Broken off after 1 s")
    expect(page.locator("#speak-problem")).to_contain_text(what)
    wait_for_state(page, "ended")
    server.speech.script = None
    try_again(page)
    expect(page.locator("#speak-status")).to_contain_text("made in full")


def test_a_server_that_is_away_and_one_that_asks_for_a_token_are_told_apart(page: Page, server: MockServer) -> None:
    page.route("**/api/speech", lambda route: route.abort())
    speak(page)
    expect(page.locator("#speak-problem")).to_contain_text("The server does not answer.")
    page.unroute("**/api/speech")
    server.speech.refusal = (401, {"code": "unauthorized", "message": "A token, please.", "retryable": False}, {})
    try_again(page)
    page.fill("#speak-problem input", "secret")
    page.click("#speak-problem >> text=Use it")
    expect(page.locator("#speak-status")).to_contain_text("made in full")


def test_writing_from_right_to_left_is_read_so(page: Page) -> None:
    speak(page, "مرحبا بكم جميعا. كيف حالك؟")
    marked(page, "بكم")
    assert page.evaluate("getComputedStyle(document.getElementById('speak-reading')).direction") == "rtl"


def test_words_are_found_behind_characters_of_two_units_and_in_ssml(page: Page, server: MockServer) -> None:
    speak(page, "🙂🙂 One two.")
    marked(page, "two.")
    page.click("#speak-edit")
    page.check("#speak-markup input[value=ssml]", force=True)
    ssml = "<speak>One <emphasis>two</emphasis> three</speak>"
    words = [{"text": word, "start_char": ssml.index(word), "at_ms": number * WORD_MS}
             for number, word in enumerate(["One", "two", "three"])]  # fmt: skip
    server.speech.script = [
        begun(),
        ("sentence", {"index": 0, "text": "One two three", "start_char": ssml.index("One"), "at_ms": 0}),
        ("words", {"index": 0, "exact": True, "words": words}),
        sound(b"\1\1" * RATE_HZ),
        ("done", {"duration_ms": 1000, "characters": len(ssml)}),
    ]
    speak(page, ssml)
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    assert page.locator("#speak-reading .word").all_inner_texts() == ["One", "two", "three"]
    assert page.locator("#speak-reading").inner_text() == ssml


def test_leaving_the_view_pauses_and_coming_back_finds_it(page: Page) -> None:
    speak(page)
    wait_for_state(page, "playing")
    page.click("#link-talk")
    wait_for_state(page, "paused")
    page.click("#link-speak")
    expect(page.locator("#speak-reading")).to_be_visible()
    page.click("#speak-play")
    wait_for_state(page, "playing")
