"""The host that runs an engine in a process of its own; who calls the engine cannot tell.

What differs is stated here: an engine may run ahead of its reader by `wire.WINDOW_BYTES` of items; after a stream was
closed its engine ends within a chunk, but is not waited for; a transcription that is closed also ends the audio that it
was reading; and a process can crash, which ends the streams under way with EngineCrashed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, overload

import grpc
import grpc.aio

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.contract import Kind, Options
from syrinx.engines.hosts import engine_pb2
from syrinx.engines.hosts.crossing_errors import METADATA_KEY, error_from_json
from syrinx.engines.hosts.supervisor import RestartPolicy, Supervisor
from syrinx.engines.hosts.wire import (
    CONDITION,
    IN_WORKERS,
    READING,
    REPLY,
    SYNTHESIZE,
    TRANSCRIBE,
    Conditioning,
    ConditionRequest,
    StreamMethod,
    from_bytes,
    from_message,
    heard_to_bytes,
    to_bytes,
)
from syrinx.engines.hosts.worker_environment import worker_environment
from syrinx.engines.hosts.worker_job import WorkerJob
from syrinx.engines.hosts.worker_process import Patience, WorkerProcess
from syrinx.engines.llm.contract import LanguageModel, LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.stt.contract import HeardAudio, SpeechToText, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, TtsCapabilities, Voice
from syrinx.errors import ConfigurationError, EngineCrashed, EngineError, SyrinxError

RequestT = TypeVar("RequestT")
ItemT = TypeVar("ItemT")

END_OF_STREAM: Any = cast("Any", grpc.aio).EOF  # it is there; gRPC carries no types

LAST_BREATH_S = 2.0
"""How long a process whose connection broke is given to be seen as ended."""


class WorkerConnection:
    """The calls to one engine's worker, whichever process that is at the moment."""

    def __init__(self, supervisor: Supervisor[WorkerProcess], description: engine_pb2.Description) -> None:
        self._supervisor = supervisor
        self.description = description

    def memory_bytes(self) -> int | None:
        worker = self._supervisor.worker
        return None if worker is None else worker.memory_bytes()

    def pid(self) -> int | None:
        worker = self._supervisor.worker
        return None if worker is None else worker.pid

    async def stream(self, method: StreamMethod[RequestT, ItemT], request: RequestT) -> AsyncGenerator[ItemT, None]:
        """One request, its items as they arrive."""
        raw = to_bytes(request)
        worker = await self._supervisor.running()
        call = worker.channel.unary_stream(method.path)(raw)
        worker.active += 1
        try:
            while (item := await call.read()) is not END_OF_STREAM:
                yield from_bytes(method.item, item)
        except grpc.aio.AioRpcError as error:
            raise await _meaning_of(error, worker) from error
        finally:
            worker.active -= 1
            await _end(call)

    async def condition(self, request: ConditionRequest) -> bytes:
        raw = to_bytes(request)
        worker = await self._supervisor.running()
        call = worker.channel.unary_unary(f"/{SYNTHESIZE.service}/{CONDITION}")(raw)
        worker.active += 1
        try:
            return from_bytes(Conditioning, await call).content
        except grpc.aio.AioRpcError as error:
            raise await _meaning_of(error, worker) from error
        finally:
            worker.active -= 1
            await _end(call)

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        """One utterance; what `audio` raises is raised here."""
        worker = await self._supervisor.running()
        call = worker.channel.stream_stream(TRANSCRIBE.path)()
        worker.active += 1
        sending = asyncio.create_task(_send(call, audio, request), name="audio to a worker")
        try:
            while (item := await _next_unless_failed(call, sending)) is not END_OF_STREAM:
                yield from_bytes(Transcript, item)
        except grpc.aio.AioRpcError as error:
            raise await _meaning_of(error, worker) from error
        finally:
            worker.active -= 1
            sending.cancel()
            await asyncio.wait([sending])
            await _end(call)


async def _end(call: Any) -> None:
    """Cancel the call if it is still under way.

    gRPC's own task for it ends by itself some milliseconds later, of which nothing tells.
    """
    call.cancel()
    await call.code()


async def _send(call: Any, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest) -> None:
    """Send the request, and the audio once the engine asks for it: one that refuses the request reads nothing."""
    if not await _written(call, heard_to_bytes(request)):
        return
    if READING not in {key for key, _ in await call.initial_metadata() or ()}:
        return
    async for heard in audio:
        if not await _written(call, heard_to_bytes(heard)):
            return
    if not call.done():
        await call.done_writing()


async def _written(call: Any, raw: bytes) -> bool:
    """False when the call has ended before the audio did: whoever reads its answer learns why."""
    try:
        await call.write(raw)
    except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
        return False
    return True


