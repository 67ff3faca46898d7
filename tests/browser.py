"""Chromium as tests drive it, and what a page of ours sounds like when it is rendered."""

from __future__ import annotations

import base64
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path(os.environ.get("SYRINX_CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def open_chromium(microphone: Path, *, repeat: bool) -> Generator[Browser]:
    """A browser whose microphone plays a WAV file from the moment a page opens it, once or over and over."""
    if not CHROMIUM.exists():
        pytest.skip(f"NO BROWSER: the page is NOT tested; apt install chromium, or set SYRINX_CHROMIUM ({CHROMIUM})")
    capture = f"--use-file-for-fake-audio-capture={microphone}{'' if repeat else '%noloop'}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, capture])
        try:
            yield browser
        finally:
            browser.close()


TALK = "syrinx.player"
SPEAK = '(await import("/js/clip-player.js")).clipHook()'
"""Whose sound is recorded: an expression with `context` and `output`; Speak's has them once something was pressed."""
ATTACH_RECORDER = """async () => {
  const { context, output } = PLAYER;
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
  // Now and then Chromium gives several blocks the same frame, and none the next: they came in order all the same.
  let end = first;
  const starts = blocks.map(([frame, samples]) => {
    const start = Math.max(frame, end);
    end = start + samples.length;
    return start - first;
  });
  const all = new Float32Array(end - first);
  blocks.forEach(([, samples], index) => all.set(samples, starts[index]));
  let text = "";
  for (const byte of new Uint8Array(all.buffer)) text += String.fromCharCode(byte);
  return [btoa(text), first];
}"""


class Recorder:
    """What the page sounds, as rendered by its AudioContext; time is the context's own, in samples."""

    def __init__(self, page: Page, player: str = TALK) -> None:
        self._page = page
        self._player = player
        if player == TALK:
            page.wait_for_function("syrinx.player.output !== null")
        page.evaluate(ATTACH_RECORDER.replace("PLAYER", player))

    def rate_hz(self) -> int:
        return self._page.evaluate(f"async () => ({self._player}).context.sampleRate")

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
