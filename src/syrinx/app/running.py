"""How commands run their work, and where they print."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final

from rich.console import Console

SWITCH_S: Final = 0.001
"""How long the event loop waits at most for a thread of an engine in this process that keeps the interpreter to
itself. Python's own 5 ms are heard: the first sound of a sentence would wait until all of it is made."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def begin() -> None:
    """For the time in which a command loads what it needs: all of that stays, and is not looked through for waste."""
    gc.disable()


def loaded() -> None:
    """What is there by now stays; waste is looked for among what comes."""
    gc.freeze()
    gc.enable()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end on the quickest event loop there is."""
    loaded()
    sys.setswitchinterval(SWITCH_S)
    if sys.platform == "win32":
        asyncio.run(work)
        return
    import uvloop  # noqa: PLC0415 - Unix only

    uvloop.run(work)
