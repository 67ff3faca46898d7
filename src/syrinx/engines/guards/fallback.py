"""Another engine in place of one that fails before its first item, for any kind of engine.

For plug-ins and dialects that have several engines for the same request. A spoken reply falls back sentence by
sentence, in a voice like the one heard before: `syrinx.speech` does that itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from syrinx.errors import EngineError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[T]):
    """One engine's way to serve the request, fitted to what that engine can do.

    `start` is called when it is this one's turn, and may lease the engine first; who calls it closes what it returns.
    """

    engine: str
    start: Callable[[], AsyncGenerator[T, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """What happened, for whoever shows it."""

    failed: str
    error: EngineError
    instead: str


async def first_that_works(
    candidates: Sequence[Candidate[T]], *, on_fallback: Callable[[FellBack], None] | None = None
) -> AsyncGenerator[T, None]:
    """The items of the first candidate that gives one; the last one's error when none does.

    Only EngineError leads on to the next: what is wrong with the request is wrong everywhere. One that ends without an
    item and without an error has answered: put `streams.not_empty` around it where that is a failure.
    """
    for index, candidate in enumerate(candidates):
        begun = False
        async with aclosing(candidate.start()) as items:
            try:
                async for item in items:
                    begun = True
                    yield item
            except EngineError as error:
                if begun or index + 1 == len(candidates):
                    raise
                fell_back = FellBack(failed=candidate.engine, error=error, instead=candidates[index + 1].engine)
            else:
                return
        structlog.get_logger(__name__).warning(
            "another engine answers", failed=fell_back.failed, code=fell_back.error.code, instead=fell_back.instead
        )
        if on_fallback is not None:
            on_fallback(fell_back)
