"""The throwaway process that decodes one file: started, given its file, read, and killed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from syrinx.audio.intake.decoder_walls import Confinement, confinement, decoder_command
from syrinx.errors import BadAudio

_log = logging.getLogger(__name__)

OPENED: Final = b"O"
AUDIO: Final = b"A"
FAILED: Final = b"E"
ENDED: Final = b"Z"
"""The letters of its messages. decoder_main.py is not asked for them: it would load PyAV into the server."""

_HEADER_BYTES: Final = 5
_MOST_MESSAGE_BYTES: Final = 1 << 20
_BUFFERED_BYTES: Final = 64 * 1024
"""Held of its output, and of its complaints, before it has to wait; with the pipe, some 6 s at 16 kHz."""
_TOLD_CHARS: Final = 500
_LAST_WORDS_S: Final = 1.0
_ENDED_FOR_TIME: Final = (signal.SIGXCPU, signal.SIGKILL) if sys.platform != "win32" else ()
_BY_A_SHELL: Final = 128
"""bubblewrap tells the signal that ended what it started as a shell does, on top of this."""


class DecoderDied(Exception):
    """It ended without having said why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderBounds:
    """What one process may use; the system holds it to that."""

    memory_bytes: int
    cpu_s: int
    bubblewrap: bool = True
    """Within bubblewrap where that works; limits alone where it does not, and where this is False."""


class DecoderProcess:
    """One process for one file, or bubblewrap around it. `end` must be called, and may be at any time."""

    def __init__(self, process: asyncio.subprocess.Process, orders: socket.socket) -> None:
        self._process = process
        self._orders = orders
        self._finished = False

    @classmethod
    async def start(cls, bounds: DecoderBounds) -> DecoderProcess:
        """Start one that waits for its file. Raises BadAudio on systems that cannot confine it."""
        if sys.platform == "win32":
            raise BadAudio("on Windows only plain WAV files can be read: send WAV")
        by: Confinement = await asyncio.to_thread(confinement) if bounds.bubblewrap else "limits"
        command = decoder_command(by, parent_pid=os.getpid(), memory_bytes=bounds.memory_bytes, cpu_s=bounds.cpu_s)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    limit=_BUFFERED_BYTES,
                    start_new_session=True,
                    env=_environment(),
                )
        except BaseException:
            ours.close()
            raise
        return cls(process, ours)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, descriptor: int, *, demuxer: str, rate_hz: int) -> None:
        """Hand the file over; it stays the caller's to close. Raises DecoderDied."""
        order = json.dumps({"demuxer": demuxer, "rate_hz": rate_hz}).encode()
        try:
            # So short a message is taken by the kernel at once.
            socket.send_fds(self._orders, [order], [descriptor])
        except OSError as error:
            raise DecoderDied from error
        self._orders.close()

    async def message(self) -> tuple[bytes, bytes]:
        """The next one: its letter and its body. Raises DecoderDied."""
        output = self._process.stdout
        if output is None:
            raise DecoderDied
        try:
            header = await output.readexactly(_HEADER_BYTES)
            size = int.from_bytes(header[1:], "big")
            if size > _MOST_MESSAGE_BYTES:
                raise DecoderDied
            body = await output.readexactly(size)
        except asyncio.IncompleteReadError as error:
            raise DecoderDied from error
        self._finished = header[:1] in {FAILED, ENDED}
        return header[:1], body

    async def end(self) -> int:
        """Kill it if it still runs, and wait until nothing of it is left; its exit status.

        The wait is finished also when it is cancelled, which is raised afterwards: a process that was killed is gone in
        a moment, and one that is not waited for stays a zombie.
        """
        self._orders.close()
        if not self._finished:
            self._kill()
        gone = asyncio.ensure_future(self._gone())
        cancelled: asyncio.CancelledError | None = None
        while not gone.done():
            try:
                await asyncio.wait([gone])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        return gone.result()

    async def why_it_died(self) -> str:
        """ "slow" where it used all its time, else "crashed", of which the log tells more."""
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                status = await self._process.wait()
        except TimeoutError:
            return "crashed"  # it closed its output and lives on
        if status in {sign for end in _ENDED_FOR_TIME for sign in (-end, _BY_A_SHELL + end)}:
            return "slow"
        complaints = self._process.stderr
        told = b"" if complaints is None else await complaints.read(_BUFFERED_BYTES)
        _log.warning("a decoder ended with %s: %s", status, told.decode(errors="replace")[-_TOLD_CHARS:].strip())
        return "crashed"

    def _kill(self) -> None:
        pipes = (self._process.stdout, self._process.stderr)
        if self._process.returncode is not None and all(pipe is None or pipe.at_eof() for pipe in pipes):
            return  # nothing of it is left, and its number may be another's
        # All of its group: bubblewrap that is killed alone while it begins leaves a child that waits for it for ever.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _gone(self) -> int:
        # One that has said its last word ends by itself, and is not raced with to its end.
        last_words = asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._kill)
        try:
            return await self._drained()
        finally:
            last_words.cancel()

    async def _drained(self) -> int:
        # Read to their ends: while a pipe is full, its end is not noticed, and the process not taken for ended.
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                while await pipe.read(_BUFFERED_BYTES):
                    pass
        return await self._process.wait()


def _environment() -> dict[str, str]:
    """Nothing of the server's."""
    return {"LC_ALL": "C.UTF-8"}
