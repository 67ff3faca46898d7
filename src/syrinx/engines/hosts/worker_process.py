"""One worker process as its parent sees it: started, spoken to, watched, ended."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
import grpc.aio

from syrinx.engines.hosts import engine_pb2
from syrinx.engines.hosts.crossing_errors import error_from_json
from syrinx.engines.hosts.wire import CHANNEL_OPTIONS, DESCRIBE, PING, WORKER_SERVICE
from syrinx.engines.hosts.worker_job import WorkerJob
from syrinx.engines.hosts.worker_output import WorkerOutput
from syrinx.errors import EngineUnavailable

CONNECT_S = 10.0
CLOSE_S = 5.0
"""What an engine may take to close; its process is killed then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a worker may take for what."""

    ready_s: float = 120.0
    """Starting and loading the model."""
    pulse_s: float = 10.0
    """How often a worker that is at work is asked whether it still turns."""
    answer_s: float = 30.0
    """A worker that does not answer for so long is killed; an engine that holds the interpreter for less is let be."""


class WorkerProcess:
    """A running worker. `start` makes one; whoever holds it calls `stop`, which leaves nothing behind."""

    def __init__(self, process: Process, job: WorkerJob, patience: Patience) -> None:
        self._process = process
        self._job = job
        self._patience = patience
        self._output = WorkerOutput(kind=job.kind, engine=job.name, pid=process.pid)
        self._reading = asyncio.create_task(self._read_output(), name=f"output of the worker of {job.name}")
        self._pulse: asyncio.Task[None] | None = None
        self._channel: Any = None
        self.description = engine_pb2.Description()
        self.active = 0
        """Calls under way."""

    @staticmethod
    async def start(
        job: WorkerJob, *, python_executable: Path | None, environment: Mapping[str, str], patience: Patience
    ) -> WorkerProcess:
        """Start it and wait until its engine is open.

        Raises what the engine raised while it was opened, and EngineUnavailable, with the last lines that were printed,
        when the process ends or does not become ready in time. Nothing is left running when this raises.
        """
        python = str(python_executable or sys.executable)
        try:
            process = await asyncio.create_subprocess_exec(
                python,
                "-m",
                "syrinx.engines.hosts.worker_main",
                job.kind,  # for those who read process lists; the job itself crosses on standard input
                job.name,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C reaches the server, which then ends its workers in order
            )
        except OSError as error:
            raise EngineUnavailable(f"the worker of {job.name} cannot be started with {python}: {error}") from error
        worker = WorkerProcess(process, job, patience)
        try:
            async with asyncio.timeout(patience.ready_s):
                await worker._become_ready()
        except TimeoutError as error:
            await worker.stop(patience_s=0.0)
            raise EngineUnavailable(
                worker._with_last_words(f"the worker of {job.name} was not ready within {patience.ready_s:g} s")
            ) from error
        except BaseException:
            await worker.stop(patience_s=0.0)
            raise
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def channel(self) -> Any:
        """The grpc.aio.Channel to it."""
        return self._channel

    def memory_bytes(self) -> int | None:
        """Resident memory; None where the system does not tell (it is read from /proc) and when it has ended."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def ended(self, *, within_s: float) -> bool:
        """Whether the process has ended, waiting so long for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._process.wait()
        return not self.alive

    def epitaph(self) -> str:
        """How it ended, with its last words."""
        status = self._process.returncode
        if status is None:
            how = "stopped answering"
        elif status < 0:
            how = (
                f"ended by {signal.Signals(-status).name}" if -status in set(signal.Signals) else f"ended by {-status}"
            )
        else:
            how = f"ended with status {status}"
        return self._with_last_words(f"the worker of {self._job.name} {how}")

    async def stop(self, *, patience_s: float = CLOSE_S) -> None:
        """End it: politely, and after `patience_s` not so. Returns when the process is gone."""
        stopping = asyncio.ensure_future(self._stop(patience_s))
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            self._kill()
            await stopping
            raise

    async def _stop(self, patience_s: float) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
            await asyncio.wait([self._pulse])
        if self._channel is not None:
            await self._channel.close(grace=None)
        if self._process.stdin is not None:
            self._process.stdin.close()
        if patience_s <= 0 or not await self.ended(within_s=patience_s):
            self._kill()
            await self._process.wait()
        # A child of the engine may hold the pipe open for longer than the worker lives.
        _, unread = await asyncio.wait([self._reading], timeout=1.0)
        for task in unread:
            task.cancel()
            await asyncio.wait([task])

    def _kill(self) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # its session: an engine's own children, too

    async def _become_ready(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EngineUnavailable(f"the worker of {self._job.name} was started without pipes")
        with suppress(ConnectionError):  # it has ended already: its answer, or the lack of one, says why
            stdin.write(self._job.to_line())
            await stdin.drain()
        line = await stdout.readline()
        answer = cast("dict[str, str]", json.loads(line)) if line.endswith(b"\n") else {}
        if "error" in answer:
            raise error_from_json(answer["error"])
        if "socket" not in answer:
            await self._process.wait()
            await asyncio.wait([self._reading], timeout=1.0)
            raise EngineUnavailable(self.epitaph())
        await self._connect(Path(answer["socket"]))
        self._pulse = asyncio.create_task(self._feel_pulse(), name=f"pulse of the worker of {self._job.name}")

    async def _connect(self, socket_path: Path) -> None:
        try:
            self._channel = grpc.aio.insecure_channel(f"unix:{socket_path}", options=CHANNEL_OPTIONS)
            describe = self._channel.unary_unary(
                f"/{WORKER_SERVICE}/{DESCRIBE}", response_deserializer=engine_pb2.Description.FromString
            )
            self.description = await describe(
                engine_pb2.DescribeRequest().SerializeToString(), timeout=CONNECT_S, wait_for_ready=True
            )
        except grpc.aio.AioRpcError as error:
            message = f"the worker of {self._job.name} does not answer: {error.details()}"
            raise EngineUnavailable(self._with_last_words(message)) from error
        finally:
            # Connected, it needs its name no more, nobody else can connect, and however the two of us end, nothing
            # is left in the file system.
            shutil.rmtree(socket_path.parent, ignore_errors=True)

    async def _feel_pulse(self) -> None:
        ping = self._channel.unary_unary(f"/{WORKER_SERVICE}/{PING}")
        request = engine_pb2.PingRequest().SerializeToString()
        while self.alive:
            await asyncio.sleep(self._patience.pulse_s)
            if self.active:
                try:
                    await ping(request, timeout=self._patience.answer_s)
                except grpc.aio.AioRpcError:
                    self._kill()  # the calls under way fail by that, as they do after any crash
                    return

    async def _read_output(self) -> None:
        if self._process.stderr is not None:
            await self._output.read(self._process.stderr)

    def _with_last_words(self, message: str) -> str:
        return f"{message}; it printed last:\n{self._output.tail}" if self._output.tail else message
