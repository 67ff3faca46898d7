"""The worker's side of the calls: requests become the engine's generators, whose items are written as they are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import grpc
import grpc.aio

from syrinx.engines.contract import Kind
from syrinx.engines.guards.streams import engine_error_from
from syrinx.engines.hosts import engine_pb2
from syrinx.engines.hosts.crossing_errors import METADATA_KEY, error_to_json
from syrinx.engines.hosts.wire import (
    CONDITION,
    DESCRIBE,
    PING,
    READING,
    REPLY,
    SYNTHESIZE,
    TRANSCRIBE,
    WORKER_SERVICE,
    Conditioning,
    ConditionRequest,
    StreamMethod,
    from_bytes,
    heard_from_bytes,
    to_bytes,
    to_message,
)
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.stt.contract import HeardAudio, SpeechToText, TranscriptionRequest
from syrinx.engines.tts.contract import Clones, TextToSpeech
from syrinx.errors import BadInput, ConfigurationError, SyrinxError

Context = Any
"""grpc.aio.ServicerContext: gRPC carries no types."""

END_OF_STREAM: Any = cast("Any", grpc.aio).EOF


def rpc_handlers(kind: Kind, name: str, engine: object) -> Sequence[grpc.GenericRpcHandler]:
    """All services of a worker that runs this engine. Raises ConfigurationError for a kind that has none."""
    description: engine_pb2.Description
    if kind == "tts":
        tts = cast("TextToSpeech", engine)
        description = engine_pb2.Description(
            tts=to_message(tts.capabilities), voices=[to_message(voice) for voice in tts.voices]
        )
        streaming = grpc.method_handlers_generic_handler(
            SYNTHESIZE.service,
            {
                SYNTHESIZE.method: grpc.unary_stream_rpc_method_handler(_answering(name, SYNTHESIZE, tts.synthesize)),
                CONDITION: grpc.unary_unary_rpc_method_handler(_conditioning(name, tts)),
            },
        )
    elif kind == "llm":
        llm = cast("LanguageModel", engine)
        description = engine_pb2.Description(llm=to_message(llm.capabilities))
        streaming = _handler(REPLY, _answering(name, REPLY, llm.reply))
    elif kind == "stt":
        stt = cast("SpeechToText", engine)
        description = engine_pb2.Description(stt=to_message(stt.capabilities))
        streaming = grpc.method_handlers_generic_handler(
            TRANSCRIBE.service, {TRANSCRIBE.method: grpc.stream_stream_rpc_method_handler(_transcribing(name, stt))}
        )
    else:
        raise ConfigurationError(f"a worker runs no {kind} engine")
    return [_worker_service(description), streaming]


def _worker_service(description: engine_pb2.Description) -> grpc.GenericRpcHandler:
    described, pong = description.SerializeToString(), engine_pb2.Pong().SerializeToString()

    async def describe(_: bytes, __: Context) -> bytes:
        return described

    async def ping(_: bytes, __: Context) -> bytes:
        return pong

    return grpc.method_handlers_generic_handler(
        WORKER_SERVICE,
        {
            DESCRIBE: grpc.unary_unary_rpc_method_handler(describe),
            PING: grpc.unary_unary_rpc_method_handler(ping),
        },
    )


def _handler(
    method: StreamMethod[Any, Any], answer: Callable[[bytes, Context], Awaitable[None]]
) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(
        method.service, {method.method: grpc.unary_stream_rpc_method_handler(answer)}
    )


def _answering(
    name: str, method: StreamMethod[Any, Any], run: Callable[[Any], AsyncGenerator[Any, None]]
) -> Callable[[bytes, Context], Awaitable[None]]:
    async def answer(raw: bytes, context: Context) -> None:
        async with _errors_cross(name, context):
            await _write_all(run(from_bytes(method.request, raw)), context)

    return answer


def _conditioning(name: str, tts: TextToSpeech) -> Callable[[bytes, Context], Awaitable[bytes]]:
    async def answer(raw: bytes, context: Context) -> bytes:
        content = b""
        async with _errors_cross(name, context):
            if not isinstance(tts, Clones):
                raise BadInput(f"{name} learns no voices: its own can be named")
            asked = from_bytes(ConditionRequest, raw)
            content = await tts.condition(asked.sample, transcript=asked.transcript, language=asked.language)
        return to_bytes(Conditioning(content=content))

    return answer


def _transcribing(name: str, stt: SpeechToText) -> Callable[[object, Context], Awaitable[None]]:
    async def answer(_: object, context: Context) -> None:
        async with _errors_cross(name, context):
            request = await _next_heard(context)
            if not isinstance(request, TranscriptionRequest):
                raise BadInput("an utterance begins with its request")
            async with aclosing(_audio(context)) as audio:
                await _write_all(stt.transcribe(audio, request), context)

    return answer


async def _audio(context: Context) -> AsyncGenerator[HeardAudio, None]:
    await context.send_initial_metadata(((READING, "1"),))
    while (heard := await _next_heard(context)) is not None:
        if isinstance(heard, TranscriptionRequest):
            raise BadInput("an utterance has one request, its first message")
        yield heard


async def _next_heard(context: Context) -> HeardAudio | TranscriptionRequest | None:
    raw = await context.read()
    return None if raw is END_OF_STREAM else heard_from_bytes(raw)


async def _write_all(items: AsyncGenerator[object, None], context: Context) -> None:
    # Written by hand, not yielded: when the call is cancelled, here or in the engine, the engine's generator is closed
    # at once and not when it happens to be collected.
    async with aclosing(items):
        async for item in items:
            await context.write(to_bytes(item))


@asynccontextmanager
async def _errors_cross(name: str, context: Context) -> AsyncGenerator[None, None]:
    try:
        yield
    except SyrinxError as error:
        await _abort(error, context)
    except Exception as error:  # noqa: BLE001 - it is told to the caller, who cannot see this process
        await _abort(engine_error_from(error, name=name), context)


async def _abort(error: SyrinxError, context: Context) -> None:
    await context.abort(
        grpc.StatusCode.UNKNOWN, error.code, trailing_metadata=((METADATA_KEY, error_to_json(error).encode()),)
    )
