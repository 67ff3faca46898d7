"""The process that decodes is confined, and never outlives what it was started for."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from tests.audio.intake.containers import contained

from syrinx.audio.intake import decoder_main, decoder_process, decoder_walls
from syrinx.audio.intake.decoder_process import DecoderBounds, DecoderDied, DecoderProcess
from syrinx.audio.intake.decoder_walls import confinement, decoder_command
from syrinx.testing.human_clips import human_clips

CLIP = human_clips()[0].audio
BOUNDS = DecoderBounds(memory_bytes=1 << 30, cpu_s=10)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def decoded_here(raw: bytes, demuxer: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    heard: list[bytes] = []
    decoder_main.decode(
        io.BytesIO(raw),
        demuxer=demuxer,
        rate_hz=16_000,
        send=lambda letter, body: heard.append(body) if letter == decoder_main.AUDIO else None,
    )
    return np.frombuffer(b"".join(heard), "<i2")


def test_both_sides_write_the_same_letters() -> None:
    for name in ("OPENED", "AUDIO", "FAILED", "ENDED"):
        assert getattr(decoder_main, name) == getattr(decoder_process, name)


def test_the_server_itself_loads_no_decoder() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, syrinx.audio.intake; print('av' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == "False"


async def test_a_file_without_content_is_told_of_as_damaged() -> None:
    decoder = await DecoderProcess.start(BOUNDS)
    try:
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123, ASYNC230
            decoder.begin(nothing.fileno(), demuxer="ogg", rate_hz=16_000)
        assert await decoder.message() == (decoder_process.FAILED, b"damaged")
    finally:
        await decoder.end()


@pytest.fixture(params=["limits", "bubblewrap"])
def bounds(request: pytest.FixtureRequest) -> DecoderBounds:
    wanted = request.param == "bubblewrap"
    if wanted and confinement() != "bubblewrap":
        pytest.skip("DECODERS ARE NOT TRIED IN BUBBLEWRAP HERE: bwrap is missing, or may make no namespaces")
    return DecoderBounds(memory_bytes=1 << 30, cpu_s=10, bubblewrap=wanted)


def told(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_bytes().decode(errors="replace")


def innermost(pid: int) -> int:
    """The decoder itself: the last of those that one started and started."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


async def test_what_it_is_given_are_limits_and_none_of_our_secrets(
    bounds: DecoderBounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYRINX_TOKEN", "secret")
    decoder = await DecoderProcess.start(bounds)
    try:
        async with asyncio.timeout(20):
            limits = ""
            while not re.search(r"Max open files +16 +16", limits):
                await asyncio.sleep(0)
                limits = told(innermost(decoder.pid), "limits")
        assert re.search(r"Max address space +1073741824 +1073741824", limits)
        assert re.search(r"Max file size +0 +0", limits)
        assert re.search(r"Max core file size +0 +0", limits)
        assert re.search(r"Max cpu time +10 +10", limits)
        for pid in {decoder.pid, innermost(decoder.pid)}:
            assert "SYRINX" not in told(pid, "environ")
            assert os.getsid(pid) != os.getsid(0)
    finally:
        await decoder.end()


async def test_once_it_has_its_file_it_can_open_nothing_more(bounds: DecoderBounds) -> None:
    long = contained(CLIP, "mp3") * 40  # more than anybody takes from it here, so that it lives on
    decoder = await DecoderProcess.start(bounds)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(long)
            file.flush()
            decoder.begin(file.fileno(), demuxer="mp3", rate_hz=16_000)
        assert (await decoder.message())[0] == decoder_process.OPENED
        assert (await decoder.message())[0] == decoder_process.AUDIO
        limits = told(innermost(decoder.pid), "limits")
        assert re.search(r"Max open files +0 +0", limits)
    finally:
        await decoder.end()


_OPENING = """
import socket
from syrinx.audio.intake.decoder_main import open_no_more
open_no_more()
for opening in (lambda: open("/etc/passwd"), socket.socket, socket.socketpair):
    try:
        opening()
    except OSError as error:
        print(error.strerror)
"""


def test_no_files_and_no_sockets_can_be_opened_then() -> None:
    seen = subprocess.run([sys.executable, "-c", _OPENING], capture_output=True, text=True, check=True)
    assert seen.stdout.splitlines() == ["Too many open files"] * 3


_LOOKING_AROUND = """
import os, socket
print(sorted(os.listdir("/decoder")), {{"proc", "dev", "tmp", "home", "var"}}.intersection(os.listdir("/")))
print([os.path.exists(path) for path in ("/etc/passwd", "/proc/1", "/dev/null", "/tmp", {home!r}, {here!r})])
print(os.getpid() < 10, set(os.environ) <= {{"PWD", "LC_CTYPE"}}, [name for _, name in socket.if_nameindex()])
for attempt in (lambda: open("/x", "w"), lambda: open("/decoder/x", "w"), lambda: os.kill({server}, 0)):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__, error.strerror)
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=5)
except OSError:
    print("no connection")
"""


def test_within_bubblewrap_it_sees_neither_files_nor_network_nor_processes() -> None:
    if confinement() != "bubblewrap":
        pytest.skip("BUBBLEWRAP IS NOT TRIED HERE: bwrap is missing, or may make no namespaces")
    command = decoder_command("bubblewrap", parent_pid=os.getpid(), memory_bytes=1 << 30, cpu_s=10)
    until_python = command[: command.index("-E")]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        looking = _LOOKING_AROUND.format(
            home=str(Path.home() / ".profile"), here=__file__, server=os.getpid(), port=listener.getsockname()[1]
        )
        seen = subprocess.run([*until_python, "-I", "-c", looking], capture_output=True, text=True, check=True, env={})
    there, *seen_else = seen.stdout.splitlines()
    assert there in {"['av', 'av.libs', 'decoder_main.py'] set()", "['av', 'decoder_main.py'] set()"}
    assert seen_else == [
        str([False] * 6),
        "True True ['lo']",
        "OSError Read-only file system",
        "OSError Read-only file system",
        "ProcessLookupError No such process",
        "no connection",
    ]


def test_without_bubblewrap_limits_are_what_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(decoder_walls, "_trial", decoder_walls._Trial())
    assert confinement() == "limits"
    bubblewrap_that("echo no permission to create a namespace >&2\nexit 1", tmp_path)
    monkeypatch.setattr(decoder_walls, "_trial", decoder_walls._Trial())
    assert confinement() == "limits"


def test_a_failure_passes_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    times_s = [0.0]
    trial = decoder_walls._Trial(clock=lambda: times_s[-1])
    bubblewrap_that(f"echo tried >> {tmp_path}/tried\necho too busy >&2\nexit 1", tmp_path)
    tried: list[int] = []
    for now_s in (0.0, 59.0, 61.0):
        times_s.append(now_s)
        assert not trial.works()
        tried.append((tmp_path / "tried").read_text().count("tried"))
    assert tried == [1, 1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "decoders have limits, but no walls: bubblewrap fails: too busy"
    ]
    bubblewrap_that("exit 0", tmp_path)
    times_s.append(122.0)
    assert trial.works()
    bubblewrap_that("exit 1", tmp_path)
    times_s.append(1_000.0)
    assert trial.works()


def test_one_that_does_not_end_is_killed_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(decoder_walls, "_PROBE_S", 0.5)
    bubblewrap_that(f"sleep 60 &\necho $! > {tmp_path}/inner\nwait", tmp_path)
    assert not decoder_walls._Trial().works()
    assert has_ended(int((tmp_path / "inner").read_text()))


def bubblewrap_that(does: str, folder: Path) -> None:
    (folder / "bwrap").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "bwrap").chmod(0o755)


