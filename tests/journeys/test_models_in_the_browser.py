"""A person gets an ear, a voice and a mind by click, talks with them at once, and lets them go again."""

from __future__ import annotations

import os
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from syrinx.testing.hub_stand_in import Corrupt, Cut, Hold, Status

from .conftest import OpenTalkPage, RunningServer, ServerStarter, human, script
from .test_talk_in_the_browser import IMAGES
from .tiny_models import ANSWERED, HEARD, TinyHub, open_tiny_hub
from .wire import Wire, until, until_in_page

pytestmark = pytest.mark.journey

EAR_BYTES = 1_000_000
"""Where the pull of the ear's model.bin is held, to be looked at."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Generator[TinyHub]:
    with open_tiny_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def server(tiny: TinyHub, start_server: ServerStarter) -> RunningServer:
    """A new server with an empty store."""
    tiny.hub.break_with()
    return start_server(**tiny.variables)


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[id="model-{name}"]')


def press(page: Page, name: str, words: str) -> None:
    card(page, name).locator("button", has_text=words).click()


def ready(page: Page) -> None:
    until_in_page(page, "document.body.dataset.state === 'idle'")


def get(page: Page, name: str) -> None:
    press(page, name, "Get it")
    press(page, name, "Accept and get it")


def hears_itself_used(page: Page, name: str) -> None:
    """It was fetched, measured, and serves from now on."""
    expect(card(page, name)).to_contain_text("now. Measured here", timeout=60_000)


def picture(page: Page, file: Path, *, hub: str) -> None:
    """As a user would see it, whose models come from the hub and lie in his home, and not from and in the test's."""
    page.wait_for_timeout(700)  # colours change gently
    page.evaluate(
        """
        (hub) => {
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
          texts.currentNode.data = texts.currentNode.data
            .replace(/\\/\\S+\\/models\\b/, "/home/me/.local/share/syrinx/models")
            .replace(hub, "huggingface.co");
        }
        }
        """,
        hub.removeprefix("http://"),
    )
    page.screenshot(path=file)


def test_an_ear_a_voice_and_a_mind_are_got_by_click_and_serve_the_next_turn(
    tiny: TinyHub, server: RunningServer, open_talk_page: OpenTalkPage, tmp_path: Path
) -> None:
    folder = IMAGES if "SYRINX_WRITE_IMAGES" in os.environ else tmp_path
    page = open_talk_page(server, script(1.0, human("LJ001-0004"), 2.0), barge_in=False, color_scheme="light")
    wire = Wire(page)
    page.reload()
    ready(page)
    expect(page.locator("#better-words")).to_contain_text("understands you far better")
    picture(page, folder / "talk-notice.png", hub=tiny.hub.url)

    page.click("text=System")
    expect(card(page, "whisper-base")).to_be_visible()
    picture(page, folder / "system-before.png", hub=tiny.hub.url)
    held = Hold(file="model.bin", after_bytes=EAR_BYTES)
    tiny.hub.break_with(held)
    press(page, "whisper-base", "Get it")
    expect(card(page, "whisper-base").locator(".model-step")).to_contain_text("MIT")
    picture(page, folder / "system-licence.png", hub=tiny.hub.url)
    press(page, "whisper-base", "Accept and get it")
    expect(card(page, "whisper-base").locator(".figures")).to_contain_text("of 5", timeout=15_000)
    picture(page, folder / "system-during.png", hub=tiny.hub.url)
    held.until.set()
    hears_itself_used(page, "whisper-base")
    for name in ("kokoro", "qwen2.5-0.5b"):
        get(page, name)
        hears_itself_used(page, name)
    page.evaluate("document.querySelector('main, [id=view-system]').scrollTop = 0; window.scrollTo(0, 0)")
    picture(page, folder / "system-after.png", hub=tiny.hub.url)

    page.click("text=Talk")
    page.click("#voice-button")
    until(page, lambda: bool(wire.of("audio_stream_stop")), "the end of the reply", timeout_s=60)
    final = next(heard for heard in wire.of("transcript") if heard["final"] and heard["text"])
    assert (final["text"].lower(), final["engine"]) == (HEARD, "whisper-base")
    assert "".join(part["delta"] for part in wire.of("reply")) == ANSWERED
    assert wire.of("audio_stream_start")[0]["engine"] == "kokoro"
    until(page, lambda: bool(wire.of("metrics")), "what the turn took")
    details: dict[str, Any] = wire.of("metrics")[0]["details"]
    assert (details["heard_by"], details["spoken_by"]) == ("whisper-base", "kokoro")
    assert "Qwen2.5 0.5B" in details["answered_by"]
    stable = [(heard["text"], heard["stable"]) for heard in wire.of("transcript") if heard["turn"] == final["turn"]]
    for (text, chars), (later, _) in pairwise(stable):
        assert later[:chars] == text[:chars], "a word that was called stable changed"

    # Let go of again, what is built in serves the next turn.
    page.click("text=System")
    for name in ("kokoro", "qwen2.5-0.5b"):
        press(page, name, "Remove")
        press(page, name, "Remove it")
        expect(card(page, name).locator("button", has_text="Get it")).to_be_visible()
    page.click("text=Talk")
    page.fill("#typed", "Who are you?")
    page.press("#typed", "Enter")
    until(page, lambda: len(wire.of("audio_stream_stop")) == 2, "the second reply", timeout_s=60)
    assert wire.of("audio_stream_start")[1]["engine"] in {"flite", "espeak"}
    until(page, lambda: len(wire.of("metrics")) == 2, "what the second turn took")
    assert wire.of("metrics")[1]["details"]["answered_by"] == "companion"


