"""Where what is worked for was asked for."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_ADDRESS: Final[ContextVar[str]] = ContextVar("syrinx_address", default="")


@contextmanager
def asking_from(address: str) -> Generator[None, None, None]:
    """What is begun within this is asked for from there; "" is nowhere. Entered and left by one task."""
    token = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(token)


def current_address() -> str:
    """Where what this task works for was asked for; "" where nobody said."""
    return _ADDRESS.get()
