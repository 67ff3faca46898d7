"""The tasks of one talk, whose owner may not have begun yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Begun = Callable[[asyncio.Task[None]], None]


class TalkTasks:
    """What is spawned before `begin` waits for it; what is spawned after `end` is never run."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self._waiting: list[tuple[Coroutine[Any, Any, None], Begun]] = []
        self._ended = False

    @property
    def running(self) -> bool:
        return self._group is not None and not self._ended

    def begin(self, group: asyncio.TaskGroup) -> None:
        """From now on `group` owns all of them."""
        self._group = group
        waiting, self._waiting = self._waiting, []
        for coroutine, begun in waiting:
            self.spawn(coroutine, begun)

    def spawn(self, coroutine: Coroutine[Any, Any, None], begun: Begun) -> None:
        """`begun` gets the task."""
        if self._ended:
            coroutine.close()
        elif self._group is not None:
            begun(self._group.create_task(coroutine))
        else:
            self._waiting.append((coroutine, begun))

    def end(self) -> None:
        self._ended = True
        for coroutine, _ in self._waiting:
            coroutine.close()
        self._waiting.clear()
