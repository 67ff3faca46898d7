"""What journeys need: a running server of this tree, a browser with a scripted microphone, human recordings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from syrinx.audio import chunk_of, read_wav, resample, silence, write_wav
from syrinx.audio.pcm import PcmChunk
from syrinx.testing.human_clips import RECORDINGS

from ..browser import open_chromium


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
    return resample(read_wav(RECORDINGS / f"{name}.wav"), 16_000)


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


OpenTalkPage = Callable[..., Page]


@pytest.fixture
def open_talk_page(tmp_path: Path) -> Generator[OpenTalkPage]:
    """Open the page of a server in a browser whose microphone plays a clip once; an error in its code fails."""
    faults: list[str] = []
    with ExitStack() as stack:

        def open_page(server: RunningServer, microphone: PcmChunk, *, barge_in: bool, **options: Any) -> Page:
            recording = tmp_path / "microphone.wav"
            write_wav(recording, [resample(microphone, 48_000)])
            browser = stack.enter_context(open_chromium(recording, repeat=False))
            options.setdefault("viewport", {"width": 1200, "height": 800})
            context = browser.new_context(permissions=["microphone"], **options)
            context.add_init_script(f"localStorage.setItem('syrinx.barge-in', '{json.dumps(barge_in)}')")
            page = context.new_page()
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            page.goto(server.address)
            return page

        yield open_page
    assert not faults, f"the page's own code failed: {faults}"
