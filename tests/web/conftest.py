"""A browser whose microphone plays a human recording over and over, and the scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize

from syrinx.testing.human_clips import RECORDINGS

from ..browser import PATIENCE_MS, open_chromium
from .mock_server import MockServer, Stage, open_stage

RECORDING = RECORDINGS / "LJ001-0002.wav"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_chromium(RECORDING, repeat=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


@pytest.fixture
def server(stage: Stage) -> MockServer:
    mock = MockServer()
    stage.play(mock)
    return mock


OpenPage = Callable[..., Page]
WINDOW: ViewportSize = {"width": 1100, "height": 760}
FORGET = "localStorage.clear(); sessionStorage.clear(); indexedDB.deleteDatabase('syrinx-history');"


@pytest.fixture(scope="session")
def shared_page(browser: Browser) -> Iterator[Page]:
    """One page for all tests that ask for nothing special: a browser takes half a second to make another."""
    context = browser.new_context(viewport=WINDOW)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def open_page(browser: Browser, shared_page: Page, server: MockServer) -> Iterator[OpenPage]:
    """Opens the page as for the first time; an error in the page's own code fails the test at its end."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []
    shared: list[Page] = []

    def note(fault: Error) -> None:
        faults.append(str(fault))

    def open_one(*, path: str = "", before: str = "", connected: bool = True, **options: Any) -> Page:
        if before or options or shared:
            options.setdefault("viewport", WINDOW)
            context = browser.new_context(**options)
            contexts.append(context)
            context.set_default_timeout(PATIENCE_MS)
            if before:
                context.add_init_script(before)
            page = context.new_page()
        else:
            page = shared_page
            shared.append(page)
        page.on("pageerror", note)
        page.goto(server.address + path)
        if connected:
            page.wait_for_function("document.body.dataset.state === 'idle'")
        return page

    yield open_one
    for context in contexts:
        context.close()
    for page in shared:
        page.goto(server.address + "health")  # of the same origin, and none of our code runs there
        page.evaluate(FORGET)
        page.mouse.move(0, 0)
        page.remove_listener("pageerror", note)
    assert not faults, f"the page's own code failed: {faults}"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


def listen(page: Page, server: MockServer) -> None:
    """Press the voice button and let the server say that it hears."""
    page.click("#voice-button")
    page.wait_for_function("syrinx.listening.sending")
    server.wait_for("start_listening")
    server.state("listening", listening=True)