async def _next_unless_failed(call: Any, sending: asyncio.Task[None]) -> Any:
    """The call's next message, unless sending fails first, whose error is then raised."""
    if sending.done():
        sending.result()
        return await call.read()
    reading = asyncio.ensure_future(call.read())
    try:
        await asyncio.wait((reading, sending), return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
        return await reading
    finally:
        if not reading.done():
            reading.cancel()
            await asyncio.wait([reading])


async def _meaning_of(error: Any, worker: WorkerProcess) -> SyrinxError:
    """The engine's own error, or what became of its process."""
    for key, value in error.trailing_metadata() or ():
        if key == METADATA_KEY:
            return error_from_json(value)
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN):
        if not await worker.ended(within_s=LAST_BREATH_S):
            await worker.stop(patience_s=0.0)  # it cannot be reached again: its socket has no name any more
        return EngineCrashed(worker.epitaph())
    return EngineError(f"the call to the worker failed: {error.code().name}: {error.details()}", retryable=False)


class _WorkerTts:
    def __init__(self, connection: WorkerConnection) -> None:
        self.worker = connection
        self._voices = tuple(from_message(Voice, voice) for voice in connection.description.voices)
        self._capabilities = from_message(TtsCapabilities, connection.description.tts)

    @property
    def capabilities(self) -> TtsCapabilities:
        return self._capabilities

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        return self.worker.stream(SYNTHESIZE, request)

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        return await self.worker.condition(ConditionRequest(sample=sample, transcript=transcript, language=language))


class _WorkerStt:
    def __init__(self, connection: WorkerConnection) -> None:
        self.worker = connection
        self._capabilities = from_message(SttCapabilities, connection.description.stt)

    @property
    def capabilities(self) -> SttCapabilities:
        return self._capabilities

    def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        return self.worker.transcribe(audio, request)


class _WorkerLlm:
    def __init__(self, connection: WorkerConnection) -> None:
        self.worker = connection
        self._capabilities = from_message(LlmCapabilities, connection.description.llm)

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._capabilities

    def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        return self.worker.stream(REPLY, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker is run."""

    provider: str | None = None
    """"module:attribute" of the provider (`EngineRegistry.reference`); None: looked up by name in the worker."""
    python_executable: Path | None = None
    """The interpreter, of another virtual environment for instance; None: this one."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """The server's own environment, of which the worker gets what `worker_environment` lets through."""
    patience: Patience = field(default_factory=Patience)
    restart: RestartPolicy = field(default_factory=RestartPolicy)


@overload
def open_in_worker(
    kind: Literal["tts"], name: str, options: Options, settings: WorkerSettings | None = None
) -> AbstractAsyncContextManager[TextToSpeech]: ...
@overload
def open_in_worker(
    kind: Literal["stt"], name: str, options: Options, settings: WorkerSettings | None = None
) -> AbstractAsyncContextManager[SpeechToText]: ...
@overload
def open_in_worker(
    kind: Literal["llm"], name: str, options: Options, settings: WorkerSettings | None = None
) -> AbstractAsyncContextManager[LanguageModel]: ...
@overload
def open_in_worker(
    kind: Kind, name: str, options: Options, settings: WorkerSettings | None = None
) -> AbstractAsyncContextManager[Any]: ...
@asynccontextmanager
async def open_in_worker(
    kind: Kind, name: str, options: Options, settings: WorkerSettings | None = None
) -> AsyncGenerator[Any, None]:
    """Start a worker, open the engine in it, and end it on leaving.

    Raises what opening the engine raises; EngineUnavailable, with the last lines that the worker printed, when it ends
    or is not ready in time; ConfigurationError for a kind or a system that has no workers.
    """
    if kind not in IN_WORKERS:
        raise ConfigurationError(f"a {kind} engine cannot run in a worker: let {name!r} run in process")
    if sys.platform == "win32":
        raise ConfigurationError(f"workers need Unix sockets, which gRPC lacks on Windows: let {name!r} run in process")
    how = settings or WorkerSettings()
    job = WorkerJob(kind=kind, name=name, provider=how.provider, options=options, parent_pid=os.getpid())
    environment = worker_environment(how.environment)

    def start() -> Awaitable[WorkerProcess]:
        return WorkerProcess.start(
            job,
            python_executable=how.python_executable,
            environment=environment,
            patience=how.patience,
        )

    supervisor = Supervisor(start, name=name, policy=how.restart)
    try:
        connection = WorkerConnection(supervisor, (await supervisor.running()).description)
        yield _ENGINES[kind](connection)
    finally:
        await supervisor.aclose()


_ENGINES: Mapping[Kind, Callable[[WorkerConnection], object]] = {
    "tts": _WorkerTts,
    "stt": _WorkerStt,
    "llm": _WorkerLlm,
}
