"""Servers as processes of their own, as a person starts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.app.conftest import plain_environment

_HERE_OR_NOWHERE = ("0100007F:", "00000000:", "0" * 32 + ":", "0" * 24 + "01000000:", "0" * 16 + "FFFF00000100007F:")
"""127.0.0.1, no peer, no peer in IPv6, ::1, and 127.0.0.1 in IPv6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    address: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def socket(self) -> str:
        return self.address.replace("http", "ws", 1) + "/ws"

    def family(self) -> list[int]:
        """The server's process and all below it."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def remote_addresses(self) -> set[str]:
        """Remote addresses other than loopback of all their internet sockets, in the kernel's hexadecimal."""
        inodes: set[str] = set()
        found: set[str] = set()
        for pid in self.family():
            with suppress(OSError):  # it ended meanwhile
                links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
                inodes |= {link[len("socket:[") : -1] for link in links if link.startswith("socket:")}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            with suppress(OSError):
                for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                    fields = line.split()
                    if fields[9] in inodes and not fields[2].startswith(_HERE_OR_NOWHERE):
                        found.add(fields[2])
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def serving(folder: Path, *, python: Path | None = None, **variables: str) -> Generator[Served, None, None]:
    """`syrinx serve` on a free port in `folder`; ended with the context, if it is still there."""
    log = folder / "server.log"
    # Port 9 answers nobody: a local Ollama of the developer's must not decide a test.
    environment = {
        **plain_environment(),
        "OLLAMA_HOST": "127.0.0.1:9",
        "SYRINX_PORT": "0",
        "SYRINX_HOME": str(folder / "kept"),
        **variables,
    }
    with log.open("w") as sink:
        process = subprocess.Popen(
            [str(python or sys.executable), "-m", "syrinx.app.cli", "serve"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[\w.:\[\]]+", line):
                yield Served(address=found.group(0), process=process, log=log)
                break
        else:
            pytest.fail(f"the server did not start:\n{log.read_text()}")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
        process.stdout.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
