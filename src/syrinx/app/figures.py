"""Sizes and times as people read them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def size_words(size_bytes: float) -> str:
    """In decimal units as shops and most systems count them: "148 MB", "1.6 GB"."""
    amount = float(size_bytes)
    unit = 0
    while round(amount) >= 1000 and unit < len(_UNITS) - 1:
        amount /= 1000
        unit += 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit and amount < 9.95 else f"{round(amount)} {_UNITS[unit]}"


def duration_words(seconds: float) -> str:
    """Rounded as one would say it: "8 s", "3 min", "1 h 20 min"."""
    if seconds < 59.5:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0))
