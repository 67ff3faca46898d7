"""The C library's random numbers, which some voices breathe with, made the same for each utterance."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_SEED: Final = 1
_drawing = threading.Lock()


@contextmanager
def same_noise() -> Generator[None]:
    """Within, `rand` gives the same numbers from their beginning, as long as whoever uses it is in here too.

    The numbers are one for the whole process, so one utterance is made at a time. What is done within must not wait for
    anything that waits to come in.
    """
    with _drawing:
        if sys.platform != "win32":
            ctypes.CDLL(None).srand(_SEED)
        yield
