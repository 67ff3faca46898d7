"""Client, brokers and server as processes of their own: words go round, and the far end may be slow, gone and back."""

from __future__ import annotations

import base64
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.app.conftest import plain_environment
from tests.app.serving import Served, serving

from syrinx.audio import read_wav

pytestmark = pytest.mark.journey

ORDER = {"text": "The kettle is on.", "voice": "af_heart", "lang_code": "a", "speed": 1.0}
LONG_TEXT = [f"This is sentence number {number} of a text that goes on for a long while." for number in range(140)]
SILENCE_S = 8
"""What the TTS broker waits for; more than the embedded engine takes on a machine that is busy."""


@contextmanager
def broker(folder: Path, kind: str, remote_port: int, *flags: str) -> Generator[httpx.Client, None, None]:
    command = [sys.executable, "-m", "syrinx.app.cli", "broker", kind, "--port", "0"]
    remote = ["--remote-host", "127.0.0.1", "--remote-port", str(remote_port)]
    process = subprocess.Popen(
        [*command, *remote, *flags], cwd=folder, env=plain_environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://[\w.:\[\]]+", process.stdout.readline())
        assert found
        with httpx.Client(base_url=found.group(0), timeout=100, trust_env=False) as client:
            yield client
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def far_end(folder: Path, port: int) -> Generator[Served, None, None]:
    with serving(folder, SYRINX_PORT=str(port), SYRINX_STT="pocketsphinx", SYRINX_TTS="espeak") as served:
        yield served


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def speech(tts: httpx.Client) -> httpx.Response:
    return tts.post("/synthesize", json=ORDER)


def sentences_made(served: Served) -> int:
    figures = httpx.get(f"{served.address}/metrics", trust_env=False).text
    made = re.findall(r'^syrinx_engine_requests_total{engine="espeak",kind="tts",outcome="ok"} (\S+)$', figures, re.M)
    return round(sum(map(float, made)))


def check_streaming(tts: httpx.Client, served: Served) -> None:
    """What is streamed is whole, and its first bytes are there before the last of a long text are made."""
    said = tts.post("/audio-stream", json=ORDER)
    assert (said.status_code, said.headers["content-type"]) == (200, "audio/wav")
    assert 500 < read_wav(said.content).duration_ms < 5_000

    # So long that it fits neither into what is made ahead nor into all the buffers on its way.
    before = sentences_made(served)
    with tts.stream("POST", "/audio-stream", json={**ORDER, "text": " ".join(LONG_TEXT), "speed": 0.5}) as answer:
        assert answer.status_code == 200, answer.read()
        assert next(answer.iter_raw()).startswith(b"RIFF")
        assert sentences_made(served) - before < len(LONG_TEXT)

    refused = tts.post("/audio-stream", json={**ORDER, "speed": 9})
    assert refused.status_code == 422
    assert refused.json()["detail"]


@pytest.mark.timeout(300)
def test_a_chain_of_client_broker_and_server_survives_the_far_end(tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        tts = stack.enter_context(broker(tmp_path, "tts", port, "--timeout", str(SILENCE_S)))
        stt = stack.enter_context(broker(tmp_path, "stt", port, "--timeout", "90"))

        # Nobody is there yet.
        assert speech(tts).status_code == 503
        assert tts.get("/healthz").json()["remote_status"] == "unreachable"

        with far_end(tmp_path, port) as served:
            assert tts.get("/healthz").json()["remote_status"] == "healthy"
            said = speech(tts)
            assert said.status_code == 200, said.text
            wav = base64.b64decode(said.json()["audio_base64"])
            assert 500 < read_wav(wav).duration_ms < 5_000

            heard = stt.post(
                "/inference", files={"file": ("a.wav", wav, "audio/wav")}, data={"response_format": "json"}
            )
            assert heard.status_code == 200, heard.text
            assert heard.json()["text"].strip()

            batch = tts.post("/synthesize-batch", json=[ORDER, {**ORDER, "text": "It sings."}])
            assert [item["text_length"] for item in batch.json()] == [17, 9]

            check_streaming(tts, served)

            refused = tts.post("/synthesize", json={**ORDER, "speed": 9})
            assert refused.status_code == 422
            assert refused.json()["detail"]

            # Slow: it accepts connections and answers nobody.
            served.process.send_signal(signal.SIGSTOP)
            try:
                slow = speech(tts)
                assert (slow.status_code, slow.json()["code"]) == (504, "engine_timeout")
                assert tts.get("/healthz").json()["remote_status"] == "timeout"
            finally:
                served.process.send_signal(signal.SIGCONT)
            assert speech(tts).status_code == 200

            served.process.kill()
            served.process.wait(20)
            gone = speech(tts)
            assert (gone.status_code, gone.json()["code"]) == (503, "engine_unavailable")
            assert stt.post("/inference", files={"file": ("a.wav", wav, "audio/wav")}).status_code == 503

        with far_end(tmp_path, port):
            assert speech(tts).status_code == 200
            again = stt.post("/inference", files={"file": ("a.wav", wav, "audio/wav")})
            assert again.status_code == 200
            assert again.json() == heard.json()
