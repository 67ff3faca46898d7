"""Speak as a view: fetched when it is shown, steady, used by everyone in every window."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer
from .test_access import PHONE, SMALLEST, WIDE, ZOOMED, no_violations
from .test_speak import halfway, marked, speak, wait_for_state

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def test_the_view_is_fetched_only_when_it_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    loaded = "performance.getEntriesByType('resource').map((one) => one.name.split('/').pop())"
    late = {"speak.js", "speak.css", "listen.js", "listen.css", "speak-listen.css"}
    assert not late & set(page.evaluate(loaded))
    page.click("#link-speak")
    expect(page.locator("#speak-title")).to_be_visible()
    assert {"speak.js", "speak.css", "speak-listen.css"} <= set(page.evaluate(loaded))


def test_the_styles_of_listen_leave_speak_as_it_is(open_page: OpenPage) -> None:
    boxes = """() => [...document.querySelectorAll("#view-speak :is(.paper, .choices, .deck, .deck-more, .take)")]
      .map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [x, y, width, height]; })"""
    page = open_page(path="#speak")
    expect(page.locator("#speak-title")).to_be_visible()
    alone = page.evaluate(boxes)
    page.click("#link-listen")
    expect(page.locator("#listen-title")).to_be_visible()
    page.click("#link-speak")
    assert page.evaluate(boxes) == alone


def test_a_view_that_does_not_come_says_so(open_page: OpenPage) -> None:
    page = open_page(before="addEventListener('unhandledrejection', (event) => event.preventDefault());")
    page.route("**/js/listen.js", lambda route: route.abort())
    page.click("#link-listen")
    expect(page.get_by_role("alert")).to_contain_text("Listen did not come from the server")
    page.unroute("**/js/listen.js")
    page.click("text=Load the page again")
    expect(page.locator("#listen-title")).to_be_visible()


def test_nothing_shifts_after_it_is_drawn(open_page: OpenPage, server: MockServer) -> None:
    watch = """globalThis.shifts = [];
      new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
          if (one.value > 0.001) shifts.push(one.sources.map((source) => source.node?.id || source.node?.className));
        }
      }).observe({ type: "layout-shift", buffered: true });"""
    page = open_page(path="#speak", before=watch, viewport=WIDE)
    server.speech.script = halfway()
    speak(page)
    expect(page.locator("#speak-status")).to_contain_text("1 of 3")
    server.speech.go_on()
    wait_for_state(page, "ended")
    assert page.evaluate("shifts") == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, server: MockServer, scheme: str, size: dict[str, int]) -> None:
    server.speech.pronunciations = [
        {"written": "SQL", "spoken": "S Q L", "ipa": "", "language": "", "case_sensitive": True}
    ]
    page = open_page(path="#speak", viewport=size, color_scheme=scheme)
    expect(page.locator("#speak-title")).to_be_visible()
    no_violations(page)
    page.click("text=More")
    server.speech.script = [
        *halfway()[:-1],
        ("error", {"code": "engine_error", "message": "Silence.", "retryable": True}),
    ]
    speak(page)
    expect(page.locator("#speak-reading .word.now")).to_be_visible()
    no_violations(page)
    server.speech.go_on()
    expect(page.locator("#speak-problem")).to_be_visible()
    no_violations(page)
    page.click("#open-pronunciations")
    expect(page.locator("#pronunciation-list li")).to_have_count(1)
    no_violations(page)


OUTSIDE = """(view) => [...document.querySelectorAll(
    `${view} :is(button, textarea, input, select, p, a, span, li, canvas, label)`)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".unseen"))
  .map((one) => ({ box: one.getBoundingClientRect(), html: one.outerHTML.slice(0, 90) }))
  .filter(({ box }) => box.left < -0.5 || box.right > innerWidth + 0.5)
  .map(({ html }) => html)"""
TOO_SMALL = """(view) => [...document.querySelectorAll(
    `${view} :is(button, select, summary, input:not([type=radio], [type=checkbox]))`)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => ({ box: one.getBoundingClientRect(), html: one.outerHTML.slice(0, 90) }))
  .filter(({ box }) => box.height < 43.5 || box.width < 43.5)
  .map(({ html }) => html)"""


def fits_the_window(page: Page, view: str) -> None:
    assert page.evaluate(OUTSIDE, view) == []
    assert page.evaluate(TOO_SMALL, view) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("(view) => document.querySelector(view).scrollWidth <= innerWidth", view)


@pytest.mark.parametrize("size", [SMALLEST, ZOOMED], ids=["320 px", "200 %"])
def test_nothing_is_cut_off_in_a_small_window(open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(path="#speak", viewport=size)
    expect(page.locator("#speak-title")).to_be_visible()
    fits_the_window(page, "#view-speak")
    page.click("text=More")
    speak(page)
    expect(page.locator("#speak-history li")).to_have_count(1)
    fits_the_window(page, "#view-speak")
    page.click("#open-pronunciations")
    fits_the_window(page, "#pronunciations")


@pytest.mark.skipif("SYRINX_WRITE_IMAGES" not in os.environ, reason="SYRINX_WRITE_IMAGES=1 has it write docs/images")
def test_pictures_can_be_made(open_page: OpenPage, server: MockServer) -> None:
    folder = IMAGES
    for name, scheme, size in (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE)):
        page = open_page(path="#speak", viewport=size, color_scheme=scheme, locale="en-GB")
        server.speech.script = halfway()
        speak(page)
        marked(page, "came")
        page.wait_for_timeout(300)  # colours change gently
        assert len(page.screenshot(path=folder / f"speak-{name}.png")) > 20_000