def test_a_pull_that_breaks_is_told_and_goes_on_where_it_was(
    tiny: TinyHub, server: RunningServer, open_talk_page: OpenTalkPage
) -> None:
    page = open_talk_page(server, script(0.5), barge_in=False)
    page.click("text=System")
    size = (tiny.hub.find("tests/whisper-base", "model.bin") or Path()).stat().st_size
    held = Hold(file="model.bin", after_bytes=EAR_BYTES)
    before = tiny.hub.bytes_served("model.bin")
    tiny.hub.break_with(held)
    get(page, "whisper-base")
    expect(card(page, "whisper-base").locator(".figures")).to_contain_text("of 5", timeout=15_000)
    press(page, "whisper-base", "Stop")
    expect(card(page, "whisper-base")).to_contain_text("are here and stay for going on", timeout=15_000)
    held.until.set()
    tiny.hub.break_with(
        Status(file="model.bin", status=500, times=1), Cut(file="model.bin", after_bytes=10_000, times=1)
    )
    press(page, "whisper-base", "Continue")
    expect(card(page, "whisper-base")).to_contain_text("out of order at the moment", timeout=15_000)
    press(page, "whisper-base", "Continue")
    hears_itself_used(page, "whisper-base")
    # What was fetched before the stop was not fetched again; some more was on its way when it came.
    assert tiny.hub.bytes_served("model.bin") - before < size + EAR_BYTES


def test_a_damaged_file_is_never_used_and_a_gated_model_says_what_to_do(
    tiny: TinyHub, server: RunningServer, open_talk_page: OpenTalkPage
) -> None:
    page = open_talk_page(server, script(0.5), barge_in=False)
    page.click("text=System")
    tiny.hub.break_with(Corrupt(file="model.bin"))
    get(page, "whisper-base")
    problem = card(page, "whisper-base").locator(".inline-problem")
    expect(problem).to_contain_text("checksum", timeout=30_000)
    tiny.hub.break_with(Status(status=403, error_code="GatedRepo"))
    get(page, "kokoro")
    expect(card(page, "kokoro").locator(".inline-problem")).to_contain_text("HF_TOKEN", timeout=30_000)
    page.click("text=Talk")
    ready(page)
    page.fill("#typed", "Who are you?")
    page.press("#typed", "Enter")
    until_in_page(page, "document.body.dataset.state === 'speaking'")
