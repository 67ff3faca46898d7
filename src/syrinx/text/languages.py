"""Which of the languages with word lists a language tag means."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

LANGUAGES: Final = ("en", "es", "fr", "de", "it", "pt", "zh", "ja", "hi")
"""The languages this room has lists for; any other is treated by script and punctuation alone."""


@lru_cache(maxsize=256)
def base_language(tag: str) -> str:
    """The primary subtag in lower case: `"pt-BR"`, `"pt_BR"` and `"PT"` all give `"pt"`; an unknown one is kept."""
    return tag.strip().lower().replace("_", "-").split("-", 1)[0]
