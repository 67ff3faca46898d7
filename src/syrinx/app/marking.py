"""The inaudible watermark, where the settings ask for one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from syrinx.app.settings import Settings
from syrinx.audio.watermark import Watermark, open_watermark


@asynccontextmanager
async def open_marking(settings: Settings) -> AsyncGenerator[Watermark | None, None]:
    """None where none is asked for. Raises ConfigurationError where one is, and speech could not be marked."""
    if settings.watermark == "off":
        yield None
        return
    async with open_watermark(settings.watermark_python) as watermark:
        yield watermark
