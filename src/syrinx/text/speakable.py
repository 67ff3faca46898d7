"""What is spoken of a written text; what that needs is loaded with its first use, for it is much."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any


def speakable(text: str, *, language: str = "en") -> str:
    """One segment in, the words for an engine out; "" when nothing of it is to be spoken.

    Markup is left out and its text kept; an image is its description, a fenced block the short note that there is code,
    a table row its cells. Links and addresses are read by host (`example dot com`), emoji are silent. Numbers, money,
    dates, times, units and signs become words in the nine languages of `syrinx.text.languages`; in any other, digits
    are left to the engine.
    """
    return _reader()(text, language)


def prepare(language: str = "en") -> None:
    """Load what the first sentence with numbers or emoji would otherwise wait for: a tenth of a second of work."""
    speakable("**On** 2026-11-21 at 14:30 it was $3.50 for 5 km, the 1st. 😀", language=language)


@cache
def _reader() -> Callable[[str, str], str]:
    module: Any = importlib.import_module("syrinx.text.wording")  # twenty milliseconds of patterns
    in_words: Callable[[str, str], str] = module.in_words
    return in_words
