"""A browser whose microphone plays a human recording, the scripted server, and a tap on what the page sounds."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .mock_server import MockServer, serve

CHROMIUM = Path(os.environ.get("SYRINX_CHROMIUM", "/usr/bin/chromium"))
RECORDING = Path(__file__).parents[1] / "data" / "LJ001-0002.wav"
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={RECORDING}",
    "--autoplay-policy=no-user-gesture-required",
)

ATTACH_RECORDER = """async () => {
  const { context, output } = syrinx.player;
  const source = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    process(inputs) {
      if (inputs[0][0]) this.port.postMessage([currentFrame, inputs[0][0].slice()]);
      return true;
    }
  })`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  window.recorded = [];
  node.port.onmessage = (event) => window.recorded.push(event.data);
  output.connect(node);
}"""
READ_RECORDER = """() => {
  const blocks = window.recorded;
  if (blocks.length === 0) return ["", 0];
  const first = blocks[0][0];
  const last = blocks.at(-1);
  const all = new Float32Array(last[0] + last[1].length - first);
  for (const [frame, samples] of blocks) all.set(samples, frame - first);
  let text = "";
  for (const byte of new Uint8Array(all.buffer)) text += String.fromCharCode(byte);
  return [btoa(text), first];
}"""


class Recorder:
    """What the page sounds, as rendered by its AudioContext; time is the context's own, in samples."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.wait_for_function("syrinx.player.output !== null")
        page.evaluate(ATTACH_RECORDER)

    def rate_hz(self) -> int:
        return self._page.evaluate("syrinx.player.context.sampleRate")

    def samples(self) -> tuple[NDArray[np.float32], int]:
        """All samples so far and the context's frame of the first one."""
        encoded, first = self._page.evaluate(READ_RECORDER)
        return np.frombuffer(base64.b64decode(encoded), np.float32), int(first)

    def sounding(self) -> tuple[NDArray[np.float32], float, float]:
        """The part from the first to the last audible sample, and the context's seconds of both."""
        samples, first = self.samples()
        audible = np.flatnonzero(np.abs(samples) > 0.01)
        assert audible.size, "nothing sounded"
        start, end = int(audible[0]), int(audible[-1])
        return samples[start : end + 1], (first + start) / self.rate_hz(), (first + end) / self.rate_hz()


def longest_silence_ms(samples: NDArray[np.float32], rate_hz: int) -> float:
    """The longest stretch of inaudible samples between two audible ones."""
    audible = np.flatnonzero(np.abs(samples) > 0.002)
    return float(np.max(np.diff(audible))) * 1000 / rate_hz if audible.size > 1 else float("inf")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"NO BROWSER: the page is NOT tested; set SYRINX_CHROMIUM ({CHROMIUM} does not exist)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_FLAGS))
        yield launched
        launched.close()


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