async def test_one_that_is_killed_is_told_of_and_leaves_no_zombie(bounds: DecoderBounds) -> None:
    decoder = await DecoderProcess.start(bounds)
    os.killpg(decoder.pid, signal.SIGKILL)
    with pytest.raises(DecoderDied):
        await decoder.message()
    await decoder.end()
    assert not Path(f"/proc/{decoder.pid}").exists()  # noqa: ASYNC240


async def test_one_that_is_ended_leaves_nothing_within_its_walls(bounds: DecoderBounds) -> None:
    decoder = await DecoderProcess.start(bounds)
    inner = innermost(decoder.pid)
    await decoder.end()
    assert has_ended(inner)


_PARENT = """
import asyncio, sys
from syrinx.audio.intake.decoder_process import DecoderBounds, DecoderProcess

async def main():
    bounds = DecoderBounds(memory_bytes=1 << 30, cpu_s=10, bubblewrap=sys.argv[1] == "True")
    decoder = await DecoderProcess.start(bounds)
    print(decoder.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def has_ended(pid: int) -> bool:
    """Within a moment; a zombie has, and whoever took it over has not looked yet."""
    for _ in range(200_000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
    return False


def test_it_ends_when_the_server_is_killed(bounds: DecoderBounds) -> None:
    command = [sys.executable, "-c", _PARENT, str(bounds.bubblewrap)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        child = int(server.stdout.readline())
        inner = innermost(child)
        server.kill()
    assert has_ended(child)
    assert has_ended(inner)


@pytest.mark.parametrize(("ended_by", "why"), [(signal.SIGXCPU, "slow"), (signal.SIGSEGV, "crashed")])
async def test_one_that_the_system_ends_for_its_time_is_told_from_one_that_crashes(
    bounds: DecoderBounds, ended_by: signal.Signals, why: str
) -> None:
    decoder = await DecoderProcess.start(bounds)
    try:
        async with asyncio.timeout(20):
            while "python" not in told(innermost(decoder.pid), "cmdline").split("\0")[0]:  # noqa: ASYNC110
                await asyncio.sleep(0)
        os.kill(innermost(decoder.pid), ended_by)
        with pytest.raises(DecoderDied):
            await decoder.message()
        assert await decoder.why_it_died() == why
    finally:
        await decoder.end()


def webm_with_a_gap(gap_s: float) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        pts = 0
        for part in range(2):
            for number in range(25):
                times = np.arange(960) + 960 * number
                samples = (8000 * np.sin(2 * np.pi * 440 * times / 48_000)).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
                frame.sample_rate = 48_000
                frame.pts = pts
                pts += 960
                container.mux(stream.encode(frame))
            if not part:
                pts += round(gap_s * 48_000)
        container.mux(stream.encode(None))
    return file.getvalue()


def test_a_pause_that_the_recorder_left_out_is_put_back() -> None:
    whole = decoded_here(webm_with_a_gap(0.0), "matroska").size
    with_gap = decoded_here(webm_with_a_gap(2.0), "matroska")
    assert with_gap.size - whole == pytest.approx(32_000, abs=400)
    assert np.abs(with_gap[16_000:30_000].astype(int)).max() < 50


def test_a_stream_that_changes_its_channels_goes_on() -> None:
    raw = contained(CLIP, "aac")
    stereo = contained(CLIP, "mp3")
    assert decoded_here(raw + raw, "aac").size == pytest.approx(2 * decoded_here(raw, "aac").size, rel=0.05)
    assert decoded_here(stereo + stereo, "mp3").size >= 1.9 * decoded_here(stereo, "mp3").size
