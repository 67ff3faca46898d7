"""A whole answer is the JSON that it was always, however long the sound, and is told its length beforehand."""

from __future__ import annotations

import base64
import io
import json
import math
from collections import deque

import pytest

from syrinx.audio import read_wav
from syrinx.audio.synthetic_mark import read_mark
from syrinx.transports.http.voice_wire import SynthesizedSpeech
from syrinx.transports.http.whole_speech import WholeSpeech


def speech(*pieces: bytes) -> WholeSpeech:
    facts = SynthesizedSpeech(
        audio_base64="",
        audio_sample_rate=24_000,
        audio_duration_seconds=1.0,
        voice='Céleste "la voix"',
        lang_code="f",
        speed=1.0,
        text_length=3,
        not_applied=["phoneme"],
    )
    return WholeSpeech(facts, deque(pieces), engine="tones")


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 1000, 98_281, 98_282, 98_283, 98_284, 98_285, 500_001])
async def test_any_length_is_one_whole_wav_file_in_one_object(samples: int) -> None:
    sound = bytes(range(256)) * (2 * samples // 256 + 1)
    pieces = [sound[: 2 * samples][start : start + 9998] for start in range(0, 2 * samples, 9998)]
    whole = speech(*pieces)
    length = whole.json_bytes
    sent = b"".join([piece async for piece in whole.as_json()])
    assert len(sent) == length
    read = SynthesizedSpeech.model_validate(json.loads(sent))
    assert read.model_dump(exclude={"audio_base64"}) == whole.facts.model_dump(exclude={"audio_base64"})
    assert read_wav(base64.b64decode(read.audio_base64, validate=True)).pcm == sound[: 2 * samples]
    assert speech(*pieces).audio_base64() == read.audio_base64
    assert read_mark(io.BytesIO(base64.b64decode(read.audio_base64))) is not None


async def test_a_long_one_is_sent_in_pieces_and_a_short_one_in_one() -> None:
    sizes = [len(piece) async for piece in speech(*[bytes(48_000)] * 100).as_json()]
    assert len(sizes) == math.ceil(4_800_044 / (3 * 64 * 1024))
    assert max(sizes) < 300_000
    assert len([piece async for piece in speech(bytes(48_000)).as_json()]) == 1
