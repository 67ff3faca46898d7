"""The worker process: opens one engine and serves it over a Unix socket until its parent closes its input.

The parent writes one line of JSON to its standard input (see `WorkerJob`), and keeps that open. The worker answers
with one line on its standard output: `{"socket": PATH}` once the engine is open, or `{"error": ...}`. Everything else
that it or a library prints goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from syrinx.engines.contract import Provider
from syrinx.engines.guards.streams import engine_error_from
from syrinx.engines.hosts.crossing_errors import error_to_json
from syrinx.engines.hosts.in_process import open_in_process
from syrinx.engines.hosts.parent_watch import be_killed_with, watch_input
from syrinx.engines.hosts.worker_job import LONGEST_SOCKET_PATH, SOCKET_NAME, WorkerJob
from syrinx.engines.registry import EngineRegistry, import_provider
from syrinx.errors import ConfigurationError, SyrinxError


def main() -> None:
    input_fd, answer_fd = _take_over_standard_streams()
    with os.fdopen(os.dup(input_fd), "rb") as lines:
        try:
            job = WorkerJob.from_line(lines.readline())
        except ConfigurationError as error:
            sys.stderr.write(f"{error.message}\n")
            sys.exit(2)
    be_killed_with(job.parent_pid)

    def answer(content: dict[str, str]) -> None:
        os.write(answer_fd, json.dumps(content).encode() + b"\n")

    try:
        asyncio.run(_work(job, input_fd, answer))
    except SyrinxError as error:
        answer({"error": error_to_json(error)})
        sys.exit(1)
    except asyncio.CancelledError:
        sys.exit(0)  # the parent went away while the engine was being opened


def _take_over_standard_streams() -> tuple[int, int]:
    """Keep input and output to ourselves: an engine that reads finds nothing, one that prints prints to the log."""
    input_fd, answer_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return input_fd, answer_fd


async def _work(job: WorkerJob, input_fd: int, answer: Callable[[dict[str, str]], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    opened = asyncio.current_task()
    serving = False

    def parent_has_gone() -> None:
        ended.set()
        if not serving and opened is not None:
            opened.cancel()

    watch_input(input_fd, lambda: loop.call_soon_threadsafe(parent_has_gone))
    try:
        provider = _provider(job)
        async with open_in_process(provider, job.options) as engine:
            serving = True
            await _serve(job, provider.info.name, engine, ended, answer)
    except SyrinxError:
        raise
    except Exception as error:
        raise engine_error_from(error, name=job.name) from error


def _provider(job: WorkerJob) -> Provider[Any]:
    if job.provider is not None:
        return import_provider(job.provider, kind=job.kind)
    return EngineRegistry().provider(job.kind, job.name)


async def _serve(
    job: WorkerJob, name: str, engine: object, ended: asyncio.Event, answer: Callable[[dict[str, str]], None]
) -> None:
    # Imported after the engine was opened: an engine that cannot be opened is told of sooner.
    import grpc.aio  # noqa: PLC0415

    from syrinx.engines.hosts.wire import CHANNEL_OPTIONS  # noqa: PLC0415
    from syrinx.engines.hosts.worker_service import rpc_handlers  # noqa: PLC0415

    directory = _private_directory()
    try:
        server = grpc.aio.server(options=CHANNEL_OPTIONS)
        server.add_generic_rpc_handlers(rpc_handlers(job.kind, name, engine))
        socket_path = directory / SOCKET_NAME
        server.add_insecure_port(f"unix:{socket_path}")
        await server.start()
        answer({"socket": str(socket_path)})
        await ended.wait()
        await server.stop(grace=0)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _private_directory() -> Path:
    """Mode 0700, and short enough for a socket's address."""
    directory = Path(tempfile.mkdtemp(prefix="syrinx-"))
    if len(os.fsencode(directory / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        directory.rmdir()
        directory = Path(tempfile.mkdtemp(prefix="syrinx-", dir="/tmp"))
    return directory


if __name__ == "__main__":
    main()
