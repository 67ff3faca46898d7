"""How the process that decodes is shut in: by bubblewrap, which leaves it nothing to see, or by limits alone."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

Confinement = Literal["bubblewrap", "limits"]

_MAIN: Final = Path(__file__).with_name("decoder_main.py")
_INSIDE: Final = Path("/decoder")
"""Where it finds itself and PyAV; for Python the folder of the script is the first to import from."""
_SYSTEM: Final = tuple(map(Path, ("/usr", "/lib", "/lib32", "/lib64")))
"""Libraries, and what loads them. No /etc, no /home, no /proc, no /dev, nothing that can be written to."""
_LOADERS_CACHE: Final = "/etc/ld.so.cache"
"""Where libraries are in unusual places, as in images of containers."""
_FIRST_PROCESS: Final = 1
"""What its parent is in a namespace of its own."""
_PROBE_S: Final = 20.0
_PROBE_LIMITS: Final = (str(_FIRST_PROCESS), str(1 << 30), "10")


@cache
def confinement() -> Confinement:
    """Which of both works on this machine: tried once, with a decoder that gets no file. Blocks for some 0.2 s.

    Many containers and some systems forbid the namespaces that bubblewrap needs.
    """
    walls = _walls()
    if walls is None:
        return "limits"
    ours, theirs = socket.socketpair()
    ours.close()  # a decoder whose orders have ended loads its libraries and ends well
    with theirs:
        try:
            tried = subprocess.run(  # noqa: S603 - a fixed command
                (*walls, *_PROBE_LIMITS),
                stdin=theirs.fileno(),
                capture_output=True,
                env={},
                timeout=_PROBE_S,
                check=False,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired):
            return "limits"
    return "bubblewrap" if tried.returncode == 0 else "limits"


def decoder_command(by: Confinement, *, parent_pid: int, memory_bytes: int, cpu_s: int) -> Sequence[str]:
    """How a decoder is started: by path, isolated from the user's and the server's Python settings."""
    walls = _walls() if by == "bubblewrap" else None
    if walls is None:
        return (sys.executable, "-I", "-B", str(_MAIN), str(parent_pid), str(memory_bytes), str(cpu_s))
    return (*walls, str(_FIRST_PROCESS), str(memory_bytes), str(cpu_s))


@cache
def _walls() -> tuple[str, ...] | None:
    """The command without the decoder's own arguments; None where there is no bubblewrap or no way to use it."""
    program = shutil.which("bwrap")
    decoder = importlib.util.find_spec("av")
    if sys.platform != "linux" or program is None or decoder is None or decoder.origin is None:
        return None
    python = Path(sys.executable).resolve()
    prefix = Path(sys.base_prefix).resolve()
    if Path.home().is_relative_to(prefix):
        return None  # all that is to be hidden would be seen
    package = Path(decoder.origin).parent
    binds: list[str] = []
    for source in (package, package.with_name("av.libs")):
        if source.is_dir():
            binds += ["--ro-bind", str(source), str(_INSIDE / source.name)]
    binds += ["--ro-bind", str(_MAIN), str(_INSIDE / _MAIN.name)]
    if not any(prefix.is_relative_to(folder) for folder in _SYSTEM):
        binds += ["--ro-bind", str(prefix), str(prefix)]
    return (
        program,
        # It leads a session and a group already, by which all of it can be killed: no --new-session.
        *("--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
        *("--uid", "65534", "--gid", "65534", "--hostname", "decoder"),
        *_system(),
        *binds,
        *("--remount-ro", "/", "--chdir", "/", "--"),
        *(str(python), "-E", "-s", "-S", "-B", str(_INSIDE / _MAIN.name)),
    )


def _system() -> Iterator[str]:
    for folder in _SYSTEM:
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    yield from ("--ro-bind-try", _LOADERS_CACHE, _LOADERS_CACHE)
