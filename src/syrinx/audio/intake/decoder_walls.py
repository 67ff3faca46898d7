"""How the process that decodes is shut in: by bubblewrap, which leaves it nothing to see, or by limits alone."""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

_log = logging.getLogger(__name__)

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
_TRIED_AGAIN_S: Final = 60.0
"""What failed may pass: a machine that was too busy, a program that is being installed."""
_TOLD_CHARS: Final = 500
_PROBE_LIMITS: Final = (str(_FIRST_PROCESS), str(1 << 30), "10")


class _Trial:
    """Whether bubblewrap works here: once it did, that is so; while it did not, it is tried again after a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._works = False
        self._next_s = -math.inf
        self._told = False

    def works(self) -> bool:
        with self._one_at_a_time:
            if self._works or self._clock() < self._next_s:
                return self._works
            why_not = _why_not()
            self._works = not why_not
            self._next_s = self._clock() + _TRIED_AGAIN_S
            if why_not and not self._told:
                self._told = True
                _log.warning("decoders have limits, but no walls: bubblewrap %s", why_not)
            return self._works


_trial = _Trial()


def confinement() -> Confinement:
    """Which of both works on this machine now. Blocks for some 0.2 s where that has to be tried.

    Many containers and some systems forbid the namespaces that bubblewrap needs.
    """
    return "bubblewrap" if _trial.works() else "limits"


def _why_not() -> str:
    """Tries a decoder that gets no file; "" where it works."""
    walls = _walls()
    if walls is None:
        return "is not there, or cannot be used with this Python"
    ours, theirs = socket.socketpair()
    ours.close()  # a decoder whose orders have ended loads its libraries and ends well
    try:
        with (
            theirs,
            subprocess.Popen(  # noqa: S603 - a fixed command
                (*walls, *_PROBE_LIMITS),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={},
                start_new_session=True,
            ) as tried,
        ):
            try:
                _, said = tried.communicate(timeout=_PROBE_S)
            except subprocess.TimeoutExpired:
                # All of its group: what bubblewrap started would wait for it for ever.
                os.killpg(tried.pid, signal.SIGKILL)
                return f"did not end within {_PROBE_S:g} s"
    except OSError as error:
        return f"cannot be started ({error.strerror})"
    return "" if tried.returncode == 0 else f"fails: {said.decode(errors='replace')[-_TOLD_CHARS:].strip()}"


def decoder_command(by: Confinement, *, parent_pid: int, memory_bytes: int, cpu_s: int) -> Sequence[str]:
    """How a decoder is started: by path, isolated from the user's and the server's Python settings."""
    walls = _walls() if by == "bubblewrap" else None
    if walls is None:
        return (sys.executable, "-I", "-B", str(_MAIN), str(parent_pid), str(memory_bytes), str(cpu_s))
    return (*walls, str(_FIRST_PROCESS), str(memory_bytes), str(cpu_s))


def _walls() -> tuple[str, ...] | None:
    """The command without the decoder's own arguments; None where there is no bubblewrap or no way to use it."""
    program = shutil.which("bwrap")
    package = _package()
    if sys.platform != "linux" or program is None or package is None:
        return None
    python = Path(sys.executable).resolve()
    prefix = Path(sys.base_prefix).resolve()
    if Path.home().is_relative_to(prefix):
        return None  # all that is to be hidden would be seen
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


@cache
def _package() -> Path | None:
    """PyAV's folder, which is looked for in all that can be imported: once."""
    decoder = importlib.util.find_spec("av")
    return None if decoder is None or decoder.origin is None else Path(decoder.origin).parent


def _system() -> Iterator[str]:
    for folder in _SYSTEM:
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    yield from ("--ro-bind-try", _LOADERS_CACHE, _LOADERS_CACHE)
