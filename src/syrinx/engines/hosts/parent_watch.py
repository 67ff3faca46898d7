"""How a worker ends with its parent, whatever became of it: a signal from the kernel, and the end of its input."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
"""prctl(2), Linux."""

GRACE_S = 4.0
"""What closing the engine may take after the parent has gone."""


def be_killed_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends (Linux; elsewhere nothing is done).

    It needs no help from Python: an engine that holds the GIL for ever is killed as well.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent_pid:  # it ended before the request was made
        os._exit(1)


def watch_input(input_fd: int, on_end: Callable[[], object]) -> None:
    """Call `on_end`, from a thread, when the other end of this pipe is closed: by will or by death.

    The process is ended for good when it is still there `GRACE_S` later.
    """

    def watch() -> None:
        while os.read(input_fd, 4096):
            pass
        on_end()
        time.sleep(GRACE_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
