"""Keeps a talk as it goes on: turn by turn, in the background and in order, and the talk never waits for it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from syrinx.conversation.events import Notice
from syrinx.conversation.memory import Remembered
from syrinx.errors import SyrinxError

_log = logging.getLogger(__name__)

KEEP_WITHIN_S: Final = 5.0
"""After so long without an answer where it is kept, it is tried again with the next turn."""
MOST_WAITING_TURNS: Final = 1000
"""Of more that could not be kept, the oldest are given up."""


class Keep(Protocol):
    """Where one user's talks are kept: `History.keep` of that user. After an error it is called with the same again."""

    async def __call__(
        self,
        conversation_id: str,
        *,
        language: str,
        remembered: Sequence[Remembered],
        talk: str,
        begun: bool,
        anew: bool,
    ) -> bool:
        """Keep these entries: all of each turn that is among them. `talk` tells one stretch of a conversation from
        others, which may count the same turns. `begun`: something of it has been kept before. `anew`: what was kept of
        it is removed first.

        False where it was kept before and is there no more: it was deleted, and nothing is kept then. Raises a
        SyrinxError where nothing can be kept now.
        """
        ...


class Keeping:
    """Of one talk; what is noted is told to `keep` by a task that `aclose` waits for.

    `wanted` is asked at each note; `tell` is told once when something cannot be kept, until it can be again.
    """

    def __init__(
        self,
        keep: Keep | None,
        conversation_id: str,
        *,
        begun: bool,
        wanted: Callable[[], bool],
        language: Callable[[], str],
        tell: Callable[[Notice], None],
    ) -> None:
        self._keep = keep
        self._conversation_id = conversation_id
        self._talk = secrets.token_hex(8)
        self._begun = begun
        self._wanted = wanted
        self._language = language
        self._tell = tell
        self._waiting: dict[int, tuple[Remembered, ...]] = {}
        """By turn, in order."""
        self._anew = False
        self._failed = False
        self._writing: asyncio.Task[None] | None = None

    @property
    def able(self) -> bool:
        """Whether turns are kept where that is wanted; not so without a place, and once the talk was deleted there."""
        return self._keep is not None

    @property
    def begun(self) -> bool:
        """Whether something of the conversation is kept."""
        return self._keep is not None and self._begun

    def note(self, entries: Sequence[Remembered]) -> None:
        """Have all that is remembered of one turn kept, in place of what was noted of it before."""
        if self._keep is None or not self._wanted():
            return
        self._waiting[entries[0].turn] = tuple(entries)
        if len(self._waiting) > MOST_WAITING_TURNS:
            del self._waiting[next(iter(self._waiting))]
            _log.warning("a turn of a talk was given up: too many of them could not be kept")
        self._wake()

    def forgotten(self) -> None:
        """The person had all forgotten that was said: what is kept of it goes, too, wanted or not."""
        self._waiting.clear()
        if self._begun or self._writing is not None:
            self._anew = True
            self._wake()

    async def aclose(self) -> None:
        """Wait for what is being kept, and try once more to keep what could not be."""
        try:
            if self._writing is not None:
                await asyncio.wait([self._writing])
            if self._waiting or self._anew:
                await self._write()
        finally:
            if self._writing is not None:
                self._writing.cancel()

    def _wake(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Until nothing waits, or something cannot be kept: the next turn tries again."""
        while self._keep is not None and (self._waiting or self._anew):
            waiting, anew = self._waiting, self._anew
            self._waiting, self._anew = {}, False
            try:
                async with asyncio.timeout(KEEP_WITHIN_S):
                    is_there = await self._keep(
                        self._conversation_id,
                        language=self._language(),
                        remembered=[entry for turn in waiting.values() for entry in turn],
                        talk=self._talk,
                        begun=self._begun,
                        anew=anew,
                    )
            except (SyrinxError, TimeoutError) as error:
                reason = error.message if isinstance(error, SyrinxError) else f"no answer in {KEEP_WITHIN_S:g} s"
                self._fail(waiting, anew=anew, reason=reason)
                return
            except Exception:  # noqa: BLE001 - logged with its trace; the talk must go on
                self._fail(waiting, anew=anew, reason="a fault in the server")
                _log.exception("a talk could not be kept")
                return
            self._failed = False
            self._begun = bool(waiting) or (self._begun and not anew)
            if not is_there:
                self._keep = None
                self._waiting.clear()

    def _fail(self, waiting: dict[int, tuple[Remembered, ...]], *, anew: bool, reason: str) -> None:
        if not self._anew:
            # What was noted meanwhile is newer. What had been forgotten meanwhile is not to come back.
            self._waiting = {**waiting, **self._waiting}
            self._anew = anew
        if not self._failed:
            self._failed = True
            message = f"What is said cannot be kept at the moment, and is with the next turn that can be: {reason}"
            self._tell(Notice(code="talk_not_kept", message=message))
