"""An event loop whose clock jumps to the next timer when nothing else is left to do: hours of talk in milliseconds."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Executor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREAD_PATIENCE_S = 30.0
"""Real seconds that work in a thread may take while virtual time stands still."""


class VirtualTimeError(RuntimeError):
    """The code under test waits for something that virtual time cannot bring about."""


class _VirtualSelector(selectors.SelectSelector):
    """Waits by moving `now_s` instead of waiting; watches the loop's own wake-up pipe and nothing else."""

    def __init__(self, limit_s: float) -> None:
        super().__init__()
        self.now_s = 0.0
        self.threads_working = 0
        self._limit_s = limit_s

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self.get_map():
            raise VirtualTimeError("a socket or pipe cannot be waited for in virtual time: use a fake, or a real loop")
        return super().register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        happened = super().select(0)
        if happened or (timeout is not None and timeout <= 0):
            return happened
        if self.threads_working:
            # A thread's time is real: the clock stands still until it has answered.
            happened = super().select(THREAD_PATIENCE_S)
            if not happened:
                raise VirtualTimeError(f"a thread has worked for {THREAD_PATIENCE_S:g} s of real time")
            return happened
        if timeout is None:
            raise VirtualTimeError("everything waits and no timer is set: this would wait for ever")
        self.now_s += timeout
        if self.now_s > self._limit_s:
            raise VirtualTimeError(f"more than {self._limit_s:g} s of virtual time went by: something never ends")
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` is virtual and begins at 0; `asyncio.sleep` and time-outs take no real time and fire in order.

    Work in threads is waited for in real time, during which the virtual clock stands still.
    Raises VirtualTimeError where a real loop would wait for a socket, or for ever.
    """

    def __init__(self, *, limit_s: float = 24 * 3600.0) -> None:
        self._virtual = _VirtualSelector(limit_s)
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._virtual.threads_working += 1
        future.add_done_callback(self._thread_has_answered)
        return future

    async def while_a_thread_works(self, work: Awaitable[T]) -> T:
        """For work in threads that the loop has not begun itself: a database's, for instance."""
        self._virtual.threads_working += 1
        try:
            return await work
        finally:
            self._virtual.threads_working -= 1

    async def shutdown_default_executor(self) -> None:
        self._virtual.threads_working += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._virtual.threads_working -= 1

    def _thread_has_answered(self, _: asyncio.Future[Any]) -> None:
        self._virtual.threads_working -= 1


def run_virtual(coroutine: Coroutine[Any, Any, T], *, limit_s: float = 24 * 3600.0) -> T:
    """Run to the end in virtual time, on a loop of its own; tasks left over are cancelled, as asyncio.run does."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(limit_s=limit_s)) as runner:
        return runner.run(coroutine)


def virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Decorate an async test to run it in virtual time; a task that it leaves behind fails it.

    Async fixtures run on another loop and cannot be used together with this.
    """

    async def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        result = await test(*args, **kwargs)
        await asyncio.sleep(0)
        left_over = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left_over, f"the test left tasks behind: {_names(left_over)}"  # noqa: S101
        return result

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_virtual(checked(*args, **kwargs))

    return run


def virtual_now_s() -> float:
    """The running loop's clock, in the form of an injected `clock`: seconds, from 0."""
    return asyncio.get_running_loop().time()


def _names(tasks: Iterable[asyncio.Task[Any]]) -> str:
    return ", ".join(task.get_name() + " " + repr(task.get_coro()) for task in tasks)
