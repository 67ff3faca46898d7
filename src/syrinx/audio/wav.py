"""WAV files: reading whatever others wrote as mono PCM, writing our own, whole or as an endless stream."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.audio.wav_format import PCM, WavFormat, mono_of, wav_format
from syrinx.errors import BadAudio, TooLarge

HEADER_BYTES = 44
_UNKNOWN_SIZE = 0xFFFFFFFF
_MAX_DATA_BYTES = _UNKNOWN_SIZE - HEADER_BYTES - 1


def read_wav(source: Path | bytes) -> PcmChunk:
    """The whole file, or the bytes of one, as mono at its own rate; several channels are averaged.

    Sizes that a streaming writer could not know, or that promise more than there is, mean "until the end"; half a
    sample at the end is dropped. A path is read at once, which blocks. Raises BadAudio on anything that is no WAV or
    holds compressed samples, OSError when the path cannot be read.
    """
    raw = source if isinstance(source, bytes) else source.read_bytes()
    if len(raw) < 12 or raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise BadAudio(f"this is not a WAV file: it begins with {raw[:4]!r} where b'RIFF' should stand")
    form, data = _find_chunks(raw)
    return mono_of(data[: len(data) - len(data) % form.frame_bytes], form)


def wav_header(sample_rate_hz: int, sample_count: int | None) -> bytes:
    """The 44 bytes before s16le mono samples; `sample_count` None makes the header of a stream without known end."""
    if sample_count is None:
        data_bytes, riff_bytes = _UNKNOWN_SIZE, _UNKNOWN_SIZE
    else:
        data_bytes = sample_count * BYTES_PER_SAMPLE
        riff_bytes = data_bytes + HEADER_BYTES - 8
        if data_bytes > _MAX_DATA_BYTES:
            raise TooLarge(f"{sample_count} samples do not fit into a WAV file, which ends at 4 GiB")
    bytes_per_second = sample_rate_hz * BYTES_PER_SAMPLE
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", riff_bytes, b"WAVE"),
        *(b"fmt ", 16, PCM, 1, sample_rate_hz, bytes_per_second, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE),
        *(b"data", data_bytes),
    )


def wav_bytes(chunk: PcmChunk) -> bytes:
    """A whole WAV file of one clip."""
    return wav_header(chunk.sample_rate_hz, chunk.sample_count) + chunk.pcm


def write_wav(path: Path, chunks: Iterable[PcmChunk]) -> None:
    """Write chunks of one rate, as they come, into a file; blocks.

    Raises BadAudio when there is no chunk, or one of another rate than the first: what was written until then remains
    readable.
    """
    rate_hz = 0
    sample_count = 0
    with path.open("wb") as file:
        for chunk in chunks:
            if not rate_hz:
                rate_hz = chunk.sample_rate_hz
                file.write(wav_header(rate_hz, None))
            if chunk.sample_rate_hz != rate_hz:
                raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz cannot join a file of {rate_hz} Hz")
            file.write(chunk.pcm)
            sample_count += chunk.sample_count
        if not rate_hz:
            raise BadAudio("a WAV file of no chunks would have no sample rate: give at least one, even an empty one")
        file.seek(0)
        file.write(wav_header(rate_hz, sample_count))


def _find_chunks(raw: bytes) -> tuple[WavFormat, bytes]:
    """The format and the bytes of the samples."""
    (riff_bytes,) = struct.unpack_from("<I", raw, 4)
    form: WavFormat | None = None
    position = 12
    while position + 8 <= len(raw):
        name, size = struct.unpack_from("<4sI", raw, position)
        position += 8
        if name == b"fmt ":
            form = wav_format(raw[position : position + size])
        elif name == b"data":
            if form is None:
                raise BadAudio("the WAV file has its samples before its format: the 'fmt ' chunk must come first")
            # A writer that cannot seek back leaves zeros (in both sizes) or the largest number there.
            unfinished = size == 0 and riff_bytes + 8 <= position
            return form, raw[position:] if unfinished else raw[position : position + size]
        position += size + size % 2
    missing = "samples (a 'data' chunk)" if form else "a format (a 'fmt ' chunk)"
    raise BadAudio(f"the WAV file ends before it has {missing}")
