"""What becomes of a text that was spoken: taken away, kept in this browser; and pronunciations, kept on the server."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer
from .test_speak import marked, page, speak, try_again

__all__ = ["page"]


def test_the_sound_and_its_times_are_taken_away(page: Page, server: MockServer) -> None:
    expect(page.locator("#speak-save")).to_be_disabled()
    page.select_option("#speak-format", "opus")
    speak(page)
    with page.expect_download() as saving:
        page.click("#speak-save")
    assert saving.value.suggested_filename == "the-block-books-came-first-nothing.ogg"
    with page.expect_download() as saving:
        page.click("[data-marks=srt]")
    assert saving.value.suggested_filename.endswith("nothing.srt")
    told = [(order["path"], order["format"], order.get("marks")) for order in server.speech.orders[1:]]
    assert told == [("/api/speech", "opus", None), ("/api/speech/marks", "opus", "srt")]
    busy = {"code": "engine_busy", "message": "Busy.", "retryable": True}
    server.speech.refusal = (429, busy, {})
    page.click("#speak-save")
    expect(page.locator("#speak-problem")).to_contain_text("busy with others")
    with page.expect_download():
        try_again(page)


def test_a_book_is_downloaded_and_not_heard_and_the_download_can_be_stopped(page: Page, server: MockServer) -> None:
    server.options["limits"]["speech_chars"] = 1_000_000
    page.reload()
    page.fill("#speak-text", "word " * 20_100)
    expect(page.locator("#speak-fault")).to_contain_text("too long to be heard here at once")
    page.click("#speak-go")
    assert server.speech.orders == []
    page.route("**/api/speech", lambda route: None)  # never answered
    page.click("#speak-save")
    expect(page.locator("#speak-save")).to_have_text("Stop")
    page.click("#speak-save")
    expect(page.locator("#speak-save")).to_have_text("Download")
    expect(page.locator("#speak-problem")).to_be_hidden()
    page.unroute("**/api/speech")


def test_what_was_spoken_is_kept_here_brought_back_and_deleted(page: Page, server: MockServer) -> None:
    page.select_option("#speak-voice", "flite:slt")
    speak(page)
    entry = page.locator("#speak-history li")
    expect(entry).to_have_count(1)
    expect(page.locator("#speak-history")).to_contain_text("Kept in this browser only")
    page.reload()
    page.fill("#speak-text", "Something else")
    page.select_option("#speak-voice", "")
    entry.locator(".history-open").click()
    expect(page.locator("#speak-status")).to_have_text("4 s, made in full")
    expect(page.locator("#speak-voice")).to_have_value("flite:slt")
    expect(page.locator("#speak-play")).to_be_focused()
    page.keyboard.press("Enter")
    marked(page, "block")
    assert len(server.speech.orders) == 1
    entry.get_by_role("button", name="Delete The block").click()
    expect(page.locator("#speak-history")).to_be_hidden()
    page.reload()
    expect(page.locator("#speak-title")).to_be_visible()
    expect(page.locator("#speak-history")).to_be_hidden()


def test_at_most_thirty_are_kept_and_all_go_at_once(page: Page) -> None:
    page.evaluate("""async () => {
      const { addEntry } = await import("/js/history-store.js");
      for (let i = 0; i < 32; i += 1) await addEntry({ view: "speak", at: i, title: `Text ${i}`, bytes: 10 });
      await addEntry({ view: "speak", at: 40, title: "A long one", bytes: 99_999_990 });
    }""")
    page.reload()
    expect(page.locator("#speak-history .history-title")).to_have_text(["A long one", "Text 31"])
    page.click("#speak-history >> text=Delete all")
    expect(page.locator("#speak-history")).to_be_hidden()


def test_what_is_larger_than_the_store_is_not_kept_and_that_is_said(page: Page) -> None:
    page.evaluate("""async () => {
      const { startHistory } = await import("/js/history.js");
      const element = document.querySelector("#speak-history");
      const history = startHistory(element, { view: "speak", bringBack: () => {} });
      await history.keep({ title: "A book", detail: "", bytes: 100e6 + 1 });
    }""")
    expect(page.locator("#speak-history")).to_contain_text("The last one is larger than that and was not kept.")
    expect(page.locator("#speak-history li")).to_have_count(0)
    expect(page.locator("#speak-history").get_by_role("button", name="Delete all")).to_be_hidden()


def test_without_a_store_in_the_browser_everything_else_works(open_page: OpenPage) -> None:
    page = open_page(path="#speak", before="Object.defineProperty(globalThis, 'indexedDB', { value: undefined });")
    speak(page)
    expect(page.locator("#speak-status")).to_contain_text("made in full")
    expect(page.locator("#speak-history")).to_be_hidden()


def test_pronunciations_are_added_changed_and_removed(page: Page, server: MockServer) -> None:
    page.click("#open-pronunciations")
    page.fill("#pronunciation-form [name=written]", "SQL")
    page.fill("#pronunciation-form [name=said]", "sequel")
    page.click("#pronunciation-form >> text=Keep it")
    entry: dict[str, Any] = {"written": "SQL", "spoken": "sequel", "ipa": "", "language": "", "case_sensitive": False}
    expect(page.locator("#pronunciation-list li")).to_contain_text("SQL “sequel”")
    assert server.speech.pronunciations == [entry]
    page.click("[aria-label='Change SQL']")
    page.fill("#pronunciation-form [name=said]", "/ˈsiːkwəl/")
    page.check("#pronunciation-form [value=ipa]", force=True)
    page.select_option("#pronunciation-form [name=language]", "en")
    page.click("#pronunciation-form >> text=Keep it")
    expect(page.locator("#pronunciation-list li")).to_contain_text("/ˈsiːkwəl/ · English")
    assert server.speech.pronunciations == [{**entry, "spoken": "", "ipa": "ˈsiːkwəl", "language": "en"}]
    server.speech.refusal = (400, {"code": "bad_input", "message": "No such sound.", "retryable": False}, {})
    page.click("[aria-label='Remove SQL']")
    expect(page.locator("#pronunciations-problem")).to_have_text("No such sound.")
    page.click("[aria-label='Remove SQL']")
    expect(page.locator("#pronunciation-list li")).to_have_count(0)
    assert server.speech.pronunciations == []
    page.keyboard.press("Escape")
    expect(page.locator("#open-pronunciations")).to_be_focused()
