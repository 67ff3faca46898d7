"""A worker ends with its parent, whatever became of it, and leaves nothing behind: with real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers need Unix sockets")

PARENT = """
import asyncio, os
from syrinx.engines.hosts.worker import WorkerSettings, open_in_worker

async def main():
    settings = WorkerSettings(provider="syrinx.testing.worker_engines:tts", environment=os.environ)
    async with open_in_worker("tts", "obedient", {}, settings) as engine:
        print(engine.worker.pid(), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(pid: int, *, within_s: float = 10.0) -> bool:
    latest_s = time.monotonic() + within_s
    while running(pid) and time.monotonic() < latest_s:
        time.sleep(0.02)  # real processes end in real time
    return not running(pid)


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path):
    environment = {"PATH": os.defpath, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        worker_pid = int(parent.stdout.readline())
        assert running(worker_pid)
        parent.kill()
        assert ends(worker_pid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{}, {"slow": "60"}], ids=["serving", "loading"])
def test_a_worker_ends_when_its_input_does(tmp_path: Path, options: dict[str, str]):
    """The way that works on every system; here it alone is at work, for the parent lives on."""
    job = {
        "kind": "tts",
        "name": "obedient",
        "provider": "syrinx.testing.worker_engines:tts",
        "options": options,
        "parent_pid": os.getpid(),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "syrinx.engines.hosts.worker_main"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"TMPDIR": str(tmp_path), "PATH": os.defpath},
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(job).encode() + b"\n")
        worker.stdin.flush()
        if not options:
            socket_path = Path(json.loads(worker.stdout.readline())["socket"])
            assert socket_path.parent.parent == tmp_path
            assert socket_path.parent.stat().st_mode & 0o777 == 0o700
        worker.stdin.close()
        assert worker.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's")
def test_the_kernel_ends_a_worker_whose_engine_holds_the_interpreter():
    code = """
import os, sys
from syrinx.engines.hosts.parent_watch import be_killed_with
be_killed_with(os.getppid())
print(os.getpid(), flush=True)
10 ** 10 ** 9
"""
    parent_code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker_pid = int(parent.stdout.readline())
        parent.kill()
        assert ends(worker_pid, within_s=3.0)


def test_a_worker_started_by_hand_says_who_starts_it():
    done = subprocess.run(
        [sys.executable, "-m", "syrinx.engines.hosts.worker_main"], input=b"hello\n", capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"started by the server" in done.stderr
    assert done.stdout == b""
