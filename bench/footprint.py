"""Prints what the server costs when nothing happens: time to ready, memory when idle, memory per idle talk.

Goals: ready in 1.5 s, 150 MB resident when idle, 3 MB per idle talk.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from syrinx.app.talk_client import open_talk

MEGABYTE = 1024 * 1024


def _resident_mb(process: psutil.Process) -> float:
    """Of the server and all its workers."""
    return sum(part.memory_info().rss for part in [process, *process.children(recursive=True)]) / MEGABYTE


def _start(home: str) -> tuple[subprocess.Popen[str], str, float]:
    """Start a server on a free port; returns it, its address and the seconds until it answered /health."""
    asking = httpx.Client()  # made beforehand: that takes its time, too
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "syrinx.app.cli", "serve", "--port", "0"],
        # What the first start compiles is kept for those after it, as everywhere that does not forbid it.
        env={**os.environ, "SYRINX_HOME": home, "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\w.:\[\]]+", line):
            address = found.group(0)
            break
    else:
        raise SystemExit("the server ended without printing its address")
    while asking.get(f"{address}/health").json()["status"] != "ok":
        time.sleep(0.01)
    took = time.perf_counter() - began
    asking.close()
    return server, address, took


async def _talks(address: str, count: int, process: psutil.Process) -> tuple[float, float]:
    """Memory in MB before and after opening `count` listening talks that say nothing for two seconds."""
    socket_address = address.replace("http", "ws") + "/ws"
    async with AsyncExitStack() as stack:
        # The first talk loads the engines; what the next ones add is the price of a talk.
        talks = [await stack.enter_async_context(open_talk(socket_address))]
        await talks[0].send({"type": "start_listening"})
        await talks[0].send_sound(bytes(2 * 16_000))
        await asyncio.sleep(3)
        before = _resident_mb(process)
        for _ in range(count):
            talk = await stack.enter_async_context(open_talk(socket_address))
            await talk.send({"type": "start_listening"})
            talks.append(talk)
        for _ in range(10):
            for talk in talks:
                await talk.send_sound(bytes(2 * 16_000 // 5))
            await asyncio.sleep(0.2)
        return before, _resident_mb(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--talks", type=int, default=100)
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    starts: list[float] = []
    idle_mb = before_mb = after_mb = 0.0
    with tempfile.TemporaryDirectory() as home:
        for number in range(arguments.starts):
            server, address, ready_s = _start(home)
            try:
                starts.append(ready_s)
                if number == arguments.starts - 1:
                    process = psutil.Process(server.pid)
                    time.sleep(2)
                    idle_mb = _resident_mb(process)
                    before_mb, after_mb = asyncio.run(_talks(address, arguments.talks, process))
            finally:
                server.terminate()
                server.wait(20)
    table = Table(title="Footprint of an idle server")
    for column in ("what", "measured", "goal"):
        table.add_column(column)
    table.add_row("ready, median of starts", f"{statistics.median(starts):.2f} s", "<= 1.5 s")
    table.add_row("ready, slowest start", f"{max(starts):.2f} s", "")
    table.add_row("resident when idle", f"{idle_mb:.0f} MB", "<= 150 MB")
    table.add_row("with all engines loaded, workers too", f"{before_mb:.0f} MB", "")
    table.add_row(
        f"per idle talk (of {arguments.talks})", f"{(after_mb - before_mb) / arguments.talks:.2f} MB", "<= 3 MB"
    )
    Console().print(table)


if __name__ == "__main__":
    main()
