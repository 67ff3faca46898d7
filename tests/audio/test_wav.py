"""WAV: everything that programs write is read, what is no WAV is refused with a reason."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio import PcmChunk, chunk_of, read_wav, rms_dbfs, silence, wav_bytes, wav_header, write_wav
from syrinx.errors import BadAudio, SyrinxError, TooLarge
from syrinx.testing.audio import dominant_frequency_hz, noise, sine
from syrinx.testing.human_clips import RECORDINGS

EXTENSIBLE_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def fmt(
    tag: int, bits: int, *, channels: int = 1, rate_hz: int = 16_000, extensible: bool = False
) -> tuple[bytes, bytes]:
    frame = channels * bits // 8
    plain = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate_hz, rate_hz * frame, frame, bits)
    if not extensible:
        return b"fmt ", plain
    return b"fmt ", plain + struct.pack("<HHIH", 22, bits, 0, tag) + EXTENSIBLE_GUID_TAIL


def encode(samples: np.ndarray[tuple[int], np.dtype[np.int16]], tag: int, bits: int) -> bytes:
    wide = samples.astype(np.int64)
    if tag == 3:
        return (wide / 32768).astype("<f4" if bits == 32 else "<f8").tobytes()
    if bits == 8:
        return (np.rint(wide / 256) + 128).clip(0, 255).astype(np.uint8).tobytes()
    if bits == 24:
        return b"".join(int(value << 8).to_bytes(3, "little", signed=True) for value in wide)
    return (wide << (bits - 16)).astype(f"<i{bits // 8}").tobytes()


TONE = sine(440, duration_ms=250, sample_rate_hz=16_000)


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("tag", "bits", "error"), [(1, 8, 130), (1, 16, 0), (1, 24, 0), (1, 32, 0), (3, 32, 0), (3, 64, 0)]
)
def test_every_sample_format_is_read(tag: int, bits: int, error: int, extensible: bool) -> None:
    raw = riff(fmt(tag, bits, extensible=extensible), (b"data", encode(TONE.samples(), tag, bits)))
    read = read_wav(raw)
    assert read.sample_rate_hz == 16_000
    assert np.abs(read.samples().astype(int) - TONE.samples()).max() <= error


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_averaged(channels: int) -> None:
    frames = np.zeros((TONE.sample_count, channels), np.int16)
    frames[:, 0] = TONE.samples()
    read = read_wav(riff(fmt(1, 16, channels=channels), (b"data", frames.tobytes())))
    assert read.sample_count == TONE.sample_count
    assert dominant_frequency_hz(read) == pytest.approx(440, abs=5)
    assert rms_dbfs(read.samples()) == pytest.approx(rms_dbfs(TONE.samples()) - 20 * np.log10(channels), abs=0.1)


def test_full_scale_floats_clip_and_broken_ones_are_silent() -> None:
    floats = np.array([1.5, -1.5, np.nan, np.inf, -np.inf], "<f4")
    read = read_wav(riff(fmt(3, 32), (b"data", floats.tobytes())))
    assert read.samples().tolist() == [
        32767,
        -32768,
        0,
        32767,
        -32768,
    ]


@pytest.mark.parametrize("data_size", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_a_streamed_file_is_read_to_its_end(data_size: int) -> None:
    raw = bytearray(riff(fmt(1, 16), (b"data", TONE.pcm), size=data_size))
    struct.pack_into("<I", raw, 40, data_size)
    assert read_wav(bytes(raw)) == TONE


def test_an_empty_file_with_notes_after_it_is_empty() -> None:
    assert read_wav(riff(fmt(1, 16), (b"data", b""), (b"LIST", b"notes..."))).sample_count == 0


def test_odd_and_unknown_chunks_are_passed_over() -> None:
    assert (
        read_wav(riff((b"junk", b"odd"), fmt(1, 16), (b"LIST", b"x"), (b"data", TONE.pcm), (b"id3 ", b"abc"))) == TONE
    )


def test_half_a_sample_at_the_end_is_dropped() -> None:
    assert read_wav(riff(fmt(1, 16), (b"data", TONE.pcm + b"\1"))) == TONE


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not a WAV"),
        (b"ID3\4" + bytes(100), "not a WAV file: it begins with b'ID3"),
        (riff(), "ends before it has a format"),
        (riff(fmt(1, 16)), "ends before it has samples"),
        (riff((b"data", b"ab")), "samples before its format"),
        (riff(fmt(7, 8), (b"data", b"ab")), "encoding 0x0007 cannot be read"),
        (riff(fmt(1, 12), (b"data", b"ab")), "12 bits"),
        (riff(fmt(1, 16, channels=0), (b"data", b"ab")), "0 channels"),
        (riff(fmt(1, 16, rate_hz=0), (b"data", b"ab")), "at 0 Hz"),
        (riff((b"fmt ", b"short"), (b"data", b"ab")), "has 5 bytes"),
        (riff((b"fmt ", fmt(0xFFFE, 16)[1]), (b"data", b"ab")), "extensible format has 16 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(BadAudio, match=reason):
        read_wav(raw)


@given(damage=st.binary(max_size=60), at=st.integers(0, 60), cut=st.integers(0, 200))
def test_damaged_headers_never_raise_anything_else(damage: bytes, at: int, cut: int) -> None:
    raw = bytearray(riff(fmt(1, 24, channels=2, extensible=True), (b"data", bytes(range(120)))))
    raw[at : at + len(damage)] = damage
    try:
        read_wav(bytes(raw[: max(0, len(raw) - cut)]))
    except SyrinxError as error:
        assert error.code == "bad_audio"  # noqa: PT017


def test_a_human_recording_is_read_as_the_standard_library_reads_it() -> None:
    path = RECORDINGS / "LJ001-0008.wav"
    with wave.open(str(path)) as file:
        expected = file.readframes(file.getnframes())
        assert read_wav(path) == PcmChunk(pcm=expected, sample_rate_hz=file.getframerate())


def test_what_we_write_others_read(tmp_path: Path) -> None:
    first, second = noise(duration_ms=30), sine(300, duration_ms=20)
    write_wav(tmp_path / "a.wav", [first, second])
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(10**6) == first.pcm + second.pcm
    with wave.open(io.BytesIO(wav_bytes(first))) as file:
        assert file.readframes(10**6) == first.pcm


def test_a_file_of_two_rates_is_refused_and_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(BadAudio, match="cannot join a file of 24000 Hz"):
        write_wav(path, [noise(duration_ms=30), noise(duration_ms=30, sample_rate_hz=16_000)])
    assert read_wav(path) == noise(duration_ms=30)


def test_a_file_of_no_chunks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="at least one"):
        write_wav(tmp_path / "a.wav", [])


def test_a_stream_header_promises_no_end() -> None:
    chunk = silence(duration_ms=10, sample_rate_hz=24_000)
    assert read_wav(wav_header(24_000, None) + chunk.pcm) == chunk


def test_more_than_a_wav_can_hold_is_refused() -> None:
    with pytest.raises(TooLarge, match="4 GiB"):
        wav_header(24_000, 1 << 31)


def test_full_scale_integers_survive() -> None:
    extremes = chunk_of(np.array([-32768, 32767, 0], np.int16), sample_rate_hz=8_000)
    for bits in (24, 32):
        assert read_wav(riff(fmt(1, bits, rate_hz=8_000), (b"data", encode(extremes.samples(), 1, bits)))) == extremes
