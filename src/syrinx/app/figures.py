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


def speed_words(*, real_time_factor: float | None, tokens_per_s: float | None, first_s: float) -> str:
    """How fast a model works, by the figure that tells most: "5.0 x real time", "12 tokens/s"."""
    if real_time_factor is not None:
        times = 1 / max(0.001, real_time_factor)
        return f"{times:.1f} x real time" if times < 9.95 else f"{times:.0f} x real time"
    if tokens_per_s is not None:
        return f"{tokens_per_s:.0f} tokens/s"
    return f"first words after {first_s:.1f} s"
