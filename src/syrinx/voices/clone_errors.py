"""Errors of clonings, written down and raised again for who waits, perhaps in another process."""

from __future__ import annotations

from syrinx.errors import SyrinxError
from syrinx.voices.errors import CloneCancelled


def class_name(error: SyrinxError) -> str:
    """Of the nearest class that is made of a message alone: what others need besides is not written down."""
    return next(kind for kind in type(error).__mro__ if _is_plain(kind)).__name__


def told_again(name: str, message: str, *, code: str, retryable: bool) -> SyrinxError:
    """An error of the class that `class_name` gave; a SyrinxError where this program knows none of that name."""
    kind = _plain_classes(SyrinxError).get(name, SyrinxError)
    return kind(message, code=code, retryable=retryable)


def cancelled() -> CloneCancelled:
    return CloneCancelled("the cloning was cancelled: nothing of it is kept; begin another")


def _is_plain(kind: type) -> bool:
    return issubclass(kind, SyrinxError) and kind.__init__ is SyrinxError.__init__


def _plain_classes(kind: type[SyrinxError]) -> dict[str, type[SyrinxError]]:
    found = {kind.__name__: kind} if _is_plain(kind) else {}
    for below in kind.__subclasses__():
        found |= _plain_classes(below)
    return found
