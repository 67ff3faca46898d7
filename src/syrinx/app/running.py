"""How commands run their work, and where they print."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end on the quickest event loop there is."""
    if sys.platform == "win32":
        asyncio.run(work)
        return
    import uvloop  # noqa: PLC0415 - Unix only

    uvloop.run(work)
