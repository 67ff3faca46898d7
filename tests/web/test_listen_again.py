"""Listening that comes to nothing in the Listen view: words that came stay, and those that were there before."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .mock_server import MockServer
from .mock_speech import CUT, WAIT, Step, transcript, understood
from .test_listen import FAILED, WORD_MS, WORDS, choose, understand
from .test_listen import page as page  # noqa: PLC0414 the fixture


@pytest.mark.parametrize("end", [CUT, FAILED])
def test_words_that_came_before_it_broke_off_stay(page: Page, server: MockServer, end: Step) -> None:
    began, first, second = understood(transcript(WORDS, word_ms=WORD_MS))[:3]
    server.speech.hearing = [began, first, second, 0.2, end]
    choose(page)
    expect(page.locator("#listen-problem")).to_be_visible()
    assert " ".join(page.locator("#listen-segments p").all_inner_texts()) == second[1]["text"]
    expect(page.locator("#listen-told")).to_have_text(
        "It broke off: 0:00 of 0:02 were understood. The times are estimated."
    )
    assert page.locator("#listen-segments li").count() == 2
    times = page.locator("#listen-segments .at").all_inner_texts()
    assert times[0] == "0:00.0"
    assert times[0] < times[1] < "0:02"
    expect(page.locator("#listen-history")).to_be_hidden()


@pytest.mark.parametrize("way", ["cancelled", "refused"])
def test_a_transcript_stays_where_listening_again_comes_to_nothing(page: Page, server: MockServer, way: str) -> None:
    understand(page)
    words = page.locator("#listen-segments").inner_text()
    server.speech.hearing = [*server.speech.hearing[:2], WAIT]
    if way == "refused":
        server.speech.refusal = (400, {"code": "bad_input", "message": "No such language.", "retryable": False}, {})
    page.click("#listen-again")
    if way == "cancelled":
        expect(page.locator("#listen-live li").first).to_be_visible()
        page.click("#listen-cancel")
        expect(page.locator("#listen-again")).to_be_focused()
    else:
        expect(page.locator("#listen-problem")).to_contain_text("No such language.")
    assert page.locator("#listen-segments").inner_text() == words
    expect(page.locator("#listen-play")).to_be_enabled()
