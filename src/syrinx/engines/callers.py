"""On whose behalf engines are asked, so that one caller with much to do does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

CALLER: Final[ContextVar[str]] = ContextVar("syrinx_caller", default="")
"""Whoever asks: a user, a key, an address; "" is everybody who is not named. Tasks inherit it from who begins them."""


@contextmanager
def as_caller(name: str) -> Generator[None, None, None]:
    """Requests to engines that are begun within this are `name`'s. Entered and left by one task."""
    token = CALLER.set(name)
    try:
        yield
    finally:
        CALLER.reset(token)
