"""The realtime protocol's JSON messages (docs/protocol.md): reading the client's, writing the server's."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from syrinx.conversation import events as out
from syrinx.conversation.settings import MAX_TYPED_CHARS
from syrinx.errors import BadInput, EngineBusy, ProtocolViolation, SyrinxError

InputRateHz = Literal[8000, 16000, 24000, 32000, 44100, 48000]
INPUT_SAMPLE_RATES_HZ: tuple[int, ...] = get_args(InputRateHz)

_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Message(BaseModel):
    # A misspelt field is an error, not a wish silently dropped.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CharacterMessage(_Message):
    """Bounds are the conversation's own (conversation/characters.py), which says what would be right."""

    name: str
    description: str = ""
    scene: str = ""
    persona: str = ""
    voice: _Name | None = None
    speed: float = 1.0
    colour: str | None = None


Characters = Annotated[list[CharacterMessage], Field(min_length=1, max_length=8)]


class Hello(_Message):
    type: Literal["hello"]
    token: Annotated[str, StringConstraints(max_length=4096)] | None = None
    conversation_id: _Name | None = None
    resume: _Name | None = None
    input_sample_rate: InputRateHz = 16000
    language: _Name | None = None
    voice: _Name | None = None
    characters: Characters | None = None
    barge_in: bool | None = None
    keep: bool | None = None


class StartListening(_Message):
    type: Literal["start_listening"]


class StopListening(_Message):
    type: Literal["stop_listening"]


class Text(_Message):
    type: Literal["text"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TYPED_CHARS)]


class Interrupt(_Message):
    type: Literal["tts_interrupt"]


class Playback(_Message):
    type: Literal["playback"]
    turn: Annotated[int, Field(ge=0)]
    played_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Set(_Message):
    type: Literal["set"]
    voice: _Name | None = None
    character: _Name | None = None
    characters: Characters | None = None
    language: _Name | None = None
    llm: _Name | None = None
    stt: _Name | None = None
    tts: _Name | None = None
    barge_in: bool | None = None
    keep: bool | None = None


class Reset(_Message):
    type: Literal["reset"]
    what: Literal["conversation", "voice"] = "conversation"


class Ping(_Message):
    type: Literal["ping"]
    t: Annotated[float, Field(allow_inf_nan=False)] | str | None = None


ClientMessage = Hello | StartListening | StopListening | Text | Interrupt | Playback | Set | Reset | Ping

_MODELS: dict[str, type[ClientMessage]] = {
    "hello": Hello,
    "start_listening": StartListening,
    "stop_listening": StopListening,
    "text": Text,
    "tts_interrupt": Interrupt,
    "playback": Playback,
    "set": Set,
    "reset": Reset,
    "ping": Ping,
}


def read_message(text: str) -> ClientMessage:
    """Parse one text frame. Raises ProtocolViolation for what is no message, BadInput for a wrong field."""
    try:
        # Strict where Python's own parser is not: no NaN, no half of a surrogate pair, no bottomless nesting.
        parsed: object = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise ProtocolViolation('a text frame must be a JSON object, for example {"type": "ping"}') from None
    if not isinstance(parsed, dict):
        raise ProtocolViolation('a text frame must be a JSON object, for example {"type": "ping"}')
    kind = parsed.get("type")  # pyright: ignore[reportUnknownMemberType]
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise ProtocolViolation(f"unknown message type {str(kind)[:40]!r}: known are {', '.join(_MODELS)}")
    try:
        return model.model_validate(parsed)
    except ValidationError as invalid:
        raise BadInput(_explain(str(kind), invalid)) from None


def _explain(kind: str, invalid: ValidationError) -> str:
    """One sentence from Pydantic's findings, without echoing what was sent."""
    findings: list[str] = []
    for finding in invalid.errors(include_url=False, include_context=False, include_input=False)[:3]:
        place = ".".join(str(part) for part in finding["loc"])
        if finding["type"] == "extra_forbidden":
            model = CharacterMessage if "characters" in finding["loc"] else _MODELS[kind]
            fields = ", ".join(_fields_of(model)) or "none"
            findings.append(f"{place[:60]!r} is not one of its fields ({fields})")
        else:
            findings.append(f"{place}: {finding['msg']}")
    return f"{kind}: {'; '.join(findings)}"


def _fields_of(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name != "type"]


def error_message(error: SyrinxError, *, turn: int | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": "error",
        "code": error.code,
        "message": error.message,
        "retryable": error.retryable,
    }
    if turn is not None:
        message["turn"] = turn
    if isinstance(error, EngineBusy):
        message["retry_after_s"] = round(error.retry_after_s, 1)
    return message


def event_message(event: out.ConversationEvent) -> dict[str, Any] | None:
    """The JSON message of an event; None for sound, which travels as a binary frame."""
    match event:
        case out.AudioOut():
            return None
        case out.StateChanged():
            return {"type": "state", "state": event.state, "listening": event.listening}
        case out.TranscriptUpdated():
            return {
                "type": "transcript",
                "turn": event.turn,
                "text": event.text,
                "final": event.final,
                "stable": event.stable_chars,
                "engine": event.engine,
                "language": event.language,
            }
        case out.ReplyDelta():
            return {"type": "reply", "turn": event.turn, "speaker": event.speaker, "delta": event.delta}
        case out.AudioStarted():
            return {
                "type": "audio_stream_start",
                "turn": event.turn,
                "speaker": event.speaker,
                "format": "pcm_s16le",
                "sample_rate": event.sample_rate_hz,
                "channels": 1,
                "engine": event.engine,
            }
        case out.SentenceOut():
            return {
                "type": "sentence",
                "turn": event.turn,
                "index": event.index,
                "speaker": event.speaker,
                "text": event.text,
                "at_ms": round(event.at_ms, 1),
                "spoken": event.spoken,
            }
        case out.WordsOut():
            words = [{"text": w.text, "at_ms": round(w.at_ms, 1), "start_char": w.start_char} for w in event.words]
            return {"type": "words", "turn": event.turn, "index": event.index, "words": words, "exact": event.exact}
        case out.AudioSent():
            return {"type": "audio_stream_sent", "turn": event.turn, "duration_ms": round(event.duration_ms, 1)}
        case out.AudioPaused():
            return {"type": "audio_stream_pause", "turn": event.turn}
        case out.AudioResumed():
            return {"type": "audio_stream_resume", "turn": event.turn}
        case out.AudioStopped():
            return {
                "type": "audio_stream_stop",
                "turn": event.turn,
                "reason": event.reason,
                "played_ms": round(event.played_ms, 1),
                "heard": event.heard,
            }
        case out.TurnMetrics():
            ms = {stage: round(value, 1) for stage, value in event.ms.items()}
            return {"type": "metrics", "turn": event.turn, "ms": ms, "details": dict(event.details)}
        case out.SpeakerNext():
            return {"type": "speaker", "speaker": event.speaker}
        case out.Notice():
            message: dict[str, Any] = {"type": "notice", "code": event.code, "message": event.message}
            return message if event.turn is None else {**message, "turn": event.turn}
        case out.Failed():
            return error_message(event.error, turn=event.turn)
