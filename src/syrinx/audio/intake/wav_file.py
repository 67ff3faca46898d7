"""A plain WAV file read piece by piece in this process: it has nothing to decode."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, Final

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.resampling import MAX_RATE_HZ, MIN_RATE_HZ
from syrinx.audio.wav_format import WavFormat, mono_of, wav_format
from syrinx.errors import BadAudio

_PIECE_BYTES: Final = 64 * 1024
_FORMAT_BYTES: Final = 64
_MOST_CHUNKS: Final = 1000
"""Before the samples; writers put a few there."""
_MOST_CHANNELS: Final = 64


class WavFile:
    """Mono at the file's own rate, channels averaged; blocks.

    Sizes that promise more than there is, or nothing where the writer could not know, mean "until the end".
    Opening raises CompressedWav where a decoder is needed, BadAudio where it is broken.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file_bytes = file.seek(0, os.SEEK_END)
        self.form, start, size = _samples_in(file, file_bytes)
        if self.form.channels > _MOST_CHANNELS or not MIN_RATE_HZ <= self.form.sample_rate_hz <= MAX_RATE_HZ:
            raise BadAudio(
                f"the WAV file has {self.form.channels} channels at {self.form.sample_rate_hz} Hz: "
                f"up to {_MOST_CHANNELS} at {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be read"
            )
        self._left = size - size % self.form.frame_bytes
        self.duration_ms = 1000.0 * self._left / self.form.frame_bytes / self.form.sample_rate_hz
        file.seek(start)

    def read(self) -> PcmChunk | None:
        """The next piece; None at the end."""
        frame_bytes = self.form.frame_bytes
        wanted = min(self._left, _PIECE_BYTES - _PIECE_BYTES % frame_bytes)
        data = self._file.read(wanted) if wanted else b""
        whole = len(data) - len(data) % frame_bytes
        if not whole:
            return None
        self._left -= whole
        return mono_of(data[:whole], self.form)


def _samples_in(file: BinaryIO, file_bytes: int) -> tuple[WavFormat, int, int]:
    """The format, and where the samples begin and how many bytes they are."""
    file.seek(0)
    (riff_bytes,) = struct.unpack_from("<4xI", file.read(12).ljust(12, b"\0"))
    form: WavFormat | None = None
    position = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            break
        name, size = struct.unpack("<4sI", header)
        position += 8
        if name == b"fmt ":
            form = wav_format(file.read(min(size, _FORMAT_BYTES)))
        elif name == b"data":
            if form is None:
                raise BadAudio("the WAV file has its samples before its format: the 'fmt ' chunk must come first")
            # A writer that cannot seek back leaves zeros (in both sizes) or the largest number there.
            unfinished = size == 0 and riff_bytes + 8 <= position
            there = file_bytes - position
            return form, position, there if unfinished else min(size, there)
        position += size + size % 2
    missing = "samples (a 'data' chunk)" if form else "a format (a 'fmt ' chunk)"
    raise BadAudio(f"the WAV file ends before it has {missing}")
