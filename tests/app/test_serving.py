"""`syrinx serve` as a process: its start, its end, what it logs, and that it speaks to nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import sysconfig
import threading
import time
import venv
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.conftest import CommandLine
from tests.app.serving import Served, alive, serving

from syrinx.app.server import UNREAD_MS, listen_on
from syrinx.app.talk_client import Sound, open_talk
from syrinx.audio import read_wav, resample
from syrinx.audio.levels import rms_dbfs
from syrinx.testing.human_clips import RECORDINGS

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

# Run by every Python of the environment at its start: the server's, its workers' and their children's.
WATCHER = """
import asyncio, json, os, sys, types

def note(*what):
    with open({log!r}, "a") as log:
        log.write(json.dumps(what) + "\\n")

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        note(event, repr(arguments[1]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        note(event, repr(arguments[0]))

# uvloop connects below Python, where no audit hook sees it: the loop of the standard library does the same in sight.
sys.modules["uvloop"] = types.ModuleType("uvloop")
sys.modules["uvloop"].run = asyncio.run

note("started", os.getpid())
sys.addaudithook(watch)
"""
HARMLESS = ("'127.0.0.1'", "'localhost'", "'::1'", "b'127.0.0.1'", "'/", "b'/", "'\\x00", "b'\\x00")
"""This machine by address, and Unix sockets."""


def watching_python(folder: Path, *, log: Path) -> Path:
    """An interpreter with everything that this one has installed, which notes whom it speaks to."""
    venv.create(folder, symlinks=True)
    site_packages = next(folder.glob("lib/*/site-packages"))
    installed = sysconfig.get_path("purelib")
    (site_packages / "installed.pth").write_text(f"import site; site.addsitedir({installed!r})\n")
    (site_packages / "sitecustomize.py").write_text(WATCHER.format(log=str(log)))
    return folder / "bin" / "python"


async def spoken_turn(address: str, clip: str, **hello: Any) -> list[dict[str, Any]]:
    """Play a recording to the server and return the messages up to the end of the reply, in which there was sound."""
    messages: list[dict[str, Any]] = []
    loudest_dbfs = -120.0
    async with open_talk(address, **hello) as client, _spoken(client, clip):
        async for received in client.received():
            if isinstance(received, Sound):
                loudest_dbfs = max(loudest_dbfs, rms_dbfs(received.chunk.samples()))
                if loudest_dbfs > -40:
                    await client.send({"type": "tts_interrupt"})  # enough was heard
                continue
            messages.append(received)
            if received["type"] == "audio_stream_stop":
                break
    assert loudest_dbfs > -40
    return messages


@asynccontextmanager
async def _spoken(client: Any, clip: str) -> AsyncGenerator[None, None]:
    await client.send({"type": "start_listening"})
    recording = resample(read_wav(RECORDINGS / f"{clip}.wav"), 16_000)
    speaking = asyncio.create_task(client.speak(recording, then_silence_ms=2000))
    try:
        yield
    finally:
        speaking.cancel()
        await asyncio.wait([speaking])


def words_heard(messages: list[dict[str, Any]]) -> str:
    return " ".join(message["text"] for message in messages if message["type"] == "transcript" and message["final"])


def test_a_spoken_turn_leaves_the_machine_and_the_home_folder_alone(tmp_path: Path) -> None:
    home, watched = tmp_path / "home", tmp_path / "watched.log"
    home.mkdir()
    with (
        serving(
            tmp_path,
            python=watching_python(tmp_path / "watching", log=watched),
            HOME=str(home),
            XDG_CACHE_HOME=str(home / ".cache"),
            SYRINX_LOG_LEVEL="DEBUG",
            SYRINX_TOKEN="tok3n-of-the-test",
            HTTP_PROXY="http://192.0.2.1:3128",
            HTTPS_PROXY="http://192.0.2.1:3128",
        ) as server,
        outward_sockets(server) as outward,
    ):
        httpx.get(f"{server.address}/", trust_env=False).raise_for_status()
        _models_are_listed_and_recommended(server, token="tok3n-of-the-test")
        heard = asyncio.run(spoken_turn(server.socket, "LJ001-0008", token="tok3n-of-the-test"))
        family = server.family()
        assert len(family) >= 2, "the ear runs in a worker"
        for pid in family:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if pid != server.process.pid:  # its own was read by the kernel before it began
                assert b"ORT_DISABLE_TELEMETRY=1" in environment
                assert b"HF_HUB_DISABLE_TELEMETRY=1" in environment
        assert server.stop() in {0, -15}
        _gone(family)
    events = [json.loads(line) for line in watched.read_text().splitlines()]
    assert {event[1] for event in events if event[0] == "started"} >= set(family), "a process was not watched"
    spoken_to = [event for event in events if event[0] != "started"]
    assert any("('127.0.0.1', 9)" in event[1] for event in spoken_to), "the search for Ollama was not seen"
    assert not [event for event in spoken_to if not _is_harmless(event[1])]
    assert not outward
    kept = [str(path.relative_to(home)) for path in home.rglob("*")]
    assert not kept, f"written outside SYRINX_HOME: {kept}"
    _logs_are_discreet(server, heard)


@contextmanager
def outward_sockets(server: Served) -> Generator[set[str], None, None]:
    """The addresses outside this machine, as the kernel writes them, that the server's processes have sockets to.

    Looked at a hundred times a second: what native code does is seen here and not by the watcher.
    """
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            seen.update(server.remote_addresses())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def _models_are_listed_and_recommended(server: Served, *, token: str) -> None:
    """What the System view and Talk ask for when they are opened."""
    with httpx.Client(
        base_url=server.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
    ) as page:
        listed = page.get("/api/models").raise_for_status().json()
        assert any(model["recommended"] for model in listed["models"])
        assert {model["state"] for model in listed["models"]} == {"available"}
        options = page.get("/api/talk/options").raise_for_status().json()
        assert options["better"]


def _is_harmless(address: str) -> bool:
    return address.removeprefix("(").startswith(HARMLESS) or address in {"''", "None"}


def _logs_are_discreet(server: Served, heard: list[dict[str, Any]]) -> None:
    log = server.log.read_text()
    assert "socket closed" in log, "DEBUG is not in force"
    assert "tok3n-of-the-test" not in log
    said = words_heard(heard)
    assert said
    replies = "".join(message["delta"] for message in heard if message["type"] == "reply")
    assert replies
    for text in (said, replies.strip(), *[message["text"] for message in heard if message["type"] == "sentence"]):
        assert text.strip()[:24] not in log


def _gone(pids: list[int]) -> None:
    for _ in range(100):
        if not any(alive(pid) for pid in pids):
            return
        time.sleep(0.05)
    pytest.fail("processes were left behind")


def test_a_server_in_debug_turns_its_libraries_telemetry_off(syrinx: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, os\n"
        "atexit.register(lambda: open('seen', 'w').write(os.environ.get('ORT_DISABLE_TELEMETRY', '')"
        " + os.environ.get('HF_HUB_DISABLE_TELEMETRY', '')))\n"
    )
    assert syrinx("doctor", PYTHONPATH=str(tmp_path)).returncode == 0
    assert (tmp_path / "seen").read_text() == "11"


def test_it_answers_prints_its_address_and_refuses_to_share_it(tmp_path: Path, syrinx: CommandLine) -> None:
    with serving(tmp_path) as server:
        health = httpx.get(f"{server.address}/health", trust_env=False)
        assert health.json()["status"] == "ok"
        page = httpx.get(f"{server.address}/", trust_env=False)
        assert "<html" in page.text
        assert "default-src 'self'" in page.headers["content-security-policy"]
        port = server.address.rsplit(":", 1)[1]
        second = syrinx("serve", "--port", port)
        assert second.returncode == 1
        assert second.stderr.startswith("configuration: cannot listen on 127.0.0.1:")
        assert "SYRINX_PORT" in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
        assert server.stop() in {0, -15}
        assert "Traceback" not in server.log.read_text()


def test_off_loopback_without_a_token_it_does_not_start(syrinx: CommandLine) -> None:
    refused = syrinx("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("configuration: SYRINX_HOST=0.0.0.0 can be reached by others")
    assert "SYRINX_TOKEN" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_connections_are_cut_whose_clients_take_nothing_any_more() -> None:
    with listen_on("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_MS
