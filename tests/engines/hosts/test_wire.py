"""Dataclasses and messages say the same, and nothing is lost between them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.hosts import engine_pb2
from syrinx.engines.hosts.wire import (
    CONDITION,
    DESCRIBE,
    PING,
    REPLY,
    SYNTHESIZE,
    TRANSCRIBE,
    WORKER_SERVICE,
    Conditioning,
    ConditionRequest,
    from_bytes,
    heard_from_bytes,
    heard_to_bytes,
    to_bytes,
)
from syrinx.engines.llm.contract import LlmCapabilities, Message, ReplyRequest, TextDelta
from syrinx.engines.stt.contract import Pause, RecognizedWord, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import (
    Cloning,
    Phonemes,
    SpeechChunk,
    SpeechRequest,
    TtsCapabilities,
    Voice,
    WordTime,
)
from syrinx.errors import BadAudio, BadInput

PCM = PcmChunk(pcm=b"\x01\x00\xff\x7f", sample_rate_hz=24_000)

FULL = (
    TtsCapabilities(
        sample_rate_hz=22_050,
        languages=("de", "en"),
        word_times=True,
        speed=(0.5, 3.0),
        pitch_semitones=(-12.0, 12.5),
        voice_context=True,
        describes=True,
        phonemes=True,
        clones=Cloning(shortest_s=2.5, best_s=10.0, version="v2", transcript=True),
        warmth=True,
    ),
    ConditionRequest(sample=PCM, transcript="Où est-elle ?", language="fr"),
    Conditioning(content=b"\x00\xff opaque"),
    Voice(id="gmw/en+f3", name="Zoë 音", language="en-GB", gender="female"),
    SpeechRequest(
        text="Grüße, 世界 🌍",
        language="de-DE",
        voice="x",
        speed=1.1,
        pitch_semitones=-0.3,
        context=(PCM, PCM),
        description="low",
        scene="a hall",
        phonemes=(
            Phonemes(start_char=0, end_char=5, ipa="ˈɡʁyːsə"),
            Phonemes(start_char=7, end_char=9, ipa="ʂɻ̩⁵¹tɕjɛ⁵¹"),
        ),
        warmth=-0.25,
    ),
    SpeechRequest(text="hello", conditioning=b"\x00\xff learnt", warmth=1.0),
    SpeechChunk(audio=PCM, words=(WordTime(text="a", start_char=3, start_ms=0.1),)),
    SttCapabilities(sample_rate_hz=16_000, languages=("en",), partials=False, word_times=True, detects_language=True),
    SttCapabilities(sample_rate_hz=16_000, languages=("de", "en"), translates=True, prompts=True, samples=True),
    SttCapabilities(sample_rate_hz=16_000, languages=("en",), hotwords=True),
    TranscriptionRequest(
        language="fr", hotwords=("Syrinx", "Pan"), prompt="Chapitre 1. Où", temperature=0.0, adaptation="opaque"
    ),
    Transcript(
        text="so it is",
        final=True,
        settled=True,
        language="en",
        confidence=0.3,
        words=(RecognizedWord(text="so", start_ms=1.5, end_ms=2.25),),
        adaptation="41.2",
    ),
    LlmCapabilities(model="m", is_language_model=False, context_tokens=4096),
    ReplyRequest(
        messages=(Message(role="system", text=""), Message(role="user", text="hi")),
        language="ja",
        model="other",
        temperature=0.0,
        max_tokens=0,
    ),
    TextDelta(text=" there\n"),
)

SPARSE = (
    SpeechRequest(text=""),
    SpeechChunk(audio=PcmChunk(pcm=b"", sample_rate_hz=8_000)),
    TranscriptionRequest(),
    Transcript(text=""),
    LlmCapabilities(model=""),
    ReplyRequest(messages=()),
)


@pytest.mark.parametrize("value", [*FULL, *SPARSE], ids=lambda value: type(value).__name__)
def test_what_is_sent_arrives_equal(value: object):
    assert from_bytes(type(value), to_bytes(value)) == value


@pytest.mark.parametrize(
    "cls", [*dict.fromkeys(map(type, FULL)), PcmChunk, Message, Phonemes, Cloning, WordTime, RecognizedWord]
)
def test_a_message_has_exactly_the_fields_of_its_dataclass(cls: type):
    message = getattr(engine_pb2, cls.__name__)
    assert {field.name for field in dataclasses.fields(cls)} == set(message.DESCRIPTOR.fields_by_name)


@pytest.mark.parametrize(
    "heard", [PCM, Pause(), TranscriptionRequest(language="de")], ids=lambda heard: type(heard).__name__
)
def test_what_is_heard_arrives_in_kind(heard: PcmChunk | Pause | TranscriptionRequest):
    assert heard_from_bytes(heard_to_bytes(heard)) == heard


def test_text_that_is_no_unicode_is_refused_as_bad_input():
    with pytest.raises(BadInput, match="SpeechRequest holds what cannot be passed on"):
        to_bytes(SpeechRequest(text="half a \ud83d pair"))


def test_bytes_that_are_no_message_are_refused():
    with pytest.raises(BadInput, match="no SpeechRequest"):
        from_bytes(SpeechRequest, b"\xff\xff\xff")
    with pytest.raises(BadInput, match="made of a request, audio and pauses"):
        heard_from_bytes(b"")


def test_half_a_sample_is_refused_on_arrival():
    raw = engine_pb2.PcmChunk(pcm=b"\x00", sample_rate_hz=16_000).SerializeToString()
    with pytest.raises(BadAudio, match="half a sample"):
        from_bytes(PcmChunk, raw)


def test_the_methods_are_those_of_the_proto():
    services = engine_pb2.DESCRIPTOR.services_by_name
    for method in (SYNTHESIZE, TRANSCRIBE, REPLY):
        described = services[method.service.rpartition(".")[2]].methods_by_name[method.method]
        assert described.containing_service.full_name == method.service
        assert described.output_type.name == method.item.__name__
    assert services["Tts"].methods_by_name[CONDITION].input_type.name == ConditionRequest.__name__
    assert services["Tts"].methods_by_name[CONDITION].output_type.name == Conditioning.__name__
    assert set(services["Worker"].methods_by_name) == {DESCRIBE, PING}
    assert services["Worker"].full_name == WORKER_SERVICE


@pytest.mark.docs
def test_the_generated_code_is_in_step_with_the_proto(tmp_path: Path):
    pytest.importorskip("grpc_tools", reason="grpcio-tools is in requirements/dev.txt")
    source = Path(__file__).parents[3] / "src"
    proto = "syrinx/engines/hosts/engine.proto"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{source}", f"--python_out={tmp_path}"]
    subprocess.run([*command, f"--pyi_out={tmp_path}", proto], check=True, cwd=source)
    for name in ("engine_pb2.py", "engine_pb2.pyi"):
        committed = source / "syrinx/engines/hosts" / name
        made = tmp_path / "syrinx/engines/hosts" / name
        assert committed.read_text() == made.read_text(), f"{name} is old: make proto"
