"""Voices, People and the list of kept talks as views: steady, light at first, used by everyone in every window."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_people import event, key
from .mock_server import MockServer, engine
from .mock_talks import message
from .mock_voices import NOISY
from .test_access import PHONE, SMALLEST, WIDE, ZOOMED, no_violations
from .test_speak_frame import IMAGES, fits_the_window
from .test_voice_maker import attest, choose
from .test_voices import offer


def fill(server: MockServer) -> None:
    offer(server, "Robin", is_verified=False, voice_match="exact", engine="espeak", nearest_voice=None)
    offer(server, "صوت آدا")
    fill_people(server)
    server.people.keys.append(key("cccccccccccccccc", "Old phone", state="revoked", ends_at="2026-11-20T09:00:00Z"))
    actions = ["voice.change", "key.created", "consent.record", "voice.begin"]
    server.people.events = [event(number, action) for number, action in enumerate(actions, start=1)]
    server.talks.add("talk-9", "Tell me about the sea", message(1, "Tell me about the sea"),
                     message(1, "It glows. It roars.", speaker="Ada", heard="It glows."))  # fmt: skip


def fill_people(server: MockServer) -> None:
    server.people.be("ann")
    server.people.keys = [
        key("aaaaaaaaaaaaaaaa", "My laptop", last_used_at="2026-11-21T20:10:00Z"),
        key("bbbbbbbbbbbbbbbb", "Kitchen speaker", scopes=["speak"]),
    ]


def open_all(page: Page) -> None:
    """Everything in Voices that can be opened."""
    for card in page.locator(".voice-card").all():
        for summary in card.locator("summary").all():
            summary.click()
    expect(page.locator(".facts")).to_have_count(2)
    page.locator(".voice-card .delete").first.click()
    page.locator(".voice-card .rename").last.click()
    page.click("#add-voice")
    choose(page)
    attest(page)


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"])
def test_axe_finds_nothing(open_page: OpenPage, server: MockServer, scheme: str, size: dict[str, int]) -> None:
    fill(server)
    page = open_page(path="#voices", viewport=size, color_scheme=scheme)
    expect(page.locator(".voice-card")).to_have_count(2)
    open_all(page)
    no_violations(page)
    page.click("#maker-create")
    expect(page.locator("#maker-stage")).to_have_text("Waiting for its turn")
    server.voices.advance("checking", 0.4, advice=[NOISY])
    expect(page.locator("#maker-advice")).to_be_visible()
    no_violations(page)
    page.click("#link-people")
    expect(page.locator(".key")).to_have_count(2)
    page.click("#keys-ended")
    page.click("#new-key")
    page.locator(".key .revoke").first.click()
    page.click("#data-delete")
    no_violations(page)
    page.click("#link-talk")
    page.click("#open-talks")
    page.click("#talks-delete-all")
    no_violations(page)
    page.click(".talk-open")
    expect(page.locator("#talk-read-title")).to_be_visible()
    no_violations(page)


@pytest.mark.parametrize("size", [SMALLEST, ZOOMED], ids=["320 px", "200 %"])
def test_nothing_is_cut_off_in_a_small_window(open_page: OpenPage, server: MockServer, size: dict[str, int]) -> None:
    fill(server)
    page = open_page(path="#voices", viewport=size)
    expect(page.locator(".voice-card")).to_have_count(2)
    open_all(page)
    fits_the_window(page, "#view-voices")
    page.evaluate("document.documentElement.dir = 'rtl'")
    fits_the_window(page, "#view-voices")
    page.evaluate("document.documentElement.dir = 'ltr'")
    page.click("#link-people")
    expect(page.locator(".key")).to_have_count(2)
    page.click("#new-key")
    page.click("#data-delete")
    fits_the_window(page, "#view-people")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.click("#link-talk")
    page.click("#open-talks")
    page.click(".talk-open")
    expect(page.locator("#talk-read-title")).to_be_visible()
    fits_the_window(page, "#talks-sheet")
    fits_the_window(page, ".rail")


def test_a_voice_is_added_by_keyboard_alone(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(path="#voices")
    expect(page.locator("#voices-none")).to_be_visible()
    page.focus("#add-voice")
    page.keyboard.press("Enter")
    expect(page.locator("#maker-title")).to_be_focused()
    page.focus("#maker-record")
    page.keyboard.press("Enter")
    expect(page.locator("#maker-stop")).to_be_focused()
    expect(page.locator("#maker-left")).to_have_text("0:28 to go")
    page.keyboard.press("Enter")
    expect(page.locator("#maker-record")).to_be_focused()
    page.focus("#maker-whose [value=spoken]")
    page.keyboard.press("ArrowRight")
    page.focus("#consent-tick")
    page.keyboard.press("Space")
    page.focus("#maker-name")
    page.keyboard.type("Robin")
    page.keyboard.press("Enter")
    expect(page.locator("#maker-work-title")).to_be_focused()
    expect(page.locator("#maker-stage")).to_have_text("Waiting for its turn")
    assert server.voices.changes("POST")[0][1]["attested"] == "true"


def test_the_views_are_fetched_only_when_they_are_shown(open_page: OpenPage) -> None:
    page = open_page()
    loaded = "performance.getEntriesByType('resource').map((one) => one.name.split('/').pop())"
    late = {"voices.js", "voices.css", "people.js", "people.css", "talk-history.js", "talks.css", "sound-strip.js"}
    assert not late & set(page.evaluate(loaded))
    page.click("#open-talks")
    expect(page.locator("#talks-found")).to_be_visible()
    assert {"talk-history.js", "talks.css"} <= set(page.evaluate(loaded))


@pytest.mark.skipif("SYRINX_WRITE_IMAGES" not in os.environ, reason="SYRINX_WRITE_IMAGES=1 has it write docs/images")
def test_pictures_can_be_made(open_page: OpenPage, server: MockServer) -> None:
    folder = IMAGES
    server.options["engines"]["tts"].append(engine("chatterbox", "a Chatterbox server of yours", remote=True))
    offer(server, "Robin", is_verified=False, voice_match="exact", engine="chatterbox", nearest_voice=None)
    offer(server, "Ada")
    fill_people(server)
    for name, scheme, size in (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE)):
        page = open_page(path="#voices", viewport=size, color_scheme=scheme, locale="en-GB")
        expect(page.locator(".strip-time").first).to_have_text("0:03")
        if name == "dark":
            page.click("#add-voice")
            choose(page)
            page.evaluate("document.querySelector('#maker-text').scrollIntoView()")
        page.wait_for_timeout(300)  # colours change gently
        assert len(page.screenshot(path=folder / f"voices-{name}.png")) > 20_000
    page = open_page(path="#people", viewport=WIDE, color_scheme="light", locale="en-GB")
    expect(page.locator(".key")).to_have_count(2)
    assert len(page.screenshot(path=folder / "people-light.png")) > 20_000
