"""What journeys need: a running server of this tree, a browser with a scripted microphone, human recordings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import BrowserContext, async_playwright

from syrinx.audio import chunk_of, read_wav, resample, silence, write_wav
from syrinx.audio.pcm import PcmChunk

DATA = Path(__file__).parents[1] / "data"
ROOT = Path(__file__).parents[2]
CHROMIUM = Path(os.environ.get("SYRINX_CHROMIUM", "/usr/bin/chromium"))
BROWSER_FLAGS = (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    address: str
    pid: int
    log: Path

    @property
    def socket(self) -> str:
        return self.address.replace("http", "ws", 1) + "/ws"


ServerStarter = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerStarter]:
    """Start servers of this tree as a user would, on free ports; all are ended with the session."""
    running: list[subprocess.Popen[str]] = []

    def start(**variables: str) -> RunningServer:
        home = tmp_path_factory.mktemp("home")
        log = home / "server.log"
        plain = {
            name: value for name, value in os.environ.items() if not re.match(r"SYRINX_|O\w+_API_KEY|OLLAMA", name)
        }
        # Port 9 answers nobody: a local Ollama of the developer's must not decide a test.
        environment = {**plain, "SYRINX_HOME": str(home), "SYRINX_PORT": "0", "OLLAMA_HOST": "127.0.0.1:9", **variables}
        with log.open("w") as sink:
            server = subprocess.Popen(
                [sys.executable, "-m", "syrinx.app.cli", "serve"],
                cwd=home,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
            )
        running.append(server)
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r"http://[\w.:\[\]]+", line):
                return RunningServer(address=found.group(0), pid=server.pid, log=log)
        pytest.fail(f"the server did not start:\n{log.read_text()}")

    yield start
    for server in running:
        server.terminate()
    for server in running:
        assert server.wait(30) in {0, -15}, "the server did not end cleanly"


@pytest.fixture(scope="session")
def server(start_server: ServerStarter) -> RunningServer:
    """One server on embedded engines, shared by the journeys that change nothing of it."""
    return start_server()


def human(name: str) -> PcmChunk:
    """A recording of a person, 16 kHz."""
    return resample(read_wav(DATA / f"{name}.wav"), 16_000)


def cough() -> PcmChunk:
    """Two bursts of noise with a cough's envelope; 16 kHz."""
    rng = np.random.default_rng(7)
    burst = rng.standard_normal(16_000 // 4) * np.exp(-np.arange(16_000 // 4) / 900)
    gap = np.zeros(16_000 // 10)
    sound = np.concatenate([burst, gap, 0.7 * burst])
    return chunk_of((9000 * sound).clip(-32768, 32767).astype(np.int16), sample_rate_hz=16_000)


def script(*parts: PcmChunk | float) -> PcmChunk:
    """Clips and seconds of silence, one after the other; 16 kHz."""
    pieces = [
        part if isinstance(part, PcmChunk) else silence(duration_ms=1000 * part, sample_rate_hz=16_000)
        for part in parts
    ]
    return PcmChunk(pcm=b"".join(piece.pcm for piece in pieces), sample_rate_hz=16_000)


BrowserOpener = Callable[[PcmChunk], AbstractAsyncContextManager[BrowserContext]]


@pytest.fixture
def open_browser(tmp_path: Path) -> BrowserOpener:
    """Open Chromium whose microphone plays a clip once, from the moment a page opens it, and is silent afterwards."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt install chromium, or set SYRINX_CHROMIUM")

    @asynccontextmanager
    async def open_browser(microphone: PcmChunk) -> AsyncGenerator[BrowserContext]:
        recording = tmp_path / "microphone.wav"
        write_wav(recording, [resample(microphone, 48_000)])
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(CHROMIUM),
                args=[*BROWSER_FLAGS, f"--use-file-for-fake-audio-capture={recording}%noloop"],
            )
            try:
                context = await browser.new_context(permissions=["microphone"], viewport={"width": 1200, "height": 800})
                yield context
            finally:
                await browser.close()

    return open_browser
