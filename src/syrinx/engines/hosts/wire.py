"""Contract dataclasses to protobuf messages of the same names, and back, without one line per field.

A message has exactly the fields of its dataclass (a test holds them together), so the dataclasses' annotations say all
that is needed: `X | None` is an optional field, `tuple[X, ...]` a repeated one, a dataclass a message.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as WireMessage

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.contract import Kind
from syrinx.engines.hosts import engine_pb2
from syrinx.engines.llm.contract import ReplyRequest, TextDelta
from syrinx.engines.stt.contract import HeardAudio, Pause, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest
from syrinx.errors import BadInput

T = TypeVar("T")
RequestT = TypeVar("RequestT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRequest:
    """The arguments of `Clones.condition`."""

    sample: PcmChunk
    transcript: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """What it gives."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMethod(Generic[RequestT, ItemT]):
    """A call that answers one request with a stream of items."""

    service: str
    method: str
    request: type[RequestT]
    item: type[ItemT]

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.method}"


WORKER_SERVICE = "syrinx.engine.Worker"
DESCRIBE = "Describe"
PING = "Ping"

SYNTHESIZE = StreamMethod(service="syrinx.engine.Tts", method="Synthesize", request=SpeechRequest, item=SpeechChunk)
CONDITION = "Condition"
"""Of SYNTHESIZE's service; it has one answer."""
TRANSCRIBE = StreamMethod(
    service="syrinx.engine.Stt", method="Transcribe", request=TranscriptionRequest, item=Transcript
)
REPLY = StreamMethod(service="syrinx.engine.Llm", method="Reply", request=ReplyRequest, item=TextDelta)

READING = "syrinx-reading"
"""Initial metadata of an utterance's call, sent when the engine asks for audio for the first time."""

IN_WORKERS: tuple[Kind, ...] = ("tts", "stt", "llm")
"""The kinds that a worker can run."""

LONGEST_MESSAGE_BYTES = 64 * 1024 * 1024
WINDOW_BYTES = 64 * 1024
"""What a worker may send ahead of its reader: about 1.3 s of speech at 24 kHz."""

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", LONGEST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", LONGEST_MESSAGE_BYTES),
    # A window that grows with the connection's speed would let an engine run far ahead of a slow listener.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", WINDOW_BYTES),
    # The socket's name is removed once it is connected: the connection must live as long as the worker.
    ("grpc.client_idle_timeout_ms", 2**31 - 1),
    ("grpc.enable_http_proxy", 0),
)


def to_message(value: object) -> Any:
    """The message of the dataclass's name. Raises BadInput for text or numbers that cannot be written."""
    plan = _plan(type(value))
    content: dict[str, object] = {}
    for field in plan.fields:
        item = getattr(value, field.name)
        if item is None:
            continue
        if field.nested is None:
            content[field.name] = item
        elif field.many:
            content[field.name] = [to_message(part) for part in item]
        else:
            content[field.name] = to_message(item)
    try:
        return plan.message(**content)
    except (ValueError, TypeError) as error:  # UnicodeEncodeError, of a lone surrogate, is a ValueError
        raise BadInput(f"{type(value).__name__} holds what cannot be passed on: {error}") from error


def from_message(cls: type[T], message: WireMessage) -> T:
    """The dataclass again. Raises what its own checks raise."""
    content: dict[str, object] = {}
    for field in _plan(cls).fields:
        if field.optional and not message.HasField(field.name):
            content[field.name] = None
            continue
        item = getattr(message, field.name)
        if field.many:
            content[field.name] = tuple(item) if field.nested is None else _all_from(field.nested, item)
        else:
            content[field.name] = item if field.nested is None else from_message(field.nested, item)
    return cls(**content)


def to_bytes(value: object) -> bytes:
    message: WireMessage = to_message(value)
    return message.SerializeToString()


def from_bytes(cls: type[T], raw: bytes) -> T:
    """Raises BadInput when these are not the bytes of such a message."""
    return from_message(cls, _parsed(_plan(cls).message, raw))


def heard_to_bytes(heard: HeardAudio | TranscriptionRequest) -> bytes:
    """One message of an utterance on its way to the worker."""
    if isinstance(heard, TranscriptionRequest):
        return engine_pb2.Heard(request=to_message(heard)).SerializeToString()
    if isinstance(heard, Pause):
        return engine_pb2.Heard(pause=engine_pb2.Pause()).SerializeToString()
    return engine_pb2.Heard(
        audio=engine_pb2.PcmChunk(pcm=heard.pcm, sample_rate_hz=heard.sample_rate_hz)
    ).SerializeToString()


def heard_from_bytes(raw: bytes) -> HeardAudio | TranscriptionRequest:
    """Raises BadInput when it is none."""
    message = _parsed(engine_pb2.Heard, raw)
    match message.WhichOneof("what"):
        case "request":
            return from_message(TranscriptionRequest, message.request)
        case "audio":
            return PcmChunk(pcm=message.audio.pcm, sample_rate_hz=message.audio.sample_rate_hz)
        case "pause":
            return Pause()
        case _:
            raise BadInput("an utterance is made of a request, audio and pauses")


def _all_from(cls: type[object], messages: Any) -> tuple[object, ...]:
    return tuple(from_message(cls, message) for message in messages)


MessageT = TypeVar("MessageT", bound=WireMessage)


def _parsed(message_type: type[MessageT], raw: bytes) -> MessageT:
    message = message_type()
    try:
        message.ParseFromString(raw)
    except DecodeError as error:
        raise BadInput(f"these bytes are no {message_type.__name__}: {error}") from error
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    many: bool
    optional: bool
    nested: type[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    message: type[Any]
    fields: tuple[_Field, ...]


@cache
def _plan(cls: type[Any]) -> _Plan:
    hints = get_type_hints(cls)
    planned: list[_Field] = []
    for field in fields(cls):
        hint = hints[field.name]
        optional = get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)
        if optional:
            hint = next(part for part in get_args(hint) if part is not type(None))
        many = get_origin(hint) is tuple
        if many:
            hint = get_args(hint)[0]
        planned.append(
            _Field(name=field.name, many=many, optional=optional, nested=hint if is_dataclass(hint) else None)  # pyright: ignore[reportArgumentType]
        )
    return _Plan(message=getattr(engine_pb2, cls.__name__), fields=tuple(planned))
