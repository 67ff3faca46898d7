"""A browser whose microphone plays a human recording over and over, and the scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from syrinx.testing.human_clips import RECORDINGS

from ..browser import open_chromium
from .mock_server import MockServer, serve

RECORDING = RECORDINGS / "LJ001-0002.wav"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_chromium(RECORDING, repeat=True) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[MockServer]:
    mock = MockServer()
    with serve(mock) as address:
        mock.address = address
        yield mock


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: MockServer) -> Iterator[OpenPage]:
    """Opens the page in a fresh context; an error in the page's own code fails the test at its end."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def open_one(*, path: str = "", before: str = "", connected: bool = True, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1100, "height": 760})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(5000)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(server.address + path)
        if connected:
            page.wait_for_function("document.body.dataset.state === 'idle'")
        return page

    yield open_one
    for context in contexts:
        context.close()
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
