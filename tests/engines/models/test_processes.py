"""What only a process of its own can show: a killed pull is taken up again, and nothing is written elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.models.shelves import CONFIG, REPOSITORY, WEIGHTS, files_below, open_store, pull_tiny

from syrinx.testing.hub_stand_in import Hold, HubStandIn

ROOT = Path(__file__).parents[3]
HALF = len(WEIGHTS) // 2
PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.engines.models.shelves import open_store, pull_tiny

async def main() -> None:
    async with open_store(Path(sys.argv[1]), sys.argv[2]) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        waiting = asyncio.ensure_future(pull.wait())
        told = 0
        while not waiting.done():
            if pull.progress().done_bytes >= int(sys.argv[3]) and not told:
                told = print("reached", flush=True) or 1
            await asyncio.sleep(0.005)
        await waiting

asyncio.run(main())
"""


@contextmanager
def _pulling_process(
    folder: Path, url: str, home: Path, *, tell_at: int
) -> Generator[subprocess.Popen[str], None, None]:
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_TELEMETRY": "1"}
    for name in ("HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN"):
        environment.pop(name, None)
    command = [sys.executable, "-c", PROGRAM, str(folder), url, str(tell_at)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=home, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_killed_pull_is_taken_up_by_the_next_process(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    hub.break_with(Hold(file="model.bin", after_bytes=HALF))
    with _pulling_process(folder, hub.url, tmp_path, tell_at=HALF) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "reached"
        process.kill()
        process.wait()
    hub.break_with()
    async with open_store(folder, hub.url) as store:
        status = store.status("tiny")
        assert (status.state, store.installed()) == ("available", ())
        kept = status.partial_bytes - len(CONFIG)
        assert kept >= HALF - 256 * 1024, "all but what was not yet written"
        await pull_tiny(store)
        assert await store.verify("tiny") == ()
    assert hub.bytes_served("model.bin") == HALF + len(WEIGHTS) - kept
    assert hub.bytes_served("config.json") == len(CONFIG)


def test_a_pull_writes_nothing_outside_its_folder(hub: HubStandIn, tmp_path: Path) -> None:
    home = tmp_path / "somebody"
    home.mkdir()
    with _pulling_process(home / "models", hub.url, home, tell_at=1) as process:
        assert process.wait(30) == 0
    assert files_below(home) == {
        "models/.locks/tiny.lock",
        "models/tiny/config.json",
        "models/tiny/model.bin",
        "models/tiny/syrinx-model.json",
    }
    assert {seen.file for seen in hub.requests} == {"config.json", "model.bin"}
    assert all(REPOSITORY in seen.path for seen in hub.requests)
