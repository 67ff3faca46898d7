"""The Listen view: a recording dropped, chosen or made, watched as it is understood, read with its sound, exported."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import RECORDING, OpenPage
from .mock_server import MockServer
from .mock_speech import CUT, WAIT, Step, transcript, understood
from .test_access import PHONE, SMALLEST, WIDE, ZOOMED, no_violations
from .test_speak_frame import fits_the_window

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WORDS = (
    "in being comparatively modern.\n"
    "The block books, nevertheless, were a step on the way to printing,\n"
    "and nothing that followed has surpassed them."
)
WORD_MS = 90.0
FAILED = ("error", {"code": "engine_error", "message": "The ear broke.", "retryable": True})


@pytest.fixture
def page(open_page: OpenPage, server: MockServer) -> Page:
    server.speech.hearing = list(understood(transcript(WORDS, word_ms=WORD_MS)))
    opened = open_page(path="#listen")
    expect(opened.locator("#listen-title")).to_be_visible()
    return opened


def choose(page: Page) -> None:
    page.set_input_files("#listen-file", RECORDING)


def understand(page: Page) -> None:
    choose(page)
    expect(page.locator("#listen-result-name")).to_be_focused()


def drop(page: Page, name: str, content: str) -> None:
    page.evaluate(
        """([name, content]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([content], name));
          for (const kind of ["dragenter", "dragover", "drop"]) {
            document.querySelector("#listen-title").dispatchEvent(
              new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
          }
        }""",
        [name, content],
    )


def test_words_arrive_with_their_times_and_firm_ones_stand_firmer(page: Page, server: MockServer) -> None:
    events = server.speech.hearing
    server.speech.hearing = [*events[:3], WAIT, *events[3:]]
    choose(page)
    live = page.locator("#listen-live")
    expect(live.locator("p")).to_have_text(
        ["in being comparatively modern.", "The block books, nevertheless, were a step"]
    )
    assert "".join(live.locator(".stable").all_inner_texts()) == (
        "in being comparatively modern.The block books, nevertheless, were"
    )
    expect(live.locator(".at").first).to_have_text("0:00")
    expect(page.locator("#listen-progress")).to_contain_text("0:00 of 0:02 understood")
    expect(page.locator("#listen-cancel")).to_be_focused()
    part = page.locator("[role=progressbar]").get_attribute("aria-valuenow")
    assert part is not None
    assert 40 <= int(part) <= 60
    server.speech.go_on()
    expect(page.locator("#listen-segments li")).to_have_count(3)
    expect(page.locator("#listen-told")).to_have_text("Understood by PocketSphinx (basic, built in), in English.")
    assert server.speech.uploads == [
        {"language": "", "task": "transcribe", "engine": "", "name": RECORDING.name, "bytes": RECORDING.read_bytes()}
    ]


def test_pressing_a_word_or_a_segment_plays_from_there_and_the_word_that_sounds_is_marked(page: Page) -> None:
    understand(page)
    expect(page.locator("#listen-time")).to_have_text("0:00 / 0:02")
    page.get_by_role("button", name="Play from 0:01.4").click()
    page.wait_for_function("document.querySelector('#listen-segments .word.now')?.textContent === 'nothing'")
    expect(page.locator("#listen-play")).to_have_attribute("aria-label", "Play")
    page.click("#listen-segments .word >> text=books,")
    page.wait_for_function("document.querySelector('#listen-segments .word.now')?.textContent === 'were'")
    page.keyboard.press("Escape")
    expect(page.locator("#listen-play")).to_have_attribute("aria-label", "Play")
    wave = page.get_by_role("slider", name="Place in the recording")
    wave.press("Home")
    expect(wave).to_have_attribute("aria-valuenow", "0")
    expect(wave).to_have_attribute("aria-disabled", "false")


def test_words_are_found_in_the_text_whatever_its_capitals_and_spaces(page: Page, server: MockServer) -> None:
    done = transcript("being in it\n你好世界")
    done["segments"][0]["text"] = "Being, in it."
    done["words"][1:2] = [{"text": "IN", "start_ms": 300.0, "end_ms": 600.0}]
    done["words"][3:] = [{"text": "你好", "start_ms": 900.0, "end_ms": 1000.0},
                         {"text": "世界", "start_ms": 1000.0, "end_ms": 1200.0}]  # fmt: skip
    server.speech.hearing = list(understood(done))
    understand(page)
    assert page.locator("#listen-segments .word").all_inner_texts() == ["Being", "in", "it", "你好", "世界"]
    assert page.locator("#listen-segments p").all_inner_texts() == ["Being, in it.", "你好世界"]


def test_cancelling_ends_the_work_on_the_server(page: Page, server: MockServer) -> None:
    server.speech.hearing = [*server.speech.hearing[:2], WAIT]
    choose(page)
    expect(page.locator("#listen-live li").first).to_be_visible()
    page.click("#listen-cancel")
    assert server.speech.left.wait(5)
    expect(page.locator("#listen-pick")).to_be_focused()
    expect(page.locator("#listen-problem")).to_be_hidden()


def test_a_file_is_dropped_anywhere_and_choices_go_along(page: Page, server: MockServer) -> None:
    page.select_option("#listen-language", "en-GB")
    page.check("#listen-task [value=translate]", force=True)
    drop(page, "meeting.wav", "as if it were sound")
    expect(page.locator("#listen-result-name")).to_have_text("meeting.wav")
    (upload,) = server.speech.uploads
    assert upload == {
        "language": "en-GB", "task": "translate", "engine": "", "name": "meeting.wav", "bytes": b"as if it were sound",
    }  # fmt: skip
    expect(page.locator("#listen-status")).to_contain_text("This browser cannot play this kind of file")
    expect(page.locator("#listen-play")).to_be_disabled()
    page.select_option("#listen-language", "en-US")
    page.click("#listen-again")
    expect(page.locator("#listen-result-name")).to_be_focused()
    assert [upload["language"] for upload in server.speech.uploads] == ["en-GB", "en-US"]


def test_a_recording_is_made_written_down_and_played(page: Page, server: MockServer) -> None:
    page.click("#listen-record")
    expect(page.locator("#listen-stop")).to_be_focused()
    expect(page.locator("#listen-recorded")).to_have_text("0:01")
    page.click("#listen-stop")
    expect(page.locator("#listen-result-name")).to_contain_text("Recording ")
    (upload,) = server.speech.uploads
    assert re.fullmatch(r"Recording \d\d\.\d\d\.webm", upload["name"])
    assert upload["bytes"].startswith(b"\x1aE\xdf\xa3"), "no WebM"
    page.click("#listen-play")
    page.wait_for_function("document.querySelector('#listen-segments .word.now')?.textContent === 'The'")


def test_a_recording_is_thrown_away(page: Page, server: MockServer) -> None:
    page.click("#listen-record")
    expect(page.locator("#listen-stop")).to_be_focused()
    drop(page, "meeting.wav", "as if it were sound")
    expect(page.locator("#listen-problem")).to_contain_text("A recording is being made.")
    page.click("#listen-discard")
    expect(page.locator("#listen-record")).to_be_focused()
    expect(page.locator("#listen-problem")).to_be_hidden()
    assert server.speech.uploads == []


def test_a_microphone_that_is_refused_says_so_and_a_file_still_works(open_page: OpenPage, server: MockServer) -> None:
    refuse = (
        """navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };"""
    )
    page = open_page(path="#listen", before=refuse)
    page.click("#listen-record")
    expect(page.locator("#listen-problem")).to_contain_text("The microphone is not allowed here.")
    understand(page)
    expect(page.locator("#listen-problem")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "code", "what"),
    [
        (400, "bad_audio", "No sound could be read from this file."),
        (413, "too_large", "The file is too large. This server takes up to 100 MB."),
        (429, "engine_busy", "The ear is busy with others. There is room again in about 2 s."),
        (503, "engine_unavailable", "No ear is ready for this."),
        (500, "failed", "The recording could not be understood."),
    ],
)
def test_every_refusal_has_its_own_sentence(page: Page, server: MockServer, status: int, code: str, what: str) -> None:
    told = {"code": code, "message": "The server's own words.", "retryable": False}
    server.speech.refusal = (status, told, {"Retry-After": "2"} if status == 429 else {})
    choose(page)
    expect(page.locator("#listen-problem").get_by_role("alert")).to_contain_text(what)
    expect(page.locator("#listen-pick")).to_be_visible()


@pytest.mark.parametrize(("end", "what"), [(CUT, "The connection broke off."), (FAILED, "The ear broke.")])
def test_what_breaks_off_is_said_and_tried_again(page: Page, server: MockServer, end: Step, what: str) -> None:
    whole = server.speech.hearing
    server.speech.hearing = [*whole[:2], 0.2, end]
    choose(page)
    expect(page.locator("#listen-problem")).to_contain_text(what)
    server.speech.hearing = whole
    page.locator("#listen-problem").get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator("#listen-segments li")).to_have_count(3)


def test_a_server_that_is_away_and_files_that_cannot_be_are_told_at_once(page: Page, server: MockServer) -> None:
    problem = page.locator("#listen-problem")
    page.route("**/api/transcripts", lambda route: route.abort())
    choose(page)
    expect(problem).to_contain_text("The server does not answer.")
    page.unroute("**/api/transcripts")
    drop(page, "nothing.wav", "")
    expect(problem).to_contain_text("The file is empty.")
    server.options["limits"]["upload_bytes"] = 1000
    page.reload()
    expect(page.locator("#listen-takes")).to_contain_text("up to 1 kB")
    drop(page, "much.wav", "x" * 1001)
    expect(problem).to_contain_text("The file is too large.")
    assert server.speech.uploads == []


def test_what_is_uncertain_is_said(page: Page, server: MockServer) -> None:
    done = transcript(WORDS, times="estimated", confidence=0.82, not_applied=["language"])
    server.speech.hearing = list(understood(done))
    understand(page)
    told = page.locator("#listen-told")
    expect(told).to_contain_text("It is 82 % sure of its words.")
    expect(told).to_contain_text("The times are estimated")
    expect(told).to_contain_text("Not applied, since this ear cannot: language.")


def test_a_recording_without_words_is_said_to_be_one(page: Page, server: MockServer) -> None:
    nothing = {**transcript("x"), "text": "", "words": [], "segments": []}
    server.speech.hearing = [("begun", {"container": "wav", "duration_ms": None}), ("done", nothing)]
    understand(page)
    expect(page.locator("#listen-told")).to_contain_text("No words were understood.")


def saved(page: Page, kind: str) -> tuple[str, str]:
    with page.expect_download() as saving:
        page.click(f"[data-export={kind}]")
    return saving.value.suggested_filename, saving.value.path().read_text()


def test_the_transcript_is_taken_away_in_every_form(page: Page, server: MockServer) -> None:
    long = "one & two words that are <many> and go on for longer than a single subtitle may ever be so that it is split"
    done = transcript(f"Short.\n{long}", word_ms=500.0)
    server.speech.hearing = list(understood(done))
    understand(page)
    name, srt = saved(page, "srt")
    assert name == "lj001-0002.srt"
    cues = [cue.splitlines() for cue in srt.strip().split("\n\n")]
    assert cues[0] == ["1", "00:00:00,000 --> 00:00:00,500", "Short."]
    assert [int(cue[0]) for cue in cues] == list(range(1, len(cues) + 1))
    assert all(len(cue) <= 4 for cue in cues)
    assert all(len(line) <= 42 for cue in cues for line in cue[2:])
    assert " ".join(line for cue in cues[1:] for line in cue[2:]) == long
    times = [re.findall(r"\d\d:\d\d:\d\d,\d{3}", cue[1]) for cue in cues]
    assert all(start < end for start, end in times)
    assert all(one[1] <= other[0] for one, other in pairwise(times))
    _, vtt = saved(page, "vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nShort.\n\n")
    assert "one &amp; two" in vtt
    assert "&lt;many&gt;" in vtt
    assert saved(page, "txt")[1] == f"Short.\n{long}\n"
    assert json.loads(saved(page, "json")[1]) == done


def test_the_text_is_copied(open_page: OpenPage, server: MockServer) -> None:
    server.speech.hearing = list(understood(transcript(WORDS)))
    page = open_page(path="#listen", permissions=["clipboard-read", "clipboard-write"])
    understand(page)
    page.click("#listen-copy")
    expect(page.locator("#listen-copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{WORDS}\n"


def test_a_long_transcript_grows_with_the_page_and_what_sounds_is_kept_in_sight(page: Page, server: MockServer) -> None:
    page.click("#link-speak")  # the styles of one view leave the other alone
    expect(page.locator("#speak-title")).to_be_visible()
    page.click("#link-listen")
    server.speech.hearing = list(understood(transcript("\n".join(["Six words of a long talk."] * 40), word_ms=5.0)))
    understand(page)
    result = page.locator(".result")
    assert result.evaluate("(element) => element.scrollHeight <= element.clientHeight + 1")
    deck = page.locator("#view-listen .deck")
    expect(deck).to_be_in_viewport()
    page.get_by_role("slider", name="Place in the recording").press("End")
    last = page.locator("#listen-segments .word.now")
    expect(last).to_be_in_viewport()
    below, above = deck.bounding_box(), last.bounding_box()
    assert below is not None
    assert above is not None
    assert above["y"] + above["height"] <= below["y"], "it hides behind the deck"


def test_what_was_understood_is_kept_here_and_brought_back_without_its_sound(page: Page, server: MockServer) -> None:
    understand(page)
    entry = page.locator("#listen-history li")
    expect(entry).to_have_count(1)
    page.reload()
    entry.locator(".history-open").click()
    expect(page.locator("#listen-segments li")).to_have_count(3)
    expect(page.locator("#listen-status")).to_contain_text("The sound is not kept")
    expect(page.locator("#listen-play")).to_be_disabled()
    expect(page.locator("#listen-again")).to_be_hidden()
    drop(page, "another.wav", "other words")
    expect(page.locator("#listen-result-name")).to_have_text("another.wav")
    page.click("#listen-history li:last-child .history-open")
    expect(page.locator("#listen-result-name")).to_have_text(RECORDING.name)
    choose(page)
    expect(page.locator("#listen-play")).to_be_enabled()
    expect(page.locator("#listen-status")).to_have_text("Press a word to hear it")
    assert [upload["name"] for upload in server.speech.uploads] == [RECORDING.name, "another.wav"]
    page.click("#listen-another")
    expect(page.locator("#listen-pick")).to_be_focused()
    page.click("#listen-history >> text=Delete all")
    expect(page.locator("#listen-history")).to_be_hidden()


def test_a_long_recording_is_told_in_quarters_and_not_word_by_word(open_page: OpenPage, server: MockServer) -> None:
    keep_what_is_said = """globalThis.said = [];
      addEventListener("DOMContentLoaded", () => {
        const region = document.getElementById("announcer");
        new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });
      });"""
    events = understood(transcript(WORDS))
    spaced: list[Step] = [step for event in events for step in (event, 0.3)]
    server.speech.hearing = spaced
    page = open_page(path="#listen", before=keep_what_is_said)
    understand(page)
    page.wait_for_function("said.at(-1)?.includes('Written down')")
    told: str = page.evaluate("said.join(' ')")
    assert re.findall(r"\d+ percent", told) == ["25 percent", "50 percent"]
    assert told.endswith("Written down: 23 words.")
    assert "comparatively" not in told


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, server: MockServer, scheme: str, size: dict[str, int]) -> None:
    events = understood(transcript(WORDS, word_ms=WORD_MS))
    server.speech.hearing = [*events[:3], WAIT, *events[3:]]
    page = open_page(path="#listen", viewport=size, color_scheme=scheme)
    expect(page.locator("#listen-title")).to_be_visible()
    no_violations(page)
    page.click("#listen-record")
    expect(page.locator("#listen-recorded")).to_be_visible()
    no_violations(page)
    page.click("#listen-discard")
    choose(page)
    expect(page.locator("#listen-live .stable").first).to_be_visible()
    no_violations(page)
    server.speech.go_on()
    page.click("#listen-play")
    no_violations(page)
    server.speech.refusal = (400, {"code": "bad_audio", "message": "Nothing in it.", "retryable": False}, {})
    page.click("#listen-another")
    choose(page)
    expect(page.locator("#listen-problem")).to_be_visible()
    no_violations(page)


@pytest.mark.parametrize("size", [SMALLEST, ZOOMED], ids=["320 px", "200 %"])
def test_nothing_is_cut_off_in_a_small_window(open_page: OpenPage, server: MockServer, size: dict[str, int]) -> None:
    server.speech.hearing = list(understood(transcript(WORDS, word_ms=WORD_MS)))
    page = open_page(path="#listen", viewport=size)
    expect(page.locator("#listen-title")).to_be_visible()
    fits_the_window(page, "#view-listen")
    page.click("#listen-record")
    expect(page.locator("#listen-stop")).to_be_visible()
    fits_the_window(page, "#view-listen")
    page.click("#listen-discard")
    understand(page)
    expect(page.locator("#listen-history li")).to_have_count(1)
    fits_the_window(page, "#view-listen")


@pytest.mark.skipif("SYRINX_WRITE_IMAGES" not in os.environ, reason="SYRINX_WRITE_IMAGES=1 has it write docs/images")
def test_pictures_can_be_made(open_page: OpenPage, server: MockServer) -> None:
    folder = IMAGES
    shots: list[tuple[str, Any, str]] = [("light", WIDE, "light"), ("dark", WIDE, "dark"), ("phone", PHONE, "light")]
    for name, size, scheme in shots:
        server.speech.hearing = list(understood(transcript(WORDS, word_ms=WORD_MS)))
        page = open_page(path="#listen", viewport=size, color_scheme=scheme, locale="en-GB")
        understand(page)
        page.click("#listen-play")
        page.wait_for_function("document.querySelector('#listen-segments .word.now')?.textContent === 'nevertheless,'")
        page.click("#listen-play")
        page.wait_for_timeout(300)  # colours change gently
        assert len(page.screenshot(path=folder / f"listen-{name}.png")) > 20_000
