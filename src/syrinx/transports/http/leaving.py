"""What a request does ends when its client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.types import Receive


class ClientLeft(HTTPException):
    """Nobody is there any more to be answered; the status is what reverse proxies log for it."""

    def __init__(self) -> None:
        super().__init__(status_code=499, detail="the client left before the answer was there")


@asynccontextmanager
async def while_connected(receive: Receive) -> AsyncGenerator[None, None]:
    """Cancels what stands inside as soon as the client has gone, and raises ClientLeft in its place.

    `receive` is the request's, whose body must have been read. All that stands inside runs in the task that entered:
    what was opened there is closed there.
    """
    # A deadline that only the watcher sets: it cancels this task and no other, and takes nobody else's cancellation
    # for its own.
    staying = asyncio.timeout(None)
    try:
        async with staying:
            watching = asyncio.create_task(_end_on_leaving(receive, staying))
            try:
                yield
            finally:
                watching.cancel()
                await asyncio.wait([watching])
    except TimeoutError:
        if staying.expired():
            raise ClientLeft from None
        raise


async def _end_on_leaving(receive: Receive, staying: asyncio.Timeout) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    staying.reschedule(asyncio.get_running_loop().time())
