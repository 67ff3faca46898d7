"""A WAV file is heard while it arrives, in whatever crumbs it comes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.wav import wav_bytes, wav_header
from syrinx.engines.remote.wav_stream import WavStream
from syrinx.errors import BadAudio, TooLarge
from syrinx.testing.audio import sine

CLIP = sine(300, duration_ms=200, sample_rate_hz=22_050)


def read(raw: bytes, *, step: int) -> tuple[list[PcmChunk], WavStream]:
    stream = WavStream()
    chunks = [stream.feed(raw[at : at + step]) for at in range(0, len(raw), step)]
    return [chunk for chunk in (*chunks, stream.finish()) if chunk is not None], stream


@pytest.mark.parametrize("step", [1, 3, 44, 45, 1_000, 100_000])
@pytest.mark.parametrize(
    "raw",
    [
        wav_bytes(CLIP),
        wav_header(CLIP.sample_rate_hz, None) + CLIP.pcm,
        wav_bytes(CLIP)[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + wav_bytes(CLIP)[36:],
        wav_bytes(CLIP) + b"LIST" + struct.pack("<I", 4) + b"tail",
    ],
    ids=["sized", "endless", "with a chunk before", "with a chunk behind"],
)
def test_every_way_of_cutting_gives_the_same_sound(raw: bytes, step: int):
    chunks, _ = read(raw, step=step)
    assert b"".join(chunk.pcm for chunk in chunks) == CLIP.pcm
    assert {chunk.sample_rate_hz for chunk in chunks} == {22_050}


def test_samples_are_given_as_soon_as_they_are_there():
    stream = WavStream()
    assert stream.feed(wav_header(24_000, None)) is None
    chunk = stream.feed(b"\x01\x00\x02")
    assert chunk == PcmChunk(pcm=b"\x01\x00", sample_rate_hz=24_000)
    assert stream.feed(b"\x00") == PcmChunk(pcm=b"\x02\x00", sample_rate_hz=24_000)


def test_other_layouts_are_given_as_mono_at_the_end():
    stereo = np.repeat(CLIP.samples(), 2).tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(stereo), b"WAVE", b"fmt ", 16, 1, 2, 22_050, 88_200, 4, 16, b"data",
        len(stereo),
    )  # fmt: skip
    chunks, _ = read(header + stereo, step=500)
    assert [chunk.pcm for chunk in chunks] == [CLIP.pcm]


def test_what_is_no_wav_is_refused():
    with pytest.raises(BadAudio, match="not a WAV"):
        WavStream().feed(b"<html>")
    with pytest.raises(TooLarge):
        WavStream().feed(b"RIFF\0\0\0\0WAVEjunk" + struct.pack("<I", 1 << 30) + bytes(70_000))
    unfinished = WavStream()
    unfinished.feed(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(BadAudio):
        unfinished.finish()
