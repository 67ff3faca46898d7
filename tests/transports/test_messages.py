"""Reading the client's messages and writing the server's."""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path

import pytest

from syrinx.audio.pcm import silence
from syrinx.conversation import events as out
from syrinx.errors import BadInput, EngineBusy, EngineTimeout, ProtocolViolation
from syrinx.speech.events import SpokenWord
from syrinx.transports import messages
from syrinx.transports.ready import settings_change

PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("", "must be a JSON object"),
        ("[1]", "must be a JSON object"),
        ("{" * 5000, "must be a JSON object"),
        ("[" * 100_000, "must be a JSON object"),
        ("{}", "unknown message type"),
        ('{"type": "dance"}', "known are hello, start_listening"),
        ('{"type": ["hello"]}', "unknown message type"),
        ('{"type": "ping", "t": NaN}', "must be a JSON object"),
        ('{"type": "playback", "turn": 1, "played_ms": -Infinity}', "must be a JSON object"),
        ('{"type": "ping", "t": ' + "9" * 5000 + "}", "must be a JSON object"),
    ],
)
def test_what_is_no_message_is_a_protocol_violation_that_names_what_is(sent: str, says: str) -> None:
    with pytest.raises(ProtocolViolation, match=re.escape(says)):
        messages.read_message(sent)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"type": "hello", "input_sample_rate": 11025}, "8000, 16000, 24000, 32000, 44100 or 48000"),
        ({"type": "hello", "voise": "x"}, "not one of its fields"),
        ({"type": "hello", "characters": []}, "at least 1 item"),
        ({"type": "hello", "characters": [{}]}, "characters.0.name"),
        ({"type": "hello", "characters": [{"name": "A"}] * 9}, "at most 8 items"),
        ({"type": "text", "text": "  "}, "at least 1 character"),
        ({"type": "text", "text": "x" * 4001}, "at most 4000 characters"),
        ({"type": "text"}, "Field required"),
        ({"type": "playback", "turn": 1, "played_ms": -5}, "greater than or equal to 0"),
        ({"type": "playback", "turn": True, "played_ms": 5}, "turn"),
        ({"type": "set", "barge_in": "yes"}, "barge_in"),
        ({"type": "hello", "characters": [{"name": "A", "voise": "x"}]}, "(name, description, scene"),
        ({"type": "reset", "what": "everything"}, "'conversation' or 'voice'"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(sent: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)):
        messages.read_message(json.dumps(sent))


@pytest.mark.parametrize("sent", ['{"type":"ping","t":1e999}', '{"type":"playback","turn":1,"played_ms":1e999}'])
def test_a_number_too_large_to_be_one_is_refused(sent: str) -> None:
    with pytest.raises(BadInput, match="finite"):
        messages.read_message(sent)


def test_a_turn_of_any_size_is_a_number() -> None:
    read = messages.read_message(json.dumps({"type": "playback", "turn": 10**400, "played_ms": 1}))
    assert isinstance(read, messages.Playback)
    assert read.turn == 10**400


def test_half_a_surrogate_pair_is_refused_wherever_it_stands() -> None:
    for sent in (
        {"type": "ping", "t": "\udfff"},
        {"type": "hello", "characters": [{"name": "A", "persona": "\ud800"}]},
    ):
        with pytest.raises(ProtocolViolation):
            messages.read_message(json.dumps(sent))


def test_an_error_does_not_echo_what_was_sent() -> None:
    with pytest.raises(BadInput) as refused:
        messages.read_message(json.dumps({"type": "hello", "token": ["a-secret"]}))
    assert "a-secret" not in refused.value.message


def test_a_hello_with_everything_is_read() -> None:
    read = messages.read_message(
        json.dumps(
            {
                "type": "hello",
                "input_sample_rate": 48000,
                "language": "de",
                "voice": "anna",
                "barge_in": True,
                "characters": [{"name": "Ada", "persona": "You are Ada.", "speed": 1, "colour": "#5b8def"}],
            }
        )
    )
    assert isinstance(read, messages.Hello)
    assert read.characters is not None
    assert read.characters[0].name == "Ada"
    assert read.input_sample_rate == 48000


EVENTS: list[out.ConversationEvent] = [
    out.StateChanged(state="hearing", listening=True),
    out.TranscriptUpdated(turn=1, text="hello", final=False),
    out.ReplyDelta(turn=1, speaker="Ada", delta="Hi"),
    out.AudioStarted(turn=1, speaker="Ada", sample_rate_hz=24_000),
    out.SentenceOut(turn=1, index=0, speaker="Ada", text="Hi there.", at_ms=0.0),
    out.WordsOut(turn=1, index=0, words=(SpokenWord(text="Hi", at_ms=12.345, start_char=0),), exact=True),
    out.AudioSent(turn=1, duration_ms=900.04),
    out.AudioPaused(turn=1),
    out.AudioResumed(turn=1),
    out.AudioStopped(turn=1, reason="interrupted", played_ms=400.0, heard="Hi"),
    out.TurnMetrics(turn=1, ms={"endpoint": 250.0}),
    out.SpeakerNext(speaker="Ben"),
    out.Notice(code="idle", message="Nothing was said for a while."),
    out.Failed(error=EngineTimeout("the voice took too long"), turn=1),
]


@pytest.mark.docs
def test_every_event_but_sound_has_a_message_that_the_protocol_page_describes() -> None:
    rows = {name: row for row in PROTOCOL.splitlines() for name in re.findall(r"^\| `(\w+)` \|", row)}
    assert {type(event) for event in EVENTS} | {out.AudioOut} == set(typing.get_args(out.ConversationEvent))
    for event in EVENTS:
        message = messages.event_message(event)
        assert message is not None
        row = rows[message["type"]]
        for name in message:
            assert name == "type" or f"`{name}`" in row, f"{message['type']}.{name} is not in docs/protocol.md"
        json.dumps(message)


@pytest.mark.docs
def test_every_client_message_is_described_with_its_fields() -> None:
    rows = {name: row for row in PROTOCOL.splitlines() for name in re.findall(r"^\| `(\w+)` \|", row)}
    for kind, model in messages._MODELS.items():
        for name in model.model_fields:
            assert name == "type" or f"`{name}`" in rows[kind], f"{kind}.{name} is not in docs/protocol.md"


def test_sound_is_no_message() -> None:
    chunk = silence(duration_ms=20, sample_rate_hz=24_000)
    assert messages.event_message(out.AudioOut(turn=1, chunk=chunk)) is None


def test_a_busy_engine_says_when_to_come_back() -> None:
    message = messages.error_message(EngineBusy("the voice has 64 requests waiting", retry_after_s=2.04))
    assert message["retryable"] is True
    assert message["retry_after_s"] == 2.0


def test_null_brings_back_a_default_where_there_is_one() -> None:
    sent = {"type": "set", "voice": None, "tts": None, "stt": None, "llm": None, "barge_in": True}
    read = messages.read_message(json.dumps(sent))
    assert isinstance(read, messages.Set)
    change = settings_change(read)
    assert change is not None
    assert (change.voice, change.tts, change.stt, change.llm, change.barge_in) == ("", "", "", "", True)


@pytest.mark.parametrize("name", ["language", "character", "characters", "barge_in"])
def test_null_is_refused_where_it_would_mean_nothing(name: str) -> None:
    read = messages.read_message(json.dumps({"type": "set", name: None}))
    assert isinstance(read, messages.Set)
    with pytest.raises(BadInput, match=f"{name} cannot be null"):
        settings_change(read)
