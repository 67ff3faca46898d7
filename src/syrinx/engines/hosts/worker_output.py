"""What a worker prints, on its way to the log: a bounded amount of it, and its last lines for error messages."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

LONGEST_LINE = 500
LINES_PER_WINDOW = 50
WINDOW_S = 10.0
TAIL_LINES = 30
READ_BYTES = 8192


class WorkerOutput:
    """Reads until the worker has closed its output; lines past `LINES_PER_WINDOW` are counted, not logged."""

    def __init__(self, *, kind: str, engine: str, pid: int) -> None:
        self._log = structlog.get_logger(__name__).bind(kind=kind, engine=engine, pid=pid)
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._window_began_s = 0.0
        self._in_window = 0
        self._dropped = 0

    @property
    def tail(self) -> str:
        """The last lines, oldest first; empty when nothing was printed."""
        return "\n".join(self._tail)

    async def read(self, stream: asyncio.StreamReader) -> None:
        unfinished = b""
        while piece := await stream.read(READ_BYTES):
            *lines, unfinished = (unfinished + piece).split(b"\n")
            # A line without an end is cut, so that it never takes more memory than a read.
            if len(unfinished) > READ_BYTES:
                lines.append(unfinished)
                unfinished = b""
            for line in lines:
                self._take(line)
        if unfinished:
            self._take(unfinished)
        self._tell_of_dropped()

    def _take(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip()
        if not line:
            return
        line = line[:LONGEST_LINE]
        self._tail.append(line)
        now_s = asyncio.get_running_loop().time()
        if now_s - self._window_began_s > WINDOW_S:
            self._tell_of_dropped()
            self._window_began_s, self._in_window = now_s, 0
        self._in_window += 1
        if self._in_window <= LINES_PER_WINDOW:
            self._log.info("worker printed", line=line)
        else:
            self._dropped += 1

    def _tell_of_dropped(self) -> None:
        if self._dropped:
            self._log.warning("worker printed too much", lines_left_out=self._dropped)
            self._dropped = 0
