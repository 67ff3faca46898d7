"""Whether everyone can use the page: axe-core without exceptions, keyboard, small windows, weight."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .mock_server import MockServer

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 568}
ZOOMED = {"width": 640, "height": 360}
"""What 200 % zoom leaves of a window of 1280 by 720."""
SETTLED = """async () => {
  const moving = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.all(moving.map((one) => one.finished.catch(() => {})));
}"""
"""Colours that are still on their way have other contrasts."""


def fill_conversation(server: MockServer) -> None:
    server.send("transcript", turn=1, text="Tell me what came before the printed book.", final=True)
    text = "The block books came first. Nothing that followed has surpassed them."
    server.start_sound(1)
    server.sentence(1, 0, text, at_ms=0)
    server.stop_sound(1, "interrupted", heard="The block books")
    stages = {"endpoint": 260, "transcript": 310, "first_token": 420, "first_played": 610}
    server.send("metrics", turn=1, ms=stages, details={})
    server.send("transcript", turn=2, text="And who", final=False)
    server.state("thinking", listening=False)


def no_violations(page: Page) -> None:
    page.evaluate(SETTLED)
    found: list[dict[str, Any]] = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    findings = [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, server: MockServer, scheme: str, size: dict[str, int]) -> None:
    models_in_every_state(server)
    page = open_page(viewport=size, color_scheme=scheme)
    expect(page.locator("#better")).to_be_visible()
    no_violations(page)
    fill_conversation(server)
    expect(page.locator(".pending")).to_be_visible()
    page.locator(".timeline button").click()
    server.send("error", code="rate_limited", message="slower", retryable=True)
    expect(page.locator("#problem")).to_be_visible()
    no_violations(page)
    page.click("#open-settings")
    page.click("[aria-label='Edit Ada']")
    no_violations(page)
    page.keyboard.press("Escape")
    page.click("#link-system")
    page.click("#model-whisper-base >> text=Get it")
    page.click("#model-whisper-tiny >> text=Remove")
    page.click("#model-whisper-base summary")
    no_violations(page)


def models_in_every_state(server: MockServer) -> None:
    fast = {"real_time_factor": 0.2, "first_ms": 300, "fast_enough": True}
    server.options["better"] = [
        {"kind": "stt", "model": "whisper-base", "title": "Whisper base", "size_bytes": 148_000_000,
         "says": "The basic ear mishears much. Whisper base understands you far better."},
    ]  # fmt: skip
    server.install("whisper-tiny", in_use=True, ability=fast)
    server.pulling("whisper-medium", 600_000_000)
    server.pulling("whisper-small", 200_000_000)
    server.stop("whisper-small", {"code": "disk_full", "message": "The disk is full.", "retryable": True})
    server.model("kokoro").update(state="damaged", problem="voices.bin is gone.")


@pytest.mark.parametrize("size", [SMALLEST, ZOOMED], ids=["320 px", "200 %"])
def test_nothing_is_cut_off_in_a_small_window(open_page: OpenPage, server: MockServer, size: dict[str, int]) -> None:
    models_in_every_state(server)
    page = open_page(viewport=size)
    fill_conversation(server)
    expect(page.locator(".pending")).to_be_attached()
    outside = """() => [...document.querySelectorAll(".view :is(button, textarea, p, a, span, .line), .rail a")]
      .filter((one) => one.checkVisibility() && !one.matches(".unseen, .say-level, .say-level *"))
      .map((one) => ({ box: one.getBoundingClientRect(), html: one.outerHTML.slice(0, 90) }))
      .filter(({ box }) => box.left < -0.5 || box.right > innerWidth + 0.5)
      .map(({ html }) => html)"""
    assert page.evaluate(outside) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for control in ("#voice-button", "#typed", "#send", "#open-settings", "#interrupt", "#link-system"):
        box = page.locator(control).bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
        assert min(box["width"], box["height"]) >= 44
    page.click("#link-system")
    page.click("#model-whisper-base >> text=Get it")
    page.click("#model-whisper-tiny >> text=Remove")
    page.click("#model-whisper-base summary")
    assert page.evaluate(outside) == []
    assert page.evaluate("document.getElementById('view-system').scrollWidth <= innerWidth")
    heights: list[float] = page.locator(".model :is(button, summary)").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44


def test_everything_is_reached_and_worked_by_keyboard_alone(page: Page, server: MockServer) -> None:
    reached: list[str] = []
    for _ in range(16):
        page.keyboard.press("Tab")
        focused: str = page.evaluate("document.activeElement.id || document.activeElement.className")
        reached.append(focused)
    for control in ("skip", "link-talk", "link-system", "voice-button", "open-settings", "say-level", "typed", "send"):
        assert control in reached
    page.focus("#voice-button")
    page.keyboard.press("Enter")
    server.wait_for("start_listening")
    page.focus("#open-settings")
    page.keyboard.press("Enter")
    expect(page.locator("#settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#settings")).to_be_hidden()
    expect(page.locator("#open-settings")).to_be_focused()


def test_the_level_is_said_on_demand(page: Page) -> None:
    page.focus("#say-level")
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("The microphone is off.")


def test_the_ring_rests_for_those_who_asked_for_less_motion(open_page: OpenPage, server: MockServer) -> None:
    page = open_page(reduced_motion="reduce")
    drawn = "document.getElementById('ring').toDataURL()"
    at_rest = page.evaluate(drawn)
    page.click("#voice-button")
    server.wait_for("start_listening")
    page.wait_for_function("syrinx.capture.frames > 20")
    assert page.evaluate(drawn) == at_rest


def test_the_first_load_is_light_and_comes_from_one_place(open_page: OpenPage, server: MockServer) -> None:
    page = open_page()
    loaded: list[dict[str, Any]] = page.evaluate("""() => performance.getEntriesByType("resource")
      .concat(performance.getEntriesByType("navigation"))
      .map(({ name, transferSize }) => ({ name, transferSize }))""")
    assert len(loaded) > 10
    assert all(one["name"].startswith((server.address, "data:")) for one in loaded)
    assert sum(one["transferSize"] for one in loaded) < 100_000
