"""Who is decoded next: all utterances of one Whisper share its few decoders, and nobody waits long for a final.

Finals (and what answers a pause, while it is one) go first, then partials, whoever has waited longest for one; batches
of recordings take what is left, but are not left out for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, TypeVar

from syrinx.errors import EngineError, SyrinxError

T = TypeVar("T")

PARTIAL_EVERY_S: Final = 0.5
_PARTIAL_SHARE: Final = 0.5
"""Partials of all who speak may take this part of the decoders' time."""
_IN_THE_WAY_S: Final = 0.15
"""So long, on average, a final may find a partial in its way: where a decoding takes long, partials get less."""
_RAREST_PARTIAL_S: Final = 20.0
"""But one partial in this time there is: it also keeps short what the final has to decode."""
_RECORDING_WAITS_S: Final = 3.0
"""A batch that has waited so long goes before the partials."""
_SMOOTHING: Final = 0.25


class Rank(IntEnum):
    FINAL = 0
    PARTIAL = 1
    RECORDING = 2


class Stop:
    """Asked by work in its thread between two steps: does anybody still want the result?"""

    __slots__ = ("asked", "idle")

    def __init__(self) -> None:
        self.asked = False
        self.idle = False
        """Set by work that had nothing to decode: how long it took says nothing of the next."""


Work = Callable[[Stop], T]


@dataclass(eq=False, slots=True)
class Talker:
    """One utterance or recording, as the queue knows it."""

    served_s: float = 0.0
    """When it last got a decoder."""
    goes_on: bool = False
    """It spoke on after the pause that is being settled, which is no more urgent then than a partial."""


@dataclass(eq=False, slots=True)
class _Ticket:
    talker: Talker
    rank: Rank
    prepare: Callable[[], Work[Any]]
    asked_s: float
    answer: asyncio.Future[Any]
    stop: Stop = field(default_factory=Stop)


class DecodeQueue:
    """`executor` has a thread for each of `decoders`. Used from one event loop, whose clock it reads."""

    def __init__(self, executor: Executor, *, decoders: int) -> None:
        self._executor = executor
        self._decoders = decoders
        self._busy = 0
        self._waiting: list[_Ticket] = []
        self._talkers = 0
        self._partial_s = 0.0

    @contextmanager
    def talker(self) -> Generator[Talker, None, None]:
        """Somebody who speaks now, for as long as the context lasts; the more there are, the rarer are partials."""
        self._talkers += 1
        try:
            yield Talker(served_s=asyncio.get_running_loop().time())
        finally:
            self._talkers -= 1

    @property
    def partial_every_s(self) -> float:
        """How far apart the partials of one utterance should be, given how many speak and what a decoding costs."""
        if not self._partial_s:
            return PARTIAL_EVERY_S
        cost_s, decoders = self._partial_s, self._decoders
        # A final finds all decoders busy with partials as often as their share to the power of the decoders, and waits
        # then for half a decoding, or less where several may end.
        share = min(_PARTIAL_SHARE, (2 * _IN_THE_WAY_S * decoders / cost_s) ** (1 / decoders))
        all_at_once_s = self._talkers * cost_s / decoders
        return max(PARTIAL_EVERY_S, all_at_once_s / _PARTIAL_SHARE, min(all_at_once_s / share, _RAREST_PARTIAL_S))

    async def decode(self, talker: Talker, rank: Rank, prepare: Callable[[], Work[T]]) -> T:
        """Wait for a decoder, then call `prepare` (on the loop: it takes what was heard up to that moment) and run in a
        thread what it gave back.

        Cancelled while waiting, it leaves the queue; cancelled later, the work is asked to stop, its decoder is free
        again once it has, and its result is dropped. Raises EngineError for what goes wrong in the work.
        """
        loop = asyncio.get_running_loop()
        ticket = _Ticket(talker, rank, prepare, loop.time(), loop.create_future())
        self._waiting.append(ticket)
        self._serve(loop)
        try:
            return await ticket.answer
        finally:
            ticket.stop.asked = True
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and self._busy < self._decoders:
            now_s = loop.time()
            ticket = min(self._waiting, key=lambda ticket: _order(ticket, now_s))
            self._waiting.remove(ticket)
            if not ticket.answer.done():
                self._begin(ticket, loop)

    def _begin(self, ticket: _Ticket, loop: asyncio.AbstractEventLoop) -> None:
        began_s = ticket.talker.served_s = loop.time()
        try:
            work = ticket.prepare()
            running = asyncio.wrap_future(self._executor.submit(work, ticket.stop), loop=loop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who waits is told
            ticket.answer.set_exception(_in_our_words(error))
            return
        self._busy += 1

        def done(finished: asyncio.Future[Any]) -> None:
            self._busy -= 1
            error = None if finished.cancelled() else finished.exception()
            if error is None and not ticket.stop.idle:
                self._learn(ticket.rank, loop.time() - began_s)
            if not ticket.answer.done():
                if finished.cancelled():
                    ticket.answer.set_exception(EngineError("Whisper was closed while it was listening: open it again"))
                elif error is not None:
                    ticket.answer.set_exception(_in_our_words(error))
                else:
                    ticket.answer.set_result(finished.result())
            self._serve(loop)

        running.add_done_callback(done)

    def _learn(self, rank: Rank, took_s: float) -> None:
        """What a partial costs here; until there was one, a final tells about as much."""
        if rank is Rank.PARTIAL:
            self._partial_s += (took_s - self._partial_s) * (_SMOOTHING if self._partial_s else 1.0)
        elif rank is Rank.FINAL and not self._partial_s:
            self._partial_s = took_s


def _order(ticket: _Ticket, now_s: float) -> tuple[float, float]:
    if ticket.rank is Rank.PARTIAL or (ticket.rank is Rank.FINAL and ticket.talker.goes_on):
        return (Rank.PARTIAL, ticket.talker.served_s)
    late = ticket.rank is Rank.RECORDING and now_s - ticket.asked_s >= _RECORDING_WAITS_S
    return (Rank.PARTIAL - 0.5 if late else ticket.rank, ticket.asked_s)


def _in_our_words(error: BaseException) -> BaseException:
    if isinstance(error, SyrinxError):
        return error
    text = str(error) or type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "bad_alloc" in text.lower():
        told = EngineError("Whisper ran out of memory: take a smaller model, `compute_type` int8, or fewer `decoders`")
    elif "shutdown" in text:
        told = EngineError("Whisper was closed while it was listening: open it again")
    else:
        told = EngineError(f"Whisper failed: {text}")
    told.__cause__ = error
    return told
