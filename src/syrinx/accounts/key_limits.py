"""How much a key may ask for, where that is not left to the server's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrinx.errors import WrongParameter

MOST: Final = 10**12
"""More than anybody uses: it stands for no limit in a key whose server has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """1 to 10^12 each. None: for a key as the server's settings have it, in the settings unlimited."""

    requests_per_minute: int | None = None
    characters_per_day: int | None = None
    """Of text that is spoken."""
    audio_seconds_per_day: int | None = None
    """Of sound that is listened to."""

    def __post_init__(self) -> None:
        """Raises WrongParameter."""
        for name in self.__slots__:
            value: int | None = getattr(self, name)
            if value is not None and not 1 <= value <= MOST:
                raise WrongParameter(f"{name} is {value}: 1 to {MOST} would be right, or null", parameter=name)


NO_OWN_LIMITS: Final = KeyLimits()
