"""Memory that an engine has freed, given back to the system: glibc would keep hundreds of megabytes of it."""

from __future__ import annotations

import ctypes
import sys


def give_back_freed_memory() -> None:
    """Takes some ms, in which other threads that allocate wait; does nothing where the C library has no such call."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
