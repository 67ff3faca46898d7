"""Mixes of voices, written as in `af_heart+am_adam*0.5`: names joined by "+", each with an optional weight."""

from __future__ import annotations

import math

from syrinx.errors import BadInput

MOST_VOICES = 8


def parse_blend(text: str) -> tuple[tuple[str, float], ...]:
    """The voices and their shares, which sum to 1; a single name is a mix of one. A weight that is not given is 1.

    Raises BadInput, saying how a mix is written, for an empty name, a weight that is no positive number, or more than
    eight voices.
    """
    parts = [part.strip() for part in text.split("+")]
    if len(parts) > MOST_VOICES:
        raise BadInput(f"a mix may have {MOST_VOICES} voices, not {len(parts)}")
    weighed = [_part(part) for part in parts]
    total = sum(weight for _, weight in weighed)
    shares: dict[str, float] = {}
    for name, weight in weighed:
        shares[name] = shares.get(name, 0.0) + weight / total
    return tuple(shares.items())


def is_blend(text: str) -> bool:
    """Whether it mixes or weighs voices, and is not just a voice's name."""
    return "+" in text or "*" in text


def _part(part: str) -> tuple[str, float]:
    name, star, given = part.partition("*")
    try:
        weight = float(given) if star else 1.0
    except ValueError:
        weight = math.nan
    if not name.strip() or not math.isfinite(weight) or weight <= 0:
        raise BadInput(f"{part[:60]!r} is no part of a mix of voices: write name or name*weight, as in a+b*0.5")
    return name.strip(), weight
